/**
 * Detects a graphics card. A software adapter, such as Mesa's llvmpipe, is
 * slower than `wasm`, and may crash the process.
 *
 * @module
 */

/** Description of an adapter. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** A provider of adapters, such as `navigator.gpu`. */
export interface AdapterSource {
  requestAdapter(): Promise<{ readonly info: AdapterInfo } | null>;
}

/** Names of software adapters. */
const SOFTWARE =
  /llvmpipe|lavapipe|softpipe|swiftshader|swrast|basic render|\bwarp\b|software|\bcpu\b/i;

/** Timeout for an answer; a driver may never answer. */
const MOST_MS = 3000;

/**
 * Looks for a graphics card.
 *
 * @param gpu The provider of adapters.
 * @param mostMs Timeout in ms.
 * @returns Its name; undefined if there is none, or it has no description.
 */
export async function hardwareAdapter(
  gpu: AdapterSource | undefined = navigator.gpu,
  mostMs = MOST_MS,
): Promise<string | undefined> {
  const info = await adapterInfo(gpu, mostMs);
  return info && hardwareName(info);
}

/**
 * The name of the available adapter, hardware or software.
 *
 * @param gpu The provider of adapters.
 * @param mostMs Timeout in ms.
 * @returns Its name; undefined if there is none, or it has no name.
 */
export async function adapterName(
  gpu: AdapterSource | undefined = navigator.gpu,
  mostMs = MOST_MS,
): Promise<string | undefined> {
  const info = await adapterInfo(gpu, mostMs);
  return info && nameIn(info);
}

async function adapterInfo(
  gpu: AdapterSource | undefined,
  mostMs: number,
): Promise<AdapterInfo | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), mostMs);
  try {
    // A failing driver counts as none.
    const request = gpu?.requestAdapter().catch(() => null);
    const adapter = await Promise.race([request, late]);
    return adapter?.info;
  } finally {
    clearTimeout(timer);
  }
}

function hardwareName(info: AdapterInfo): string | undefined {
  if (info.isFallbackAdapter === true) return undefined;
  const names = [info.description, info.device, info.architecture, info.vendor];
  if (names.some((name) => SOFTWARE.test(name))) return undefined;
  return nameIn(info);
}

function nameIn(info: AdapterInfo): string | undefined {
  return [info.description, info.architecture].find((name) => name !== "");
}

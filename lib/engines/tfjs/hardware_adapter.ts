/**
 * Whether there is a graphics card to compute on. A software adapter, such as
 * Mesa's llvmpipe, is slower than `wasm`, and may crash the process.
 *
 * @module
 */

/** What an adapter says of itself. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** What gives adapters; `navigator.gpu` is one. */
export interface AdapterSource {
  requestAdapter(): Promise<{ readonly info: AdapterInfo } | null>;
}

/** Names under which adapters compute on the processor. */
const SOFTWARE =
  /llvmpipe|lavapipe|softpipe|swiftshader|swrast|basic render|\bwarp\b|software|\bcpu\b/i;

/** How long an answer is waited for; a driver may never give one. */
const MOST_MS = 3000;

/**
 * Asks for a graphics card.
 *
 * @param gpu Whom to ask.
 * @param mostMs How long to wait.
 * @returns Its name; undefined if there is none, or nothing is said of it.
 */
export async function hardwareAdapter(
  gpu: AdapterSource | undefined = navigator.gpu,
  mostMs = MOST_MS,
): Promise<string | undefined> {
  const info = await adapterInfo(gpu, mostMs);
  return info && hardwareName(info);
}

/**
 * The name of the adapter that is there, of hardware or software.
 *
 * @param gpu What gives adapters.
 * @param mostMs How long to wait.
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
    // A driver that fails is as good as none.
    const asked = gpu?.requestAdapter().catch(() => null);
    const adapter = await Promise.race([asked, late]);
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

/**
 * Downloads files, with a bounded size and restricted redirects.
 *
 * @module
 */
import { joinBytes } from "../../formats/byte_source.ts";
import { cannot, printableMessage } from "../../check.ts";
import { abortError, errorText, ModelFormatError } from "../../errors.ts";

/** Limits of a download. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Maximum number of bytes, over all downloads with this object.
   *
   * @default { left: 2 ** 32 }
   */
  readonly budget?: { left: number };
  /**
   * Called once with the first bytes. An error that it throws ends the
   * download; its result is the size of the file according to its header.
   */
  readonly checkHead?: (head: Uint8Array) => number | undefined;
}

/** Number of bytes needed to detect the format. */
const HEAD = 4096;
const MOST = 2 ** 32;
const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Downloads a file.
 *
 * @param url Its URL.
 * @param options Limits; signal.
 * @returns Its bytes.
 * @throws {Deno.errors.NotFound} If the server does not have it.
 * @throws {Deno.errors.Http} If the server refuses it.
 * @throws {TypeError} If the server cannot be reached.
 * @throws {ModelFormatError} If it exceeds the limits, or redirects to a
 * disallowed address.
 */
export async function download(
  url: URL,
  { signal, budget = { left: MOST }, checkHead }: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (signal?.aborted) throw abortError(signal, `while loading ${url.href}`);
  const response = await followed(url, signal);
  if (!response.ok) {
    await response.body?.cancel();
    const status = `${response.status} ${response.statusText}`.trim();
    if (response.status === 404 || response.status === 410) {
      const rule = `${url.href} must be there`;
      throw new Deno.errors.NotFound(cannot("load model", rule, status));
    }
    const rule = `its server must send ${url.href}`;
    const hint = response.status === 401 || response.status === 403
      ? "download it with your account, and open the file"
      : undefined;
    throw new Deno.errors.Http(cannot("load model", rule, status, hint));
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let isChecked = false;
  const check = () => {
    if (isChecked) return;
    isChecked = true;
    const end = checkHead?.(joinBytes(pieces).subarray(0, HEAD));
    if (end !== undefined) budget.left = Math.min(budget.left, end - size);
  };
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    size += piece.length;
    budget.left -= piece.length;
    if (size >= HEAD) check();
    if (budget.left < 0) break;
  }
  check();
  if (budget.left < 0) {
    throw new ModelFormatError(
      url.href,
      `it must have at most ${size + budget.left} bytes: current value is more`,
    );
  }
  return joinBytes(pieces);
}

/** Fetches a file, following redirects. */
async function followed(
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Response> {
  let at = url;
  for (let i = 0; i <= MOST_REDIRECTS; i++) {
    const response = await fetched(at, signal);
    const location = response.headers.get("location");
    if (!REDIRECTS.includes(response.status) || location === null) {
      return response;
    }
    await response.body?.cancel();
    const next = new URL(location, at);
    const fail = (rule: string): never => {
      throw new ModelFormatError(
        url.href,
        `its server must redirect it to ${rule}: current value is "${next.href}"`,
      );
    };
    if (!/^https?:$/.test(next.protocol)) fail("a URL of http(s):");
    if (at.protocol === "https:" && next.protocol !== "https:") {
      fail("a URL of https:");
    }
    if (await isPrivate(next.hostname) && !await isPrivate(url.hostname)) {
      fail("a public address");
    }
    at = next;
  }
  throw new ModelFormatError(
    url.href,
    `its server must redirect it at most ${MOST_REDIRECTS} times: current value is "${at.href}"`,
  );
}

async function fetched(
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(url, { redirect: "manual", signal: signal ?? null });
  } catch (error) {
    // An abort and a missing permission have other classes.
    if (!(error instanceof TypeError)) throw error;
    const reason = errorText(error.cause ?? error);
    const text = `Cannot load model as the server of ${url.href} must answer: `;
    throw new TypeError(printableMessage(text + reason), { cause: error });
  }
}

/** Whether a host is this machine, or in a private network. */
async function isPrivate(host: string): Promise<boolean> {
  const name = host.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
  if (/(^|\.)(localhost|local|internal|home\.arpa)$/.test(name)) return true;
  if (isPrivateAddress(name)) return true;
  if (/^[\d.]+$|:/.test(name)) return false; // an address
  const { lookup } = await import("node:dns/promises");
  try {
    const found = await lookup(name, { all: true });
    return found.some(({ address }) => isPrivateAddress(address));
  } catch {
    return false; // then fetch fails too
  }
}

/**
 * Whether an address is loopback, private, link-local or unspecified.
 *
 * Source: RFC 6890 and the registries of special addresses that it sets up.
 *
 * @param address An IPv4 or IPv6 address.
 * @returns True if it is; false if it is not an address.
 */
export function isPrivateAddress(address: string): boolean {
  const [, mapped] = /^::ffff:(.*)$/i.exec(address) ?? [];
  if (mapped !== undefined) {
    const [high, low] = mapped.split(":").map((part) => parseInt(part, 16));
    return isPrivateAddress(
      mapped.includes(".")
        ? mapped
        : [high! >> 8, high! & 255, low! >> 8, low! & 255].join("."),
    );
  }
  if (address.includes(":")) {
    return /^(::1?$|f[cd]|fe[89a-f])/i.test(address);
  }
  const [a, b, ...rest] = address.split(".").map(Number);
  if (rest.length !== 2) return false;
  return a === 0 || a === 10 || a === 127 || (a === 169 && b === 254) ||
    (a === 172 && b! >= 16 && b! < 32) || (a === 192 && b === 168) ||
    (a === 100 && b! >= 64 && b! < 128);
}

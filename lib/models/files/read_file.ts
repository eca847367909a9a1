import { pathToFileURL } from "node:url";
import { cannot } from "../../check.ts";
import { abortError } from "../../errors.ts";
import {
  type ByteSource,
  bytesSource,
  fileSource,
} from "../../formats/byte_source.ts";

const ACTION = "load model";

/**
 * Where a file lies.
 *
 * @param source A path, a `file:` URL or an `http(s):` URL.
 * @returns The same as a URL.
 * @throws {TypeError} If it is none of these.
 */
export function fileUrl(source: string | URL): URL {
  const isText = typeof source === "string" && source !== "";
  if (isText && !/^(https?|file):\/\//i.test(source)) {
    return pathToFileURL(source);
  }
  const url = isText ? new URL(source) : source;
  if (url instanceof URL && /^(https?|file):$/.test(url.protocol)) return url;
  throw new TypeError(
    cannot(
      ACTION,
      "its source must be a path or a URL of file: or http(s):",
      url instanceof URL ? url.href : url,
    ),
  );
}

/**
 * Reads a file, from disk or from a server.
 *
 * @param url Where it lies.
 * @param signal Stops the reading.
 * @returns Its bytes.
 * @throws {Deno.errors.NotFound} If it is not there.
 */
export async function readFile(
  url: URL,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (signal?.aborted) throw abortError(signal, `while loading ${url.href}`);
  const options = signal ? { signal } : {};
  if (url.protocol !== "file:") return await download(url, options);
  return await worded(url, () => Deno.readFile(url, options));
}

/**
 * Opens a file: one on disk to be read in place, one on a server read whole.
 *
 * @param url Where it lies.
 * @param signal Stops the reading.
 * @returns Its bytes; close them.
 * @throws {Deno.errors.NotFound} If it is not there.
 */
export async function openFile(
  url: URL,
  signal?: AbortSignal,
): Promise<ByteSource> {
  if (url.protocol !== "file:") {
    return bytesSource(await readFile(url, signal), url.href);
  }
  if (signal?.aborted) throw abortError(signal, `while loading ${url.href}`);
  return await worded(url, async () => {
    if ((await Deno.stat(url)).isFile) return fileSource(url);
    throw new Deno.errors.IsADirectory(url.href);
  });
}

/**
 * What lies at a path.
 *
 * @param url A `file:` URL.
 * @returns Whether it is a folder, or anything else.
 * @throws {Deno.errors.NotFound} If there is nothing.
 */
export async function kindOfPath(url: URL): Promise<"file" | "folder"> {
  const { isDirectory } = await worded(url, () => Deno.stat(url));
  return isDirectory ? "folder" : "file";
}

/** An error about a file that is not there, in our words. */
async function worded<R>(url: URL, read: () => Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (cause) {
    const path = decodeURIComponent(url.pathname);
    if (cause instanceof Deno.errors.NotFound) {
      const text = cannot(ACTION, "the file must be there", path);
      throw new Deno.errors.NotFound(text, { cause });
    }
    if (cause instanceof Deno.errors.IsADirectory) {
      const hint = `add the file's name, as in "${path}/model.json"`;
      const text = cannot(ACTION, "it must be a file", path, hint);
      throw new Deno.errors.IsADirectory(text, { cause });
    }
    throw cause;
  }
}

async function download(url: URL, options: RequestInit): Promise<Uint8Array> {
  const response = await fetch(url, options);
  if (!response.ok) {
    await response.body?.cancel();
    const status = `${response.status} ${response.statusText}`.trim();
    throw new Deno.errors.NotFound(
      cannot(ACTION, `${url.href} must be there`, status),
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

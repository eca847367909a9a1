import { pathToFileURL } from "node:url";
import { cannot } from "../../check.ts";
import { abortError, ModelFormatError } from "../../errors.ts";
import {
  type ByteSource,
  bytesSource,
  fileSource,
} from "../../formats/byte_source.ts";
import { pathOfUrl } from "../../formats/file_path.ts";
import { download, type DownloadOptions } from "./download.ts";

const ACTION = "load model";

/**
 * Where a file lies.
 *
 * @param source A path, a `file:` URL or an `http(s):` URL.
 * @returns The same as a URL.
 * @throws {TypeError} If it is none of these, or a `file:` URL with an escape
 * that is none.
 */
export function fileUrl(source: string | URL): URL {
  const isText = typeof source === "string" && source !== "";
  if (isText && !/^(https?|file):\/\//i.test(source)) {
    return pathToFileURL(source);
  }
  const url = isText ? new URL(source) : source;
  if (url instanceof URL && /^https?:$/.test(url.protocol)) return url;
  if (url instanceof URL && url.protocol === "file:") {
    pathOfUrl(url, ACTION);
    return url;
  }
  throw new TypeError(
    cannot(
      ACTION,
      "its source must be a path or a URL of file: or http(s):",
      url instanceof URL ? url.href : url,
    ),
  );
}

/**
 * Opens a file: one on disk to be read in place, one on a server read whole.
 *
 * @param url Where it lies.
 * @param options What a server may send, and a signal.
 * @returns Its bytes; close them.
 * @throws {Deno.errors.NotFound} If it is not there.
 * @throws {ModelFormatError} If it is a device or a pipe, or more comes of a
 * server than may.
 */
export async function openFile(
  url: URL,
  options: DownloadOptions = {},
): Promise<ByteSource> {
  if (url.protocol !== "file:") {
    return bytesSource(await download(url, options), url.href);
  }
  const { signal } = options;
  if (signal?.aborted) throw abortError(signal, `while loading ${url.href}`);
  return await worded(url, async () => {
    const info = await Deno.stat(url);
    if (info.isDirectory) throw new Deno.errors.IsADirectory(url.href);
    checkIsFile(info, url);
    return fileSource(url);
  });
}

/**
 * What lies at a path.
 *
 * @param url A `file:` URL.
 * @returns Whether it is a folder, or anything else.
 * @throws {Deno.errors.NotFound} If there is nothing.
 * @throws {ModelFormatError} If it is a device or a pipe.
 */
export async function kindOfPath(url: URL): Promise<"file" | "folder"> {
  const info = await worded(url, () => Deno.stat(url));
  if (info.isDirectory) return "folder";
  checkIsFile(info, url);
  return "file";
}

/** Opening a pipe waits for who writes to it; a device may never end. */
function checkIsFile(info: Deno.FileInfo, url: URL): void {
  if (info.isFile) return;
  const what = info.isFifo
    ? "a pipe"
    : info.isSocket
    ? "a socket"
    : info.isCharDevice || info.isBlockDevice
    ? "a device"
    : "something else";
  throw new ModelFormatError(
    pathOfUrl(url, ACTION),
    `it must be a file: current value is ${what}`,
  );
}

/** An error about a file that is not there, in our words. */
async function worded<R>(url: URL, read: () => Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (cause) {
    const path = pathOfUrl(url, ACTION);
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

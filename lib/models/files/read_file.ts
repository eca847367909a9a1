import { cannot } from "../../check.ts";
import { abortError, ModelFormatError } from "../../errors.ts";
import {
  type ByteSource,
  bytesSource,
  fileSource,
} from "../../formats/byte_source.ts";
import { nodeUrl } from "../../formats/builtin_modules.ts";
import { isUrlText, missingPath, pathOfUrl } from "../../formats/file_path.ts";
import type { DownloadOptions } from "./download.ts";

const ACTION = "load model";

/**
 * Converts a source to a URL.
 *
 * @param source A path, a `file:` URL or an `http(s):` URL.
 * @returns The URL.
 * @throws {TypeError} If it is none of these, or a `file:` URL with an invalid
 * escape.
 */
export function fileUrl(source: string | URL): URL {
  const isText = typeof source === "string" && source !== "";
  if (isText && !isUrlText(source)) {
    return urlOfPath(source);
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
      "its source must be a path or a URL of file: or http(s):, a Uint8Array or a Blob",
      url instanceof URL ? url.href : url,
      url as unknown instanceof ArrayBuffer
        ? "make it bytes, as by new Uint8Array(buffer)"
        : undefined,
    ),
  );
}

/**
 * The URL of a path, without loading Node's module, except for the drives of
 * Windows.
 */
function urlOfPath(path: string): URL {
  if (Deno.build.os === "windows") return nodeUrl().pathToFileURL(path);
  const whole = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
  const url = new URL("file:///");
  // What a URL reads otherwise, or drops; it escapes the rest itself.
  url.pathname = whole.replace(/[%\\\t\n\r]/g, encodeURIComponent)
    .replace(/\/+/g, "/");
  return url;
}

/**
 * Opens a file. A file on disk is read in place; a file on a server is
 * downloaded.
 *
 * @param url Its URL.
 * @param options Limits of a download; signal.
 * @returns Its bytes; close them.
 * @throws {Deno.errors.NotFound} If it does not exist.
 * @throws {ModelFormatError} If it is a device or a pipe, or exceeds the limits
 * of a download.
 */
export async function openFile(
  url: URL,
  options: DownloadOptions = {},
): Promise<ByteSource> {
  if (url.protocol !== "file:") {
    const { download } = await import("./download.ts");
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
 * The kind of entry at a path.
 *
 * @param url A `file:` URL.
 * @returns Whether it is a folder or a file.
 * @throws {Deno.errors.NotFound} If there is nothing.
 * @throws {ModelFormatError} If it is a device or a pipe.
 */
export async function kindOfPath(url: URL): Promise<"file" | "folder"> {
  const info = await worded(url, () => Deno.stat(url));
  if (info.isDirectory) return "folder";
  checkIsFile(info, url);
  return "file";
}

/**
 * Refuses pipes, which block until someone writes, and devices, which may never
 * end.
 */
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

/** Rewrites the error about a missing file. */
async function worded<R>(url: URL, read: () => Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (cause) {
    const path = pathOfUrl(url, ACTION);
    if (cause instanceof Deno.errors.IsADirectory) {
      const hint = `add the file's name, as in "${path}/model.json"`;
      const text = cannot(ACTION, "it must be a file", path, hint);
      throw new Deno.errors.IsADirectory(text, { cause });
    }
    throw missingPath(cause, url, ACTION);
  }
}

/**
 * Opens the files that a model names, such as its weights: only files in the
 * model's folder.
 *
 * The ONNX library let a model read any file on the disk by `..`, later by
 * symbolic links, later by hard links (CVE-2022-25882, CVE-2024-27318,
 * CVE-2026-27489, CVE-2026-34447).
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { nodeUrl } from "../../formats/builtin_modules.ts";
import type { ByteSource } from "../../formats/byte_source.ts";
import { isWithin } from "../../formats/file_path.ts";
import type { DownloadOptions } from "./download.ts";
import { openFile } from "./read_file.ts";

/** Options for opening files beside a model. */
export interface BesideOptions extends DownloadOptions {
  /**
   * Whether hard links are refused. Package managers use them for the files of
   * a package.
   *
   * @default {false}
   */
  readonly refusesHardLinks?: boolean;
}

const RULE = "its weight files must lie in its own folder";

/**
 * Resolves the path of a file that a model names.
 *
 * @param path The path in the model, relative to its folder.
 * @param model The URL of the model's main file.
 * @returns The URL of the file, with the query of the model's URL.
 * @throws {ModelFormatError} If the path leads out of the folder.
 */
export function urlBeside(path: unknown, model: URL): URL {
  checkPath(path, model.href);
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  const query = model.protocol === "file:" ? "" : model.search;
  return new URL(`${escaped}${query}`, model);
}

/**
 * Checks that a path does not leave the model's folder.
 *
 * @param path The path in the model.
 * @param source The model, for messages.
 * @throws {ModelFormatError} If it leaves the folder.
 */
export function checkPath(
  path: unknown,
  source: string,
): asserts path is string {
  const isInside = typeof path === "string" && path !== "" &&
    path.isWellFormed() &&
    !/^[a-z][a-z0-9+.-]*:|^[/\\]|\\|\0/i.test(path) &&
    !path.split("/").some((part) => part === ".." || part === "") &&
    !/%2e|%2f|%5c/i.test(path);
  if (isInside) return;
  const shown = JSON.stringify(path);
  throw new ModelFormatError(source, `${RULE}: current path is ${shown}`);
}

/**
 * Opens a file that a model names. A file on disk is read in place; a file on a
 * server is downloaded.
 *
 * @param file Its URL, from {@linkcode urlBeside}.
 * @param model The URL of the model's main file.
 * @param options Which links are refused; signal.
 * @returns Its bytes; close them.
 * @throws {ModelFormatError} If it is a link that leads out of the folder.
 * @throws {Deno.errors.NotFound} If it does not exist.
 */
export async function openBeside(
  file: URL,
  model: URL,
  { refusesHardLinks = false, ...options }: BesideOptions = {},
): Promise<ByteSource> {
  const check = () => checkLinks(file, model, refusesHardLinks);
  await check();
  const bytes = await openFile(file, options);
  try {
    await check(); // check that it was not replaced by a link meanwhile
  } catch (error) {
    bytes.close();
    throw error;
  }
  return bytes;
}

async function checkLinks(
  file: URL,
  model: URL,
  refusesHardLinks: boolean,
): Promise<void> {
  if (file.protocol !== "file:") return;
  let real: string;
  let info: Deno.FileInfo;
  try {
    real = await Deno.realPath(file);
    info = await Deno.lstat(real);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // reported when it is opened
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new ModelFormatError(
      model.href,
      `its weight files must be there: current value is ${
        quote(nodeUrl().fileURLToPath(file))
      }`,
      { cause: error },
    );
  }
  const folder = await Deno.realPath(new URL(".", model));
  if (!isWithin(real, folder)) {
    throw new ModelFormatError(
      model.href,
      `${RULE}: current ${
        quote(nodeUrl().fileURLToPath(file))
      } is a symbolic link to ${quote(real)}; copy the file into the folder`,
    );
  }
  if (!refusesHardLinks || !info.isFile || (info.nlink ?? 1) <= 1) return;
  throw new ModelFormatError(
    model.href,
    `its weight files must be files of one name: current ${
      quote(nodeUrl().fileURLToPath(file))
    } is a hard link, or linked elsewhere; copy the file into the folder`,
  );
}

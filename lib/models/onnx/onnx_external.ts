/**
 * Files beside an ONNX file that hold its weights: in its own folder, with no
 * links on the way, and with the bytes that they must have.
 *
 * ONNX' own library let a model read any file of its reader by `..`, then by
 * symbolic links, then by hard links (CVE-2022-25882, CVE-2024-27318,
 * CVE-2026-27489, CVE-2026-34447).
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ModelFormatError } from "../../errors.ts";
import { type ByteSource, partSource } from "../../formats/byte_source.ts";
import { openFile } from "../files/read_file.ts";

/** Files that are open. */
export interface ExternalFiles {
  /**
   * The bytes of one constant.
   *
   * @param name The constant's.
   * @param entries What the file says of them: `location`, `offset`, `length`.
   * @param size How many there must be.
   * @returns The bytes, to be read in place.
   * @throws {ModelFormatError} If they are not there.
   */
  part(
    name: string,
    entries: ReadonlyMap<string, string>,
    size: number,
  ): ByteSource;
  /** Closes the files. */
  close(): void;
}

/**
 * Opens the files that some constants name.
 *
 * @param locations Their paths, as the model has them.
 * @param source The model's name, for messages.
 * @param url Where it lies; undefined for bytes, which lie nowhere.
 * @param signal Stops the loading.
 * @returns The files; close them.
 * @throws {ModelFormatError} If one lies, or leads, out of the model's folder.
 * @throws {Deno.errors.NotFound} If one is not there.
 */
export async function openExternal(
  locations: Iterable<string>,
  source: string,
  url: URL | undefined,
  signal?: AbortSignal,
): Promise<ExternalFiles> {
  const files = new Map<string, ByteSource>();
  const close = () => files.forEach((file) => file.close());
  try {
    for (const location of new Set(locations)) {
      checkLocation(location, source, url);
      const escaped = location.split("/").map(encodeURIComponent).join("/");
      const query = url!.protocol === "file:" ? "" : url!.search;
      const file = new URL(`${escaped}${query}`, url);
      checkLinks(location, source, url!);
      files.set(location, await openFile(file, signal));
      checkLinks(location, source, url!); // nobody put one in between
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    part: (name, entries, size) => partOf(name, entries, size, files, source),
    close,
  };
}

function partOf(
  name: string,
  entries: ReadonlyMap<string, string>,
  size: number,
  files: ReadonlyMap<string, ByteSource>,
  source: string,
): ByteSource {
  const location = entries.get("location") ?? "";
  const file = files.get(location)!;
  const offset = wholeNumber(entries.get("offset") ?? "0");
  const length = wholeNumber(entries.get("length") ?? String(size));
  const rest = file.size - offset;
  const fits = offset >= 0 && length === size && size <= rest;
  if (fits) return partSource(file, offset, size, name);
  throw new ModelFormatError(
    source,
    `constant "${name}" must have ${size} bytes in "${location}": current offset is ${
      entries.get("offset") ?? 0
    }, length ${
      entries.get("length") ?? "not given"
    }, of a file of ${file.size}`,
  );
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

function checkLocation(
  location: string,
  source: string,
  url: URL | undefined,
): void {
  const isInside = location !== "" &&
    !/^[a-z][a-z0-9+.-]*:|^[/\\]|\\|\0/i.test(location) &&
    !location.split("/").some((part) => part === ".." || part === "") &&
    !/%2e|%2f|%5c/i.test(location);
  if (!isInside) {
    throw new ModelFormatError(
      source,
      `its weights must lie in its own folder: current path is ${
        JSON.stringify(location)
      }`,
    );
  }
  if (url !== undefined) return;
  throw new ModelFormatError(
    source,
    `it must lie in a folder, as its weights are in another file: current path of them is ${
      JSON.stringify(location)
    }; pass the path of the model, or save it as one file: onnx.save(model, path)`,
  );
}

/** A link leads to where its maker likes; so does a second name of one file. */
function checkLinks(location: string, source: string, url: URL): void {
  if (url.protocol !== "file:") return;
  let path = fileURLToPath(new URL(".", url)).replace(/[/\\]$/, "");
  for (const part of location.split("/")) {
    path = `${path}/${part}`;
    const info = statOf(path);
    if (info === undefined) return; // its absence is told by who opens it
    const isSecond = info.isFile && info.nlink !== null && info.nlink > 1;
    if (!info.isSymlink && !isSecond) continue;
    throw new ModelFormatError(
      source,
      `its weights must be a file of their own in its folder: current "${location}" is a ${
        info.isSymlink ? "symbolic link" : "hard link, or linked elsewhere"
      }; copy the file into the folder`,
    );
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

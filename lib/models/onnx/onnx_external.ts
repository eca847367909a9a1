/**
 * Files beside an ONNX file that hold its weights, with the bytes that they
 * must have.
 *
 * @module
 */
import { ModelFormatError } from "../../errors.ts";
import { type ByteSource, partSource } from "../../formats/byte_source.ts";
import { checkPath, openBeside, urlBeside } from "../files/beside.ts";

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
 * @param ends Bytes of each file that are used; a server may send no more.
 * @returns The files; close them.
 * @throws {ModelFormatError} If one lies, or leads, out of the model's folder.
 * @throws {Deno.errors.NotFound} If one is not there.
 */
export async function openExternal(
  locations: Iterable<string>,
  source: string,
  url: URL | undefined,
  signal?: AbortSignal,
  ends: ReadonlyMap<string, number> = new Map(),
): Promise<ExternalFiles> {
  const files = new Map<string, ByteSource>();
  const close = () => files.forEach((file) => file.close());
  try {
    for (const location of new Set(locations)) {
      checkPath(location, source);
      if (url === undefined) throw withoutFolder(location, source);
      const file = urlBeside(location, url);
      const end = ends.get(location);
      const options = {
        refusesHardLinks: true,
        signal,
        ...(end === undefined ? {} : { room: { left: end } }),
      };
      files.set(location, await openBeside(file, url, options));
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

function withoutFolder(location: string, source: string): ModelFormatError {
  const rule = "it must lie in a folder, as its weights are in another file";
  return new ModelFormatError(
    source,
    `${rule}: current path of them is ${
      JSON.stringify(location)
    }; pass the path of the model, or save it as one file: onnx.save(model, path)`,
  );
}

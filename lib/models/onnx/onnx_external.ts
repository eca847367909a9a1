/**
 * External weight files of an ONNX file, with checked sizes.
 *
 * @module
 */
import { ModelFormatError } from "../../errors.ts";
import { type ByteSource, partSource } from "../../formats/byte_source.ts";
import {
  type BesideOptions,
  checkPath,
  openBeside,
  urlBeside,
} from "../files/beside.ts";

/** Open external files. */
export interface ExternalFiles {
  /**
   * The bytes of one constant.
   *
   * @param name The constant's name.
   * @param entries Its entries in the file: `location`, `offset`, `length`.
   * @param size The required number of bytes.
   * @returns The bytes, read in place.
   * @throws {ModelFormatError} If they are missing.
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
 * Opens the external files of constants.
 *
 * @param ends Their paths in the model, with the number of bytes that are used
 * of each; a server may not send more.
 * @param source The model's name, for messages.
 * @param url Its URL; undefined for bytes.
 * @param signal Aborts the loading.
 * @returns The files; close them.
 * @throws {ModelFormatError} If one is, or links to, outside the model's
 * folder.
 * @throws {Deno.errors.NotFound} If one does not exist.
 */
export async function openExternal(
  ends: ReadonlyMap<string, number>,
  source: string,
  url: URL | undefined,
  signal?: AbortSignal,
): Promise<ExternalFiles> {
  const files = new Map<string, ByteSource>();
  const close = () => files.forEach((file) => file.close());
  try {
    for (const [location, end] of ends) {
      checkPath(location, source);
      if (url === undefined) throw withoutFolder(location, source);
      const options: BesideOptions = { refusesHardLinks: true, signal };
      const bounded = { ...options, budget: { left: end } };
      files.set(
        location,
        await openBeside(
          urlBeside(location, url),
          url,
          Number.isFinite(end) ? bounded : options,
        ),
      );
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
    }, length ${entries.get("length") ?? "none"}, of a file of ${file.size}`,
  );
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

function withoutFolder(location: string, source: string): ModelFormatError {
  const rule = "it must lie in a folder, as its weights are in another file";
  return new ModelFormatError(
    source,
    `${rule}: current path is ${
      JSON.stringify(location)
    }; pass the path of the model, or save it as one file: onnx.save(model, path)`,
  );
}

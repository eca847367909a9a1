/**
 * Opens a model file or folder, and detects its format once.
 *
 * @module
 */
import { errorText, ModelFormatError } from "../../errors.ts";
import {
  type ByteSource,
  openBytes,
  readAll,
} from "../../formats/byte_source.ts";
import { hdf5End, hdf5Start } from "../../formats/hdf5_header.ts";
import {
  descriptionLimits,
  MOST_MODEL_JSON,
} from "../../formats/loose_json.ts";
import type { ZipArchive } from "../../formats/zip.ts";
import { identify, identifyFolder, identifyHead, refusal } from "./identify.ts";
import { fileUrl, kindOfPath, openFile } from "./read_file.ts";

/** An open model file or folder, with its detected format. */
export type ModelFile =
  | KerasSource
  | {
    readonly kind: "onnx";
    readonly name: string;
    readonly bytes: ByteSource;
    /** Its URL; undefined for bytes. */
    readonly url: URL | undefined;
  }
  | {
    readonly kind: "tfjs";
    /** The JSON; its file is closed. */
    readonly text: Uint8Array;
    readonly url: URL;
  };

/** A Keras file or folder; the opened parts must be closed. */
export type KerasSource =
  | {
    readonly kind: "keras";
    /** The file, as a path, URL or description; for messages. */
    readonly name: string;
    readonly bytes: ByteSource;
    readonly archive: ZipArchive;
  }
  | {
    readonly kind: "hdf5";
    readonly name: string;
    readonly bytes: ByteSource;
  }
  | {
    readonly kind: "keras-folder";
    readonly name: string;
    /** The entries of the folder. */
    readonly names: readonly string[];
    /** The folder, with a slash at its end. */
    readonly url: URL;
  };

/**
 * Opens a source, and detects its format from the content.
 *
 * @param source A path, a URL, bytes or a `Blob`.
 * @param signal Aborts it.
 * @param configBytes The largest model.json that the caller allows.
 * @returns The file.
 * @throws {ModelFormatError} If the format is not supported.
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export async function openModelFile(
  source: string | URL | Uint8Array | Blob,
  signal?: AbortSignal,
  configBytes?: number,
): Promise<ModelFile> {
  if (source instanceof Uint8Array || source instanceof Blob) {
    return modelFileOf(await openBytes(source, signal));
  }
  const url = fileUrl(source);
  if (url.protocol === "file:" && await kindOfPath(url) === "folder") {
    return openFolder(url);
  }
  // A file that is not a model is not downloaded completely.
  const checkHead = (head: Uint8Array) => {
    const found = identifyHead(head);
    if (found?.kind === "other") throw refusal(url.href, found);
    return found?.kind === "hdf5"
      ? hdf5End(head.subarray(hdf5Start(head)))
      : undefined;
  };
  const file = await openFile(url, { signal, checkHead });
  return modelFileOf(file, url, configBytes);
}

/**
 * Detects the format of an open file.
 *
 * @param bytes The file; it is closed if this throws.
 * @param url Its URL; undefined for bytes.
 * @param configBytes The largest model.json that the caller allows.
 * @returns The file.
 * @throws {ModelFormatError} If the format is not supported.
 */
export function modelFileOf(
  bytes: ByteSource,
  url?: URL,
  configBytes?: number,
): ModelFile {
  const { name } = bytes;
  try {
    const found = identify(bytes);
    const { kind, archive } = found;
    if (kind === "keras") return { kind, name, bytes, archive: archive! };
    if (kind === "hdf5") return { kind, name, bytes };
    if (kind === "onnx") return { kind, name, bytes, url };
    if (kind !== "tfjs") throw refusal(url?.href ?? name, found);
    if (url === undefined) {
      const advice = "pass its path or URL, as its weights lie beside it";
      throw refusal(name, { ...found, advice });
    }
    const text = wholeText(bytes, url, configBytes);
    bytes.close();
    return { kind, text, url };
  } catch (cause) {
    bytes.close();
    if (cause instanceof ModelFormatError) throw cause;
    const text = errorText(cause);
    throw new ModelFormatError(name, `it must be intact: ${text}`, { cause });
  }
}

function wholeText(
  bytes: ByteSource,
  url: URL,
  configBytes: number | undefined,
): Uint8Array {
  const { bytes: most, advice } = descriptionLimits(
    configBytes,
    MOST_MODEL_JSON,
  );
  if (bytes.size > most) {
    const rule = `a model.json must have at most ${most} bytes`;
    const text = `${rule}: current value is ${bytes.size}; ${advice}`;
    throw new ModelFormatError(url.href, text);
  }
  return readAll(bytes);
}

function openFolder(url: URL): ModelFile {
  const folder = new URL(url.href.replace(/\/*$/, "/"));
  const name = decodeURIComponent(folder.pathname).replace(/(?<=.)\/$/, "");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const found = identifyFolder(names, name);
  if (found.kind !== "keras-folder") throw refusal(name, found);
  return { kind: found.kind, name, names, url: folder };
}

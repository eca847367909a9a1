/**
 * Folders of shards: self-contained files of features, and a manifest that
 * lists them.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { missingPath } from "../formats/file_path.ts";
import { parseLooseJson } from "../formats/loose_json.ts";
import { badFeatures, VERSION } from "./_description.ts";
import type { Part } from "./part.ts";
import type { FileFormat } from "./target.ts";
import {
  type FileOptions,
  writeFeatureFile,
  writeWhole,
} from "./write_file.ts";

/**
 * The manifest. Readers of Parquet folders ignore names that start with `_`.
 */
const MANIFEST = "_sonde.json";

/** One shard. */
export interface Shard {
  /** Its name in the folder. */
  readonly name: string;
  /** How many rows it holds. */
  readonly samples: number;
  /** Its size. */
  readonly bytes: number;
}

/**
 * Writes a folder of shards, with the manifest last.
 *
 * @param folder The folder; it must exist and be empty.
 * @param format The format of the shards.
 * @param shards The rows of each shard.
 * @param options The size of row groups.
 * @returns The shards.
 */
export async function writeFolder(
  folder: string,
  format: FileFormat,
  shards: AsyncIterable<readonly Part[]>,
  options: FileOptions = {},
): Promise<Shard[]> {
  const written: Shard[] = [];
  for await (const parts of shards) {
    const number = String(written.length).padStart(5, "0");
    const name = `features-${number}.${format}`;
    const path = `${folder}/${name}`;
    const bytes = await writeFeatureFile(path, format, parts, options);
    const samples = parts.reduce(
      (sum, { description }) => sum + description.samples,
      0,
    );
    written.push({ name, samples, bytes });
  }
  const sum = checksumOf(written);
  const manifest = {
    layout: 1,
    version: VERSION,
    format,
    shards: written,
    crc32: sum,
  };
  const text = new TextEncoder().encode(JSON.stringify(manifest, null, 1));
  await writeWhole(`${folder}/${MANIFEST}`, (sink) => sink.write(text));
  return written;
}

/**
 * Reads the manifest of a folder, and checks that its shards exist.
 *
 * @param folder The folder.
 * @returns The shards, in order.
 * @throws {SyntaxError} If there is no manifest, or a shard is missing or
 * truncated.
 */
export function readManifest(folder: string): Shard[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${folder}/${MANIFEST}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw missingPath(error, `${folder}/${MANIFEST}`, "open features");
    }
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    const hint = folder.endsWith(".partial")
      ? "its run is not finished: call write() or mergeFeatures() again"
      : undefined;
    const rule = `the folder must hold "${MANIFEST}"`;
    throw badFeatures(folder, rule, names, hint);
  }
  const limits = { bytes: 2 ** 28, values: 2 ** 24 };
  const parsed = parseLooseJson(text, `${folder}/${MANIFEST}`, limits);
  const { shards, crc32: sum } = Object(parsed) as {
    readonly shards: Shard[];
    readonly crc32: unknown;
  };
  const isList = Array.isArray(shards) && shards.length > 0 &&
    shards.every((shard) => {
      const { name, samples, bytes } = Object(shard) as Shard;
      return /^features-\d+\.(safetensors|parquet)$/.test(name) &&
        Number.isSafeInteger(samples) && Number.isSafeInteger(bytes);
    });
  if (!isList) {
    throw badFeatures(folder, `"${MANIFEST}" must list shards`, shards);
  }
  if (sum !== checksumOf(shards)) {
    const rule = `shards in "${MANIFEST}" must have the checksum that it says`;
    const hint = "the file was changed or is damaged: write it again";
    throw badFeatures(folder, rule, sum, hint);
  }
  for (const { name, bytes } of shards) {
    const found = sizeAt(`${folder}/${name}`);
    if (found === bytes) continue;
    const rule = `shard "${name}" must have ${bytes} bytes`;
    throw badFeatures(folder, rule, found ?? "no such file", "is it cut?");
  }
  return shards;
}

/** Checksum of the list, as a shard that is missing in it is never opened. */
function checksumOf(shards: readonly Shard[]): number {
  return crc32(JSON.stringify(
    shards.map(({ name, samples }) => [name, samples]),
  ));
}

function sizeAt(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

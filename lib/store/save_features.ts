import {
  cannot,
  checkAwaited,
  checkInteger,
  checkNoOptions,
  checkOptions,
} from "../check.ts";
import type { FeatureSet } from "../types.ts";
import { joinKinds } from "./_ids.ts";
import type { Part } from "./part.ts";
import {
  checkFree,
  type FileFormat,
  kindAt,
  type Target,
  targetOf,
} from "./target.ts";
import { parentOf } from "./target.ts";
import type { Written } from "./written.ts";

/**
 * The layout of features in files.
 *
 * @category Files of features
 */
export interface SaveOptions {
  /**
   * The format; required for a folder, `"safetensors"` or `"parquet"`.
   *
   * @default {by the target's extension}
   */
  readonly format?: FileFormat;
  /** Samples per file of a folder; for folders only. @default {8192} */
  readonly shardSize?: number;
  /**
   * Rows per row group of Parquet; for Parquet only.
   *
   * @default {as many as 32 MB hold, a power of two, at most 65536}
   */
  readonly rowGroupSize?: number;
}

/** Samples per file of a folder. */
export const SHARD_SIZE = 8192;

/** Names of the options. */
export const SAVE_OPTIONS: readonly string[] = [
  "format",
  "shardSize",
  "rowGroupSize",
];

/**
 * Writes a feature set in memory as a file, or as a folder of files: `.npz`,
 * `.safetensors` or `.parquet`. {@linkcode openFeatures} reads it again, with
 * all properties of the set; NumPy, pandas, DuckDB and others can read the
 * columns.
 *
 * Features are stored under the names of their layers, the rest under
 * `sonde.id`, `sonde.label`, `sonde.logits`, `sonde.penultimate` and
 * `sonde.nonFinite`. In Parquet, feature maps are flattened and float16 becomes
 * float32; the metadata contains the original shapes and types. DuckDB ignores
 * the case of names: of `Conv` and `conv` it calls the second `conv_1`.
 *
 * @category Files of features
 * @param set The set.
 * @param target A path or `file:` URL that ends in `.npz`, `.safetensors` or
 * `.parquet`, or a new folder.
 * @param options The format of a folder, sizes of shards and row groups.
 * @returns A summary of what was written.
 * @throws {RangeError} If the target exists, has no format, or the disk is
 * full.
 * @throws {TypeError} If it is not a feature set, an option does not apply to
 * the target, or the folder cannot be written.
 *
 * @example A Parquet file
 * ```ts
 * import { featureSet, saveFeatures } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * const data = Float32Array.of(1, 2, 3, 4, 5, 6);
 * const pool = { data, shape: [2, 3], dtype: "float32" } as const;
 * const set = featureSet({ features: [pool], layerNames: ["pool"] });
 * const { samples } = await saveFeatures(set, `${folder}/features.parquet`);
 * assert.equal(samples, 2);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function saveFeatures(
  set: FeatureSet,
  target: string | URL,
  options: SaveOptions = {},
): Promise<Written> {
  const action = "write features";
  const call = "saveFeatures(set, target, options)";
  checkNoOptions(arguments, action, call, 3);
  checkAwaited(set, action, "the feature set");
  const isSet = typeof set === "object" && set !== null &&
    Array.isArray(set.features) && typeof set.select === "function";
  if (!isSet) {
    const rule = "it must be a feature set";
    const hint = "make one with featureSet() or predict()";
    throw new TypeError(cannot(action, rule, set, hint));
  }
  checkSave(options, action, SAVE_OPTIONS);
  const parsed = targetOf(target, options.format);
  checkLayout(options, parsed, action);
  checkFree(parsed.path);
  const begin = performance.now();
  const { partOfSet } = await import("./part.ts");
  const part = partOfSet(set);
  const scratch = scratchOf(parsed.path);
  const files = await writeTarget(parsed, [part], { ...options, scratch });
  const { samples } = part.description;
  const seconds = (performance.now() - begin) / 1000;
  const { shownWritten } = await import("./written.ts");
  return shownWritten({
    samples,
    ...files,
    samplesPerSecond: samples / Math.max(1e-3, seconds),
    skipped: [],
  });
}

/**
 * Checks the layout of features.
 *
 * @param options The options.
 * @param action The action, for messages.
 * @param known Names of the options.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If a size is not a positive integer.
 */
export function checkSave(
  options: SaveOptions,
  action: string,
  known: readonly string[],
): void {
  checkOptions(options, action, known);
  for (const name of ["shardSize", "rowGroupSize"] as const) {
    const size = options[name];
    if (size !== undefined) checkInteger(size, action, name);
  }
}

/**
 * Refuses sizes that have no effect on a target.
 *
 * @param options The options.
 * @param target The target.
 * @param action The action, for messages.
 * @throws {TypeError} If there is one.
 */
export function checkLayout(
  { shardSize, rowGroupSize }: SaveOptions,
  { path, format, isFolder }: Target,
  action: string,
): void {
  if (shardSize !== undefined && !isFolder) {
    const rule = `"shardSize" must be left out for one file, "${path}"`;
    const other = format === "npz" ? "safetensors" : format;
    const hint = `leave it out, or pass a folder and { format: "${other}" }`;
    throw new TypeError(cannot(action, rule, shardSize, hint));
  }
  if (rowGroupSize !== undefined && format !== "parquet") {
    const rule = `"rowGroupSize" must be left out for the format "${format}"`;
    const hint = "leave it out, or write Parquet";
    throw new TypeError(cannot(action, rule, rowGroupSize, hint));
  }
}

/**
 * A unique temporary name for a target.
 *
 * @param path The target.
 * @returns The name, without its suffix.
 */
export function scratchOf(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** The files of a target. */
export interface TargetFiles {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Bytes of the files. */
  readonly bytes: number;
}

/**
 * Writes parts to a new target. A folder is written under a temporary name, and
 * renamed.
 *
 * @param target The target.
 * @param parts The parts, in order; at least one.
 * @param options Sizes of shards and row groups, and the temporary name.
 * @returns The files.
 */
export async function writeTarget(
  { path, format, isFolder }: Target,
  parts: readonly Part[],
  options: SaveOptions & { readonly scratch: string },
): Promise<TargetFiles> {
  const { writeFeatureFile, UNFINISHED, notWritten, syncFolder } = await import(
    "./write_file.ts"
  );
  if (!isFolder) {
    const bytes = await writeFeatureFile(path, format, parts, options);
    return { files: [path], bytes };
  }
  const { shardSize = SHARD_SIZE, rowGroupSize, scratch } = options;
  const unfinished = scratch + UNFINISHED;
  try {
    // Left by an earlier run in its folder.
    if (kindAt(unfinished) !== undefined) {
      Deno.removeSync(unfinished, { recursive: true });
    }
    Deno.mkdirSync(unfinished);
  } catch (error) {
    throw notWritten(path, error);
  }
  const { writeFolder } = await import("./_folder.ts");
  try {
    const shards = await writeFolder(
      unfinished,
      format,
      shardsOf(partsOfFolder(parts), shardSize),
      { rowGroupSize },
    );
    Deno.renameSync(unfinished, path);
    syncFolder(parentOf(path));
    const files = shards.map(({ name }) => `${path}/${name}`);
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    return { files, bytes };
  } catch (error) {
    await Deno.remove(unfinished, { recursive: true }).catch(() => {});
    throw notWritten(path, error);
  }
}

/**
 * Prepares parts for a folder: all files have ids of one type, as readers of
 * folders require, and the first file has the skipped samples and the head's
 * weights, wherever the parts end.
 */
function partsOfFolder(parts: readonly Part[]): readonly Part[] {
  const kind = joinKinds(parts.map(({ description }) => description.ids.kind));
  const skipped = parts.flatMap(({ description }) => description.skipped);
  return parts.map((part, i) => {
    const ids = { ...part.description.ids, kind };
    const description = { ...part.description, ids };
    if (i === 0) return { ...part, description: { ...description, skipped } };
    const without = { head: undefined, headCrc32: undefined, skipped: [] };
    return {
      ...part,
      head: undefined,
      description: { ...description, ...without },
    };
  });
}

/** Splits rows of parts into blocks. */
async function* shardsOf(
  parts: readonly Part[],
  size: number,
): AsyncGenerator<readonly Part[]> {
  const total = parts.reduce((sum, p) => sum + p.description.samples, 0);
  const { slicePart } = await import("./part.ts");
  for (let start = 0; start === 0 || start < total; start += size) {
    const shard: Part[] = [];
    let first = 0;
    for (const part of parts) {
      const { samples } = part.description;
      const from = Math.max(0, start - first);
      const to = Math.min(samples, start + size - first);
      first += samples;
      if (from > to || (from === to && total > 0)) continue;
      const isWhole = from === 0 && to === samples;
      if (!isWhole && from === 0) await checkValues(part);
      shard.push(
        isWhole ? part : await slicePart(part, { start: from, end: to }),
      );
    }
    yield shard;
  }
}

/** Verifies all checksums, because slices get new ones. */
async function checkValues(part: Part): Promise<void> {
  const { columnPieces, idPieces } = await import("./_column_pieces.ts");
  for (const { name } of part.description.columns) {
    for await (const _piece of columnPieces([part], name));
  }
  for await (const _ids of idPieces([part]));
}

/**
 * Completes a run: joins its parts to the target.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { FeatureSet } from "../types.ts";
import { readManifest } from "./_folder.ts";
import { openFeatureFile } from "./feature_files.ts";
import { type DonePart, type PartFolder, rowsOfParts } from "./part_folder.ts";
import { writeTarget } from "./save_features.ts";
import { kindAt, type Target } from "./target.ts";
import { shownWritten, type Written } from "./written.ts";

/** The target of a run. */
export interface RunTarget {
  /** The destination. */
  readonly destination: Target;
  /** The layout of the files. */
  readonly layout: {
    readonly shardSize?: number;
    readonly rowGroupSize?: number;
  };
  /** The fingerprint of the run, if it has one. */
  readonly run: string | undefined;
}

/**
 * Joins the parts of a run under the name of its target, and removes them.
 *
 * @param folder The folder of the run.
 * @param target The target.
 * @param done All parts, in order.
 * @param samplesPerSecond The speed of the run.
 * @returns A summary of what was written.
 */
export async function finishTarget(
  folder: PartFolder,
  { destination, layout, run }: RunTarget,
  done: readonly DonePart[],
  samplesPerSecond: number,
): Promise<Written> {
  const parts = rowsOfParts(done, run);
  try {
    const scratch = `${folder.path}/joined`;
    const files = await writeTarget(destination, parts, { ...layout, scratch });
    const samples = parts.reduce((sum, p) => sum + p.description.samples, 0);
    const skipped = parts.flatMap((part) => part.description.skipped);
    for (const part of parts) part.close();
    folder.close();
    Deno.removeSync(folder.path, { recursive: true });
    return shownWritten({ samples, ...files, samplesPerSecond, skipped });
  } finally {
    for (const part of parts) part.close();
  }
}

/**
 * The summary of an earlier run, if its result is at the target.
 *
 * @param target The existing target.
 * @param run The fingerprint of the run.
 * @returns The summary; undefined if the target is something else.
 */
export async function writtenBefore(
  { path, isFolder }: Target,
  run: string | undefined,
): Promise<Written | undefined> {
  if (run === undefined || (kindAt(path) === "a folder") !== isFolder) {
    return undefined;
  }
  let files: string[];
  let part;
  let samples;
  try {
    const shards = isFolder ? readManifest(path) : undefined;
    files = shards?.map(({ name }) => `${path}/${name}`) ?? [path];
    part = await openFeatureFile(files[0]!);
    samples = shards?.reduce((sum, shard) => sum + shard.samples, 0) ??
      part.description.samples;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // something else
    throw error;
  }
  const { description } = part;
  part.close();
  if (description.run !== run) return undefined;
  const partial = `${path}.partial`;
  if (kindAt(partial) === "a folder") {
    Deno.removeSync(partial, { recursive: true }); // interrupted at the very end
  }
  return shownWritten({
    samples,
    files,
    bytes: files.reduce((sum, file) => sum + Deno.statSync(file).size, 0),
    samplesPerSecond: 0,
    skipped: description.skipped,
  }, "Already complete");
}

/**
 * Bytes of one row of a set in files.
 *
 * @param set The set.
 * @returns The bytes.
 */
export function bytesPerRow(set: FeatureSet): number {
  const { features, logits, penultimate, labels, ids } = set;
  const rows = Math.max(1, ids.length);
  const bytes = [...features, logits, penultimate, labels].reduce(
    (sum, array) => sum + (array?.data.byteLength ?? 0),
    0,
  );
  return bytes / rows + 8;
}

/**
 * Creates the error for missing parts.
 *
 * @param path The target.
 * @param missing What is missing.
 * @param hint What to do about it.
 * @returns The error.
 */
export function incomplete(
  path: string,
  missing: unknown,
  hint: string,
): RangeError {
  const rule = `all parts of "${path}" must be there`;
  return new RangeError(cannot("merge features", rule, missing, hint));
}

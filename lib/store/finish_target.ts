/**
 * The end of a run: its parts become the target.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { FeatureSet } from "../types.ts";
import { readManifest } from "./_folder.ts";
import { openFeatureFile } from "./open_features.ts";
import { type DonePart, type PartFolder, rowsOfParts } from "./part_folder.ts";
import { writeTarget } from "./save_features.ts";
import { kindAt, type Target } from "./target.ts";
import { shownWritten, type Written } from "./written.ts";

/** What a run makes. */
export interface RunTarget {
  /** Where the files go. */
  readonly place: Target;
  /** How they are laid out. */
  readonly layout: {
    readonly shardSize?: number;
    readonly rowGroupSize?: number;
  };
  /** Which run it is, where it can be told from others. */
  readonly run: string | undefined;
}

/**
 * Joins the parts of a run under the name of its target, and removes them.
 *
 * @param folder The folder of the run.
 * @param target What the run makes.
 * @param done All parts, in order.
 * @param samplesPerSecond How quick the run was.
 * @returns What was written.
 */
export async function finishTarget(
  folder: PartFolder,
  { place, layout, run }: RunTarget,
  done: readonly DonePart[],
  samplesPerSecond: number,
): Promise<Written> {
  const parts = rowsOfParts(done, run);
  try {
    const scratch = `${folder.path}/joined`;
    const files = await writeTarget(place, parts, { ...layout, scratch });
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
 * What a run wrote before, if it is the one that lies at a target.
 *
 * @param place The target; something is there.
 * @param run Which run it must be.
 * @returns What was written; undefined if something else is there.
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
    Deno.removeSync(partial, { recursive: true }); // stopped at its very end
  }
  return shownWritten({
    samples,
    files,
    bytes: files.reduce((sum, file) => sum + Deno.statSync(file).size, 0),
    samplesPerSecond: 0,
    skipped: description.skipped,
  });
}

/**
 * Bytes of one row of a set, as files hold it.
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
 * The error of parts that are missing.
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

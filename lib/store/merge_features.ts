import { cannot, checkNoOptions } from "../check.ts";
import type { DonePart, PartFolder, RunRecord } from "./part_folder.ts";
import { checkFree, kindAt, pathOf, type Target } from "./target.ts";
import type { Written } from "./written.ts";

/**
 * Joins the parts that several processes wrote with `{ shard: [k, n] }` to the
 * target. The result has the same bytes as that of a single process.
 *
 * @category Files of features
 * @param target The target that was passed to each of them.
 * @returns A summary of what was written.
 * @throws {RangeError} If parts are missing, or of different runs, or there are
 * none.
 *
 * @example Two processes, one after the other
 * ```ts
 * import { FeatureExtractor, loadModel, mergeFeatures, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await using model = await loadModel("notebooks/models/keras/digits.keras");
 * const extractor = new FeatureExtractor(model).batch(2);
 * const folder = await Deno.makeTempDir();
 * const target = `${folder}/digits.npz`;
 * const images = tf.zeros([5, 28, 28, 1]);
 * await extractor.write(images, target, { shard: [0, 2] });
 * await extractor.write(images, target, { shard: [1, 2] });
 * const { samples } = await mergeFeatures(target);
 * assert.equal(samples, 5);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function mergeFeatures(target: string | URL): Promise<Written> {
  const action = "merge features";
  checkNoOptions(arguments, action, "mergeFeatures(target)", 1);
  const path = pathOf(target, action).replace(/[/\\]+$/, "");
  const { PartFolder } = await import("./part_folder.ts");
  const record = PartFolder.record(`${path}.partial`);
  if (record === undefined) {
    const hint = kindAt(path, "merge features") === undefined
      ? "write its parts first, with { shard: [k, n] }"
      : `"${path}" is there: open it with openFeatures()`;
    const rule = `"${path}.partial" must be there`;
    throw new RangeError(cannot(action, rule, "nothing", hint));
  }
  const { shards, samples: _samples, ...rest } = record;
  const { format, isFolder, shardSize, rowGroupSize, data } = rest;
  const { sha256 } = await import("../formats/sha256.ts");
  const run = data === "unknown"
    ? undefined
    : await sha256(JSON.stringify(rest));
  const destination = {
    path,
    format: format as Target["format"],
    isFolder: isFolder === true,
  };
  const { writtenBefore, finishTarget } = await import("./finish_target.ts");
  if (kindAt(path, "merge features") !== undefined) { // stopped at its very end
    const before = await writtenBefore(destination, run);
    if (before !== undefined) return before;
    checkFree(path);
  }
  const folder = await PartFolder.open(`${path}.partial`, record, true);
  try {
    for (let k = 0; k < Number(shards); k++) folder.lock(k);
    const done = await checkDone(folder, path, record);
    const layout = {
      ...(isFolder ? { shardSize: Number(shardSize) } : {}),
      ...(rowGroupSize ? { rowGroupSize: Number(rowGroupSize) } : {}),
    };
    return await finishTarget(
      folder,
      { destination, layout, run },
      done,
      0,
    );
  } finally {
    folder.close();
  }
}

/**
 * Returns all parts of all shards, or throws an error that lists the missing
 * ones.
 */
async function checkDone(
  folder: PartFolder,
  path: string,
  { shards, samples, batch }: RunRecord,
): Promise<DonePart[]> {
  const done: DonePart[] = [];
  const missing: string[] = [];
  for (let k = 0; k < Number(shards); k++) {
    const total = typeof samples === "number" ? samples : undefined;
    const { start, end } = rangeOfShard(
      total,
      k,
      Number(shards),
      Number(batch),
    );
    const parts = folder.done({ start, end: end ?? Infinity });
    done.push(...parts);
    const at = parts.at(-1)?.end ?? start;
    if (end === undefined || at < end) {
      missing.push(`shard ${k}: samples from ${at} to ${end ?? "the end"}`);
    }
  }
  if (missing.length === 0) return done;
  const hint = "run these shards again: they go on where they were";
  const { incomplete } = await import("./finish_target.ts");
  throw incomplete(path, missing, hint);
}

/**
 * The samples of one shard: whole batches, distributed evenly.
 *
 * @param total Number of samples of the dataset, if known.
 * @param index The index of the shard.
 * @param count The number of shards.
 * @param batch Samples per batch.
 * @returns The samples.
 * @throws {TypeError} If the total is unknown, and there are several shards.
 */
export function rangeOfShard(
  total: number | undefined,
  index: number,
  count: number,
  batch: number,
): { start: number; end: number | undefined } {
  if (count === 1) return { start: 0, end: total };
  if (total === undefined) {
    const rule = "the dataset must know its length to be shared by processes";
    throw new TypeError(
      cannot(
        "write features",
        rule,
        "unknown",
        "use an array or a source with a length",
      ),
    );
  }
  const batches = Math.ceil(total / batch);
  const at = (k: number) =>
    Math.min(total, Math.floor(batches * k / count) * batch);
  return { start: at(index), end: at(index + 1) };
}

import { checkNoOptions } from "../check.ts";
import type { StoredFeatures } from "../types.ts";

/**
 * Opens features that `saveFeatures`, `write` or `mergeFeatures` wrote: one
 * file, or a folder of shards. The format is detected from the first bytes.
 *
 * Checksums are verified while values are read: a changed file throws at its
 * last row at the latest. They do not stop a Parquet file that was made to do
 * harm, which can keep its decoder in a loop or make it request 4 GB of memory.
 *
 * @category Files of features
 * @param target A path or `file:` URL.
 * @returns The features, to stream or load; the caller closes them.
 * @throws {SyntaxError} If the file is truncated, damaged, or not written by
 * Sonde.
 * @throws {Deno.errors.NotFound} If the target does not exist.
 *
 * @example A set goes to a file and comes back
 * ```ts
 * import { featureSet, openFeatures, saveFeatures } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * const logits = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: "float32" } as const;
 * await saveFeatures(featureSet({ logits, ids: ["a", "b"] }), `${folder}/x.npz`);
 * const stored = await openFeatures(`${folder}/x.npz`);
 * const set = await stored.load();
 * assert.deepEqual(set.logits?.data, logits.data);
 * await stored.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openFeatures(
  target: string | URL,
): Promise<StoredFeatures> {
  checkNoOptions(arguments, "open features", "openFeatures(target)", 1);
  const { openFeatureFiles } = await import("./feature_files.ts");
  return await openFeatureFiles(target);
}

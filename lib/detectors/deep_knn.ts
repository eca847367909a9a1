import { cannot, checkInteger, checkOptions } from "../check.ts";
import { type Bank, squaresOf } from "../linalg/nearest_list.ts";
import type { Detector } from "../types.ts";
import type {
  BlockScorer,
  DetectorState,
  KnownSamples,
  SampleBlock,
  ScoringContext,
} from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import { matrixOf } from "./_matrices.ts";
import { prepared } from "./_prepared.ts";
import { lengthsOf, normalised, scoreRows, stateArray } from "./rows.ts";
import {
  bankIndices,
  checkBankSize,
  decodeIds,
  encodeIds,
  SampledRows,
} from "./sampled_rows.ts";

/**
 * Settings of {@linkcode deepKnn}.
 *
 * @category Detectors
 */
export interface DeepKnnOptions {
  /**
   * The rank `k` of the neighbour: a positive integer, at most the number of
   * samples of the fit and at most `maxSamples`.
   *
   * @default {50}
   */
  readonly neighbors?: number;
  /**
   * Maximum number of samples of the fit to keep; of more, a random subset of
   * this size is kept.
   *
   * @default {100_000}
   */
  readonly maxSamples?: number;
  /**
   * Seed of the random choice of samples.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/**
 * Deep nearest neighbours: the Euclidean distance of a feature to its `k`-th
 * nearest neighbour among those of the fit, all normalised to length 1.
 *
 * Makes no assumption about the shape of the classes and needs no labels.
 * Performs badly with few samples per class, and where the length of a feature
 * has more information than its direction. A zero feature stays zero, at
 * distance 1 from all others.
 *
 * Neighbours are exact: candidates come from float32 products, and are ranked
 * again in float64. All samples are kept up to `maxSamples`, in float32, so
 * 100,000 of 512 units take 200 MB.
 *
 * Source: Sun et al., "Out-of-Distribution Detection with Deep Nearest
 * Neighbors", ICML 2022, https://arxiv.org/abs/2204.06507. The authors' code
 * (`run_cifar.py` of `deeplearning-wisc/knn-ood`, `K = 50`), OpenOOD
 * (`openood/postprocessors/knn_postprocessor.py`) and oodeel give the square of
 * this distance.
 *
 * @category Detectors
 * @param options Rank of the neighbour, and number of samples to keep.
 * @returns A detector of one layer, `[N, D]`; scores are distances in `[0, 2]`.
 * @throws {RangeError} If an option is out of range; in `fit`, if there are fewer
 * samples than neighbours.
 *
 * @example A sample in a new direction
 * ```ts
 * import { deepKnn, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     features: [{
 *       data: Float32Array.from(data),
 *       shape: [data.length / 2, 2],
 *       dtype: "float32",
 *     }],
 *   });
 * const scorer = await deepKnn({ neighbors: 2 }).fit(set(1, 0, 2, 0, 0, 3));
 * const [near, far] = await scorer.score(set(5, 0, -1, 0));
 * assert.deepEqual([near, far], [0, 2]);
 * ```
 */
export function deepKnn(options: DeepKnnOptions = {}): Detector {
  const action = "create deepKnn()";
  checkOptions(options, action, ["neighbors", "maxSamples", "seed"]);
  const { neighbors = 50, maxSamples = 100_000, seed = 0 } = options;
  checkInteger(neighbors, action, "neighbors");
  checkInteger(maxSamples, action, "maxSamples");
  checkBankSize(neighbors, maxSamples, action);
  checkInteger(seed, action, "seed", 0);
  const settings = { neighbors, maxSamples, seed };
  const bankOf = prepared(({ bank }) => {
    const matrix = matrixOf(bank!);
    const rows = { ...matrix, lengths: lengthsOf(matrix) };
    return { ...rows, squares: squaresOf(rows) };
  });
  return defineDetector({
    name: "deepKnn",
    settings,
    uses: { features: "layer" },
    fit: (known) => fit(known, settings),
    open: (state, context) => open(bankOf(state), state, context, neighbors),
  });
}

async function fit(
  { blocks, action }: KnownSamples,
  { neighbors, maxSamples, seed }: Required<DeepKnnOptions>,
): Promise<DetectorState> {
  const kept = new SampledRows(maxSamples, seed);
  let columns = 0;
  for await (const block of blocks()) {
    columns = block.features.columns;
    kept.add(block, block.features);
  }
  const { data, rows, ids } = kept.sample();
  if (rows.length < neighbors) {
    const rule = `"neighbors" must be <= the ${rows.length} samples of the fit`;
    throw new RangeError(cannot(action, rule, neighbors));
  }
  return {
    bank: stateArray(data, [rows.length, columns]),
    rows: stateArray(rows),
    ids: stateArray(encodeIds(ids)),
  };
}

async function open(
  bank: Bank,
  { rows, ids }: DetectorState,
  { pacer, samples }: ScoringContext,
  neighbors: number,
): Promise<BlockScorer> {
  const { openNearest } = await import("../linalg/nearest_rows.ts");
  const settings = { neighbors, pacer, queries: samples };
  const search = await openNearest(bank, settings);
  const find = (block: SampleBlock, skipped?: Int32Array) =>
    search.find(normalised(block.features), skipped);
  const scoresOf = async (block: SampleBlock, skipped?: Int32Array) => {
    const { distances } = await find(block, skipped);
    return scoreRows(
      block.rows,
      (row) => distances[(row + 1) * neighbors - 1]!,
    );
  };
  return {
    score: (block) => scoresOf(block),
    scoreLeftOut: (block) =>
      scoresOf(block, bankIndices(block, rows!, neighbors, "deepKnn")),
    async explain(block) {
      const { indices, distances } = await find(block);
      const names = decodeIds(ids!.data);
      return {
        neighbors: Array.from(indices, (index, i) => ({
          id: names[index]!,
          distance: distances[i]!,
        })),
      };
    },
    close: () => search.close(),
  };
}

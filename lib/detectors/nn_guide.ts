import { cannot, checkInteger, checkNumber, checkOptions } from "../check.ts";
import { squaresOf } from "../linalg/nearest_list.ts";
import type { Matrix } from "../linalg/products.ts";
import { logSumExp } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type {
  BlockScorer,
  DetectorState,
  KnownSamples,
  SampleBlock,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import { columnsOf, matrixOf, sideBySide } from "./_matrices.ts";
import { prepared } from "./_prepared.ts";
import {
  argmax,
  lengthsOf,
  normalised,
  scoreRows,
  stateArray,
} from "./rows.ts";
import {
  bankIndices,
  checkBankSize,
  decodeIds,
  encodeIds,
  SampledRows,
} from "./sampled_rows.ts";
import { named } from "./_sample_reader.ts";

/**
 * Options of {@linkcode nnGuide}.
 *
 * @category Detectors
 */
export interface NnGuideOptions {
  /**
   * Number of neighbours to average, `k`: a positive integer, at most the
   * number of samples of the bank and at most `maxSamples`.
   *
   * @default {10}
   */
  readonly neighbors?: number;
  /**
   * Fraction of the samples of the fit to keep, in `(0, 1]`.
   *
   * @default {1}
   */
  readonly share?: number;
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
 * Nearest neighbour guidance: `-s · mean of the k largest s_i cos(z, z_i)`, with
 * `s = log Σ exp l` and `i` over the samples of the fit.
 *
 * The energy measures the confidence of the head, the neighbours whether the
 * sample is near known ones. Performs badly with few samples in the fit, and if
 * the length of a feature is more informative than its direction. A negative `s`
 * would reverse the ranking, so it is refused in fit and score. A feature of zeros
 * has cosine 0 with all others: its score is 0.
 *
 * Neighbours are exact. The bank is stored in float32: 100,000 features of 512
 * units take 200 MB.
 *
 * Source: Park et al., "Nearest Neighbor Guidance for Out-of-Distribution
 * Detection", ICCV 2023, https://arxiv.org/abs/2309.14888. The paper keeps a
 * share of the training set drawn at random (1 % of ImageNet); the default here
 * is all of it, as in pytorch-ood (`detector/nnguide.py`). `k = 10` is that of
 * the authors' code (`ood_detectors/nnguide.py` of `roomo7time/nnguide`), which
 * uses the same formula, and so does OpenOOD
 * (`openood/postprocessors/nnguide_postprocessor.py`).
 *
 * @category Detectors
 * @param options Neighbours, and how many samples are kept.
 * @returns A detector that fits on the penultimate `[N, D]` with its logits
 * `[N, C]`, and scores the same, in the square of their unit.
 * @throws {RangeError} If an option is out of range. Fit and score throw it if
 * `log Σ exp l` of a sample is negative.
 *
 * @example Equal logits, in a known direction and in a new one
 * ```ts
 * import { featureSet, nnGuide } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     penultimate: { data: Float32Array.from(data), shape: [2, 2], dtype: "float32" },
 *     logits: { data: Float32Array.of(5, 0, 5, 0), shape: [2, 2], dtype: "float32" },
 *   });
 * const scorer = await nnGuide({ neighbors: 1 }).fit(set(1, 0, 3, 1));
 * const [known, unknown] = await scorer.score(set(2, 0, -2, 2));
 * assert.ok(unknown! > known!);
 * ```
 */
export function nnGuide(options: NnGuideOptions = {}): Detector {
  const action = "create nnGuide()";
  const names = ["neighbors", "share", "maxSamples", "seed"];
  checkOptions(options, action, names);
  const { neighbors = 10, share = 1, maxSamples = 100_000, seed = 0 } = options;
  checkInteger(neighbors, action, "neighbors");
  checkNumber(share, action, "share", { above: 0 });
  if (share > 1) {
    throw new RangeError(cannot(action, '"share" must be <= 1', share));
  }
  checkInteger(maxSamples, action, "maxSamples");
  checkBankSize(neighbors, maxSamples, action);
  checkInteger(seed, action, "seed", 0);
  const settings = { neighbors, share, maxSamples, seed };
  const guides = prepared(guidesOf);
  return defineDetector({
    name: "nnGuide",
    settings,
    uses: { features: "head", logits: "classes" },
    fit: (known) => fit(known, settings),
    open: (state, context) => open(guides(state), state, context, neighbors),
  });
}

async function fit(
  { blocks, action }: KnownSamples,
  { neighbors, share, maxSamples, seed }: Required<NnGuideOptions>,
): Promise<DetectorState> {
  const kept = new SampledRows(maxSamples, seed);
  let [columns, samples] = [0, 0];
  for await (const block of blocks()) {
    columns = block.features.columns;
    const data = energies(block, action); // [n]
    const weights = { data, rows: block.rows, columns: 1 };
    kept.add(block, sideBySide(block.features, weights));
    samples += block.rows;
  }
  // Not one more by rounding: 0.07 * 100 is 7.000000000000001.
  const wanted = Math.max(1, Math.ceil(share * samples * (1 - 1e-12)));
  const sample = kept.sample(wanted);
  const count = sample.rows.length;
  if (count < neighbors) {
    const rule = `"neighbors" must be <= the ${count} samples that are kept`;
    throw new RangeError(cannot(action, rule, neighbors));
  }
  const whole = { data: sample.data, rows: count, columns: columns + 1 };
  // Energies are float64, so the joined matrix is too.
  const features = Float32Array.from(columnsOf(whole, 0, columns).data);
  return {
    bank: stateArray(features, [count, columns]),
    energies: stateArray(columnsOf(whole, columns, 1).data),
    rows: stateArray(sample.rows),
    ids: stateArray(encodeIds(sample.ids)),
  };
}

/** The bank, prepared for searches. */
interface Guides {
  /** `[M, D]`, with the divisors that scale each row to length `s_i`. */
  readonly bank: SampleMatrix & {
    readonly lengths: Float64Array;
    readonly extra: Float64Array;
    readonly squares: Float64Array;
  };
  /** `s_i`, `[M]`. */
  readonly energies: Float64Array;
}

/**
 * Reduces the search for the largest products to one for nearest neighbours: with
 * extra squared distances, all rows are equally far from 0, so that the nearest
 * row has the largest product.
 */
function guidesOf({ bank, energies }: DetectorState): Guides {
  const matrix = matrixOf(bank!); // [M, D]
  const s = energies!.data as Float64Array; // [M]
  const isZero = rowsOfZeros(matrix);
  const reach = s.map((by, i) => isZero[i] ? 0 : by); // [M]
  const most = reach.reduce((a, b) => Math.max(a, b), 0);
  const lengths = lengthsOf(matrix).map((length, i) => length / s[i]!);
  const scaled = { ...matrix, lengths };
  return {
    bank: {
      ...scaled,
      extra: reach.map((by) => (most - by) * (most + by)),
      squares: squaresOf(scaled),
    },
    energies: s,
  };
}

/** Opens the search. */
async function open(
  { bank, energies: s }: Guides,
  { rows, ids }: DetectorState,
  { pacer, samples }: ScoringContext,
  neighbors: number,
): Promise<BlockScorer> {
  const { openNearest } = await import("../linalg/nearest_rows.ts");
  const search = await openNearest(
    bank,
    { neighbors, pacer, queries: samples },
  );
  const find = async (block: SampleBlock, skipped?: Int32Array) => {
    const queries = normalised(block.features);
    const { indices } = await search.find(queries, skipped);
    const products = Float64Array.from(
      indices,
      (index, i) => product(queries, Math.floor(i / neighbors), bank, index),
    ); // [n, k]
    return { indices, products };
  };
  const scoresOf = async (block: SampleBlock, skipped?: Int32Array) => {
    const queryEnergies = energies(block, "score with nnGuide()");
    const { products } = await find(block, skipped);
    return scoreRows(block.rows, (row) => {
      let sum = 0;
      for (let k = 0; k < neighbors; k++) sum += products[row * neighbors + k]!;
      return 0 - queryEnergies[row]! * sum / neighbors; // never -0
    });
  };
  return {
    score: (block) => scoresOf(block),
    scoreLeftOut: (block) =>
      scoresOf(block, bankIndices(block, rows!, neighbors, "nnGuide")),
    async explain(block) {
      const { indices, products } = await find(block);
      const names = decodeIds(ids!.data);
      return {
        class: argmax(block.logits)[0]!,
        neighbors: Array.from(indices, (index, i) => ({
          id: names[index]!,
          distance: 1 - (s[index] === 0 ? 0 : products[i]! / s[index]!), // of cosines
        })),
      };
    },
    close: () => search.close(),
  };
}

/** `log Σ exp l` of each row, refused if it is negative. */
function energies(block: SampleBlock, action: string): Float64Array {
  const { data, columns } = block.logits;
  return scoreRows(block.rows, (row) => {
    const s = logSumExp(data, row * columns, columns);
    if (s >= 0) return s;
    const name = named(block.firstRow + row, block.ids[row]!);
    const rule = `log Σ exp of the logits must be >= 0, of ${name} too`;
    const hint = "a negative one reverses the ranking; use deepKnn(), or " +
      "leave the row out with set.select(…)";
    throw new RangeError(cannot(action, rule, s, hint));
  });
}

/** 1 for each row that contains only zeros. */
function rowsOfZeros({ data, rows, columns }: SampleMatrix): Uint8Array {
  const found = new Uint8Array(rows).fill(1); // [M]
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== 0) found[Math.floor(i / columns)] = 0;
  }
  return found;
}

/** The product of a query with a row of the bank. */
function product(
  queries: Matrix,
  row: number,
  { data, lengths, columns }: Guides["bank"],
  index: number,
): number {
  const length = lengths[index]!;
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    sum += queries.data[row * columns + j]! *
      (data[index * columns + j]! / length);
  }
  return sum;
}

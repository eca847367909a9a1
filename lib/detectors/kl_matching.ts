import { checkNoOptions } from "../check.ts";
import { logSumExp } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import type {
  BlockScorer,
  DetectorState,
  SampleBlock,
  ScoringContext,
} from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import { matrixOf, transposed } from "./_matrices.ts";
import { argmax, scoreRows, stateArray } from "./rows.ts";

/**
 * KL matching: `min_k KL(p ‖ d_k)`, where `d_k` is the mean softmax of the
 * known samples that are predicted as class `k`.
 *
 * Takes into account which classes are usually confused, so that a typical
 * confusion does not count as unknown. Performs badly with few samples per
 * class. Needs no labels; a class that is never predicted is left out. Sums are
 * computed in logarithms, so that probabilities that underflow do not give an
 * infinite divergence.
 *
 * Source: Hendrycks et al., "Scaling Out-of-Distribution Detection for
 * Real-World Settings", ICML 2022, https://arxiv.org/abs/1911.11132. The same
 * as in the code of `haoqiwang/vim` (`benchmark.py`), OpenOOD
 * (`openood/postprocessors/kl_matching_postprocessor.py`) and pytorch-ood 0.4
 * (`detector/klmatching.py`); the first two give NaN if a class is never
 * predicted.
 *
 * @category Detectors
 * @returns A detector of logits `[N, C]`; scores are in nats, at least 0.
 * @throws {TypeError} If it is called with options.
 *
 * @example A prediction as usual, and one that is not
 * ```ts
 * import { featureSet, klMatching } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     logits: { data: Float32Array.from(data), shape: [2, 2], dtype: "float32" },
 *   });
 * const scorer = await klMatching().fit(set(3, 0, 0, 3));
 * const [usual, unusual] = await scorer.score(set(3, 0, 0, 0));
 * assert.ok(usual! < 1e-12 && unusual! > 0.1);
 * ```
 */
export function klMatching(): Detector {
  checkNoOptions(arguments, "create klMatching()", "klMatching()");
  return defineDetector({
    name: "klMatching",
    uses: { logits: "classes" },
    fit: ({ blocks }) => fitMeans(blocks()),
    open: ({ logMeans, classes }, { pacer }) =>
      openMeans(logMeans!, classes!.data as Int32Array, pacer),
  });
}

/** Logarithms of the mean probabilities of each predicted class. */
async function fitMeans(
  blocks: AsyncIterable<SampleBlock>,
): Promise<DetectorState> {
  const sums = new Map<number, LogMeans>();
  let numClasses = 0;
  for await (const { logits, rows } of blocks) {
    const { data, columns } = logits;
    numClasses = columns;
    const predicted = argmax(logits);
    for (let row = 0; row < rows; row++) {
      const label = predicted[row]!;
      let means = sums.get(label);
      if (means === undefined) {
        means = new LogMeans(columns);
        sums.set(label, means);
      }
      means.add(data, row * columns);
    }
  }
  const classes = Int32Array.from(sums.keys()).sort(); // [K]
  const logs = new Float64Array(classes.length * numClasses); // [K, C]
  classes.forEach((label, k) =>
    logs.set(sums.get(label)!.logs(), k * numClasses)
  );
  return {
    logMeans: stateArray(logs, [classes.length, numClasses]),
    classes: stateArray(classes),
  };
}

/** Scores with the smallest divergence from a class. */
async function openMeans(
  logMeans: DetectorState[string],
  classes: Int32Array,
  pacer: ScoringContext["pacer"],
): Promise<BlockScorer> {
  const count = classes.length;
  const { openProduct } = await import("../linalg/products.ts");
  const product = await openProduct(transposed(matrixOf(logMeans)), { pacer });
  const nearest = async (block: SampleBlock) => {
    const { p, sums } = plogp(block);
    const cross = await product.times(p); // [n, K]
    const indices = new Int32Array(block.rows); // [n]
    const scores = scoreRows(block.rows, (row) => {
      let best = Infinity;
      for (let k = 0; k < count; k++) {
        const divergence = sums[row]! - cross[row * count + k]!;
        if (divergence < best) [best, indices[row]] = [divergence, k];
      }
      return Math.max(0, best); // not below by rounding
    });
    return { scores, indices };
  };
  return {
    score: async (block) => (await nearest(block)).scores,
    async explain(block) {
      const { indices } = await nearest(block);
      return { class: classes[indices[0]!]! };
    },
    close: () => product.close(),
  };
}

/** `p` and `Σ p log p`. */
function plogp({ logits: { data, columns }, rows }: SampleBlock) {
  const p = new Float64Array(rows * columns); // [n, C]
  const sums = scoreRows(rows, (row) => {
    const from = row * columns;
    const log = logSumExp(data, from, columns);
    let sum = 0;
    for (let i = from; i < from + columns; i++) {
      const logP = data[i]! - log;
      p[i] = Math.exp(logP);
      sum += p[i]! * logP;
    }
    return sum;
  });
  return { p: { data: p, rows, columns }, sums };
}

/** Logarithms of mean probabilities, from sums that are scaled by their largest term. */
class LogMeans {
  readonly #largest: Float64Array;
  readonly #sums: Float64Array;
  #count = 0;

  constructor(columns: number) {
    this.#largest = new Float64Array(columns).fill(-Infinity); // [C]
    this.#sums = new Float64Array(columns); // [C]
  }

  add(data: Float32Array | Float64Array, from: number): void {
    const [largest, sums] = [this.#largest, this.#sums];
    const log = logSumExp(data, from, sums.length);
    for (let j = 0; j < sums.length; j++) {
      const value = data[from + j]! - log;
      if (value <= largest[j]!) {
        sums[j]! += Math.exp(value - largest[j]!);
      } else {
        sums[j] = sums[j]! * Math.exp(largest[j]! - value) + 1;
        largest[j] = value;
      }
    }
    this.#count++;
  }

  logs(): Float64Array {
    return this.#largest.map((value, j) =>
      value + Math.log(this.#sums[j]! / this.#count)
    );
  }
}

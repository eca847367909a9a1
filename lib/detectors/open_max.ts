import { cannot, checkInteger, checkOptions } from "../check.ts";
import { logSumExp } from "../math/softmax.ts";
import { fitWeibull, weibullCdf } from "../math/weibull.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type {
  DetectorState,
  KnownSamples,
  SampleBlock,
  SampleMatrix,
} from "./definition.ts";
import {
  argmax,
  checkSomeCorrect,
  correctLabels,
  distanceTo,
  scoreRows,
  stateArray,
} from "./rows.ts";

/**
 * Options of {@linkcode openMax}.
 *
 * @category Detectors
 */
export interface OpenMaxOptions {
  /**
   * Number of the largest distances of a class that the Weibull distribution is
   * fitted to, an integer >= 2.
   *
   * @default {20}
   */
  readonly tail?: number;
  /**
   * Number of the likeliest classes to revise, a positive integer; at most the
   * number of classes.
   *
   * @default {10}
   */
  readonly alpha?: number;
}

/** Added to distances before the fit, as libMR does. */
const TRANSLATION = 10_000;

/**
 * OpenMax: the probability of the unknown class, after the logits are revised by
 * how far they are from the mean logits of the classes.
 *
 * For each class, a Weibull distribution is fitted to the `tail` largest
 * distances between the logits of its correctly classified samples and their
 * mean. Each of the `alpha` largest logits `l_i` is reduced by `l_i ω_i w_i`,
 * with `w_i` the distribution's value at the distance of the sample, and `ω`
 * decreasing from 1 by `1 / alpha` per rank. The sum of what is subtracted is
 * the logit of the unknown class, and its softmax the score, in `[0, 1]`. A
 * class without a correctly classified sample has `w = 1`. Performs badly where
 * few samples of a class are known, where `tail` covers most samples of a
 * class, and where logits are negative, because subtracting them makes the
 * unknown class less likely.
 *
 * Source: Bendale and Boult, "Towards Open Set Deep Networks", CVPR 2016,
 * https://arxiv.org/abs/1511.06233. `tail`, `alpha`, the weights `ω` and the
 * logit of the unknown class are those of the authors' code
 * (`compute_openmax.py` and `evt_fitting.py` of `abhijitbendale/OSDN`), whose
 * distance adds one of angles; that here is Euclidean, as in OpenOOD
 * (`openood/postprocessors/openmax_postprocessor.py`, with `alpha` 3) and
 * pytorch-ood. Before the fit, distances are shifted by 10,000 minus the
 * smallest of the tail, as in the authors' libMR. pytorch-ood takes the means over
 * all samples of a class, not the correctly classified ones, and its scores
 * depend on which classes are predicted in a batch.
 *
 * @category Detectors
 * @param options Length of the tail, number of revised classes.
 * @returns A detector that fits on logits `[N, C]` with labels, and scores logits
 * to probabilities.
 * @throws {RangeError} If an option is out of range. The fit throws it if no sample is
 * classified correctly, and for a class whose distances are all equal, as those
 * of one or two samples are.
 *
 * @example Logits as of a class, and like none
 * ```ts
 * import { featureSet, openMax } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     logits: { data: Float32Array.from(data), shape: [data.length / 2, 2], dtype: "float32" },
 *     labels: Int32Array.from({ length: data.length / 2 }, (_, i) => i % 2),
 *   });
 * const known = set(9, 1, 1, 9, 8, 1, 1, 7, 9, 3, 2, 9, 8, 2, 1, 8);
 * const scorer = await openMax({ tail: 4 }).fit(known);
 * const [near, far] = await scorer.score(set(8.5, 1.5, 5, 5));
 * assert.ok(near! < far!);
 * ```
 */
export function openMax(options: OpenMaxOptions = {}): Detector {
  const action = "create openMax()";
  checkOptions(options, action, ["tail", "alpha"]);
  const tail = checkInteger(options.tail ?? 20, action, "tail", 2);
  const alpha = checkInteger(options.alpha ?? 10, action, "alpha");
  return defineDetector({
    name: "openMax",
    settings: { tail, alpha },
    uses: { logits: "classes", labels: true },
    passes: 2,
    fit: (known) => fit(known, tail),
    open(state) {
      const revise = (block: SampleBlock, row: number) =>
        revised(block.logits, row, state, alpha);
      return {
        score: (block) =>
          scoreRows(block.rows, (row) => {
            const { unknown, logits: left } = revise(block, row);
            const all = Float64Array.of(unknown, ...left); // [C + 1]
            return Math.exp(unknown - logSumExp(all, 0, all.length));
          }),
        explain(block) {
          const { unknown, logits: left } = revise(block, 0);
          const [best] = argmax(block.logits);
          return {
            class: best!,
            terms: { unknownLogit: unknown, classLogit: left[best!]! },
          };
        },
      };
    },
  });
}

/**
 * Tails are at least this much longer than their shortest distance, relative to
 * it: smaller differences are rounding errors, as of two samples, which are at
 * the same distance from their mean.
 */
const LEAST_SPREAD = 1e-9;

async function fit(known: KnownSamples, tail: number): Promise<DetectorState> {
  const { means, counts } = await classMeans(known);
  const count = counts.length;
  const tails = await longestDistances(known, means, count, tail);
  const parameters = new Float64Array(count * 3); // [C, 3]
  tails.forEach((distances, label) => {
    if (distances.length === 0) return;
    const [longest, start] = [distances[0]!, distances.at(-1)!];
    if (longest - start <= LEAST_SPREAD * longest) {
      const rule = `correctly classified samples of class ${label} must be ` +
        "at different distances from their mean";
      const hint = "fit on more samples of the class: at least three must be " +
        "classified correctly";
      throw new RangeError(cannot(known.action, rule, start, hint));
    }
    const logs = Float64Array.from(
      distances,
      (distance) => Math.log1p((distance - start) / TRANSLATION),
    ); // [tail]
    const { logScale, inverseShape } = fitWeibull(logs);
    parameters.set([start, logScale, inverseShape], label * 3);
  });
  return {
    means: stateArray(means, [count, count]),
    counts: stateArray(counts),
    weibull: stateArray(parameters, [count, 3]),
  };
}

/**
 * Mean logits of the correctly classified samples of each class, `[C, C]`, and
 * the number of these samples, `[C]`; zeros for classes without one.
 */
async function classMeans(
  known: KnownSamples,
): Promise<{ readonly means: Float64Array; readonly counts: Float64Array }> {
  const { measureMeans } = await import("./moments.ts");
  const found = await measureMeans(known, {
    classOf: correctLabels,
    rowsOf: ({ logits }) => logits,
  });
  const { classes, columns } = found; // `columns` is C
  checkSomeCorrect(classes.length > 0, known.action);
  const means = new Float64Array(columns * columns); // [C, C]
  const counts = new Float64Array(columns); // [C]
  classes.forEach((label, k) => {
    const row = found.means.subarray(k * columns, (k + 1) * columns);
    means.set(row, label * columns);
    counts[label] = found.counts[k]!;
  });
  return { means, counts };
}

/**
 * The `tail` largest distances of correctly classified samples from the mean of
 * their class, descending, for each of `count` classes.
 */
async function longestDistances(
  known: KnownSamples,
  means: Float64Array,
  count: number,
  tail: number,
): Promise<number[][]> {
  const tails = Array.from({ length: count }, () => [] as number[]);
  for await (const block of known.blocks()) {
    correctLabels(block).forEach((label, row) => {
      if (label < 0) return;
      const distances = tails[label]!;
      distances.push(distanceTo(block.logits, row, means, label));
      if (distances.length >= 4 * tail + 64) keepLargest(distances, tail);
    });
  }
  for (const distances of tails) keepLargest(distances, tail);
  return tails;
}

function keepLargest(distances: number[], tail: number): void {
  distances.sort((a, b) => b - a);
  distances.length = Math.min(distances.length, tail);
}

/** The reduced logits, and the sum of the reductions. */
function revised(
  matrix: SampleMatrix,
  row: number,
  { means, counts, weibull }: DetectorState,
  alpha: number,
): { unknown: number; logits: Float64Array } {
  const { data, columns } = matrix;
  const logits = Float64Array.from(
    data.subarray(row * columns, (row + 1) * columns),
  ); // [C]
  const order = Array.from(logits.keys())
    .sort((a, b) => logits[b]! - logits[a]! || a - b);
  const most = Math.min(alpha, columns);
  let unknown = 0;
  for (let rank = 0; rank < most; rank++) {
    const label = order[rank]!;
    const parameters = weibull!.data as Float64Array;
    const [start, logScale, inverseShape] = parameters.subarray(label * 3);
    const moved = distanceTo(matrix, row, means!.data as Float64Array, label) -
      start!;
    const w = (counts!.data as Float64Array)[label] === 0 ? 1 : weibullCdf(
      { logScale: logScale!, inverseShape: inverseShape! },
      moved > -TRANSLATION ? Math.log1p(moved / TRANSLATION) : -Infinity,
    );
    const lost = logits[label]! * w * (most - rank) / most;
    logits[label]! -= lost;
    unknown += lost;
  }
  return { unknown, logits };
}

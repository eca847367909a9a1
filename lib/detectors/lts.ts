import { checkNoOptions } from "../check.ts";
import { roundHalfToEven } from "../math/round_half_to_even.ts";
import { logSumExp } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type { SampleBlock } from "./definition.ts";
import { argmax, scoreRows } from "./rows.ts";

/** The share of the units that counts as the top, as in the paper. */
const TOP_SHARE = 0.05;

/**
 * Logit scaling: the energy of scaled logits, `-log Σ exp(S² · l)`, with
 * `S = Σ relu(z) / Σ top(relu(z))`.
 *
 * `top` are the largest 5 % of the `D` units: `D - round(0.95 · D)` of them, at
 * least one. A known sample activates many units besides a few strong ones, so
 * that its `S` and its scaled logits are large. Needs no fit.
 * Performs badly where features are dense and signed, as in transformers, because
 * `S` is large for every sample, and where most logits are negative, because
 * those are scaled as well. For a row without a positive unit the ratio is 0 / 0;
 * `S` is 1 then, and the score is the energy.
 *
 * Source: Djurisic et al., "Logit Scaling for Out-of-Distribution Detection",
 * Machine Vision and Applications 2025, https://arxiv.org/abs/2409.01175. The
 * ReLU and the rounding of 5 % of the units are those of the authors' code
 * (`lts.py` of `andrijazz/lts`); the paper does not mention the ReLU.
 * pytorch-ood gives NaN for a row without a positive unit.
 *
 * @category Detectors
 * @returns A detector that scores at once: the penultimate `[N, D]` and logits
 * `[N, C]` to `N` scores.
 * @throws {TypeError} If it is called with options.
 *
 * @example A sample with one strong unit of many
 * ```ts
 * import { featureSet, lts } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const penultimate = { data: Float32Array.of(9, 3, 3, 3), shape: [2, 2], dtype: "float32" } as const;
 * const logits = { data: Float32Array.of(4, 0, 4, 0), shape: [2, 2], dtype: "float32" } as const;
 * const [one, both] = await lts().score(featureSet({ penultimate, logits }));
 * assert.ok(one! > both!); // the scale of the first is 12 / 9, of the second 6 / 3
 * ```
 */
export function lts(): FitFreeDetector {
  checkNoOptions(arguments, "create lts()", "lts()");
  return defineDetector({
    name: "lts",
    uses: { features: "head", logits: "classes" },
    open: () => ({
      score: (block) => scoreRows(block.rows, (row) => scoreOf(block, row)),
      explain: (block) => ({
        class: argmax(block.logits)[0]!,
        terms: { scale: scaleOf(block, 0) ** 2 },
      }),
    }),
  });
}

function scoreOf(block: SampleBlock, row: number): number {
  const { data, columns } = block.logits;
  const by = scaleOf(block, row) ** 2;
  const from = row * columns;
  const scaled = Float64Array.from(
    data.subarray(from, from + columns),
    (logit) => logit * by,
  ); // [C]
  return -logSumExp(scaled, 0, columns);
}

function scaleOf({ features }: SampleBlock, row: number): number {
  const { data, columns } = features;
  const units = Float64Array.from(
    data.subarray(row * columns, (row + 1) * columns),
    (unit) => Math.max(unit, 0),
  ).sort(); // [D], ascending
  const top = Math.max(1, columns - roundHalfToEven((1 - TOP_SHARE) * columns));
  let [all, strong] = [0, 0];
  for (let j = 0; j < columns; j++) {
    all += units[j]!;
    if (j >= columns - top) strong += units[j]!;
  }
  return strong === 0 ? 1 : all / strong;
}

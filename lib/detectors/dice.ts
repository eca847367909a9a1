import { checkNumber, checkOptions } from "../check.ts";
import { logSumExp } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import type { DetectorState, KnownSamples, SampleBlock } from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows, stateArray, stateMatrix } from "./rows.ts";

/**
 * Settings of {@linkcode dice}.
 *
 * @category Detectors
 */
export interface DiceOptions {
  /**
   * The fraction of contributions that is left out, in `(0, 1)`.
   *
   * @default {0.9}
   */
  readonly percentile?: number;
}

/**
 * DICE: the energy, `-log(Σ exp(logits))`, of logits that are computed from
 * only the largest contributions.
 *
 * The contribution of unit `i` to class `c` is the mean of the unit over the
 * known samples times its weight; a weight is kept if its contribution is strictly above the
 * percentile over all `C · D`, with linear interpolation. This removes noise of
 * units that a class does not need. If all contributions are equal, none is kept,
 * and the logits are the bias. Performs badly if features are dense, as in
 * transformers.
 *
 * Source: Sun and Li, "DICE: Leveraging Sparsification for Out-of-Distribution
 * Detection", ECCV 2022, https://arxiv.org/abs/2111.09805. The same as the
 * authors' code (`models/route.py` of `deeplearning-wisc/dice`) and OpenOOD
 * (`openood/postprocessors/dice_postprocessor.py`).
 *
 * @category Detectors
 * @param options The percentile.
 * @returns A detector of the penultimate, `[N, D]`, whose fit needs the head; scores are in the unit of the logits.
 * @throws {RangeError} If `percentile` is not in `(0, 1)`.
 *
 * @example A unit that no class needs is left out
 * ```ts
 * import { dice, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const head = {
 *   kernel: matrix(1, 0, 0, 1),
 *   bias: { data: Float32Array.of(0, 0), shape: [2], dtype: "float32" },
 * } as const;
 * const set = (a: number, b: number) =>
 *   featureSet({ penultimate: matrix(a, b), logits: matrix(a, b), head });
 * const scorer = await dice({ percentile: 0.7 }).fit(set(3, 1));
 * const [score] = await scorer.score(set(3, 100));
 * assert.ok(Math.abs(score! + Math.log(Math.exp(3) + 1)) < 1e-12);
 * ```
 */
export function dice(options: DiceOptions = {}): Detector {
  const action = "create dice()";
  checkOptions(options, action, ["percentile"]);
  const { percentile = 0.9 } = options;
  checkNumber(percentile, action, "percentile", { above: 0, below: 1 });
  return defineDetector({
    name: "dice",
    settings: { percentile },
    uses: { features: "head", logits: "classes", head: true },
    fit: (known) => fit(known, percentile),
    async open({ kernel, bias }, { pacer }) {
      const weights = stateMatrix(kernel!);
      const offsets = bias!.data as Float64Array;
      const { openProduct } = await import("../linalg/products.ts");
      const product = await openProduct(weights, { pacer });
      const logitsOf = async ({ features, rows }: SampleBlock) => {
        const { columns } = features;
        const data = Float64Array.from(features.data);
        const logits = await product.times({ data, rows, columns }); // [n, C]
        for (let i = 0; i < logits.length; i++) {
          logits[i]! += offsets[i % weights.columns]!;
        }
        return { data: logits, rows, columns: weights.columns };
      };
      return {
        async score(block) {
          const { data, columns } = await logitsOf(block);
          return scoreRows(
            block.rows,
            (row) => -logSumExp(data, row * columns, columns),
          );
        },
        explain: async (block) => ({
          class: argmax(await logitsOf(block))[0]!,
        }),
        close: () => product.close(),
      };
    },
  });
}

async function fit(
  known: KnownSamples,
  percentile: number,
): Promise<DetectorState> {
  const { measureMeans } = await import("./moments.ts");
  const { mean } = await measureMeans(known);
  const { kernel, bias } = await known.head();
  const { data, rows, columns } = kernel;
  const contributions = Float64Array.from(
    data,
    (weight, i) => weight * mean[Math.floor(i / columns)]!,
  ); // [D, C]
  const { quantile } = await import("../math/quantile.ts");
  const limit = quantile(contributions, percentile);
  const kept = Float64Array.from(
    data,
    (weight, i) => contributions[i]! > limit ? weight : 0,
  ); // [D, C]
  return {
    kernel: stateArray(kept, [rows, columns]),
    bias: stateArray(bias),
  };
}

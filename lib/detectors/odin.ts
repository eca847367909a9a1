import { checkNumber, checkOptions } from "../check.ts";
import { softmaxParts } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows } from "./rows.ts";

/**
 * Settings of {@linkcode odin}.
 *
 * @category Detectors
 */
export interface OdinOptions {
  /**
   * Softmax temperature `T`, without unit. Must be finite and > 0.
   *
   * @default {1000}
   */
  readonly temperature?: number;
}

/**
 * ODIN: `-max(softmax(logits / T))`, with a high temperature.
 *
 * Intended for logits of perturbed inputs:
 * `extractor.perturb({ epsilon: 0.0014, temperature: 1000 })` computes them.
 * Without that, it ranks by the difference between the largest logit and the
 * mean of all. Performs badly if `epsilon` does not match the scale of the
 * inputs.
 *
 * Source: Liang, Li and Srikant, "Enhancing The Reliability of
 * Out-of-distribution Image Detection in Neural Networks", ICLR 2018,
 * https://arxiv.org/abs/1706.02690. oodeel perturbs within its detector, with
 * an epsilon of 0.014 by default; OpenOOD
 * (`openood/postprocessors/odin_postprocessor.py`) as well, and divides the
 * sign of the gradient by the standard deviations of the colours.
 *
 * @category Detectors
 * @param options The temperature.
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores in `[-1, -1 / C]`.
 * @throws {RangeError} If `temperature` is not finite or not > 0.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { featureSet, odin } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const [sure, unsure] = await odin({ temperature: 10 }).score(featureSet({ logits }));
 * assert.ok(sure! < unsure! && unsure === -0.5);
 * ```
 */
export function odin(options: OdinOptions = {}): FitFreeDetector {
  const action = "create odin()";
  checkOptions(options, action, ["temperature"]);
  const { temperature = 1000 } = options;
  checkNumber(temperature, action, "temperature", { above: 0 });
  return defineDetector({
    name: "odin",
    settings: { temperature },
    uses: { logits: "classes" },
    flagsNonFinite: true,
    open: () => ({
      score: ({ rows, logits: { data, columns } }) =>
        scoreRows(rows, (row) => {
          const from = row * columns;
          const parts = softmaxParts(data, from, columns, temperature);
          return -1 / (1 + parts.others);
        }),
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}

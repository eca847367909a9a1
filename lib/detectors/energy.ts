import { checkNumber, checkOptions } from "../check.ts";
import { logSumExp } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows } from "./rows.ts";

/**
 * Settings of {@linkcode energy}.
 *
 * @category Detectors
 */
export interface EnergyOptions {
  /**
   * Softmax temperature `T`, without unit. Must be finite and > 0.
   *
   * @default {1}
   */
  readonly temperature?: number;
}

/**
 * Energy score: `-T * log(Σ exp(logits / T))`.
 *
 * Low energy means that the classifier assigns much probability mass to some
 * class, as on its training data. Needs the logits only, and no fit. Performs
 * badly if logits are always large, as with normalised features.
 *
 * Source: Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS
 * 2020, https://arxiv.org/abs/2010.03759. The paper thresholds the negative
 * energy, which is higher for in-distribution samples; here the sign is kept,
 * so that higher means more out-of-distribution. OpenOOD
 * (`openood/postprocessors/ebo_postprocessor.py`) has the same temperature,
 * oodeel has none.
 *
 * @category Detectors
 * @param options The temperature.
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores in the unit of the logits.
 * @throws {RangeError} If `temperature` is not finite or not > 0.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { energy, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const [sure, unsure] = await energy().score(featureSet({ logits }));
 * assert.ok(unsure! > sure!);
 * ```
 */
export function energy(options: EnergyOptions = {}): FitFreeDetector {
  const action = "create energy()";
  checkOptions(options, action, ["temperature"]);
  const { temperature = 1 } = options;
  checkNumber(temperature, action, "temperature", { above: 0 });
  return defineDetector({
    name: "energy",
    settings: { temperature },
    uses: { logits: "classes" },
    flagsNonFinite: true,
    open: () => ({
      score: ({ rows, logits: { data, columns } }) =>
        scoreRows(
          rows,
          (row) =>
            -temperature * logSumExp(data, row * columns, columns, temperature),
        ),
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}

import { checkNumber, checkOptions } from "../check.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type { DetectorState, SampleBlock } from "./definition.ts";
import { argmax, scoreRows, stateArray } from "./rows.ts";

/**
 * Options of {@linkcode nci}.
 *
 * @category Detectors
 */
export interface NciOptions {
  /**
   * Weight of the feature's norm, finite and >= 0.
   *
   * @default {1e-4}
   */
  readonly alpha?: number;
}

/**
 * Neural collapse: `-(⟨w, h - µ⟩ / ‖h - µ‖ + α ‖h‖₁)`, with `w` the head's weights
 * of the predicted class and `µ` the mean of the fit.
 *
 * In a network that is trained to convergence, the centred features of a class
 * point in the direction of that class's weights, and features of unknown samples
 * are shorter. Performs badly on a head that is far from convergence, and where
 * unknown samples have longer features than known ones. A feature equal to the
 * mean has no direction: its first term is 0. With one sigmoid, the weights of
 * the first class are 0, and so is its first term.
 *
 * Source: Liu and Qin, "Detecting Out-of-Distribution through the Lens of
 * Neural Collapse", CVPR 2025, https://arxiv.org/abs/2311.01479. The formula is
 * that of OpenOOD (`openood/postprocessors/nci_postprocessor.py`), where
 * `alpha` is tuned up to 0.1, with the same default; pytorch-ood
 * (`detector/nci.py`) uses 0 by default, and returns NaN at the mean.
 *
 * @category Detectors
 * @param options The weight of the norm.
 * @returns A detector that fits on the penultimate `[N, D]` and the head, and
 * scores the penultimate with its logits, in the unit of the logits over that of
 * the features.
 * @throws {RangeError} If `alpha` is not finite or below 0.
 *
 * @example One sample along the weights of its class, one across them
 * ```ts
 * import { featureSet, nci } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const head = {
 *   kernel: { data: Float32Array.of(1, -1, 0, 0), shape: [2, 2], dtype: "float32" },
 *   bias: { data: Float32Array.of(0, 0), shape: [2], dtype: "float32" },
 * } as const;
 * const set = (...data: [number, number, number, number]) => {
 *   const logits = Float32Array.of(data[0], -data[0], data[2], -data[2]);
 *   return featureSet({
 *     penultimate: { data: Float32Array.from(data), shape: [2, 2], dtype: "float32" },
 *     logits: { data: logits, shape: [2, 2], dtype: "float32" },
 *     head,
 *   });
 * };
 * const scorer = await nci({ alpha: 0 }).fit(set(3, 0, -3, 0)); // the mean is 0
 * assert.deepEqual([...await scorer.score(set(2, 0, 0, 2))], [-1, 0]);
 * ```
 */
export function nci(options: NciOptions = {}): Detector {
  const action = "create nci()";
  checkOptions(options, action, ["alpha"]);
  const alpha = checkNumber(options.alpha ?? 1e-4, action, "alpha", { min: 0 });
  return defineDetector({
    name: "nci",
    settings: { alpha },
    uses: { features: "head", logits: "classes", head: true },
    async fit(known): Promise<DetectorState> {
      const { measureMeans } = await import("./moments.ts");
      const { mean } = await measureMeans(known);
      const { kernel } = await known.head();
      return {
        mean: stateArray(mean),
        kernel: stateArray(kernel.data as Float64Array, [
          kernel.rows,
          kernel.columns,
        ]),
      };
    },
    open({ mean, kernel }) {
      const [origin, weights] = [mean!.data, kernel!.data] as Float64Array[];
      const terms = (block: SampleBlock, row: number, label: number) =>
        termsOf(block, row, label, origin!, weights!);
      return {
        score(block) {
          const predicted = argmax(block.logits);
          return scoreRows(block.rows, (row) => {
            const { along, norm } = terms(block, row, predicted[row]!);
            return 0 - along - alpha * norm; // never -0
          });
        },
        explain(block) {
          const label = argmax(block.logits)[0]!;
          const { along, norm } = terms(block, 0, label);
          return {
            class: label,
            terms: { direction: 0 - along, norm: 0 - alpha * norm },
          };
        },
      };
    },
  });
}

function termsOf(
  { features: { data, columns }, logits }: SampleBlock,
  row: number,
  label: number,
  mean: Float64Array,
  kernel: Float64Array,
): { along: number; norm: number } {
  let [dot, squared, norm] = [0, 0, 0];
  for (let j = 0; j < columns; j++) {
    const unit = data[row * columns + j]!;
    const centred = unit - mean[j]!;
    dot += kernel[j * logits.columns + label]! * centred;
    squared += centred * centred;
    norm += Math.abs(unit);
  }
  return { along: squared === 0 ? 0 : dot / Math.sqrt(squared), norm };
}

import { checkOneOf, checkOptions } from "../check.ts";
import type { Detector } from "../types.ts";
import type { SampleBlock } from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import {
  argmax,
  checkSomeCorrect,
  correctLabels,
  scoreRows,
  stateArray,
} from "./rows.ts";

/**
 * Settings of {@linkcode she}.
 *
 * @category Detectors
 */
export interface SheOptions {
  /**
   * The pattern that a sample is compared with: that of its predicted class, or
   * the most similar one.
   *
   * @default {"predicted"}
   */
  readonly pattern?: "predicted" | "nearest";
}

/**
 * Simplified Hopfield energy: `-⟨z, pattern⟩`, where the pattern of a class is
 * the mean feature of its samples that are classified correctly.
 *
 * Cheap; performs well if known features are long, and badly if features have
 * both signs or their length differs between classes. A class without a
 * correctly classified sample has no pattern: with `"predicted"`, samples that
 * are predicted as such a class score 0.
 *
 * Source: Zhang et al., "Out-of-Distribution Detection based on In-Distribution
 * Data Patterns Memorization with Modern Hopfield Energy", ICLR 2023,
 * https://openreview.net/forum?id=KkazG4lgKL. OpenOOD
 * (`openood/postprocessors/she_postprocessor.py`) is the same; the authors'
 * code (`generate_stored_pattern.py` and `Utils/score_calculation.py` of
 * `zjs975584714/SHE_ood_detection`) computes a log-sum-exp over the stored
 * patterns of the class, of which there is one; oodeel takes the nearest pattern, and divides by
 * `D`.
 *
 * @category Detectors
 * @param options The pattern.
 * @returns A detector of the penultimate, `[N, D]`, whose fit needs labels and logits; scores are in the square of the features' unit.
 * @throws {RangeError} If `pattern` is not known; in `fit`, if no sample is classified correctly.
 *
 * @example Two classes, and a short feature
 * ```ts
 * import { featureSet, she } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const known = featureSet({
 *   penultimate: matrix(2, 0, 4, 0, 0, 3),
 *   logits: matrix(1, 0, 1, 0, 0, 1),
 *   labels: [0, 0, 1],
 * });
 * const scorer = await she().fit(known);
 * const query = featureSet({ penultimate: matrix(5, 1), logits: matrix(1, 0) });
 * assert.deepEqual([...await scorer.score(query)], [-15]);
 * ```
 */
export function she(options: SheOptions = {}): Detector {
  const action = "create she()";
  checkOptions(options, action, ["pattern"]);
  const { pattern = "predicted" } = options;
  checkOneOf(pattern, action, "pattern", ["predicted", "nearest"]);
  return defineDetector({
    name: "she",
    settings: { pattern },
    uses: { features: "layer", logits: "classes", labels: true },
    async fit(known) {
      const { measureMeans } = await import("./moments.ts");
      const { classes, means, columns } = await measureMeans(known, {
        classOf: correctLabels,
      });
      checkSomeCorrect(classes.length > 0, known.action);
      return {
        patterns: stateArray(means, [classes.length, columns]),
        classes: stateArray(classes),
      };
    },
    open({ patterns, classes }) {
      const labels = classes!.data as Int32Array;
      const data = patterns!.data as Float64Array;
      const indexOf = new Map(Array.from(labels, (label, i) => [label, i]));
      const best = (block: SampleBlock, row: number, predicted: number) => {
        const { features } = block;
        const energy = (index: number) => -product(data, index, features, row);
        if (pattern === "predicted") {
          const index = indexOf.get(predicted);
          const score = index === undefined ? 0 : energy(index);
          return { score, label: predicted };
        }
        let [score, label] = [Infinity, 0];
        for (let c = 0; c < labels.length; c++) {
          const value = energy(c);
          if (value < score) [score, label] = [value, labels[c]!];
        }
        return { score, label };
      };
      return {
        score(block) {
          const predicted = argmax(block.logits);
          return scoreRows(
            block.rows,
            (row) => best(block, row, predicted[row]!).score,
          );
        },
        explain: (block) => ({
          class: best(block, 0, argmax(block.logits)[0]!).label,
        }),
      };
    },
  });
}

/** The inner product of a pattern and a feature. */
function product(
  patterns: Float64Array,
  index: number,
  { data, columns }: SampleBlock["features"],
  row: number,
): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    sum += patterns[index * columns + j]! * data[row * columns + j]!;
  }
  return sum;
}

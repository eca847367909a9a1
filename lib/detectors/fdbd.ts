import { checkNoOptions } from "../check.ts";
import type { Detector } from "../types.ts";
import type { SampleMatrix } from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, distanceTo, scoreRows, stateArray } from "./rows.ts";

/** Value that replaces a distance of 0 to the mean. */
const AT_MEAN = 1e-12;

/**
 * Fast decision boundary: the mean over the other classes of the feature's
 * distance to the boundary with that class, over its distance to the mean
 * feature, negated.
 *
 * The distance to the boundary between the predicted class `ĉ` and class `c` is
 * `(l_ĉ - l_c) / ‖w_ĉ - w_c‖`. Known features are far from boundaries relative
 * to their distance from the mean. Performs badly if the head's weights are
 * nearly equal. Classes whose weights equal those of the predicted one have no
 * boundary and are left out; if all are, the score is 0. A feature at the mean
 * counts as 1e-12 away from it.
 *
 * Source: Liu and Qin, "Fast Decision Boundary based Out-of-Distribution
 * Detector", ICML 2024, https://arxiv.org/abs/2312.11536. The authors' code
 * (`run_cifar.py` of `litianliu/fDBD-OOD`) takes the sum over the classes;
 * OpenOOD (`openood/postprocessors/fdbd_postprocessor.py`) as well, and divides
 * by the length of the feature where that is better on a validation set.
 *
 * @category Detectors
 * @returns A detector of the penultimate, `[N, D]`, whose fit needs the head; scores have no unit and are at most 0.
 * @throws {TypeError} If it is called with options.
 *
 * @example A feature far from the boundary, and one on it
 * ```ts
 * import { fdbd, featureSet } from "@sonde/sonde";
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
 * const set = (...data: number[]) =>
 *   featureSet({ penultimate: matrix(...data), logits: matrix(...data), head });
 * const scorer = await fdbd().fit(set(1, -1, -1, 1));
 * const [far, on] = await scorer.score(set(4, -4, 3, 3));
 * assert.ok(Math.abs(far! + 1) < 1e-12 && on === 0);
 * ```
 */
export function fdbd(): Detector {
  checkNoOptions(arguments, "create fdbd()", "fdbd()");
  return defineDetector({
    name: "fdbd",
    uses: { features: "head", logits: "classes", head: true },
    async fit(known) {
      const { measureMeans } = await import("./moments.ts");
      const { mean } = await measureMeans(known);
      const { kernel } = await known.head();
      const distances = new Float64Array(kernel.columns ** 2); // [C, C]
      for (let c = 0; c < kernel.columns; c++) {
        await known.pacer.rest();
        for (let k = 0; k < c; k++) {
          const distance = columnDistance(kernel, c, k);
          distances[c * kernel.columns + k] = distance;
          distances[k * kernel.columns + c] = distance;
        }
      }
      const shape = [kernel.columns, kernel.columns];
      return {
        mean: stateArray(mean),
        distances: stateArray(distances, shape),
      };
    },
    open(state) {
      const mean = state.mean!.data as Float64Array;
      const distances = state.distances!.data as Float64Array;
      return {
        score({ rows, features, logits }) {
          const predicted = argmax(logits);
          return scoreRows(rows, (row) => {
            const distance = boundaryDistance(
              logits,
              row,
              predicted[row]!,
              distances,
            );
            const length = distanceTo(features, row, mean);
            return -distance / (length || AT_MEAN);
          });
        },
        explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
      };
    },
  });
}

/**
 * The mean distance to the boundaries of the predicted class; 0 if there are
 * none.
 */
function boundaryDistance(
  { data, columns }: SampleMatrix,
  row: number,
  predicted: number,
  distances: Float64Array,
): number {
  const from = row * columns;
  let [sum, count] = [0, 0];
  for (let c = 0; c < columns; c++) {
    const between = distances[predicted * columns + c]!;
    if (c === predicted || between === 0) continue;
    sum += (data[from + predicted]! - data[from + c]!) / between;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

function columnDistance(
  { data, rows, columns }: SampleMatrix,
  a: number,
  b: number,
): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const difference = data[i * columns + a]! - data[i * columns + b]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

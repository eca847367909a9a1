import { checkNoOptions } from "../check.ts";
import type { FeatureSet } from "../types.ts";
import { checkPredicted } from "./_predicted.ts";

/**
 * Fraction of the samples whose predicted class is their label.
 *
 * The predicted class is that of the largest logit, or for a sigmoid of one
 * unit class 1 if the logit is above 0. A label without a class of the model
 * counts as wrong.
 *
 * @param set A feature set with logits and labels.
 * @returns The accuracy, in `[0, 1]`.
 * @throws {TypeError} If the set is a promise, or has no labels or no logits of
 * classes.
 * @throws {RangeError} If the set is empty, or a logit is NaN.
 *
 * @example Two of three
 * ```ts
 * import { accuracy, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(2, 1, 0, 3, 5, 1);
 * const logits = { data, shape: [3, 2], dtype: "float32" } as const;
 * assert.equal(accuracy(featureSet({ logits, labels: [0, 1, 1] })), 2 / 3);
 * ```
 *
 * @category Metrics
 */
export function accuracy(set: FeatureSet): number {
  checkNoOptions(arguments, "compute accuracy", "accuracy(set)", 1);
  const { classes, labels } = checkPredicted(set, "compute accuracy");
  let right = 0;
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] === labels[i]) right++;
  }
  return right / classes.length;
}

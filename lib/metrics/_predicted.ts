/**
 * Predicted classes and labels, for metrics that need both for every sample.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { predictions } from "../features/view/predictions.ts";
import { checkFeatureSet } from "../features/view/shown_arrays.ts";
import type { FeatureSet, NdArray } from "../types.ts";

/** The result of {@linkcode checkPredicted}. */
export interface Predicted {
  /** Predicted class of each sample, `[N]`. */
  readonly classes: Int32Array;
  /** Label of each sample, `[N]`. */
  readonly labels: Int32Array;
  /** Logits, `[N, C]`, or `[N, 1]` of a sigmoid. */
  readonly logits: NdArray;
}

/**
 * Predicts the class of every sample.
 *
 * @param set A feature set with logits and labels.
 * @param action The action, for messages.
 * @param mustBeFinite Whether infinite logits are an error too.
 * @returns Classes, labels and logits.
 * @throws {TypeError} If the set has no labels, or no logits of classes.
 * @throws {RangeError} If the set is empty, or a logit is NaN, or infinite with
 * `mustBeFinite`.
 */
export function checkPredicted(
  set: FeatureSet,
  action: string,
  mustBeFinite = false,
): Predicted {
  checkFeatureSet(set, action);
  const { labels, logits } = set;
  const predicted = predictions(set);
  if (labels === undefined || logits === undefined || !predicted) {
    const missing = labels === undefined ? "labels" : "logits that are classes";
    const shape = labels === undefined ? undefined : logits?.shape;
    throw new TypeError(
      cannot(action, `the set must have ${missing}`, shape && [...shape]),
    );
  }
  const { classes } = predicted;
  if (classes.length === 0) {
    const rule = "the set must hold at least one sample";
    throw new RangeError(cannot(action, rule, classes.length));
  }
  const at = logits.data.findIndex((logit) =>
    Number.isNaN(logit) || mustBeFinite && !Number.isFinite(logit)
  );
  if (at >= 0) {
    const row = Math.floor(at / logits.shape[1]!);
    const bad = mustBeFinite ? "NaN or infinite" : "NaN";
    const rule = `no logit may be ${bad}, also in row ${row}`;
    const hint = "leave out such rows with set.select()";
    throw new RangeError(cannot(action, rule, logits.data[at], hint));
  }
  return { classes, labels: labels.data, logits };
}

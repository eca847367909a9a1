/**
 * Confusion matrix of a model.
 *
 * @module
 */
import { cannot, checkOptions } from "../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import {
  accuracyText,
  confusionFigure,
} from "../features/view/class_figures.ts";
import { confusion, predictions } from "../features/view/predictions.ts";
import { checkFeatureSet } from "../features/view/shown_arrays.ts";
import type { FeatureSet, NdArray } from "../types.ts";

/**
 * A confusion matrix: a figure, and its counts.
 *
 * @category Metrics
 */
export interface ConfusionMatrix extends Figure {
  /** Counts, `[C, C]`: label by predicted class. */
  readonly counts: NdArray<Int32Array>;
  /** `[C]`, the class of each row and column; not always `0, 1, …`. */
  readonly classes: readonly number[];
}

/**
 * Counts pairs of label and predicted class.
 *
 * A sample is predicted as the class of its largest logit, or for a sigmoid of
 * one unit as class 1 if that is above 0. Samples with NaN in their logits are
 * left out. Classes are those of the logits and of all labels; if there are
 * more than 1000, only those that occur.
 *
 * @param set A feature set with logits and labels.
 * @param options Title, caption, axis labels and width.
 * @returns A square figure that shows itself, labels down and predictions
 * across, with the counts `[C, C]`.
 * @throws {TypeError} If the set has no logits of classes, or no labels.
 *
 * @example Three samples of two classes
 * ```ts
 * import { confusionMatrix, featureSet, show } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(2, 1, 0, 3, 5, 1);
 * const logits = { data, shape: [3, 2], dtype: "float32" } as const;
 * const matrix = confusionMatrix(featureSet({ logits, labels: [0, 1, 1] }));
 * await show(matrix);
 * assert.deepEqual([...matrix.counts.data], [1, 0, 1, 1]);
 * ```
 *
 * @category Metrics
 */
export function confusionMatrix(
  set: FeatureSet,
  options: FigureOptions = {},
): ConfusionMatrix {
  const action = "count confusion matrix";
  checkFeatureSet(set, action);
  checkOptions(options, action, FIGURE_OPTIONS);
  const { labels } = set;
  const predicted = predictions(set);
  if (labels === undefined || predicted === undefined) {
    const missing = labels === undefined ? "labels" : "logits that are classes";
    const shape = labels === undefined ? undefined : set.logits?.shape;
    throw new TypeError(
      cannot(action, `the set must have ${missing}`, shape && [...shape]),
    );
  }
  const { classes, counts } = confusion(labels.data, predicted);
  return makeFigure({
    title: "Confusion matrix",
    summary: accuracyText(predicted),
    figure: () => confusionFigure(set, labels.data, predicted),
    options,
  }, {
    counts: Object.freeze({
      data: counts,
      shape: Object.freeze([classes.length, classes.length]),
      dtype: "int32",
    }),
    classes: Object.freeze([...classes]),
  });
}

/**
 * Predicted classes of logits, compared with labels.
 *
 * @module
 */
import type { FeatureSet } from "../../types.ts";

/** Predicted classes of a set, and how they agree with its labels. */
export interface Predictions {
  /** Predicted class of each sample; -1 if a logit is NaN. */
  readonly classes: Int32Array;
  /** Number of classes that can be predicted. */
  readonly count: number;
  /** Number of samples with a label and a prediction. */
  readonly compared: number;
  /** Number of these that agree. */
  readonly right: number;
  /** Number of classes that the set names, if it differs from `count`. */
  readonly named?: number | undefined;
}

/**
 * Predicts classes from logits: the largest one, or for a sigmoid of one unit
 * class 1 if it is above 0.
 *
 * @param set A feature set.
 * @returns The predictions; undefined if the set has no logits, or the logits
 * are not those of classes: several sigmoids, one unit without a sigmoid, or
 * logits of time steps, `[N, T, C]`.
 */
export function predictions(set: FeatureSet): Predictions | undefined {
  const { logits, labels, activation, classNames } = set;
  if (logits?.shape.length !== 2) return undefined;
  const [samples, width] = logits.shape as [number, number];
  const isBinary = width === 1 && activation === "sigmoid";
  if (width === 0 || !isBinary && (width === 1 || activation === "sigmoid")) {
    return undefined;
  }
  const classes = new Int32Array(samples); // [N]
  let [compared, right] = [0, 0];
  for (let row = 0; row < samples; row++) {
    const values = logits.data.subarray(row * width, (row + 1) * width);
    const found = isBinary ? aboveZero(values[0]!) : largest(values);
    classes[row] = found;
    if (found < 0 || labels === undefined) continue;
    compared++;
    if (found === labels.data[row]) right++;
  }
  const count = isBinary ? 2 : width;
  const named = classNames?.length;
  return {
    classes,
    count,
    compared,
    right,
    ...named !== undefined && named !== count && { named },
  };
}

function aboveZero(logit: number): number {
  return Number.isNaN(logit) ? -1 : Number(logit > 0);
}

function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (Number.isNaN(logits[i])) return -1;
    if (logits[i]! > logits[best]!) best = i;
  }
  return best;
}

/**
 * Maximum number of classes in a confusion matrix; with more, only those that
 * occur are included.
 */
const MOST_CLASSES = 1000;

/** Counts of labels and predictions. */
export interface Confusion {
  /** The classes, ascending; the same for labels and predictions. */
  readonly classes: readonly number[];
  /** Counts, `[C, C]`: label by prediction. */
  readonly counts: Int32Array;
}

/**
 * Counts pairs of label and prediction.
 *
 * @param labels Labels, `[N]`.
 * @param predicted Predictions, `[N]`.
 * @returns Counts over all classes of the model and all labels.
 */
export function confusion(
  labels: Int32Array,
  predicted: Predictions,
): Confusion {
  const largest = labels.reduce(
    (most, label) => Math.max(most, label),
    predicted.count - 1,
  );
  const isDense = largest < MOST_CLASSES && labels.every((label) => label >= 0);
  const classes = isDense
    ? Array.from({ length: largest + 1 }, (_, i) => i)
    : [...new Set([...labels, ...predicted.classes.filter((c) => c >= 0)])]
      .sort((a, b) => a - b);
  const index = new Map(classes.map((label, i) => [label, i]));
  const counts = new Int32Array(classes.length ** 2); // [C, C]
  predicted.classes.forEach((found, i) => {
    if (found < 0) return; // no prediction, though -1 may be a label
    const [row, column] = [index.get(labels[i]!)!, index.get(found)!];
    counts[row * classes.length + column]!++;
  });
  return { classes, counts };
}

/**
 * Names of the classes that a model predicts. The names come from the dataset,
 * which may have other classes than the model.
 *
 * @param set The set.
 * @param predicted Its predictions.
 * @returns The name of a predicted class.
 */
export function predictedNames(
  { classNames, activation, logits }: FeatureSet,
  { count }: Predictions,
): (predicted: number) => string {
  if (classNames?.length === count) return (i) => classNames[i] ?? String(i);
  const isBinary = activation === "sigmoid" && logits?.shape[1] === 1;
  return (i) => isBinary ? ["≤ 0", "> 0"][i] ?? String(i) : String(i);
}

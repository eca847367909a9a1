/**
 * What logits say about classes, beside what the labels say.
 *
 * @module
 */
import type { FeatureSet } from "../../types.ts";

/** Predicted classes of a set, and how they fit its labels. */
export interface Predictions {
  /** Predicted class of each sample; -1 where a logit is NaN. */
  readonly classes: Int32Array;
  /** How many classes can be predicted. */
  readonly count: number;
  /** How many samples have a label and a prediction. */
  readonly compared: number;
  /** How many of these agree. */
  readonly right: number;
}

/**
 * Predicts classes from logits: the largest, or for a sigmoid of one unit
 * class 1 where it is above 0.
 *
 * @param set A feature set.
 * @returns The predictions, or undefined where the set has no logits or these
 * are no classes: several sigmoids, or one unit that is none.
 */
export function predictions(set: FeatureSet): Predictions | undefined {
  const { logits, labels, activation } = set;
  if (logits === undefined) return undefined;
  const [samples = 0, width = 0] = logits.shape;
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
  return { classes, count: isBinary ? 2 : width, compared, right };
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
 * Counts labels against predictions.
 *
 * @param labels Labels, `[N]`.
 * @param predicted Predictions, `[N]`.
 * @returns The labels that occur, ascending, and counts `[labels, classes]`.
 */
export function confusion(
  labels: Int32Array,
  predicted: Predictions,
): { rows: Int32Array; counts: Float64Array } {
  const rows = Int32Array.from(new Set(labels)).sort();
  const place = new Map(Array.from(rows, (label, i) => [label, i]));
  const counts = new Float64Array(rows.length * predicted.count); // [R, C]
  predicted.classes.forEach((found, i) => {
    if (found < 0) return;
    counts[place.get(labels[i]!)! * predicted.count + found]!++;
  });
  return { rows, counts };
}

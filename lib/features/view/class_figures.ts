/**
 * Figures of logits: the confidence of the model, and which classes it
 * confuses.
 *
 * @module
 */
import { countText, percentOf } from "../../display/cell.ts";
import type {
  FigureBlock,
  HeatmapSpec,
  HistogramSpec,
} from "../../display/view.ts";
import type { FeatureSet } from "../../types.ts";
import { confusion, predictedNames, type Predictions } from "./predictions.ts";

/**
 * Maximum number of classes whose names and counts are readable in the matrix.
 */
const MOST_NAMED = 64;

/**
 * The figures of a set's logits: a histogram of the largest logit, and the
 * confusion matrix if there are labels and classes.
 *
 * @param set The set.
 * @param predicted The predictions of its logits, if they predict classes.
 * @returns The figures; none without logits `[N, C]`.
 */
export function classFigures(
  set: FeatureSet,
  predicted: Predictions | undefined,
): FigureBlock[] {
  const { logits, labels } = set;
  if (logits?.shape.length !== 2 || logits.data.length === 0) return [];
  const [count, width] = logits.shape as [number, number];
  const title = width === 1 ? "Logit" : "Largest logit";
  const figures: FigureBlock[] = [{
    kind: "figure",
    title,
    summary: `histogram over ${countText(count, "sample")}`,
    figure: () => largestLogits(title, set),
  }];
  if (labels === undefined || predicted === undefined) return figures;
  figures.push({
    kind: "figure",
    title: "Confusion matrix",
    summary: accuracyText(predicted),
    figure: () => confusionFigure(set, labels.data, predicted),
  });
  return figures;
}

/**
 * The accuracy of predictions as text, with a remark if the dataset may have
 * other classes than the model.
 *
 * @param predicted The predictions with labels.
 * @returns As in `accuracy 97.50 % (39 of 40)`.
 */
export function accuracyText(
  { right, compared, classes, count, named }: Predictions,
): string {
  const share = compared === 0
    ? "unknown"
    : `${percentOf(right, compared).toFixed(2)} %`;
  const left = classes.length - compared;
  const note = left > 0 ? `, ${left} without a prediction left out` : "";
  const others = named === undefined
    ? ""
    : `; by index, as the model has ${count} classes and the labels ${named}`;
  return `accuracy ${share} (${right} of ${compared}${note}${others})`;
}

/**
 * The confusion matrix of a set: square, labels down and predictions across.
 *
 * @param set The set.
 * @param labels The labels of the set.
 * @param predicted The predictions of its logits.
 * @returns The figure.
 */
export function confusionFigure(
  set: FeatureSet,
  labels: Int32Array,
  predicted: Predictions,
): HeatmapSpec {
  const { classes, counts } = confusion(labels, predicted);
  const size = classes.length;
  const nameOf = predictedNames(set, predicted);
  const labelOf = (label: number) => set.classNames?.[label] ?? String(label);
  const isNamed = size <= MOST_NAMED;
  return {
    kind: "heatmap",
    title: "Confusion matrix",
    notes: [accuracyText(predicted)],
    xLabel: "predicted class",
    yLabel: "label",
    z: counts,
    height: size,
    width: size,
    xTicks: classes.map((i) => i < predicted.count ? nameOf(i) : labelOf(i)),
    yTicks: classes.map(labelOf),
    annotated: isNamed,
    isSquare: true,
  };
}

function largestLogits(title: string, { logits }: FeatureSet): HistogramSpec {
  const [count, width] = logits!.shape as [number, number];
  const values = Float32Array.from({ length: count }, (_, row) => {
    let most = -Infinity;
    for (let i = row * width; i < (row + 1) * width; i++) {
      most = Math.max(most, logits!.data[i]!); // NaN stays NaN
    }
    return most;
  }); // [N]
  return {
    kind: "histogram",
    title,
    xLabel: title.toLowerCase(),
    series: [{ name: "samples", values }],
  };
}

/**
 * Figures of logits: how sure the model is, and what it takes for what.
 *
 * @module
 */
import type {
  FigureBlock,
  HeatmapSpec,
  HistogramSpec,
} from "../../display/view.ts";
import type { FeatureSet } from "../../types.ts";
import { confusion, type Predictions } from "./_predictions.ts";

/** Classes that a matrix is readable with. */
const MOST_CLASSES = 64;
/** Classes whose counts are written into the matrix. */
const MOST_ANNOTATED = 16;

/**
 * The figures of a set's logits: a histogram of the largest logit, and where
 * there are labels and classes, their counts against each other.
 *
 * @param set The set.
 * @param predicted What its logits predict, if they predict classes.
 * @returns The figures; none without logits.
 */
export function classFigures(
  set: FeatureSet,
  predicted: Predictions | undefined,
): FigureBlock[] {
  const { logits, labels } = set;
  if (logits === undefined || logits.data.length === 0) return [];
  const [count, width] = logits.shape as [number, number];
  const title = width === 1 ? "Logit" : "Largest logit";
  const figures: FigureBlock[] = [{
    kind: "figure",
    title,
    summary: `histogram over ${count} samples`,
    figure: () => largestLogits(title, set),
  }];
  if (labels === undefined || predicted === undefined) return figures;
  const { rows } = confusion(labels.data, predicted);
  if (Math.max(rows.length, predicted.count) > MOST_CLASSES) return figures;
  figures.push({
    kind: "figure",
    title: "Labels against predicted classes",
    summary: accuracyText(predicted),
    figure: () => confusionFigure(set, labels.data, predicted),
  });
  return figures;
}

/**
 * How many predictions are right, in words.
 *
 * @param predicted Predictions beside labels.
 * @returns As in `accuracy 97.50 % (39 of 40)`.
 */
export function accuracyText(
  { right, compared, classes }: Predictions,
): string {
  const share = compared === 0
    ? "unknown"
    : `${(100 * right / compared).toFixed(2)} %`;
  const left = classes.length - compared;
  const note = left > 0 ? `, ${left} without a prediction left out` : "";
  return `accuracy ${share} (${right} of ${compared}${note})`;
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

function confusionFigure(
  { classNames, activation, logits }: FeatureSet,
  labels: Int32Array,
  predicted: Predictions,
): HeatmapSpec {
  const { rows, counts } = confusion(labels, predicted);
  const { count } = predicted;
  // Names are the dataset's, and may be those of other classes than the model's.
  const areModels = classNames?.length === count;
  const binary = activation === "sigmoid" && logits?.shape[1] === 1;
  const column = (i: number) =>
    areModels ? classNames[i]! : binary ? ["≤ 0", "> 0"][i]! : String(i);
  return {
    kind: "heatmap",
    // Short, as the picture of few classes is narrow.
    title: accuracyText(predicted).replace(/^a/, "A"),
    xLabel: "predicted",
    yLabel: "label",
    z: counts,
    height: rows.length,
    width: count,
    xTicks: Array.from({ length: count }, (_, i) => column(i)),
    yTicks: Array.from(rows, (label) => classNames?.[label] ?? String(label)),
    annotated: Math.max(rows.length, count) <= MOST_ANNOTATED,
  };
}

/**
 * Figures of a benchmark.
 *
 * @module
 */
import { type Figure, gridBlock, makeFigure } from "../display/figure.ts";
import { viewOf } from "../display/attach_view.ts";
import type { FigureBlock, LinesSpec } from "../display/view.ts";
import { concatFeatures } from "../features/concat_features.ts";
import { featureSet } from "../features/feature_set.ts";
import { projectionBlock } from "../features/view/projection_figure.ts";
import {
  findArray,
  isFeatureSet,
  type ShownArray,
  shownArrays,
} from "../features/view/shown_arrays.ts";
import { evenly } from "../math/evenly.ts";
import { areaOf } from "../metrics/auroc.ts";
import { rateOf } from "../metrics/fpr_at_tpr.ts";
import { cornersOf, curveOf } from "../metrics/roc_curve.ts";
import { rocFigure } from "../metrics/roc_figure.ts";
import { scoreHistogram } from "../metrics/score_histogram.ts";
import { countChecked, exchanged } from "../metrics/scores.ts";
import type { FeatureSet } from "../types.ts";
import type { CheckedEntry } from "./_checked_options.ts";

/** A detector with its scores. */
export interface DetectorScores {
  readonly entry: CheckedEntry;
  readonly scores: {
    readonly known: Float64Array;
    readonly unknown: Readonly<Record<string, Float64Array>>;
  };
}

/** The fraction of known samples below the threshold. */
const TPR = 0.95;
/** Maximum number of curves in one figure. */
const MOST_CURVES = 10;
/** Maximum number of projected samples. */
const MOST_POINTS = 1000;

/**
 * ROC curves of detectors on one unknown set, best first.
 *
 * @param set The name of the unknown set.
 * @param detectors Detectors with their scores.
 * @returns One figure; none if no detector scored the set.
 */
export function rocByDetector(
  set: string,
  detectors: readonly DetectorScores[],
): FigureBlock[] {
  const curves = detectors.flatMap(({ entry: { name }, scores }) => {
    const unknown = scores.unknown[set];
    if (unknown === undefined) return [];
    const counts = countChecked(scores.known, unknown);
    return [{ name, counts, area: areaOf(counts) }];
  }).sort((a, b) => b.area - a.area);
  if (curves.length === 0) return [];
  const shown = curves.slice(0, MOST_CURVES);
  const title = `ROC curves: known against ${set}`;
  const notes = ["AUROC behind each name"];
  if (curves.length > shown.length) {
    notes.unshift(`the best ${shown.length} of ${curves.length} detectors`);
  }
  const figure = (): LinesSpec => ({
    kind: "lines",
    title,
    notes,
    xLabel: "false positive rate: known taken for unknown",
    yLabel: "true positive rate: unknown found",
    lines: shown.map(({ name, counts, area }) => ({
      name: `${name} ${area.toFixed(4)}`,
      ...cornersOf(curveOf(counts)),
    })),
    guides: [{ axis: "y", at: 0.95, name: "TPR 0.95" }],
  });
  const summary = shown.map(({ name, area }) => `${name} ${area.toFixed(4)}`)
    .join(", ");
  return [{ kind: "figure", title, summary: `AUROC ${summary}`, figure }];
}

/**
 * Figures of one detector.
 *
 * @param detector The detector with its scores.
 * @returns Histogram, ROC curves, and a projection if features are in memory.
 */
export function detectorFigures(detector: DetectorScores): FigureBlock[] {
  const { entry: { name }, scores: { known, unknown } } = detector;
  const threshold = thresholdOf(known);
  const histogram = scoreHistogram(
    seriesOf(known, unknown),
    { title: `${name}: scores`, threshold },
  );
  const roc = rocFigure(known, unknown, { title: `${name}: ROC curves` });
  const plane = decisionsInPlane(detector, threshold);
  return [blockOf(histogram), blockOf(roc), ...plane];
}

/**
 * The figures of one detector, as one figure.
 *
 * @param detector The detector with its scores.
 * @returns The figure.
 */
export function gridOf(detector: DetectorScores): Figure {
  const figures = detectorFigures(detector);
  const { name } = detector.entry;
  const block = gridBlock({ title: "", figures, columns: 2 });
  return makeFigure({ ...block, title: name });
}

function blockOf(figure: Figure): FigureBlock {
  return viewOf(figure, {})!.blocks[0] as FigureBlock;
}

/** The known samples first, also if an unknown set has the same name. */
function seriesOf(
  known: Float64Array,
  unknown: Readonly<Record<string, Float64Array>>,
): Record<string, Float64Array> {
  const name = "known" in unknown ? "known samples" : "known";
  return { [name]: known, ...unknown };
}

/** The smallest score that 95 % of the known samples do not exceed. */
function thresholdOf(known: Float64Array): number {
  const counts = exchanged(countChecked(known, new Float64Array(0)));
  return 0 - rateOf(counts, TPR).threshold;
}

function decisionsInPlane(
  { entry, scores }: DetectorScores,
  threshold: number,
): FigureBlock[] {
  const names = Object.keys(scores.unknown);
  const sets = [entry.known, ...names.map((name) => entry.unknown[name]!)];
  if (!sets.every(isFeatureSet)) return [];
  const arrays = commonArrays(sets);
  if (arrays === undefined) return [];
  const total = sets.reduce((sum, { ids }) => sum + ids.length, 0);
  const title = `${entry.name}: decisions in the plane of ${arrays[0]!.title}`;
  const classNames = [
    ...["known, kept", "known, taken for unknown"],
    ...names.flatMap((name) => [`${name}, missed`, `${name}, found`]),
  ];
  const figure = async () => {
    const labels: number[] = [];
    const parts = sets.map(({ ids }, i) => {
      const rows = evenly(
        ids.length,
        Math.floor(MOST_POINTS * ids.length / Math.max(total, MOST_POINTS)),
      );
      const of = i === 0 ? scores.known : scores.unknown[names[i - 1]!]!;
      rows.forEach((row) => labels.push(2 * i + Number(of[row]! > threshold)));
      const features = [arrays[i]!.array];
      const kept = { features, ids: Array.from(ids, String) };
      return featureSet({ ...kept, layerNames: ["shown"] }).select(rows);
    });
    const set = concatFeatures(...parts);
    const spec = await projectionBlock({
      set,
      shown: { title: arrays[0]!.title, array: set.features[0]! },
      kind: "pca",
      color: { labels, classNames, by: "group" },
    }).figure();
    const notes = [...spec.notes ?? []];
    if (labels.length < total) {
      notes.unshift(`${labels.length} of ${total} samples`);
    }
    return { ...spec, title, notes };
  };
  const kept = scores.known.filter((score) => score <= threshold).length;
  const text = names.map((name) => {
    const of = scores.unknown[name]!;
    const found = of.filter((score) => score > threshold).length;
    return `${name}: ${found} of ${of.length} found`;
  });
  const summary = [`known: ${kept} of ${scores.known.length} kept`, ...text]
    .join("; ");
  return [{ kind: "figure", title, summary, figure }];
}

/** The array to project, which all sets have with equal width. */
function commonArrays(sets: readonly FeatureSet[]): ShownArray[] | undefined {
  const [first] = sets;
  const shown = shownArrays(first!);
  const name = (shown[first!.features.length - 1] ?? shown[0])?.name;
  if (name === undefined) return undefined;
  const found = sets.map(shownArrays);
  if (found.some((arrays) => arrays.every((array) => array.name !== name))) {
    return undefined;
  }
  const arrays = found.map((arrays) => findArray(arrays, name));
  const shape = arrays[0]!.array.shape.slice(1).join();
  const isCommon = shape !== "" &&
    arrays.every(({ array }) => array.shape.slice(1).join() === shape);
  return isCommon ? arrays : undefined;
}

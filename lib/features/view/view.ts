/**
 * The view of a feature set: a summary, a table of its arrays, and a few
 * figures. Figures are computed only when they are drawn.
 *
 * @module
 */
import {
  cannot,
  checkInteger,
  checkOneOf,
  quote,
  shapeText,
} from "../../check.ts";
import { countText, namesText } from "../../display/cell.ts";
import { gridBlock } from "../../display/figure.ts";
import { statisticsTable } from "../../display/statistics_table.ts";
import type {
  Block,
  FigureBlock,
  ShowOptions,
  View,
} from "../../display/view.ts";
import type { FeatureSet } from "../../types.ts";
import { accuracyText, classFigures } from "./class_figures.ts";
import { layerFigures } from "./layer_figures.ts";
import { predictions } from "./predictions.ts";
import { findArray, type ShownArray, shownArrays } from "./shown_arrays.ts";

/** Maximum number of figures if no layer is named. */
const MOST_FIGURES = 6;
/** Dimensions of an array that is drawn, samples counted. */
const MOST_RANK = 5;
const ACTION = "show feature set";

/** The options of `show` for a feature set. */
export const SET_OPTIONS = [
  ...["sample", "layer", "projection", "channels", "scale", "images"] as const,
];

/**
 * The view of a feature set: a summary of everything, or the figures of one
 * layer.
 *
 * @param set The set.
 * @param options Sample, layer and projection to show; the layer may also be
 * `"penultimate"` or `"logits"`.
 * @returns Lines, a table of the arrays, and a grid of at most six figures; or
 * the figures of the layer alone.
 * @throws {RangeError} If there is no such sample, layer or projection.
 */
export function featureSetView(set: FeatureSet, options: ShowOptions): View {
  const count = set.ids.length;
  const { sample = 0, layer, channels, projection = "pca" } = options;
  checkInteger(sample, ACTION, "sample", 0);
  if (sample >= count && options.sample !== undefined) {
    const rule = `"sample" must be below the ${count} samples of the set`;
    throw new RangeError(cannot(ACTION, rule, sample));
  }
  checkOneOf(projection, ACTION, "projection", ["pca", "umap"]);
  const title = `FeatureSet of ${countText(count, "sample")}`;
  const arrays = shownArrays(set);
  if (layer !== undefined) {
    const shown = findArray(arrays, layer);
    const figures = figuresOf(set, shown, options);
    if (figures.length > 0) return { title, blocks: figures };
    const text = `No figure of ${shown.title} of shape ${
      shapeText(shown.array.shape)
    }`;
    return { title, blocks: [{ kind: "text", text }] };
  }
  if (channels !== undefined) {
    const rule = `"layer" must name the layer of the channels`;
    throw new TypeError(cannot(ACTION, rule, layer));
  }
  const { figures, left } = someFigures(set, arrays, options);
  const blocks: Block[] = [{ kind: "text", text: summaryOf(set) }];
  const rows = arrays.map(({ name, array }) => ({ name, ...array }));
  const hint = (name: string) =>
    `await show(set.layer(${quote(name)})) shows one, and set.layerNames ` +
    "has the names of all layers.";
  if (rows.length > 0) blocks.push(...statisticsTable("layer", rows, hint));
  if (figures.length > 0) {
    const columns = figures.length <= 4 ? 2 : 3;
    blocks.push(
      figures.length === 1
        ? figures[0]!
        : gridBlock({ title: "", figures, columns }),
    );
  }
  const undrawn = arrays.filter(({ array: { data, shape } }) =>
    data.length > 0 && shape.length > MOST_RANK
  ).map(({ name }) => quote(name));
  if (undrawn.length > 0) {
    const text = `No figure is drawn of more than ${MOST_RANK} dimensions: ` +
      namesText(undrawn);
    blocks.push({ kind: "text", text });
  }
  if (left.length > 0) {
    blocks.push({
      kind: "text",
      text: `Not all figures are shown of ${namesText(left.map(quote))}: ` +
        `await show(set, { layer: ${quote(left[0])} }) shows one layer.`,
    });
  }
  return { title, blocks };
}

function summaryOf(set: FeatureSet): string {
  const { labels, classNames, nonFinite, source, layerNames, ids } = set;
  const predicted = predictions(set);
  const lines = [`Samples: ${ids.length}, layers: ${layerNames.length}`];
  if (labels) {
    const kinds = new Set(labels.data).size;
    const names = classNames ? ` of ${classNames.length} named classes` : "";
    lines.push(`Labels: ${kinds} different ones${names}`);
  } else lines.push("Labels: none");
  if (labels && predicted) {
    lines.push(`Predicted classes: ${accuracyText(predicted)}`);
  }
  if (set.logits) {
    lines.push(`Output activation: ${set.activation ?? "unknown"}`);
  }
  if (set.head) lines.push(`Head: ${shapeText(set.head.kernel.shape)}`);
  lines.push(`Rows with NaN or infinity in their inputs: ${nonFinite.length}`);
  if (source) lines.push(`Model: ${source.model.slice(0, 12)}`);
  return lines.join("\n");
}

function figuresOf(
  set: FeatureSet,
  shown: ShownArray,
  options: ShowOptions & { readonly isCompact?: boolean },
): FigureBlock[] {
  return shown.title === "logits"
    ? classFigures(set, predictions(set))
    : layerFigures(set, shown, options);
}

/**
 * Selects at most six figures: those of the logits, the first of each layer,
 * then others.
 */
function someFigures(
  set: FeatureSet,
  arrays: readonly ShownArray[],
  options: ShowOptions,
): { figures: FigureBlock[]; left: string[] } {
  const isLogits = ({ title }: ShownArray) => title === "logits";
  const ofLogits = arrays.filter(isLogits)
    .flatMap((shown) => figuresOf(set, shown, options));
  const candidates = arrays.filter((shown) => !isLogits(shown))
    .flatMap((shown, index) =>
      figuresOf(set, shown, { ...options, isCompact: true })
        .map((figure, rank) => ({ figure, rank, index, name: shown.name }))
    );
  // From the last layer backwards: later layers separate the classes better.
  const byRank = candidates.toSorted((a, b) =>
    a.rank - b.rank || b.index - a.index
  );
  const kept = new Set(byRank.slice(0, MOST_FIGURES - ofLogits.length));
  const shown = candidates.filter((candidate) => kept.has(candidate));
  const left = candidates.filter((candidate) => !kept.has(candidate));
  return {
    figures: [...shown.map(({ figure }) => figure), ...ofLogits],
    left: [...new Set(left.map(({ name }) => name))],
  };
}

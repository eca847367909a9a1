/**
 * What a feature set shows of itself: what it holds in words and in a table,
 * then a few figures. Figures are computed only where they are drawn.
 *
 * @module
 */
import {
  cannot,
  checkInteger,
  checkOneOf,
  nearestNames,
  quote,
  shapeText,
} from "../../check.ts";
import type {
  Block,
  FigureBlock,
  View,
  ViewOptions,
} from "../../display/view.ts";
import { statistics } from "../../math/statistics.ts";
import type { FeatureSet } from "../../types.ts";
import { accuracyText, classFigures } from "./_class_figures.ts";
import { layerFigures, type ShownArray } from "./_layer_figures.ts";
import { predictions } from "./_predictions.ts";

/** Figures that are shown unasked. */
const MOST_FIGURES = 6;
const ACTION = "show feature set";

interface Item extends ShownArray {
  readonly name: string;
}

/**
 * The view of a feature set.
 *
 * @param set The set.
 * @param options Which sample, layer and projection to show; a layer may also
 * be `"penultimate"` or `"logits"`.
 * @returns Lines, a table of the arrays, and at most six figures, or all of the
 * layer asked for.
 * @throws {RangeError} If there is no such sample, layer or projection.
 */
export function featureSetView(set: FeatureSet, options: ViewOptions): View {
  const count = set.ids.length;
  const { sample = 0, layer, projection = "pca" } = options;
  checkInteger(sample, ACTION, "sample", 0);
  if (sample >= count && options.sample !== undefined) {
    const rule = `"sample" must be below the ${count} samples of the set`;
    throw new RangeError(cannot(ACTION, rule, sample));
  }
  checkOneOf(projection, ACTION, "projection", ["pca", "umap"]);
  const items = itemsOf(set);
  const { figures, left } = layer === undefined
    ? someFigures(set, items, options)
    : { figures: figuresOf(set, items, layer, options), left: [] };
  const blocks: Block[] = [{ kind: "text", text: summaryOf(set) }];
  if (items.length > 0) blocks.push(tableOf(items));
  blocks.push(...figures);
  if (left.length > 0) {
    const names = left.slice(0, 8).map(quote).join(", ");
    const more = left.length > 8 ? " and more" : "";
    blocks.push({
      kind: "text",
      text: `Not all figures are shown of ${names}${more}: ` +
        `await show(set, { layer: ${quote(left[0])} }) shows one layer.`,
    });
  }
  return { title: `FeatureSet of ${count} samples`, blocks };
}

/** Everything that is shown as an array, features first. */
function itemsOf(set: FeatureSet): Item[] {
  const items: Item[] = set.features.map((array, i) => ({
    name: set.layerNames[i]!,
    title: `layer "${set.layerNames[i]}"`,
    array,
    channels: set.specs[i]!.channels,
  }));
  const add = (name: string, array: Item["array"] | undefined) => {
    if (array) items.push({ name, title: name, array });
  };
  add("penultimate", set.penultimate);
  add("logits", set.logits);
  return items;
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

function tableOf(items: readonly Item[]): Block {
  return {
    kind: "table",
    columns: [
      { name: "layer", align: "left" },
      { name: "shape", align: "left" },
      { name: "dtype", align: "left" },
      ...["mean", "std", "min", "max", "zeros %", "NaN", "infinite"].map((
        name,
      ) => ({ name, align: "right" as const })),
    ],
    rows: items.map(({ name, array }) => {
      const found = statistics(array.data);
      const number = (value: number) => Number.isNaN(value) ? null : value;
      return [
        name,
        shapeText(array.shape),
        array.dtype,
        number(found.mean),
        number(found.std),
        number(found.min),
        number(found.max),
        number(100 * found.zeros / found.count),
        found.nan,
        found.infinite,
      ];
    }),
  };
}

function figuresOf(
  set: FeatureSet,
  items: readonly Item[],
  layer: string,
  options: ViewOptions,
): FigureBlock[] {
  const item = items.find(({ name }) => name === layer);
  if (item?.title === "logits") return classFigures(set, predictions(set));
  if (item) return layerFigures(set, item, options);
  const names = items.map(({ name }) => name);
  const near = nearestNames(String(layer), names);
  const hint = near.length > 0
    ? `nearest names are ${near.map(quote).join(", ")}`
    : `names are ${quote(names)}`;
  throw new RangeError(
    `Cannot find layer ${quote(layer)} in the feature set: ${hint}`,
  );
}

/** At most six: those of the logits, each layer's first, then what else has room. */
function someFigures(
  set: FeatureSet,
  items: readonly Item[],
  options: ViewOptions,
): { figures: FigureBlock[]; left: string[] } {
  const ofLogits = classFigures(set, predictions(set));
  const candidates = items.filter(({ title }) => title !== "logits")
    .flatMap((item, place) =>
      layerFigures(set, item, options)
        .map((figure, turn) => ({ figure, turn, place, name: item.name }))
    );
  // From the last layer backwards: there the classes lie apart.
  const byTurn = candidates.toSorted((a, b) =>
    a.turn - b.turn || b.place - a.place
  );
  const kept = new Set(byTurn.slice(0, MOST_FIGURES - ofLogits.length));
  const shown = candidates.filter((candidate) => kept.has(candidate));
  const left = candidates.filter((candidate) => !kept.has(candidate));
  return {
    figures: [...shown.map(({ figure }) => figure), ...ofLogits],
    left: [...new Set(left.map(({ name }) => name))],
  };
}

/**
 * A layer's features in the plane: whether classes lie apart, and where
 * unknown samples lie among them.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkOneOf,
  checkOptions,
  nearestNames,
  quote,
} from "../check.ts";
import { type Figure, makeFigure } from "../display/figure.ts";
import type { FeatureArray, FeatureSet } from "../types.ts";
import {
  MOST_POINTS,
  type PointColor,
  projectionFigure,
} from "./view/_projection_figure.ts";

/** Settings of {@linkcode projection}. */
export interface ProjectionOptions {
  /**
   * Which layer to project; `"penultimate"` and `"logits"` go too. Default: the
   * last of the features, otherwise the penultimate, otherwise the logits.
   */
  readonly layer?: string;
  /** Principal components, or UMAP, which is slower and keeps neighbours together. @default {"pca"} */
  readonly kind?: "pca" | "umap";
  /** What colours the points: the labels, or a number a sample. Default: the labels, if there are any. */
  readonly color?: "labels" | ArrayLike<number>;
}

const ACTION = "project features";

/**
 * Projects a layer's features to the plane, one point a sample.
 *
 * Good for a first look at what a layer has learnt to tell apart. Distances in
 * the plane are not those in the layer: PCA shows the two directions in which
 * the samples spread the widest, UMAP who is whose neighbour. At most 2000
 * samples are drawn, evenly spaced, and the title says so; those with NaN or
 * infinite values are left out.
 *
 * @param set Where the features are; maps are taken as one long vector a sample.
 * @param options Which layer, how to project it, and what colours the points.
 * @returns A figure that shows itself; it is computed when it is shown.
 * @throws {TypeError} If the set is a promise, holds nothing to project, or has
 * no labels where these are asked for.
 * @throws {RangeError} If there is no such layer, or an option is wrong.
 *
 * @example Four samples of two classes
 * ```ts
 * import { featureSet, projection } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(0, 1, 0, 2, 9, 1, 9, 2);
 * const features = [{ data, shape: [4, 2], dtype: "float32" } as const];
 * const set = featureSet({ features, labels: [0, 0, 1, 1] });
 * assert.equal(projection(set).title, 'PCA of layer "feature0"');
 * ```
 */
export function projection(
  set: FeatureSet,
  options: ProjectionOptions = {},
): Figure {
  checkAwaited(set, ACTION, "the feature set");
  if (
    typeof set !== "object" || set === null || !Array.isArray(set.features)
  ) {
    throw new TypeError(
      cannot(ACTION, "its argument must be a feature set", set),
    );
  }
  checkOptions(options, ACTION, ["layer", "kind", "color"]);
  const { layer, kind = "pca", color } = options;
  checkOneOf(kind, ACTION, "kind", ["pca", "umap"]);
  const [name, array] = chooseArray(set, layer);
  const points = chooseColor(set, color);
  const count = Math.min(MOST_POINTS, array.shape[0]!);
  return makeFigure({
    title: `${kind === "pca" ? "PCA" : "UMAP"} of ${name}`,
    summary: `${count} samples of shape [${
      array.shape.slice(1).join(", ")
    }] in the plane${
      points && "labels" in points ? ", coloured by label" : ""
    }`,
    figure: () => projectionFigure(name, array, kind, points),
  });
}

function chooseArray(
  set: FeatureSet,
  layer: string | undefined,
): [string, FeatureArray] {
  const { penultimate, logits, layerNames, features } = set;
  const known = new Map<string, [string, FeatureArray]>();
  if (logits) known.set("logits", ["logits", logits]);
  if (penultimate) known.set("penultimate", ["penultimate", penultimate]);
  layerNames.forEach((name, i) =>
    known.set(name, [`layer "${name}"`, features[i]!])
  );
  const chosen = layer ?? layerNames.at(-1) ??
    (penultimate ? "penultimate" : "logits");
  const found = known.get(chosen);
  if (found !== undefined && found[1].shape.length >= 2) return found;
  if (found !== undefined) {
    const rule = `${found[0]} must hold vectors or maps`;
    throw new TypeError(cannot(ACTION, rule, [...found[1].shape]));
  }
  if (layer === undefined) {
    const rule = "the set must hold features, a penultimate or logits";
    throw new TypeError(cannot(ACTION, rule, "none"));
  }
  const names = [...known.keys()];
  const near = nearestNames(String(layer), names);
  const hint = near.length > 0
    ? `nearest names are ${near.map(quote).join(", ")}`
    : `names are ${quote(names)}`;
  throw new RangeError(
    `Cannot find layer ${quote(layer)} in the feature set: ${hint}`,
  );
}

function chooseColor(
  set: FeatureSet,
  color: ProjectionOptions["color"],
): PointColor {
  checkAwaited(color, ACTION, `"color"`);
  const { labels, classNames, ids } = set;
  if (color === undefined || color === "labels") {
    if (labels !== undefined) return { labels: labels.data, classNames };
    if (color === undefined) return undefined;
    const rule = "the set must have labels to be coloured by them";
    throw new TypeError(cannot(ACTION, rule, undefined));
  }
  if (typeof color !== "object" || color === null || !("length" in color)) {
    const rule = `"color" must be "labels" or a number for each sample`;
    throw new TypeError(cannot(ACTION, rule, color));
  }
  if (color.length !== ids.length) {
    const rule = `"color" must hold a number for each of ${ids.length} samples`;
    throw new RangeError(cannot(ACTION, rule, color.length));
  }
  return { values: Array.from(color, checkValue) };
}

function checkValue(value: number, i: number): number {
  if (typeof value === "number") return value;
  throw new TypeError(cannot(ACTION, `"color[${i}]" must be a number`, value));
}

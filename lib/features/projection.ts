/**
 * Projects a layer's features to the plane.
 *
 * @module
 */
import { cannot, checkAwaited, checkOneOf, checkOptions } from "../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import type { Dataset, FeatureSet } from "../types.ts";
import { type PointColor, projectionBlock } from "./view/projection_figure.ts";
import {
  checkFeatureSet,
  findArray,
  shownArrays,
} from "./view/shown_arrays.ts";

/**
 * Settings of {@linkcode projection}.
 *
 * @category Figures
 */
export interface ProjectionOptions extends FigureOptions {
  /**
   * The layer to project, or `"penultimate"` or `"logits"`. Default: the last
   * of the features, otherwise the penultimate, otherwise the logits.
   */
  readonly layer?: string;
  /**
   * `"pca"`: principal components; `"umap"`: slower, keeps neighbours together.
   *
   * @default {"pca"}
   */
  readonly kind?: "pca" | "umap";
  /**
   * The colours of the points: by label, by one number per sample, or by one
   * group name per sample, such as `"known, kept"`. Default: the labels, if
   * there are any.
   */
  readonly color?: "labels" | ArrayLike<number> | readonly string[];
  /**
   * The dataset that the set was computed from: an interactive figure shows the
   * image of a sample beside its point. Of more than 500 samples, 500 evenly
   * spaced ones have images, with a note.
   */
  readonly images?: Dataset;
}

const ACTION = "project features";

/**
 * Projects a layer's features to the plane, one point per sample.
 *
 * Shows which classes a layer separates. Distances in the plane differ from
 * those in the layer: PCA shows the two directions of largest variance, UMAP
 * which samples are neighbours. At most 2000 samples are drawn, evenly spaced,
 * with a note; samples with NaN or infinite values are left out. On hover, a
 * point of an interactive figure shows the sample's id, label and predicted
 * class.
 *
 * @param set The feature set; feature maps are flattened.
 * @param options Layer, method and colours.
 * @returns A figure that shows itself; it is computed when it is shown.
 * @throws {TypeError} If the set is a promise, contains nothing to project, or
 * has no labels to colour by.
 * @throws {RangeError} If there is no such layer, or an option is wrong.
 *
 * @example Four samples of two classes
 * ```ts
 * import { featureSet, projection, show } from "@sonde/sonde";
 *
 * const data = Float32Array.of(0, 1, 0, 2, 9, 1, 9, 2);
 * const features = [{ data, shape: [4, 2], dtype: "float32" } as const];
 * const set = featureSet({ features, labels: [0, 0, 1, 1] });
 * await show(projection(set, { title: "Two classes" }));
 * ```
 *
 * @category Figures
 */
export function projection(
  set: FeatureSet,
  options: ProjectionOptions = {},
): Figure {
  checkFeatureSet(set, ACTION);
  checkOptions(options, ACTION, [
    ...["layer", "kind", "color", "images"],
    ...FIGURE_OPTIONS,
  ]);
  const { layer, kind = "pca", color, images, ...frame } = options;
  checkOneOf(kind, ACTION, "kind", ["pca", "umap"]);
  checkAwaited(images, ACTION, `"images"`);
  const arrays = shownArrays(set);
  const shown = layer === undefined
    ? arrays[set.features.length - 1] ?? arrays[0]
    : findArray(arrays, layer);
  if (shown === undefined) {
    const rule = "the set must hold features, a penultimate or logits";
    throw new TypeError(cannot(ACTION, rule, "none"));
  }
  if (shown.array.shape.length < 2) {
    const rule = `${shown.title} must hold vectors or feature maps`;
    throw new TypeError(cannot(ACTION, rule, [...shown.array.shape]));
  }
  const points = chooseColor(set, color);
  return makeFigure({
    ...projectionBlock({ set, shown, kind, color: points, images }),
    options: frame,
  });
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
    const rule =
      `"color" must be "labels", or a number or a name for each sample`;
    throw new TypeError(cannot(ACTION, rule, color));
  }
  if (color.length !== ids.length) {
    const rule =
      `"color" must hold one value for each of ${ids.length} samples`;
    throw new RangeError(cannot(ACTION, rule, color.length));
  }
  const values = Array.from<unknown>(color);
  const isNames = typeof values[0] === "string";
  const wrong = values.findIndex((value) =>
    isNames ? typeof value !== "string" : typeof value !== "number"
  );
  if (wrong >= 0) {
    const kind = isNames ? "string" : "number";
    const rule = `"color[${wrong}]" must be a ${kind}`;
    throw new TypeError(cannot(ACTION, rule, values[wrong]));
  }
  return isNames
    ? namedColor(values as string[])
    : { values: values as number[] };
}

/** Groups by name, in the order of their first samples. */
function namedColor(names: readonly string[]): PointColor {
  const classNames = [...new Set(names)];
  const index = new Map(classNames.map((name, i) => [name, i]));
  const labels = names.map((name) => index.get(name)!);
  return { labels, classNames, by: "group" };
}

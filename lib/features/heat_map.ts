/**
 * Draws a matrix as a figure.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkBoolean,
  checkInteger,
  checkOptions,
  sizeOf,
} from "../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import type { FigureBlock } from "../display/view.ts";
import { extremes } from "../math/statistics.ts";
import type { FeatureSet, NdArray } from "../types.ts";
import { valuesBlock } from "./view/layer_figures.ts";
import { findArray, isFeatureSet, shownArrays } from "./view/shown_arrays.ts";

/**
 * Settings of {@linkcode heatMap}.
 *
 * @category Figures
 */
export interface HeatMapOptions extends FigureOptions {
  /**
   * For a feature set: the layer, or `"penultimate"` or `"logits"`. Default:
   * the last one of rank 2 or 3.
   */
  readonly layer?: string;
  /**
   * For a layer of rank 3: index of the sample, from 0.
   *
   * @default {0}
   */
  readonly sample?: number;
  /** For a matrix: names of its columns. */
  readonly xTicks?: readonly string[];
  /** For a matrix: names of its rows. */
  readonly yTicks?: readonly string[];
  /**
   * For a matrix: whether values are written into cells that are large enough.
   *
   * @default {false}
   */
  readonly annotated?: boolean;
}

/**
 * A matrix of numbers: an array of rank 2, or rows of equal length.
 *
 * @category Figures
 */
export type Matrix =
  | NdArray<ArrayBufferView>
  | readonly ArrayLike<number>[];

const ACTION = "draw heat map";

/**
 * Draws a matrix as colours: rows downwards, columns to the right.
 *
 * Shows vectors of many samples at once, a sequence of one sample, or any table
 * of numbers. For a feature set, the rows are at most 64 samples, evenly
 * spaced. If a value is negative, zero is white.
 *
 * @param source A feature set, or a matrix `[R, C]`.
 * @param options Layer and sample of a set; names of rows and columns.
 * @returns A figure that shows itself.
 * @throws {TypeError} If the source is a promise, or neither a feature set nor
 * a matrix.
 * @throws {RangeError} If there is no such layer or sample, or the number of
 * names is wrong.
 *
 * @example Similarities between three layers
 * ```ts
 * import { heatMap, show } from "@sonde/sonde";
 *
 * const names = ["conv1", "conv2", "dense"];
 * const similarity = [[1, 0.8, 0.3], [0.8, 1, 0.5], [0.3, 0.5, 1]];
 * await show(heatMap(similarity, {
 *   title: "Similarity of layers",
 *   xTicks: names,
 *   yTicks: names,
 *   annotated: true,
 * }));
 * ```
 *
 * @example Vectors of a feature set
 * ```ts
 * import { featureSet, heatMap, show } from "@sonde/sonde";
 *
 * const data = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
 * const features = [{ data, shape: [10, 4], dtype: "float32" } as const];
 * await show(heatMap(featureSet({ features })));
 * ```
 *
 * @category Figures
 */
export function heatMap(
  source: FeatureSet | Matrix,
  options: HeatMapOptions = {},
): Figure {
  checkAwaited(source, ACTION, "its argument");
  const isSet = isFeatureSet(source);
  checkOptions(options, ACTION, [
    ...(isSet ? ["layer", "sample"] : ["xTicks", "yTicks", "annotated"]),
    ...FIGURE_OPTIONS,
  ]);
  const { layer, sample, xTicks, yTicks, annotated, ...frame } = options;
  const block = isSet
    ? setBlock(source, layer, sample)
    : matrixBlock(source, { xTicks, yTicks, annotated });
  return makeFigure({ ...block, options: frame });
}

function setBlock(
  set: FeatureSet,
  layer: string | undefined,
  sample: number | undefined,
): FigureBlock {
  const arrays = shownArrays(set);
  const isDrawn = (rank: number) => rank === 2 || rank === 3;
  const ofLayers = arrays.slice(0, set.features.length);
  const found = layer === undefined
    ? ofLayers.findLast(({ array }) => isDrawn(array.shape.length)) ??
      arrays.find(({ array }) => isDrawn(array.shape.length))
    : findArray(arrays, layer);
  const shape = found?.array.shape ?? [];
  if (found === undefined || !isDrawn(shape.length)) {
    const rule = `${
      found?.title ?? "an array of the set"
    } must have rank 2 or 3`;
    const shapes = arrays.map(({ array }) => array.shape);
    const hint = shape.length > 3 || found === undefined
      ? "featureMaps() draws arrays of rank 4 and 5"
      : undefined;
    throw new TypeError(
      cannot(ACTION, rule, found === undefined ? shapes : shape, hint),
    );
  }
  if (sample !== undefined) {
    checkInteger(sample, ACTION, "sample", 0);
    if (shape.length === 2 || sample >= shape[0]!) {
      const rule = shape.length === 2
        ? `"sample" must be left out for layers of other ranks than 3`
        : `"sample" must be below the ${shape[0]} samples of the set`;
      throw new RangeError(cannot(ACTION, rule, sample));
    }
  }
  return valuesBlock(found, sample === undefined ? {} : { sample });
}

function matrixBlock(source: Matrix, options: {
  readonly xTicks: readonly string[] | undefined;
  readonly yTicks: readonly string[] | undefined;
  readonly annotated: boolean | undefined;
}): FigureBlock {
  const { values, height, width } = valuesOf(source);
  const { xTicks, yTicks, annotated = false } = options;
  checkBoolean(annotated, ACTION, "annotated");
  checkNames("xTicks", xTicks, width);
  checkNames("yTicks", yTicks, height);
  return {
    kind: "figure",
    title: "Values",
    summary: `heat map of ${height} by ${width}`,
    figure: () => ({
      kind: "heatmap",
      title: "Values",
      xLabel: "column",
      yLabel: "row",
      z: values,
      height,
      width,
      diverging: (extremes(values)?.[0] ?? 0) < 0,
      annotated,
      ...(xTicks === undefined ? {} : { xTicks: xTicks.map(String) }),
      ...(yTicks === undefined ? {} : { yTicks: yTicks.map(String) }),
    }),
  };
}

function checkNames(
  option: string,
  names: readonly string[] | undefined,
  count: number,
): void {
  if (names === undefined) return;
  if (!Array.isArray(names)) {
    const rule = `"${option}" must be an array of names`;
    throw new TypeError(cannot(ACTION, rule, names));
  }
  if (names.length === count) return;
  const rule = `"${option}" must hold ${count} names`;
  throw new RangeError(cannot(ACTION, rule, names.length));
}

/** Copies a matrix, because it is drawn later. */
function valuesOf(source: Matrix) {
  const rule = "its argument must be a feature set or a matrix";
  if (typeof source !== "object" || source === null) {
    throw new TypeError(cannot(ACTION, rule, source));
  }
  if ("shape" in source) {
    const { shape, data } = source;
    const [height, width] = Array.isArray(shape) ? shape : [];
    const numbers: unknown = data;
    const isNumeric = ArrayBuffer.isView(numbers) &&
      !(numbers instanceof DataView);
    if (height === undefined || shape.length !== 2 || !isNumeric) {
      throw new TypeError(cannot(ACTION, rule, isNumeric ? shape : data));
    }
    const values = Float64Array.from(
      numbers as unknown as ArrayLike<number | bigint>,
      Number,
    );
    if (values.length === sizeOf(shape)) {
      return { values, height, width: width! };
    }
    throw new TypeError(cannot(ACTION, rule, shape));
  }
  const rows = Array.from(source as ArrayLike<ArrayLike<number>>);
  const width = rows[0]?.length ?? 0;
  const isMatrix = rows.every((row) =>
    typeof row === "object" && row !== null && row.length === width
  );
  if (!Array.isArray(source) || !isMatrix) {
    throw new TypeError(cannot(ACTION, rule, source));
  }
  const values = Float64Array.from(
    rows.flatMap((row) => Array.from(row)),
    (value) => {
      if (typeof value === "number") return value;
      throw new TypeError(cannot(ACTION, "it must hold numbers", value));
    },
  );
  return { values, height: rows.length, width };
}

/**
 * Checks data for one input of a model, and converts its values to the element
 * type of the input.
 *
 * @module
 */
import { cannot, shapeText, sizeOf } from "../check.ts";
import type { NdArray, TensorSpec } from "../types.ts";
import {
  checkElementTypes,
  convertValues,
  type FeedData,
  type FeedType,
} from "./convert.ts";
import {
  checkTensorLike,
  type HostArray,
  type InputLike,
} from "./tensor_likes.ts";
import { isStringArray, type StringArray } from "./string_array.ts";

/** The values of one input, for one batch. */
export interface ModelInput {
  /** The values, `[N, …]`, in the element type of the input. Read only. */
  readonly array: NdArray<FeedData> | StringArray;
  /** Rows with NaN or an infinity; all, if the rows share the array. */
  readonly nonFinite: readonly number[] | "all";
}

/**
 * The batch axis of an input.
 *
 * @param spec The input.
 * @param sizes Those of the array that is passed, if it is known: where the model
 * declares no shape, a single number is the same for all samples.
 * @returns The axis; null if it has none.
 */
export function batchAxisOf(
  { batchAxis, shape }: TensorSpec,
  sizes?: readonly number[],
): number | null {
  if (batchAxis !== undefined) return batchAxis;
  return shape.length === 0 && sizes?.length === 0 ? null : 0;
}

/**
 * Checks element type, rank and sizes, without reading values. The number of
 * rows can be any, whatever the model specifies.
 *
 * @param value A tensor or an array.
 * @param spec The input.
 * @param action The action, for messages.
 * @returns The number of rows; undefined for an input without a batch axis.
 * @throws {TypeError} If it does not fit.
 * @throws {RangeError} If there are no rows.
 */
export function checkInput(
  value: InputLike,
  spec: TensorSpec,
  action: string,
): number | undefined {
  const name = `input "${spec.name}"`;
  if (!isStringArray(value)) {
    checkTensorLike(value, action, name);
    checkElementTypes(value.dtype, spec.dtype, action, name);
  }
  const shape: readonly number[] = value.shape;
  const axis = batchAxisOf(spec, shape);
  // A spec without a shape accepts every shape.
  const isKnown = spec.shape.length > 0 || spec.batchAxis === null;
  const wanted = spec.shape.map((size, i) => i === axis ? null : size);
  if (isKnown && !(shape.length > (axis ?? -1) && matches(shape, wanted))) {
    throw new TypeError(
      cannot(
        action,
        `${name} must be of shape ${shapeText(spec.shape)}`,
        shape,
        axis === 0 ? shapeHint(shape, spec.shape) : undefined,
      ),
    );
  }
  if (axis === null) return undefined;
  if (shape[axis] === 0) {
    throw new RangeError(
      cannot(action, `${name} must hold at least one row`, shape),
    );
  }
  return shape[axis]!;
}

/**
 * Converts an array to the element type of an input. Does not copy if the type
 * is the same.
 *
 * @param array Values on the host, `[N, …]`.
 * @param spec The input.
 * @param action The action, for messages.
 * @param first Index of the first row in the dataset, for messages.
 * @param isFinite Whether all values are known to be finite.
 * @returns The values, and the indices of rows that are not finite.
 * @throws {TypeError} If the array does not fit.
 * @throws {RangeError} If there are no rows, or a value is not exact in the type.
 */
export function modelInput(
  array: HostArray | StringArray,
  spec: TensorSpec,
  action: string,
  first = 0,
  isFinite = false,
): ModelInput {
  checkInput(array, spec, action);
  if (isStringArray(array)) return { array, nonFinite: [] };
  const name = `input "${spec.name}"`;
  const data = convertValues(array, spec.dtype, { action, name, first });
  const dtype = spec.dtype as FeedType; // by convertValues
  return {
    array: { data, shape: [...array.shape], dtype },
    nonFinite: dtype.startsWith("float") && !isFinite
      ? nonFiniteAlong(
        data as Float32Array,
        array.shape,
        batchAxisOf(spec, array.shape),
      )
      : [],
  };
}

/** Rows that are not finite; "all" if an array that all rows share is not. */
function nonFiniteAlong(
  data: Float32Array,
  shape: readonly number[],
  axis: number | null,
): readonly number[] | "all" {
  if (axis === null) {
    return nonFiniteRows(data, data.length).length > 0 ? "all" : [];
  }
  const width = sizeOf(shape.slice(axis + 1));
  const blocks = nonFiniteRows(data, width); // of [before, rows, width]
  return [...new Set(blocks.map((block) => block % shape[axis]!))];
}

/**
 * Finds the rows of a matrix with NaN or an infinity.
 *
 * @param data Values, `[N, width]`.
 * @param width Number of values in a row.
 * @returns Row indices, ascending.
 */
function nonFiniteRows(data: Float32Array, width: number): number[] {
  // x - x is 0 if x is finite and NaN otherwise, and a sum with NaN is NaN.
  // Nearly all data is finite, so rows are searched only if the sum is not 0.
  if (residue(data, 0, data.length) === 0) return [];
  const rows: number[] = [];
  for (let start = 0; start < data.length; start += width) {
    if (residue(data, start, start + width) !== 0) rows.push(start / width);
  }
  return rows;
}

/** Four independent sums are four times as fast as one. */
function residue(data: Float32Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    a += data[i]! - data[i]!;
    b += data[i + 1]! - data[i + 1]!;
    c += data[i + 2]! - data[i + 2]!;
    d += data[i + 3]! - data[i + 3]!;
  }
  for (; i < end; i++) a += data[i]! - data[i]!;
  return a + b + c + d;
}

function matches(
  shape: readonly number[],
  wanted: readonly (number | null)[],
): boolean {
  return shape.length === wanted.length &&
    shape.every((size, axis) => (wanted[axis] ?? size) === size);
}

/** Advice for samples of another shape. */
function shapeHint(
  shape: readonly number[],
  wanted: readonly (number | null)[],
): string | undefined {
  if (shape.length === wanted.length - 1) {
    const hint = missingAxisHint(shape, wanted);
    if (hint !== undefined) return hint;
  }
  const sample = wanted.slice(1);
  const sizes = sample.filter((size) => size !== null);
  const isKnown = sizes.length === sample.length;
  if (isKnown && shape.length === wanted.length) {
    const order = channelOrder(shape, sample);
    if (order !== undefined) {
      return `transpose its axes, as by tf.transpose(x, [${order.join(", ")}])`;
    }
  } else if (isKnown && sizeOf(sizes) === sizeOf(shape.slice(1))) {
    return `reshape it, as by x.reshape([${[-1, ...sizes].join(", ")}])`;
  }
  const [height, width, depth] = sample;
  const isImage = shape.length === 4 && sample.length === 3 &&
    shape[3] === depth && height !== null && width !== null;
  if (isImage) {
    return `resize the images, as by tf.image.resizeBilinear(x, [${height}, ${width}])`;
  }
  return `each sample must be ${
    shapeText(sample)
  }, as when the model was trained: resize, pad, crop or select columns`;
}

/** The order of axes that moves the channels to where a model has them. */
function channelOrder(
  shape: readonly number[],
  sample: readonly (number | null)[],
): number[] | undefined {
  const rank = shape.length;
  if (rank < 3) return undefined;
  const positions = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const orders = [
    [0, ...positions.map((axis) => axis + 1), 1], // from channels first
    [0, rank - 1, ...positions], // from channels last
  ];
  return orders.find((order) =>
    order.slice(1).every((axis, i) => shape[axis] === sample[i])
  );
}

function missingAxisHint(
  shape: readonly number[],
  wanted: readonly (number | null)[],
): string | undefined {
  const hints: string[] = [];
  if (matches(shape, wanted.slice(1))) {
    hints.push(
      "its batch axis is missing: add one, as by x.expandDims(0), or batch " +
        "the dataset, as by ds.batch(32)",
    );
  }
  const lacksChannels = wanted.at(-1) === 1 && shape.length > 0 &&
    matches(shape.slice(1), wanted.slice(1, -1));
  if (lacksChannels) {
    hints.push("its channel axis is missing: add one, as by x.expandDims(-1)");
  }
  return hints.length > 0 ? hints.join("; or ") : undefined;
}

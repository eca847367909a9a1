/**
 * Tensors and arrays in memory: detecting, checking, and reading rows to the
 * host.
 *
 * A tensor is recognised by its methods, not by its class, so that tensors of
 * another copy of TF.js are accepted. No tensor is kept: slices are disposed
 * after reading, and the caller's tensors never are.
 *
 * @module
 */
import { cannot, quote, sizeOf } from "../check.ts";
import { rowView } from "../math/row_view.ts";
import type { tf } from "../tf.ts";
import type { DType, NdArray } from "../types.ts";
import { isStringArray, type StringArray, stringRows } from "./string_array.ts";

/** An array on the host, of any element type. */
export type HostArray = NdArray<ArrayBufferView>;

/** A tensor of TF.js, or an array on the host with its element type. */
export type TypedTensorLike = tf.Tensor | HostArray;

/** A tensor, an array, or strings. */
export type InputLike = TypedTensorLike | StringArray;

/** Classes of `data`, by their tag, for each element type. */
const CLASSES: Readonly<Record<DType, readonly string[]>> = Object.freeze({
  float32: ["Float32Array"],
  float64: ["Float64Array"],
  float16: ["Float16Array"],
  int32: ["Int32Array"],
  int64: ["BigInt64Array"],
  uint8: ["Uint8Array", "Uint8ClampedArray"],
  bool: ["Uint8Array"],
});

/** Further classes of `data` where `dtype` is omitted: they are copied. */
const WIDENED: Readonly<
  Record<string, (data: never) => Int32Array | BigInt64Array>
> = Object.freeze({
  Int8Array: (data: Int8Array) => Int32Array.from(data),
  Int16Array: (data: Int16Array) => Int32Array.from(data),
  Uint16Array: (data: Uint16Array) => Int32Array.from(data),
  Uint32Array: (data: Uint32Array) => BigInt64Array.from(data, BigInt),
});

/**
 * Whether a value is an object.
 *
 * @param value Anything.
 * @returns True for objects, arrays included; false for functions and null.
 */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/**
 * Whether a value is a TF.js tensor, of this copy of TF.js or another.
 *
 * @param value Anything.
 * @returns True for tensors and variables, disposed ones included.
 */
export function isTensor(value: unknown): value is tf.Tensor {
  return isObject(value) && "isDisposed" in value &&
    Array.isArray(value.shape) && typeof value.dtype === "string" &&
    typeof value.data === "function" && typeof value.dispose === "function";
}

/**
 * Whether a value has the properties of an array on the host;
 * {@linkcode checkTensorLike} checks that they are consistent.
 *
 * @param value Anything.
 * @returns True for objects with `data`, `shape` and `dtype`; `dtype` may be
 * omitted with a typed array.
 */
export function isHostArray(value: unknown): value is HostArray {
  if (!isObject(value) || isTensor(value) || !Array.isArray(value.shape)) {
    return false;
  }
  return value.dtype === undefined
    ? ArrayBuffer.isView(value.data)
    : isObject(value.data) && typeof value.dtype === "string";
}

/**
 * Whether a value is numbers that are no tensor: a typed array, nested arrays, or
 * `{ data, shape }` with a plain array.
 *
 * @param value Any value.
 * @returns True if it is.
 */
export function isPlainArray(value: unknown): boolean {
  if (isObject(value) && !Array.isArray(value) && Array.isArray(value.data)) {
    return Array.isArray(value.shape) && isPlainArray(value.data);
  }
  const inner = innermost(value);
  if (ArrayBuffer.isView(inner)) return true;
  return inner !== value && !isObject(inner) && typeof inner !== "function" &&
    inner !== undefined && inner !== null;
}

/** The first element of nested arrays that is no array, or an empty array. */
export function innermost(value: unknown): unknown {
  let inner = value;
  while (Array.isArray(inner) && inner.length > 0) inner = inner[0];
  return inner;
}

/**
 * Completes an array on the host with its element type, from the class of its
 * data if it has none. Integers of other sizes become int32 or int64.
 *
 * @param array The array.
 * @returns The array, or a copy with `dtype`.
 */
export function withDType(array: HostArray): HostArray {
  if (array.dtype !== undefined) return array;
  const tag = tagOf(array.data);
  if (Object.hasOwn(WIDENED, tag)) {
    const data = WIDENED[tag]!(array.data as never);
    const dtype = data instanceof Int32Array ? "int32" : "int64";
    return { data, shape: array.shape, dtype };
  }
  const found = Object.entries(CLASSES).find(([, tags]) => tags.includes(tag));
  return found === undefined
    ? array
    : { data: array.data, shape: array.shape, dtype: found[0] as DType };
}

/**
 * Checks a tensor or an array without reading its values.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name Its name, such as `input "x"`.
 * @returns The value.
 * @throws {TypeError} If it is disposed, does not contain numbers, or is
 * inconsistent.
 */
export function checkTensorLike(
  value: TypedTensorLike,
  action: string,
  name: string,
): TypedTensorLike {
  if (isTensor(value)) checkTensor(value, action, name);
  else checkHostArray(value, action, name);
  return value;
}

function checkTensor(tensor: tf.Tensor, action: string, name: string): void {
  if (tensor.isDisposed) {
    throw new TypeError(
      cannot(
        action,
        `${name} must be a tensor that is not disposed`,
        "disposed",
        "dispose of it after the run",
      ),
    );
  }
  if (!["float32", "int32", "bool"].includes(tensor.dtype)) {
    const rule = `${name} must be a tensor of float32, int32 or bool`;
    throw new TypeError(cannot(action, rule, tensor.dtype));
  }
}

function checkHostArray(array: HostArray, action: string, name: string): void {
  const { data, shape, dtype } = array;
  const classes = Object.hasOwn(CLASSES, dtype) ? CLASSES[dtype] : undefined;
  if (dtype === undefined) {
    const classes = [...Object.values(CLASSES).flat(), ...Object.keys(WIDENED)];
    const names = [...new Set(classes)].join(", ");
    const rule = `"data" of ${name} must be one of ${names}`;
    throw new TypeError(cannot(action, rule, data));
  }
  if (classes === undefined) {
    const names = Object.keys(CLASSES).map(quote).join(", ");
    const rule = `"dtype" of ${name} must be one of ${names}`;
    throw new TypeError(cannot(action, rule, dtype));
  }
  if (!ArrayBuffer.isView(data) || !classes.includes(tagOf(data))) {
    const rule = `"data" of ${name} must be of class ${classes[0]} as its ` +
      `dtype is "${dtype}"`;
    throw new TypeError(cannot(action, rule, data));
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    const rule = `"shape" of ${name} must hold whole numbers >= 0`;
    throw new TypeError(cannot(action, rule, shape));
  }
  const { length } = data as ArrayBufferView & ArrayLike<unknown>;
  if (length !== sizeOf(shape)) {
    const rule =
      `"data" of ${name} must hold the ${sizeOf(shape)} values of its shape ` +
      quote(shape);
    throw new TypeError(cannot(action, rule, length));
  }
}

/**
 * Reads some rows of several tensors and arrays at once.
 *
 * Tensors are sliced before the first await, on the TF.js backend that is
 * current at the call; the slices are always disposed. Arrays, and tensors on
 * backends that share their memory, are returned as views, which must not be
 * changed.
 *
 * @param sources Tensors and arrays with equal numbers of rows.
 * @param start The first row.
 * @param end The row after the last.
 * @param axes The batch axis of each; null for one that is read completely.
 * @returns The rows of each, on the host.
 * @throws {Error} Errors of TF.js.
 */
export async function readRows(
  sources: readonly InputLike[],
  start: number,
  end: number,
  axes: readonly (number | null)[] = [],
): Promise<(HostArray | StringArray)[]> {
  const slices: tf.Tensor[] = [];
  try {
    const reads = sources.map((source, i) => {
      if (isStringArray(source)) return stringRows(source, start, end);
      const axis = axes[i] === undefined ? 0 : axes[i];
      if (axis !== 0) return readAlong(source, start, end, axis);
      if (!isTensor(source)) return rowView(source, start, end);
      if (start === 0 && end === source.shape[0]) return readTensor(source);
      // Tensors of only the TF.js core have no chained operations.
      if (typeof source.slice !== "function") {
        return readTensor(source).then((whole) => rowView(whole, start, end));
      }
      const begin = source.shape.map((_, axis) => axis === 0 ? start : 0);
      const size = source.shape.map((_, axis) => axis === 0 ? end - start : -1);
      const slice = source.slice(begin, size);
      slices.push(slice);
      return readTensor(slice);
    });
    // All are awaited before any slice is disposed, also if one fails.
    await Promise.allSettled(reads);
    return await Promise.all(reads);
  } finally {
    for (const slice of slices) slice.dispose();
  }
}

/** Reads rows along another axis than the first, or the complete array. */
async function readAlong(
  source: TypedTensorLike,
  start: number,
  end: number,
  axis: number | null,
): Promise<HostArray> {
  const whole = isTensor(source) ? await readTensor(source) : source;
  if (axis === null) return whole;
  const { shape, dtype } = whole;
  const rows = shape[axis]!;
  if (start === 0 && end === rows) return whole;
  const width = sizeOf(shape.slice(axis + 1));
  const count = sizeOf(shape.slice(0, axis));
  const values = whole.data as Float32Array;
  const Values = values.constructor as Float32ArrayConstructor;
  const data = new Values(count * (end - start) * width);
  for (let i = 0; i < count; i++) {
    const from = (i * rows + start) * width;
    const to = (i * rows + end) * width;
    data.set(values.subarray(from, to), i * (end - start) * width);
  }
  const sizes = shape.map((size, i) => i === axis ? end - start : size);
  return { data, shape: sizes, dtype };
}

async function readTensor(tensor: tf.Tensor): Promise<HostArray> {
  const { shape } = tensor;
  const data: ArrayBufferView = await tensor.data();
  return { data, shape: [...shape], dtype: dtypeOf(data, tensor.dtype) };
}

/**
 * The element type, by the class of the values, which is more reliable than
 * that of the tensor.
 */
function dtypeOf(data: ArrayBufferView, dtype: string): DType {
  if (dtype === "bool" && tagOf(data) === "Uint8Array") return "bool";
  const found = (Object.keys(CLASSES) as DType[])
    .find((key) => CLASSES[key].includes(tagOf(data)));
  if (found === undefined) {
    const rule = "a tensor must be read as a typed array of numbers";
    throw new TypeError(cannot("read tensor", rule, data));
  }
  return found;
}

/** Name of a typed array's class, also for another realm or a subclass. */
function tagOf(data: ArrayBufferView): string {
  return (data as Float32Array)[Symbol.toStringTag];
}

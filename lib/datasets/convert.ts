/**
 * Converts element types of data to those of a model.
 *
 * Values must be exact after the conversion, or an error is thrown; the only
 * exception are floats, which are rounded to the model's type.
 *
 * @module
 */
import { toInts } from "../math/exact_numbers.ts";
import { cannot, sizeOf } from "../check.ts";
import type { DType } from "../types.ts";
import type { HostArray } from "./tensor_likes.ts";

/** Element types that a batch may be converted to. */
export type FeedType = DType;

/** The contents of a batch after the conversion. */
export type FeedData =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** Allowed conversions of element types; values are checked one by one. */
const SOURCES: Readonly<Record<FeedType, readonly DType[]>> = Object.freeze({
  float32: ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"],
  int32: ["int32", "int64", "uint8", "bool", "float32", "float64", "float16"],
  int64: ["int64", "int32", "uint8", "bool", "float32", "float64", "float16"],
  uint8: ["uint8", "bool", "int32", "int64", "float32", "float64", "float16"],
  float64: ["float64", "float32", "float16", "int32", "int64", "uint8", "bool"],
  float16: ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"],
  bool: ["bool", "uint8"],
});

/** All integers up to this are exact in float32. */
const EXACT = 2 ** 24;

/** Context for the messages of a conversion. */
export interface Wording {
  /** The action, for messages. */
  readonly action: string;
  /** The name of the array, such as `input "x"`. */
  readonly name: string;
  /** Index of the first row in the dataset. */
  readonly first: number;
}

/**
 * Checks that a conversion of element types is allowed.
 *
 * @param from The data's type.
 * @param to The model's inputs.
 * @param action The action, for messages.
 * @param name The name of the array, such as `input "x"`.
 * @returns The model's inputs.
 * @throws {TypeError} If it is not allowed, or the model's type is not numeric.
 */
export function checkElementTypes(
  from: string,
  to: DType | "string",
  action: string,
  name: string,
): FeedType {
  if (to === "string") {
    const rule = `a model must take numbers or booleans at ${name}`;
    throw new TypeError(cannot(action, rule, to));
  }
  if (!SOURCES[to].some((dtype) => dtype === from)) {
    const names = SOURCES[to].map((dtype) => `"${dtype}"`).join(", ");
    const rule = `${name} takes "${to}" and must be one of ${names}`;
    throw new TypeError(
      cannot(action, rule, from, `cast it, as by x.cast("${to}")`),
    );
  }
  return to;
}

/**
 * Converts the values of an array. Returns its data if no conversion is needed.
 *
 * @param array The array, `[N, …]`.
 * @param to The model's inputs.
 * @param wording Context for messages.
 * @returns The values, in the class of `to`.
 * @throws {TypeError} If the conversion is not allowed.
 * @throws {RangeError} If a value does not fit.
 */
export function convertValues(
  array: HostArray,
  to: DType | "string",
  wording: Wording,
): FeedData {
  const { action, name, first } = wording;
  const target = checkElementTypes(array.dtype, to, action, name);
  const width = Math.max(1, sizeOf(array.shape.slice(1)));
  const refuse: Refuse = (index, rule) => {
    const value = (array.data as Float32Array)[index];
    const row = first + Math.floor(index / width);
    const text = `every value of ${name} must be ${rule}`;
    return new RangeError(cannot(action, text, value, `it is in row ${row}`));
  };
  if (array.dtype === "bool") checkBits(array.data as Uint8Array, refuse);
  if (target === "float32") return toFloat32(array, refuse);
  if (target === "int32") return toInt32(array, refuse);
  if (target === "int64") return toInt64(array, refuse);
  if (target === "float64") return toFloat64(array, refuse);
  if (target === "float16") return toFloat16(array, refuse);
  if (target === "uint8" && array.dtype !== "uint8") {
    return toUint8(array, refuse);
  }
  if (target === "bool" && array.dtype === "uint8") {
    checkBits(array.data as Uint8Array, refuse);
  }
  const { buffer, byteOffset, byteLength } = array.data;
  return array.data instanceof Uint8Array
    ? array.data
    : new Uint8Array(buffer, byteOffset, byteLength); // of a clamped one
}

/** Creates the error for the value at an index. */
type Refuse = (index: number, rule: string) => RangeError;

function checkBits(data: Uint8Array, refuse: Refuse): void {
  const index = data.findIndex((value) => value > 1);
  if (index >= 0) throw refuse(index, "0 or 1");
}

function toFloat32({ data, dtype }: HostArray, refuse: Refuse): Float32Array {
  if (dtype === "float32") return data as Float32Array;
  if (dtype === "int64") return bigToFloat32(data as BigInt64Array, refuse);
  const values = data as Float64Array | Int32Array;
  const floats = Float32Array.from(values); // the length of data
  if (dtype === "float64") {
    for (let i = 0; i < floats.length; i++) {
      if (floats[i] !== Infinity && floats[i] !== -Infinity) continue;
      if (!Number.isFinite(values[i])) continue;
      throw refuse(i, "within the range of float32");
    }
  }
  if (dtype === "int32") {
    for (let i = 0; i < floats.length; i++) {
      if (floats[i] !== values[i]) throw refuse(i, "exact in float32");
    }
  }
  return floats;
}

function bigToFloat32(data: BigInt64Array, refuse: Refuse): Float32Array {
  const floats = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]!);
    floats[i] = value;
    const isSmall = value <= EXACT && value >= -EXACT;
    // Compared as BigInt: a number may be rounded already.
    if (!isSmall && BigInt(floats[i]!) !== data[i]) {
      throw refuse(i, "exact in float32");
    }
  }
  return floats;
}

function toInt32({ data, dtype }: HostArray, refuse: Refuse): Int32Array {
  if (dtype === "int32") return data as Int32Array;
  return toInts(
    data as unknown as ArrayLike<number | bigint>,
    (i) => refuse(i, "a whole number in the range of int32"),
  );
}

function toInt64({ data, dtype }: HostArray, refuse: Refuse): BigInt64Array {
  if (dtype === "int64") return data as BigInt64Array;
  const values = data as unknown as ArrayLike<number>;
  const ints = new BigInt64Array(values.length);
  for (let i = 0; i < ints.length; i++) {
    // Beyond this, several integers have the same float.
    if (!Number.isSafeInteger(values[i]!)) throw refuse(i, "a whole number");
    ints[i] = BigInt(values[i]!);
  }
  return ints;
}

function toFloat64({ data, dtype }: HostArray, refuse: Refuse): Float64Array {
  if (dtype === "float64") return data as Float64Array;
  const values = data as unknown as ArrayLike<number | bigint>;
  const floats = new Float64Array(values.length);
  for (let i = 0; i < floats.length; i++) {
    floats[i] = Number(values[i]!);
    const isBig = typeof values[i] === "bigint";
    if (isBig && BigInt(floats[i]!) !== values[i]) {
      throw refuse(i, "exact in float64");
    }
  }
  return floats;
}

function toFloat16({ data, dtype }: HostArray, refuse: Refuse): Float16Array {
  if (dtype === "float16") return data as Float16Array;
  const values = data as unknown as ArrayLike<number | bigint>;
  const halves = new Float16Array(values.length);
  const isFloat = dtype === "float32" || dtype === "float64";
  for (let i = 0; i < halves.length; i++) {
    const value = Number(values[i]!);
    halves[i] = value;
    const isKept = isFloat
      ? Number.isFinite(halves[i]!) || !Number.isFinite(value)
      : halves[i] === value;
    if (isKept) continue;
    throw refuse(
      i,
      isFloat ? "within the range of float16" : "exact in float16",
    );
  }
  return halves;
}

function toUint8({ data }: HostArray, refuse: Refuse): Uint8Array {
  const values = data as unknown as ArrayLike<number | bigint>;
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = Number(values[i]!);
    bytes[i] = value;
    if (bytes[i] !== value) throw refuse(i, "a whole number from 0 to 255");
  }
  return bytes;
}

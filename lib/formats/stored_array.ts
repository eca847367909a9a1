/**
 * Arrays in files, with the element types of weights.
 *
 * @module
 */
import { toFloats } from "../math/exact_numbers.ts";
import { cannot } from "../check.ts";

/** Element types of arrays in files. */
export type StoredType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

/** Values of a stored array; `bfloat16` as its bits. */
export type StoredData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/** An array in a file, in row-major order. */
export interface StoredArray {
  /** Its values. */
  readonly data: StoredData;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Its element type. */
  readonly dtype: StoredType;
}

const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/**
 * Bytes of one element.
 *
 * @param dtype The element type.
 * @returns 1, 2, 4 or 8.
 */
export function sizeOfType(dtype: StoredType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/**
 * Zeros.
 *
 * @param dtype The element type.
 * @param length Number of values.
 * @returns The values.
 */
export function emptyStored(dtype: StoredType, length: number): StoredData {
  return new ARRAYS[dtype](length);
}

/**
 * Interprets bytes in native order as values.
 *
 * @param bytes The bytes, from the start of their buffer; not copied.
 * @param dtype The element type.
 * @returns The values.
 */
export function valuesOf(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: StoredType,
): StoredData {
  return new ARRAYS[dtype](
    bytes.buffer,
    bytes.byteOffset,
    bytes.length / sizeOfType(dtype),
  );
}

/**
 * Reverses the order of the bytes of every element, in place.
 *
 * @param bytes The bytes.
 * @param size Bytes of one element.
 */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    bytes.subarray(at, at + size).reverse();
  }
}

/**
 * Converts values to float32. Floats are rounded; integers must be exact.
 *
 * @param array The stored array.
 * @param name Its name, for messages.
 * @returns The values; not copied if they are float32 already.
 * @throws {RangeError} If an integer is not exact in float32, or a float64 is
 * too large.
 */
export function toFloat32(
  { data, dtype }: StoredArray,
  name: string,
): Float32Array<ArrayBuffer> {
  if (dtype === "bfloat16") {
    const bits = Uint32Array.from(data as Uint16Array, (b) => b << 16);
    return new Float32Array(bits.buffer);
  }
  if (data instanceof Float32Array) return data as Float32Array<ArrayBuffer>;
  const isFloat = dtype === "float16" || dtype === "float64";
  return toFloats(data, isFloat, (value) =>
    new RangeError(
      cannot(`read "${name}"`, `its ${dtype} must fit float32`, value),
    ));
}

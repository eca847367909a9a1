import type * as tf from "@tensorflow/tfjs";
import { cannot } from "../check.ts";
import type { FeatureArray, NdArray } from "../types.ts";

/** The typed arrays that backends return. */
export type RawValues = Float32Array | Int32Array | Uint8Array;

/** Largest finite float16. */
const LARGEST_HALF = 65504;

/**
 * Converts values to a feature: float32, int32 (booleans too), or float16.
 *
 * @param values Values of the backend; not copied, owned by the result.
 * @param tensor The tensor with these values.
 * @param name The layer's name, for messages.
 * @param readAs Float16, if requested.
 * @param first Index of the first row in its dataset, for messages.
 * @returns The feature.
 * @throws {RangeError} If a value is beyond float16.
 */
export function featureArray(
  values: RawValues,
  { shape, dtype }: Pick<tf.Tensor, "shape" | "dtype">,
  name: string,
  readAs: "float16" | undefined,
  first = 0,
): FeatureArray {
  const sizes = Object.freeze([...shape]);
  checkElementType(dtype, `take layer "${name}"`);
  if (readAs === "float16") {
    const data = new Float16Array(values);
    checkHalves(data, values, sizes, name, first);
    return Object.freeze({ data, shape: sizes, dtype: "float16" });
  }
  if (dtype === "int32" || dtype === "bool") {
    const data = values instanceof Int32Array
      ? values
      : Int32Array.from(values);
    return Object.freeze({ data, shape: sizes, dtype: "int32" });
  }
  return floatArray(values, sizes);
}

/**
 * Refuses strings and complex numbers.
 *
 * @param dtype Element type of a tensor.
 * @param action The action, for messages.
 * @throws {TypeError} If it is not float32, int32 or bool.
 */
export function checkElementType(dtype: string, action: string): void {
  if (["float32", "int32", "bool"].includes(dtype)) return;
  throw new TypeError(
    cannot(action, "its elements must be float32, int32 or bool", dtype),
  );
}

/**
 * Creates a float32 array.
 *
 * @param values Values of the backend; not copied, owned by the result.
 * @param shape Sizes of the axes.
 * @returns The array.
 */
export function floatArray(
  values: RawValues,
  shape: readonly number[],
): NdArray {
  const data = values instanceof Float32Array
    ? values
    : Float32Array.from(values);
  return Object.freeze({
    data,
    shape: Object.freeze([...shape]),
    dtype: "float32",
  });
}

/**
 * Refuses values that overflow float16.
 *
 * @param halves The values in float16.
 * @param values The same values, unconverted.
 * @param shape Sizes of the axes.
 * @param name The layer's name, for messages.
 * @param first Index of the first row in its dataset, for messages.
 * @throws {RangeError} If a finite value is beyond float16.
 */
export function checkHalves(
  halves: Float16Array,
  values: ArrayLike<number>,
  shape: readonly number[],
  name: string,
  first = 0,
): void {
  for (let i = 0; i < halves.length; i++) {
    if (Number.isFinite(halves[i]!) || !Number.isFinite(values[i]!)) continue;
    const row = first + Math.floor(i / (halves.length / shape[0]!));
    throw new RangeError(
      cannot(
        `keep layer "${name}" as float16`,
        `its values must lie within ±${LARGEST_HALF}, in row ${row} too`,
        values[i],
        "leave out half(), or normalize() before it",
      ),
    );
  }
}

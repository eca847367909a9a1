/**
 * Conversions of numbers that lose nothing but the rounding of floats.
 *
 * @module
 */

/** Numbers of any element type. */
type Numbers = ArrayLike<number | bigint>;

/**
 * Converts numbers to float32. Floats are rounded; integers must be exact.
 *
 * @param values The numbers.
 * @param isFloat Whether their type is a float.
 * @param refuse Creates the error for a number that does not fit.
 * @returns New values.
 */
export function toFloats(
  values: Numbers,
  isFloat: boolean,
  refuse: (value: number | bigint) => Error,
): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < floats.length; i++) {
    const value = Number(values[i]!);
    floats[i] = value;
    const isKept = isFloat
      ? Number.isFinite(floats[i]!) || !Number.isFinite(value)
      : floats[i] === value && Math.abs(value) <= 2 ** 24;
    if (!isKept) throw refuse(values[i]!);
  }
  return floats;
}

/**
 * Converts numbers to int32; they must be exact.
 *
 * @param values The numbers.
 * @param refuse Creates the error for the number at an index that does not fit.
 * @returns New values.
 */
export function toInts(
  values: Numbers,
  refuse: (index: number) => Error,
): Int32Array<ArrayBuffer> {
  const ints = new Int32Array(values.length);
  for (let i = 0; i < ints.length; i++) {
    const value = Number(values[i]!); // rounded only if out of range anyway
    ints[i] = value;
    if (ints[i] !== value) throw refuse(i);
  }
  return ints;
}

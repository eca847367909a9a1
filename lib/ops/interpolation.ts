/**
 * Which places a resized axis is made of, and with what weights.
 *
 * Reckoned in 32-bit floats in TensorFlow's order, so that no place falls to
 * the other side of a border: half-pixel centres, no antialiasing, and for
 * `bicubic` a distance in steps of 1/1024, with weights of 0 beyond the border.
 *
 * Source: https://github.com/tensorflow/tensorflow/tree/v2.15.0/tensorflow/core/kernels/image
 *
 * @module
 */

/** One of the places that each new place is made of. */
export interface Tap {
  /** A place of the axis as it was, for each new place. */
  readonly indices: Int32Array;
  /** Its weight, for each new place. */
  readonly weights: Float32Array;
}

const TABLE = 1024;

/**
 * The taps of an axis that is resized.
 *
 * @param before Its size before.
 * @param after Its size afterwards.
 * @param interpolation How values between places are found.
 * @returns Taps: each new value is the sum of their weighted values.
 */
export function interpolationTaps(
  before: number,
  after: number,
  interpolation: "nearest" | "bilinear" | "bicubic",
): Tap[] {
  const scale = Math.fround(before / after);
  const centres = Array.from(
    { length: after },
    (_, i) => Math.fround(Math.fround(i + 0.5) * scale),
  );
  if (interpolation === "nearest") {
    return [tap(centres.map((at) => [Math.floor(at), 1]), before)];
  }
  const places = centres.map((at) => Math.fround(at - 0.5));
  const shares = places.map((at) => Math.fround(at - Math.floor(at)));
  if (interpolation === "bilinear") {
    return [
      tap(places.map((at, i) => [Math.floor(at), 1 - shares[i]!]), before),
      tap(places.map((at, i) => [Math.ceil(at), shares[i]!]), before),
    ];
  }
  const rows = places.map((at, i) =>
    cubicWeights(Math.floor(at), shares[i]!, before)
  );
  return [-1, 0, 1, 2].map((offset, j) =>
    tap(places.map((at, i) => [Math.floor(at) + offset, rows[i]![j]!]), before)
  );
}

function tap(pairs: readonly (readonly number[])[], before: number): Tap {
  const within = (place: number) => Math.min(Math.max(place, 0), before - 1);
  return {
    indices: Int32Array.from(pairs, ([place]) => within(place!)),
    weights: Float32Array.from(pairs, ([_, weight]) => weight!),
  };
}

/** Weights of the places from one before to two after; they sum to 1. */
function cubicWeights(floor: number, share: number, before: number): number[] {
  const step = roundedToEven(share * TABLE);
  const x = step / TABLE;
  const rest = (TABLE - step) / TABLE;
  const weights = [far(x), near(x), near(rest), far(rest)]
    .map((weight, j) => {
      const place = floor + j - 1;
      return place < 0 || place >= before ? 0 : Math.fround(weight);
    });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function roundedToEven(x: number): number {
  const floor = Math.floor(x);
  const isHalf = x - floor === 0.5;
  return isHalf ? floor + floor % 2 : Math.round(x);
}

/** Keys' kernel with `a = −0.5`, for distances to 1. */
function near(x: number): number {
  return (1.5 * x - 2.5) * x * x + 1;
}

/** The same for a distance of `x + 1`. */
function far(x: number): number {
  const z = x + 1;
  return ((-0.5 * z + 2.5) * z - 4) * z + 2;
}

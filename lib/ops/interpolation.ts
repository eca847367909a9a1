/**
 * The taps of a resized axis: the input positions that each output position
 * sums, and their weights.
 *
 * Computed in 32-bit floats in TensorFlow's order of operations, so that taps
 * are bitwise equal: half-pixel centers, no antialiasing, and for `bicubic`
 * distances in steps of 1/1024, with weight 0 beyond the edge.
 *
 * Source: https://github.com/tensorflow/tensorflow/tree/v2.15.0/tensorflow/core/kernels/image
 *
 * @module
 */

import { roundHalfToEven } from "../math/round_half_to_even.ts";

/** One input position for each output position, with its weight. */
export interface Tap {
  /** An index into the input axis, for each output position. */
  readonly indices: Int32Array;
  /** Its weight, for each output position. */
  readonly weights: Float32Array;
}

const TABLE = 1024;

/**
 * Computes the taps of a resized axis.
 *
 * @param before Its size before.
 * @param after Its size afterwards.
 * @param interpolation The interpolation between positions.
 * @returns Taps: each output value is the weighted sum of the input values at
 * the taps.
 */
export function interpolationTaps(
  before: number,
  after: number,
  interpolation: "nearest" | "bilinear" | "bicubic",
): Tap[] {
  const scale = Math.fround(before / after);
  const centers = Array.from(
    { length: after },
    (_, i) => Math.fround(Math.fround(i + 0.5) * scale),
  );
  if (interpolation === "nearest") {
    return [tap(centers.map((at) => [Math.floor(at), 1]), before)];
  }
  const positions = centers.map((at) => Math.fround(at - 0.5));
  const fractions = positions.map((at) => Math.fround(at - Math.floor(at)));
  if (interpolation === "bilinear") {
    return [
      tap(
        positions.map((at, i) => [Math.floor(at), 1 - fractions[i]!]),
        before,
      ),
      tap(positions.map((at, i) => [Math.ceil(at), fractions[i]!]), before),
    ];
  }
  const rows = positions.map((at, i) =>
    cubicWeights(Math.floor(at), fractions[i]!, before)
  );
  return [-1, 0, 1, 2].map((offset, j) =>
    tap(
      positions.map((at, i) => [Math.floor(at) + offset, rows[i]![j]!]),
      before,
    )
  );
}

function tap(pairs: readonly (readonly number[])[], before: number): Tap {
  const within = (index: number) => Math.min(Math.max(index, 0), before - 1);
  return {
    indices: Int32Array.from(pairs, ([index]) => within(index!)),
    weights: Float32Array.from(pairs, ([_, weight]) => weight!),
  };
}

/** Weights of the positions from one before to two after; they sum to 1. */
function cubicWeights(
  floor: number,
  fraction: number,
  before: number,
): number[] {
  const step = roundHalfToEven(fraction * TABLE);
  const x = step / TABLE;
  const rest = (TABLE - step) / TABLE;
  const weights = [x + 1, x, rest, rest + 1].map(cubicKernel)
    .map((weight, j) => {
      const index = floor + j - 1;
      return index < 0 || index >= before ? 0 : Math.fround(weight);
    });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/**
 * The cubic kernel of Keys with `a = −0.5`.
 *
 * Source: Keys, "Cubic convolution interpolation for digital image processing",
 * IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1981.
 *
 * @param distance The distance from the centre, of either sign.
 * @returns The weight; 0 from a distance of 2 on.
 */
export function cubicKernel(distance: number): number {
  const x = Math.abs(distance);
  if (x >= 2) return 0;
  return x >= 1
    ? ((-0.5 * x + 2.5) * x - 4) * x + 2
    : (1.5 * x - 2.5) * x * x + 1;
}

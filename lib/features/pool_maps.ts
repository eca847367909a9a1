/**
 * Pooling of feature maps on the host.
 *
 * @module
 */
import { cannot, sizeOf } from "../check.ts";
import type { FeatureArray } from "../types.ts";
import type { FeatureData } from "./fields.ts";
import { emptyLike, frozenArray } from "./rows.ts";

/**
 * Pools a feature map over its positions, `[N, …, D]` or `[N, D, …]` to
 * `[N, D]`: means with sums in float64, or maxima; NaN if a position is NaN.
 *
 * Keeps the element type, except for means of int32, which are float32.
 *
 * @param feature The feature map, of rank 3 or more.
 * @param kind Mean or maximum.
 * @param channels The position of the axis `D`.
 * @returns A new array.
 * @throws {RangeError} If the map has no positions.
 */
export function poolMaps(
  feature: FeatureArray,
  kind: "mean" | "max",
  channels: "first" | "last",
): FeatureArray {
  const { data, shape, dtype } = feature;
  const [count = 0, ...rest] = shape;
  const depth = (channels === "last" ? rest.at(-1) : rest[0]) ?? 0;
  const numPositions = sizeOf(
    channels === "last" ? rest.slice(0, -1) : rest.slice(1),
  );
  if (numPositions === 0) {
    throw new RangeError(
      cannot("pool maps", "they must have positions", shape),
    );
  }
  const toFloat = kind === "mean" && dtype === "int32";
  const pooled: FeatureData = toFloat
    ? new Float32Array(count * depth)
    : emptyLike<FeatureData>(data, count * depth); // [N, D]
  const [positionStep, unitStep] = channels === "last"
    ? [depth, 1]
    : [1, numPositions];
  for (let row = 0; row < count; row++) {
    for (let unit = 0; unit < depth; unit++) {
      const start = row * numPositions * depth + unit * unitStep;
      let [sum, max] = [0, -Infinity];
      for (let position = 0; position < numPositions; position++) {
        const value = data[start + position * positionStep]!;
        sum += value;
        max = Math.max(max, value);
      }
      pooled[row * depth + unit] = kind === "mean" ? sum / numPositions : max;
    }
  }
  return frozenArray(pooled, [count, depth], toFloat ? "float32" : dtype);
}

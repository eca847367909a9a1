/**
 * Adaptive pooling: `m` windows for any input size. Along an axis of `n`
 * positions, window `i` of `m` contains the positions from `⌊i n / m⌋` to
 * before `⌈(i + 1) n / m⌉`: its length is one of two, `⌈n / m⌉` or one more.
 *
 * @module
 */
import { constantOf } from "./operation_forms.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable, LayerFactory } from "./layer.ts";
import { positiveInts, wrongCall } from "./_checks.ts";
import { forAxes, mapLayer, type SpatialAxes } from "./_maps.ts";

type Kind = "maxPool" | "averagePool";

const adaptivePooling =
  (kind: Kind) => (axes: SpatialAxes): LayerFactory => (config) => {
    const wanted = positiveInts(config, "output_size", axes);
    return mapLayer(config, {
      axes,
      compute: (ops, x) => adaptivelyPooled(ops, x, wanted, kind, config.name),
    });
  };

/**
 * Pools to a number of windows along each spatial axis, whose size must be
 * known.
 *
 * @param ops The engine's operations.
 * @param x A feature map `[N, …positions, D]`.
 * @param wanted The number of windows along each spatial axis.
 * @param kind Maximum or mean.
 * @param name The layer's name, for messages.
 * @returns The pooled feature map.
 */
export function adaptivelyPooled<T>(
  ops: Ops<T>,
  x: T,
  wanted: readonly number[],
  kind: Kind,
  name: string,
): T {
  let map = x;
  // Axis by axis: a mean of means over windows of equal length.
  for (const [i, windows] of wanted.entries()) {
    const size = ops.shape(map)[i + 1]!;
    if (size === null) {
      throw wrongCall(
        name,
        "the sizes of its input's spatial axes must be known",
        ops.shape(x),
      );
    }
    map = pooledAlong(ops, map, { axis: i + 1, size, windows }, kind);
  }
  return map;
}

/**
 * Pools windows of both lengths at every position, then selects the requested
 * ones.
 */
function pooledAlong<T>(
  ops: Ops<T>,
  x: T,
  { axis, size, windows }: { axis: number; size: number; windows: number },
  kind: Kind,
): T {
  const only = (value: number) =>
    ops.shape(x).slice(1, -1).map((_, i) => i + 1 === axis ? value : 1);
  const pooled = (length: number, step: number) =>
    ops[kind](x, {
      size: only(length),
      strides: only(step),
      padding: "valid",
    });
  const length = Math.ceil(size / windows);
  if (size % windows === 0) return pooled(length, length);
  const starts = Array.from(
    { length: windows },
    (_, i) => Math.floor(i * size / windows),
  );
  const isLong = starts.map((start, i) =>
    Math.ceil((i + 1) * size / windows) - start > length
  );
  const short = pooled(length, 1);
  const all = isLong.includes(true)
    ? ops.concatenate([short, pooled(length + 1, 1)], axis)
    : short;
  const numShort = size - length + 1;
  const selected = starts.map((start, i) =>
    isLong[i] ? numShort + start : start
  );
  const indices = constantOf(ops, selected, "int32");
  return ops.take(all, indices, axis);
}

/** Factories of this family. */
export const ADAPTIVE_POOLING_LAYERS: FactoryTable = Object.freeze({
  ...forAxes(
    [1, 2, 3],
    adaptivePooling("averagePool"),
    "AdaptiveAveragePooling#D",
  ),
  ...forAxes([1, 2, 3], adaptivePooling("maxPool"), "AdaptiveMaxPooling#D"),
});

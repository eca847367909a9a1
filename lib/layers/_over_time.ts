/**
 * Applies a computation to each time step along axis 1.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/**
 * Computes outputs `[N, …]` for each time step of the inputs `[N, T, …]`.
 *
 * If the length is known, all time steps are computed at once, as rows;
 * otherwise one after another, because no engine can split an axis into two
 * unknown sizes.
 *
 * @param ops The engine's operations.
 * @param inputs `[N, T, …]` each.
 * @param compute The computation, on one time step or on all as rows.
 * @returns `[N, T, …]` each.
 */
export function overTime<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  compute: (steps: readonly T[]) => readonly T[],
): T[] {
  const length = ops.shape(inputs[0]!)[1];
  if (typeof length === "number") {
    const rows = inputs.map((x) => ops.merge(x, 0, 1)); // [N · T, …]
    return compute(rows).map((y) => ops.unmerge(y, 0, [-1, length]));
  }
  const { outputs } = ops.scan(
    (_state, steps) => ({ state: [], outputs: compute(steps) }),
    [],
    inputs,
  );
  return [...outputs];
}

/**
 * The first time step of a sequence.
 *
 * @param ops The engine's operations.
 * @param x `[N, T, …]`.
 * @returns `[N, …]`.
 */
export function firstStep<T>(ops: Ops<T>, x: T): T {
  return ops.squeeze(ops.slice(x, [{ axis: 1, stop: 1 }]), 1);
}

/**
 * Adds axes of size 1 at the end.
 *
 * @param ops The engine's operations.
 * @param x Any tensor.
 * @param count The number of axes.
 * @returns The tensor with more axes.
 */
export function withLastAxes<T>(ops: Ops<T>, x: T, count: number): T {
  const rank = ops.shape(x).length;
  let wide = x;
  for (let i = 0; i < count; i++) wide = ops.expandDims(wide, rank + i);
  return wide;
}

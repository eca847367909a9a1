/**
 * The same computation at each place along axis 1.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/**
 * Computes `[N, …]` outputs of each place of `[N, T, …]` inputs.
 *
 * Where the length is known all places are taken for rows, at once; else one
 * is walked to after another, as no engine can part two unknown sizes.
 *
 * @param ops The engine's operations.
 * @param inputs `[N, T, …]` each.
 * @param compute From one place of each, or from all places as rows.
 * @returns `[N, T, …]` each.
 */
export function overTime<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  compute: (places: readonly T[]) => readonly T[],
): T[] {
  const length = ops.shape(inputs[0]!)[1];
  if (typeof length === "number") {
    const rows = inputs.map((x) => ops.merge(x, 0, 1)); // [N · T, …]
    return compute(rows).map((y) => ops.unmerge(y, 0, [-1, length]));
  }
  const { outputs } = ops.scan(
    (_state, places) => ({ state: [], outputs: compute(places) }),
    [],
    inputs,
  );
  return [...outputs];
}

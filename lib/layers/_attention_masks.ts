/**
 * Attention masks: booleans `[N, T, S]`, true where a query may attend to a
 * key; and their application to scores.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/**
 * A causal mask: a query attends to keys up to its position.
 *
 * @param ops The engine's operations.
 * @param query `[N, T, …]`.
 * @param value `[N, S, …]`.
 * @returns `[1, T, S]` booleans.
 */
export function causalMask<T>(ops: Ops<T>, query: T, value: T): T {
  const [rows, columns] = rowsAndColumns(ops, query, value);
  return ops.greaterEqual(rows, columns);
}

/**
 * A sliding-window mask: a query attends to keys nearer than a width, on both
 * sides.
 *
 * @param ops The engine's operations.
 * @param query `[N, T, …]`.
 * @param value `[N, S, …]`.
 * @param width The smallest distance that is masked.
 * @returns `[1, T, S]` booleans.
 */
export function windowMask<T>(
  ops: Ops<T>,
  query: T,
  value: T,
  width: number,
): T {
  const [rows, columns] = rowsAndColumns(ops, query, value);
  const distance = ops.abs(ops.subtract(rows, columns));
  return ops.greater(ops.constant(width), distance);
}

/**
 * Combines masks with logical and.
 *
 * @param ops The engine's operations.
 * @param masks The masks; undefined ones are ignored.
 * @returns The mask; undefined if there is none.
 */
export function allOf<T>(
  ops: Ops<T>,
  masks: readonly (T | undefined)[],
): T | undefined {
  const found = masks.filter((mask) => mask !== undefined);
  if (found.length === 0) return undefined;
  return found.slice(1).reduce(
    (all: T, mask) => ops.logicalAnd(all, mask),
    found[0]!,
  );
}

function rowsAndColumns<T>(ops: Ops<T>, query: T, value: T): [T, T] {
  return [
    ops.expandDims(positions(ops, query), 2), // [1, T, 1]
    ops.expandDims(positions(ops, value), 1), // [1, 1, S]
  ];
}

/** `[1, T]`: 1, 2, … along axis 1, whose size may be unknown. */
function positions<T>(ops: Ops<T>, x: T): T {
  const shape = ops.shape(x);
  const length = shape[1];
  if (typeof length === "number") {
    const data = Float32Array.from({ length }, (_, i) => i + 1);
    return ops.constant({ data, shape: [1, length], dtype: "float32" });
  }
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  let row = ops.slice(x, others.map((axis) => ({ axis, stop: 1 })));
  for (let axis = shape.length - 1; axis > 1; axis--) {
    row = ops.squeeze(row, axis);
  }
  const one = ops.constant(1);
  return ops.cumsum(ops.where(ops.isNaN(row), one, one), 1);
}

/**
 * Lowers masked scores by 1e9. Not to minus infinity, so that rows in which all
 * is masked still have weights, from the digits that float32 keeps of a score
 * beside 1e9.
 *
 * @param ops The engine's operations.
 * @param scores Any scores.
 * @param allowed Booleans that broadcast to them.
 * @returns The scores, ready for a softmax.
 */
export function lowered<T>(ops: Ops<T>, scores: T, allowed: T): T {
  return ops.where(allowed, scores, ops.subtract(scores, ops.constant(1e9)));
}

/**
 * Arithmetic of shapes, null for sizes that are not known before the run.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";

/** A shape; null where a size is not known before the run. */
export type Shape = readonly (number | null)[];

/**
 * How many values a shape holds.
 *
 * @param shape The shape.
 * @returns The product of its sizes; null if one of them is not known.
 */
export function countOf(shape: Shape): number | null {
  return shape.reduce<number | null>(
    (all, size) => all === null || size === null ? null : all * size,
    1,
  );
}

/**
 * An axis counted from the front.
 *
 * @param axis The axis; negative counts from the end.
 * @param rank How many axes there are.
 * @returns The axis, from 0 to `rank - 1`.
 * @throws {RangeError} If there is no such axis.
 */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) {
    throw new RangeError(
      cannot("take an axis", `it must be one of the ${rank} that are`, axis),
    );
  }
  return at;
}

/**
 * Axes counted from the front.
 *
 * @param axes One, several, or undefined for all.
 * @param rank How many axes there are.
 * @returns The axes, each from 0 to `rank - 1`.
 * @throws {RangeError} If there is no such axis.
 */
export function axesOf(
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  return [axes].flat().map((axis) => axisOf(axis, rank));
}

/**
 * The shape of two values broadcast against each other, as in NumPy.
 *
 * @param a The one shape.
 * @param b The other.
 * @returns The shape of both together.
 * @throws {TypeError} If they do not go together.
 */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = sizeAt(a, i - rank);
    const q = sizeAt(b, i - rank);
    if (p === 1) return q;
    if (q === 1 || p === q) return p;
    if (p === null) return q;
    if (q === null) return p;
    throw new TypeError(
      cannot("broadcast", `the shape must go with ${shapeText(a)}`, b),
    );
  });
}

function sizeAt(shape: Shape, fromEnd: number): number | null {
  const at = shape.length + fromEnd;
  return at < 0 ? 1 : shape[at]!;
}

/**
 * One size out of two that must be the same.
 *
 * @param a The one size.
 * @param b The other.
 * @param message Words the error if they are not the same.
 * @returns The size, as far as it is known.
 * @throws {TypeError} If both are known and differ.
 */
export function sameSize(
  a: number | null,
  b: number | null,
  message: () => string,
): number | null {
  if (a !== null && b !== null && a !== b) throw new TypeError(message());
  return a ?? b;
}

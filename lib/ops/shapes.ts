/**
 * Shape arithmetic; sizes that are unknown before the run are null.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";

/** A shape; null for a size that is unknown before the run. */
export type Shape = readonly (number | null)[];

/**
 * The number of values of a shape.
 *
 * @param shape The shape.
 * @returns The product of its sizes; null if one is unknown.
 */
export function countOf(shape: Shape): number | null {
  return shape.reduce<number | null>(
    (all, size) => all === null || size === null ? null : all * size,
    1,
  );
}

/**
 * Normalizes an axis to count from the front.
 *
 * @param axis The axis; negative counts from the end.
 * @param rank The number of axes.
 * @returns The axis, from 0 to `rank - 1`.
 * @throws {RangeError} If there is no such axis.
 */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) {
    throw new RangeError(
      cannot("find an axis", `it must be one of the ${rank} axes`, axis),
    );
  }
  return at;
}

/**
 * Normalizes axes to count from the front.
 *
 * @param axes One, several, or undefined for all.
 * @param rank The number of axes.
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
 * Broadcasts two shapes, as in NumPy.
 *
 * @param a The one shape.
 * @param b The other.
 * @returns The broadcast shape.
 * @throws {TypeError} If they are not compatible.
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
      cannot(
        "broadcast",
        `the shape must be compatible with ${shapeText(a)}`,
        b,
      ),
    );
  });
}

function sizeAt(shape: Shape, fromEnd: number): number | null {
  const at = shape.length + fromEnd;
  return at < 0 ? 1 : shape[at]!;
}

/**
 * Unifies two sizes, which must be equal if both are known.
 *
 * @param a The one size.
 * @param b The other.
 * @param message Returns the message of the error if they are not the same.
 * @returns The size; null if both are unknown.
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

/** An index for integers that have none: every engine refuses it. */
export const NO_INDEX = -(2 ** 31);

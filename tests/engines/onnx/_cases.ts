/**
 * What a case of an operation is, and the values that cases share.
 *
 * @module
 */
import {
  booleans,
  type Build,
  floats,
  integers,
  type Values,
  waves,
} from "./_recorded.ts";

/** One operation, on inputs of 7 rows, against numbers found otherwise. */
export interface Case {
  /** The operations that it shows. */
  readonly shows: string;
  readonly inputs: readonly Values[];
  readonly build: Build;
  readonly expected: Values;
  /** Inputs that do not have the batch as their first axis. */
  readonly fixed?: readonly number[];
  readonly atol?: number;
}

export const X = floats([7, 3], [
  ...[-2.5, -1.5, -1, -0.5, -0.25, 0, 0.25],
  ...[0.5, 1, 1.5, 2.5, 3, 1e-3, -1e-3],
  ...[1e-8, -1e-8, 20, -20, 3.7, -3.7, 0.1],
]);
export const Y = floats(
  [7, 3],
  X.data.map((_, i) => [0.5, -2, 3, -0.7][i % 4]!),
);
export const I = integers([7, 3], X.data.map((_, i) => i * 5 % 13 - 6));
export const J = integers([7, 3], X.data.map((_, i) => [2, -3, 5, -7][i % 4]!));
export const P = booleans(
  [7, 3],
  X.data.map((_, i) => i * 7 % 3 === 0 ? 1 : 0),
);
export const Q = booleans([7, 3], X.data.map((_, i) => i * 5 % 4 < 2 ? 1 : 0));
export const WITH_NAN = floats(
  [7, 3],
  X.data.map((x, i) => i % 5 === 1 ? NaN : x),
);
export const MAP = waves([7, 4, 3, 2]);

export const like = ({ shape }: Values, data: Iterable<number>) =>
  floats(shape, data);
export const mapped = (x: Values, f: (v: number, i: number) => number) =>
  like(x, x.data.map(f));
export const truth = (x: Values, f: (v: number, i: number) => boolean) =>
  booleans(x.shape, x.data.map((v, i) => f(v, i) ? 1 : 0));

export function rowsOf3({ data }: Values): number[][] {
  return Array.from({ length: 7 }, (_, n) => data.slice(3 * n, 3 * n + 3));
}

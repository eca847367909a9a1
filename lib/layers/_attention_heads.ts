/**
 * Steps of multi-head attention: projections to heads and back, and the
 * attention over some axes in each head.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { lowered } from "./_attention_masks.ts";
import { addBias, checkWeight, wrongCall } from "./_checks.ts";

/** `[…, D]` times a kernel `[D, heads, H]`, and the bias. */
export function projected<T>(
  ops: Ops<T>,
  x: T,
  { kernel, bias }: Readonly<Record<string, T>>,
  { name, sizes: [heads, size] }: { name: string; sizes: readonly number[] },
): T {
  const depth = ops.shape(x).at(-1)!;
  checkWeight(name, "kernel", ops.shape(kernel!), [depth, heads!, size!]);
  const product = ops.matmul(x, ops.merge(kernel!, 1, 2));
  const axis = ops.shape(x).length - 1;
  const split = ops.unmerge(product, axis, [heads!, size!]);
  return addBias(ops, split, bias, name, 2);
}

/** `[…, heads, H]` times `[heads, H, …out]`, and the bias. */
export function merged<T>(
  ops: Ops<T>,
  x: T,
  { kernel, bias }: Readonly<Record<string, T>>,
  { name, sizes: wanted }: { name: string; sizes: readonly unknown[] },
): T {
  checkWeight(name, "kernel", ops.shape(kernel!), wanted as number[]);
  const sizes = ops.shape(kernel!).slice(2) as number[];
  const flat = ops.merge(kernel!, 0, 1); // [heads · H, …out]
  const matrix = sizes.length > 1 ? ops.merge(flat, 1, sizes.length) : flat;
  const rank = ops.shape(x).length;
  const product = ops.matmul(ops.merge(x, rank - 2, rank - 1), matrix);
  const split = sizes.length > 1
    ? ops.unmerge(product, rank - 2, sizes)
    : product;
  return addBias(ops, split, bias, name, sizes.length);
}

/** Repeats the heads of key and value for each group of query heads. */
export function repeatedTo<T>(ops: Ops<T>, x: T, heads: number): T {
  const axis = ops.shape(x).length - 2;
  const size = ops.shape(x)[axis]!;
  return size === heads ? x : ops.repeat(x, heads / size, axis);
}

export interface Attend<T> {
  /** `[N, …, heads, H]` each. */
  readonly q: T;
  readonly k: T;
  readonly v: T;
  readonly axes: readonly number[];
  readonly allowed: T | undefined;
  /**
   * Whether weights of masked positions are 0 also if all positions are masked.
   */
  readonly isZeroed: boolean;
  /** Whether scores of masked positions are lowered instead of replaced. */
  readonly isLowered: boolean;
  readonly name: string;
}

/**
 * The attention output with the axes of the query, and weights
 * `[N, …others, heads, …T, …S]`.
 */
export function attend<T>(
  ops: Ops<T>,
  { q, k, v, axes, allowed, isZeroed, isLowered, name }: Attend<T>,
): { output: T; weights: T } {
  const rank = ops.shape(q).length;
  const between = Array.from({ length: rank - 3 }, (_, i) => i + 1);
  const others = between.filter((axis) => !axes.includes(axis));
  const order = [0, ...others, rank - 2, ...axes, rank - 1];
  const first = others.length + 2; // first of the attention axes
  const last = first + axes.length - 1;
  const gather = (x: T) => ops.merge(ops.transpose(x, order), first, last);
  const outer = Array.from({ length: first }, (_, i) => i);
  const size = ops.shape(q).at(-1)!;
  const scaled = ops.multiply(gather(q), ops.constant(1 / Math.sqrt(size)));
  const keys = ops.transpose(gather(k), [...outer, first + 1, first]);
  const scores = ops.matmul(scaled, keys); // [N, …others, heads, T, S]
  const mask = allowed === undefined
    ? undefined
    : alongside(ops, allowed, axes.length, ops.shape(scores).length, name);
  const masked = mask === undefined
    ? scores
    : isLowered
    ? lowered(ops, scores, mask)
    // Finite, so that rows in which all is masked have equal weights, or zeros.
    : ops.where(mask, scores, ops.constant(-1e30));
  const soft = ops.softmax(masked, -1);
  const weights = mask !== undefined && isZeroed
    ? ops.where(mask, soft, ops.constant(0))
    : soft;
  const gathered = ops.matmul(weights, gather(v)); // [N, …others, heads, T, H]
  if (axes.length === 1) {
    const output = ops.transpose(gathered, inverse(order));
    return { output, weights };
  }
  const rows = sizesOf(name, ops.shape(q), axes);
  const columns = sizesOf(name, ops.shape(k), axes);
  const split = ops.unmerge(gathered, first, rows);
  return {
    output: ops.transpose(split, inverse(order)),
    weights: ops.unmerge(ops.unmerge(weights, first + 1, columns), first, rows),
  };
}

/** Adds axes to a mask `[N, …T, …S]`, to the rank of the scores. */
function alongside<T>(
  ops: Ops<T>,
  mask: T,
  numAxes: number,
  rank: number,
  name: string,
): T {
  const shape = ops.shape(mask);
  const start = shape.length - 2 * numAxes;
  const isWhole = numAxes === 1 || !shape.slice(start).includes(1);
  if (start < 0 || !isWhole) {
    throw wrongCall(
      name,
      `"attention_mask" must have ${numAxes} axes of queries and of keys`,
      shape,
    );
  }
  let wide = mask;
  if (numAxes > 1) {
    wide = ops.merge(wide, start + numAxes, start + 2 * numAxes - 1);
    wide = ops.merge(wide, start, start + numAxes - 1);
  }
  for (let axis = start + 2; axis < rank; axis++) {
    wide = ops.expandDims(wide, start);
  }
  return wide;
}

function sizesOf(
  name: string,
  shape: readonly (number | null)[],
  axes: readonly number[],
): number[] {
  const sizes = axes.map((axis) => shape[axis] ?? -1);
  if (sizes.filter((size) => size === -1).length <= 1) return sizes;
  throw wrongCall(
    name,
    "at most one of its attention axes may have an unknown size",
    shape,
  );
}

function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

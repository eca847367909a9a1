/**
 * How operations move the axis of the samples, and which of them compute over
 * it, so that the result of a sample depends on the other samples of its batch.
 *
 * Element by element, along an axis, and so on: what the operations of
 * {@linkcode Ops} and of ONNX have in common.
 *
 * @module
 */
import { axisOf, type Shape } from "./shapes.ts";

/** The axis of the samples in a tensor. */
export interface Samples {
  readonly axis: number;
  /**
   * Number of indices for each sample that the axis has in front of it, after
   * axes were merged; null if it is not known.
   *
   * @default {1}
   */
  readonly before?: number | null;
  /** The same, behind it. @default {1} */
  readonly after?: number | null;
}

/**
 * The samples after an operation: null if its result is the same for all
 * samples, "mixed" if it computes over them, undefined if it is not known.
 */
export type Outcome = Samples | null | "mixed" | undefined;

/** Whether the samples are on a known axis. */
export function isLocated(outcome: Outcome): outcome is Samples {
  return typeof outcome === "object" && outcome !== null;
}

/**
 * Whether each row of a tensor belongs to one sample, and depends on no other.
 *
 * @param outcome The samples.
 * @returns True if the first axis is that of the samples.
 */
export function areRows(outcome: Outcome): boolean {
  if (!isLocated(outcome)) return false;
  const { axis, before = 1, after = 1 } = outcome;
  return axis === 0 && before === 1 && after === 1;
}

/** A tensor with known samples. */
export interface Operand {
  readonly samples: Samples | null;
  /** Its sizes; null where they are not known. */
  readonly shape: Shape;
}

/**
 * Element by element, with broadcasting from the last axes.
 *
 * @param operands The operands.
 * @returns The samples of the result; mixed if samples meet other samples.
 */
export function aligned(operands: readonly Operand[]): Outcome {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const found = operands.flatMap(({ samples, shape }) =>
    samples === null ? [] : [shifted(samples, rank - shape.length)]
  );
  const [first] = found;
  if (first === undefined) return null;
  const outcome = common(found);
  if (outcome !== first) return outcome;
  // A constant that has one row for each of several samples.
  const isRow = operands.every(({ samples, shape }) =>
    samples !== null || sizeAt(shape, first.axis - rank) === 1
  );
  return isRow ? first : undefined;
}

function sizeAt(shape: Shape, fromEnd: number): number | null {
  return shape.length + fromEnd < 0 ? 1 : shape.at(fromEnd)!;
}

/**
 * Values of the same axes, none of which is broadcast.
 *
 * @param operands The operands.
 * @returns Their samples; mixed if they are on different axes.
 */
export function alike(operands: readonly Operand[]): Outcome {
  const found = operands.flatMap(({ samples }) => samples ?? []);
  if (found.length === 0) return null;
  // Constants have rows, which belong to no sample.
  return found.length === operands.length ? common(found) : undefined;
}

/**
 * Several values with the same samples.
 *
 * @param found The samples of each.
 * @returns Those of the first; mixed if they are on different axes.
 */
export function common([first, ...rest]: readonly Samples[]): Outcome {
  for (const other of rest) {
    if (other.axis !== first!.axis) return "mixed";
    for (const key of ["before", "after"] as const) {
      const [a, b] = [first![key], other[key]].map((n = 1) => n);
      if (a === null || b === null) {
        if (a !== b) return undefined;
      } else if (a !== b) return "mixed";
    }
  }
  return first;
}

/**
 * Samples on another axis.
 *
 * @param samples The samples.
 * @param by The number of axes that were inserted before.
 * @returns The samples.
 */
export function shifted(samples: Samples, by: number): Samples {
  return by === 0 ? samples : { ...samples, axis: samples.axis + by };
}

/**
 * Along axes, which keep their order.
 *
 * @param operand The operand.
 * @param axes The axes.
 * @returns The samples; mixed if they are on one of the axes.
 */
export function along(
  { samples, shape: { length: rank } }: Operand,
  ...axes: readonly number[]
): Outcome {
  if (samples === null) return null;
  const isOver = axes.some((axis) => axisOf(axis, rank) === samples.axis);
  return isOver ? "mixed" : samples;
}

/**
 * Over axes that are removed, or kept with size 1.
 *
 * @param operand The operand.
 * @param axes The axes.
 * @param isKept Whether they are kept.
 * @returns The samples; mixed if they are on one of the axes.
 */
export function reduced(
  operand: Operand,
  axes: readonly number[],
  isKept = false,
): Outcome {
  const after = along(operand, ...axes);
  if (isKept || !isLocated(after)) return after;
  const gone = axes.map((axis) => axisOf(axis, operand.shape.length));
  return shifted(after, -gone.filter((axis) => axis < after.axis).length);
}

/**
 * Permutes axes.
 *
 * @param samples The samples.
 * @param order The former axes, in their new order; not negative.
 * @returns The samples.
 */
export function permuted(
  samples: Samples | null,
  order: readonly number[],
): Outcome {
  return samples && { ...samples, axis: order.indexOf(samples.axis) };
}

/**
 * A product that sums over axes.
 *
 * @param operands The two operands.
 * @param letters A letter for each axis of the operands and of the result;
 * letters that the result lacks are summed over.
 * @returns The samples of the result; mixed if it sums over samples, or
 * multiplies each sample with each.
 */
export function multiplied(
  operands: readonly [Operand, Operand],
  letters: {
    readonly a: readonly string[];
    readonly b: readonly string[];
    readonly result: readonly string[];
  },
): Outcome {
  const names = [letters.a, letters.b] as const;
  const found = operands.flatMap(({ samples }, i) => {
    if (samples === null) return [];
    const axis = letters.result.indexOf(names[i]![samples.axis]!);
    return [{ ...samples, axis }];
  });
  if (found.some(({ axis }) => axis < 0)) return "mixed";
  const outcome = common(found);
  if (!isLocated(outcome)) return outcome;
  const letter = letters.result[outcome.axis]!;
  const isRow = operands.every(({ samples, shape }, i) => {
    const axis = names[i]!.indexOf(letter);
    return samples !== null || axis < 0 || shape[axis] === 1;
  });
  return isRow ? outcome : undefined;
}

/**
 * Letters of the axes of a matrix product over the last two axes.
 *
 * @param rankA Number of axes of the first operand.
 * @param rankB Number of axes of the second.
 * @returns The letters; other axes have numbers.
 */
export function productLetters(rankA: number, rankB: number) {
  const outer = (count: number) =>
    Array.from({ length: count }, (_, i) => String(count - 1 - i));
  const most = Math.max(rankA, rankB) - 2;
  return {
    a: [...outer(rankA - 2), "m", "k"],
    b: [...outer(rankB - 2), "k", "n"],
    result: [...outer(most), "m", "n"],
  };
}

/**
 * New sizes for the same values, row-major.
 *
 * @param operand The operand.
 * @param sizes The new sizes; −1 for an inferred one.
 * @param batch Number of samples, if it is fixed.
 * @returns The samples; mixed if no axis has all of them, with their values
 * behind them.
 */
export function reshaped(
  { samples, shape }: Operand,
  sizes: readonly number[],
  batch?: number,
): Outcome {
  if (samples === null) return null;
  const { axis, before = 1, after = 1 } = samples;
  let [start, end, stop] = [0, shape.length, sizes.length];
  while (start < axis && shape[start] === sizes[start]) start++;
  while (
    end - 1 > axis && stop > start && shape[end - 1] === sizes[stop - 1]
  ) [end, stop] = [end - 1, stop - 1];
  const outer = product([...shape.slice(start, axis), before]);
  const inner = product([after, ...shape.slice(axis + 1, end)]);
  const found = batch === undefined
    ? inferred(sizes.slice(start, stop), outer, inner)
    : located(sizes.slice(start, stop), outer, inner, batch);
  return isLocated(found) ? shifted(found, start) : found;
}

/** The inferred size is that of the samples. */
function inferred(
  sizes: readonly number[],
  outer: number | null,
  inner: number | null,
): Samples | "mixed" | undefined {
  const axis = sizes.indexOf(-1);
  if (axis < 0) return undefined;
  const before = quotient(outer, product(sizes.slice(0, axis)));
  const after = quotient(inner, product(sizes.slice(axis + 1)));
  if (before === "mixed" || after === "mixed") return "mixed";
  return before === undefined || after === undefined
    ? undefined
    : { axis, before, after };
}

/** All sizes are known. */
function located(
  sizes: readonly number[],
  outer: number | null,
  inner: number | null,
  batch: number,
): Samples | "mixed" | undefined {
  if (outer === null || inner === null) return undefined;
  const known = Math.abs(product(sizes)!);
  const all = sizes.map((size) =>
    size === -1 ? outer * batch * inner / known : size
  );
  for (const [axis, size] of all.entries()) {
    const before = outer / product(all.slice(0, axis))!;
    const after = size / (before * batch);
    if (Number.isInteger(before) && Number.isInteger(after)) {
      return { axis, before, after };
    }
  }
  return "mixed";
}

/**
 * Multiplies sizes.
 *
 * @param sizes The sizes.
 * @returns The product; null if one is not known.
 */
export function product(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce(
    (all, size) => all === null || size === null ? null : all * size,
    1,
  );
}

function quotient(
  whole: number | null,
  part: number | null,
): number | null | "mixed" | undefined {
  if (part === 1) return whole;
  if (whole === null || part === null) return undefined;
  return whole % part === 0 ? whole / part : "mixed";
}

/**
 * How operations move the axis of the samples, and which of them compute over
 * it, so that the result of a sample depends on the other samples of its batch.
 *
 * Element by element, along an axis, and so on: what the operations of
 * {@linkcode Ops} and of ONNX have in common.
 *
 * @module
 */
import { axisOf, countOf, type Shape } from "./shapes.ts";

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
  /**
   * Whether a row depends on its position among the samples, as constants with a
   * row for each sample make it; "unknown" if it may.
   *
   * @default {false}
   */
  readonly isOrdered?: boolean | "unknown";
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
  return isLocated(outcome) && outcome.axis === 0 && isPlain(outcome);
}

/** Whether their axis has one index for each sample. */
export function isPlain({ before = 1, after = 1 }: Samples): boolean {
  return before === 1 && after === 1;
}

/**
 * Whether a batch may be split: each row depends on one sample alone, wherever
 * it is in the batch.
 *
 * @param outcome The samples.
 * @returns True if this is certain.
 */
export function areApart(outcome: Outcome): boolean {
  return areRows(outcome) && !(outcome as Samples).isOrdered;
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
  return combined(operands.map(({ samples, shape }) => ({
    samples: samples && shifted(samples, rank - shape.length),
    sizeAt: (axis) => axis < rank - shape.length ? 1 : shape.at(axis - rank)!,
  })));
}

/** An operand, by the axes of a result. */
interface Part {
  readonly samples: Samples | null;
  readonly sizeAt: (axis: number) => number | null;
}

/**
 * The common samples of operands. Of those that are the same for all samples,
 * several rows differ between positions in the batch.
 */
function combined(parts: readonly Part[]): Outcome {
  const found = parts.flatMap(({ samples }) => samples ?? []);
  const outcome = found.length === 0 ? null : common(found);
  if (!isLocated(outcome)) return outcome;
  const sizes = parts.filter(({ samples }) => samples === null)
    .map(({ sizeAt }) => sizeAt(outcome.axis)).filter((size) => size !== 1);
  if (sizes.length === 0) return outcome;
  return { ...outcome, isOrdered: sizes.includes(null) ? "unknown" : true };
}

/**
 * Values of the same axes, none of which is broadcast.
 *
 * @param operands The operands.
 * @returns Their samples; mixed if they are on different axes.
 */
export function alike(operands: readonly Operand[]): Outcome {
  return combined(operands.map(({ samples, shape }) => ({
    samples,
    sizeAt: (axis) => shape[axis]!,
  })));
}

/**
 * Several values with the same samples, of the same number of rows.
 *
 * @param found The samples of each.
 * @returns Their samples; mixed if they are on different axes.
 */
export function common(found: readonly Samples[]): Outcome {
  return found.reduce<Outcome>((all, one) => {
    if (!isLocated(all)) return all;
    if (all.axis !== one.axis) return "mixed";
    const isKnown = isCounted(all) || !isCounted(one);
    const [known, other] = isKnown ? [all, one] : [one, all];
    const { before = 1, after = 1, isOrdered = false } = known;
    const isSame = before === (other.before ?? before) &&
      after === (other.after ?? after);
    if (!isSame) return isCounted(other) ? "mixed" : undefined;
    const order = [isOrdered, other.isOrdered ?? false];
    if (order[1] === isOrdered || !order[1]) return known;
    const isUnknown = order.includes("unknown");
    return { ...known, isOrdered: isUnknown ? "unknown" : true };
  }, found[0]);
}

/** Whether it is known how many indices of the axis a sample has. */
function isCounted({ before, after }: Samples): boolean {
  return before !== null && after !== null;
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

/** A part of an axis; undefined for its ends, null where they are not known. */
export interface Range {
  readonly axis: number;
  readonly start?: number | null | undefined;
  readonly stop?: number | null | undefined;
  readonly step?: number | null | undefined;
}

/**
 * Selects ranges of axes.
 *
 * @param operand The operand.
 * @param ranges A range for each axis that is cut.
 * @returns The samples; mixed if they move to other rows, or some are left out.
 */
export function sliced(operand: Operand, ranges: readonly Range[]): Outcome {
  const { samples, shape } = operand;
  const range = ranges.find(({ axis }) =>
    axisOf(axis, shape.length) === samples?.axis
  );
  if (samples === null || range === undefined) return samples;
  const { start = 0, stop, step = 1 } = range;
  if (step !== null && step < 0) return "mixed";
  const size = shape[samples.axis] ?? null;
  const isWhole = stop === undefined ||
    stop !== null && stop >= (size ?? MANY);
  if (start === 0 && step === 1 && isWhole) return samples;
  // The same part of each sample, perhaps.
  if (!isPlain(samples)) return undefined;
  const isKnown = start !== null && step !== null && stop !== null;
  return isKnown ? "mixed" : undefined;
}

/**
 * An end that no batch has: converters write 10⁹ or 2³¹ − 1 for all rows.
 */
export const MANY = 1e9;

/**
 * Joins values along an axis.
 *
 * @param operands The values.
 * @param axis The axis.
 * @returns The samples; mixed if rows that belong to no sample stand between
 * them.
 */
export function joined(operands: readonly Operand[], axis: number): Outcome {
  const found = alike(operands);
  const { length: rank } = operands[0]!.shape;
  if (!isLocated(found) || found.axis !== axisOf(axis, rank)) return found;
  if (operands.some(({ samples }) => samples === null)) return "mixed";
  const { before = 1 } = found;
  return { ...found, before: before && before * operands.length };
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
 * @param operands The operands.
 * @param letters A letter for each axis of each operand; those that the result
 * lacks are summed over.
 * @param result A letter for each axis of the result.
 * @returns The samples of the result; mixed if it sums over samples, or
 * multiplies each sample with each.
 */
export function multiplied(
  operands: readonly Operand[],
  letters: readonly (readonly string[])[],
  result: readonly string[],
): Outcome {
  const parts = operands.map(({ samples, shape }, i): Part => {
    const all = letters[i]!;
    return {
      samples: samples &&
        { ...samples, axis: result.indexOf(all[samples.axis]!) },
      sizeAt(axis) {
        const at = all.indexOf(result[axis]!);
        return at < 0 ? 1 : shape[at]!;
      },
    };
  });
  const isSummed = parts.some(({ samples }) => samples && samples.axis < 0);
  return isSummed ? "mixed" : combined(parts);
}

/**
 * Letters of the axes of a matrix product over the last two axes.
 *
 * @param rankA Number of axes of the first operand.
 * @param rankB Number of axes of the second.
 * @returns The letters of both, and those of the result; other axes have numbers.
 */
export function productLetters(
  rankA: number,
  rankB: number,
): [letters: string[][], result: string[]] {
  const outer = (count: number) =>
    Array.from({ length: count }, (_, i) => String(count - 1 - i));
  const most = Math.max(rankA, rankB) - 2;
  return [
    [[...outer(rankA - 2), "m", "k"], [...outer(rankB - 2), "k", "n"]],
    [...outer(most), "m", "n"],
  ];
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
  // As many rows as there are samples, whatever they hold.
  if (batch !== undefined && areRows(samples) && sizes[0] === batch) {
    return samples;
  }
  let [start, end, stop] = [0, shape.length, sizes.length];
  while (start < axis && shape[start] === sizes[start]) start++;
  while (
    end - 1 > axis && stop > start && shape[end - 1] === sizes[stop - 1]
  ) [end, stop] = [end - 1, stop - 1];
  const outer = countOf([...shape.slice(start, axis), before]);
  const inner = countOf([after, ...shape.slice(axis + 1, end)]);
  const found = batch === undefined
    ? inferred(sizes.slice(start, stop), outer, inner)
    : located(sizes.slice(start, stop), outer, inner, batch);
  return isLocated(found) ? { ...samples, ...shifted(found, start) } : found;
}

/** The inferred size is that of the samples. */
function inferred(
  sizes: readonly number[],
  outer: number | null,
  inner: number | null,
): Samples | "mixed" | undefined {
  const axis = sizes.indexOf(-1);
  if (axis < 0) return undefined;
  const before = quotient(outer, countOf(sizes.slice(0, axis)));
  const after = quotient(inner, countOf(sizes.slice(axis + 1)));
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
  const known = Math.abs(countOf(sizes)!);
  const all = sizes.map((size) =>
    size === -1 ? outer * batch * inner / known : size
  );
  for (const [axis, size] of all.entries()) {
    const before = outer / countOf(all.slice(0, axis))!;
    const after = size / (before * batch);
    if (Number.isInteger(before) && Number.isInteger(after)) {
      return { axis, before, after };
    }
  }
  return "mixed";
}

function quotient(
  whole: number | null,
  part: number | null,
): number | null | "mixed" | undefined {
  if (part === 1) return whole;
  if (whole === null || part === null) return undefined;
  return whole % part === 0 ? whole / part : "mixed";
}

/**
 * Whether the rows of a batch influence each other, operation by operation.
 *
 * The last batch of a model with a fixed batch size is padded with copies of a
 * row. This does not change other rows only if every operation computes each row
 * of its output from the same row of its inputs. Unknown operations count as
 * mixing. These rules are common to operations of TF.js and of ONNX.
 *
 * @module
 */

/** Facts about a tensor. */
export interface BatchTensor {
  /** Whether axis 0 is the batch; false for values shared by all samples. */
  readonly isBatch: boolean;
  readonly rank: number;
  /** Sizes, if they are known before the run. */
  readonly shape?: readonly (number | null)[] | undefined;
  /** Values of a short constant, such as axes. */
  readonly numbers?: readonly number[] | undefined;
}

/** An operation, with the facts about its inputs; undefined for omitted ones. */
export interface RowOperation {
  readonly inputs: readonly (BatchTensor | undefined)[];
  /** The batch size of the model. */
  readonly batch: number;
}

/** Gives the rows of the output; undefined if it may mix those of the inputs. */
export type RowRule<O extends RowOperation> = (
  operation: O,
) => BatchTensor | undefined;

/** Maximum number of axes, or of sizes, in a constant. */
export const MOST_NUMBERS = 64;

/**
 * Facts about a batch.
 *
 * @param rank The number of axes.
 * @returns The facts.
 */
export function batched(rank: number): BatchTensor {
  return { isBatch: true, rank };
}

/**
 * The shape of the first input; the other inputs are shared.
 *
 * @param operation The operation; its first input is a batch.
 * @returns The rows of the output; undefined if another input is a batch.
 */
export function same({ inputs: [x, ...others] }: RowOperation) {
  return others.every((other) => other?.isBatch !== true) ? x : undefined;
}

/**
 * Convolution, pooling and other operations over the axes after the first two.
 *
 * @param operation The operation; its first input is a batch.
 * @returns The rows of the output; undefined if it has too few axes.
 */
export function spatial(operation: RowOperation) {
  return operation.inputs[0]!.rank >= 3 ? same(operation) : undefined;
}

/**
 * Element by element: axis 0 of the batch must not be aligned with another one.
 *
 * @param operation The operation; some input is a batch.
 * @returns The rows of the output; undefined if an input does not fit.
 */
export function broadcastRows(
  { inputs }: RowOperation,
): BatchTensor | undefined {
  const rank = Math.max(...inputs.map((x) => x!.rank));
  const fits = inputs.every((x) =>
    x!.isBatch ? x!.rank === rank : x!.rank < rank || x!.shape?.[0] === 1
  );
  return fits ? batched(rank) : undefined;
}

/**
 * Joins batches along an axis.
 *
 * @param values The batches.
 * @param axes The axis, if it is known.
 * @returns The rows of the output; undefined if it is the axis of the batch.
 */
export function concatenated(
  values: RowOperation["inputs"],
  axes: readonly number[] | undefined,
): BatchTensor | undefined {
  const [x] = values;
  const areRows = values.every((y) => y!.isBatch && y!.rank === x!.rank);
  return areRows && innerAxes(axes, x!.rank) ? x : undefined;
}

/**
 * Selects along an axis: the rows of a table, by the indices of a sample, or
 * the same elements of each sample.
 *
 * @param x The table, or the batch.
 * @param indices The indices.
 * @param axes The axis, if it is known.
 * @returns The rows of the output; undefined if samples may be selected.
 */
export function gathered(
  x: BatchTensor,
  indices: BatchTensor,
  axes: readonly number[] | undefined,
): BatchTensor | undefined {
  const axis = axes?.[0];
  const isApart = x.isBatch
    ? !indices.isBatch && innerAxes(axes, x.rank) !== undefined
    : indices.isBatch && (axis === 0 || axis === -x.rank);
  return isApart ? batched(x.rank - 1 + indices.rank) : undefined;
}

/**
 * Removes axes.
 *
 * @param x The batch.
 * @param axes The axes, if they are known.
 * @param isKept Whether they stay, with size 1.
 * @returns The rows of the output; undefined if one is the axis of the batch.
 */
export function reduced(
  { rank }: BatchTensor,
  axes: readonly number[] | undefined,
  isKept = false,
): BatchTensor | undefined {
  const list = innerAxes(axes, rank);
  return list && batched(isKept ? rank : rank - list.length);
}

/**
 * Adds axes.
 *
 * @param x The batch.
 * @param axes The axes of the output, if they are known.
 * @returns The rows of the output; undefined if one is the axis of the batch.
 */
export function expanded(
  x: BatchTensor,
  axes: readonly number[] | undefined,
): BatchTensor | undefined {
  const rank = x.rank + (axes?.length ?? 0);
  return innerAxes(axes, rank) && batched(rank);
}

/**
 * Axes that exist, none of them the first.
 *
 * @param axes The axes, negative ones from the end.
 * @param rank The number of axes.
 * @returns The axes; undefined if there are none, or others.
 */
export function innerAxes(
  axes: readonly number[] | undefined,
  rank: number,
): readonly number[] | undefined {
  const isInner = (axis: number) => {
    const at = axis < 0 ? axis + rank : axis;
    return at > 0 && at < rank;
  };
  return axes?.length && axes.every(isInner) ? axes : undefined;
}

/**
 * One rule for several operations.
 *
 * @param kinds Their names, separated by spaces.
 * @param rule The rule.
 * @returns A part of a table.
 */
export function each<O extends RowOperation>(
  kinds: string,
  rule: RowRule<O>,
): Record<string, RowRule<O>> {
  return Object.fromEntries(kinds.split(" ").map((kind) => [kind, rule]));
}

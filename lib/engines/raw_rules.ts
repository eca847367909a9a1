/**
 * Rules for the samples that operators of ONNX and of TF.js have in common.
 *
 * The rule of an operator is written over {@linkcode Ops} and the functions of
 * `lib/ops/samples.ts`: it gives the sizes of the outputs, and their samples.
 *
 * @module
 */
import type { Ops, OpsType } from "../ops/ops.ts";
import type { SampleValue } from "../ops/sample_ops.ts";
import {
  aligned,
  along,
  isLocated,
  MANY,
  type Operand,
  type Range,
  sliced,
} from "../ops/samples.ts";
import type { ShapeValue } from "../ops/shape_ops.ts";
import {
  axesOf,
  axisOf,
  broadcast,
  countOf,
  type Shape,
} from "../ops/shapes.ts";

/** A size in a shape: null if unknown, "samples" if it depends on their number. */
export type Size = number | null | "samples";

export type Sizes = readonly Size[] | undefined;

/** A tensor of a raw operation. */
export interface RawValue extends SampleValue {
  /** The values of a short tensor of integers, such as a shape or axes. */
  readonly values?: Sizes;
  /** Whether the number of its axes is not known. */
  readonly isUnranked?: boolean;
}

/** A tensor of which samples and rank are known. */
export type Known = ShapeValue & Operand & Pick<RawValue, "values">;

/** An operation, with the facts about its inputs. */
export interface RawOperation {
  readonly kind: string;
  /** Its inputs; undefined for omitted ones. */
  readonly inputs: readonly (RawValue | undefined)[];
  readonly attribute: (name: string) => unknown;
  /** A number in an attribute. */
  readonly number: (name: string, fallback: number) => number;
  /** The integers in an attribute, or in an input; undefined if not all are known. */
  readonly integers: (
    name: string,
    input: number,
  ) => readonly number[] | undefined;
  /** Its opset; that of TF.js graphs counts as a late one. */
  readonly version: number;
  /** Number of its outputs. */
  readonly numOutputs: number;
  readonly ops: Ops<SampleValue>;
  /** Number of samples, if it is fixed. */
  readonly batch: number | undefined;
  /** Sizes of its first output, as far as they are known without a rule. */
  readonly sizes: Shape | undefined;
  /** Its element type, if it is known without a rule. */
  readonly dtype: OpsType | undefined;
}

/** The outputs; undefined if they are not known. */
export type Outputs = RawValue | readonly RawValue[] | undefined;
/** Over the first input; the others are the same for all samples. */
export type SingleRule = (x: Known, operation: RawOperation) => Outputs;
/** Over all inputs. */
export type JointRule = (
  inputs: readonly Known[],
  operation: RawOperation,
) => Outputs;

/** How the operators of a format treat samples. */
export interface RawRules {
  readonly single: Readonly<Record<string, SingleRule>>;
  readonly joint: Readonly<Record<string, JointRule>>;
}

/** Values that are numbers; null for others. */
export function bounds(values: Sizes): readonly (number | null)[] {
  return values?.map((one) => typeof one === "number" ? one : null) ?? [];
}

/** Whether the samples of a tensor are known, and not mixed. */
export function isKnown(value: RawValue): value is Known {
  return value.samples === null || isLocated(value.samples);
}

/** Values that change; what depends on the number of samples does so after it. */
function changed(values: Sizes): Sizes {
  return values?.map((value) => value === "samples" ? value : null);
}

/** The shape of the first input. */
export const same: SingleRule = (x) => ({ ...x, values: changed(x.values) });

/** The first input, whose values do not change. */
export const kept: SingleRule = (x) => x;

/** Windows over the axes of a feature map that are not the first. */
export const spatial: SingleRule = (x) =>
  x.shape.length >= 3 && (x.samples?.axis ?? 0) === 0
    ? {
      ...{ ...x, values: undefined },
      shape: x.shape.map((size, i) => i === 0 ? size : null),
    }
    : undefined;

/** Element by element, with broadcasting. */
export const elementwise: JointRule = (inputs, { kind }) => {
  const samples = aligned(inputs);
  const { dtype } = inputs.find((input) => input.samples) ?? inputs[0]!;
  const shape = inputs.map((input) => input.shape).reduce(broadcast);
  const values = samples === null ? combined(inputs, kind) : undefined;
  const usesNumber = inputs.some((input) => input.values?.includes("samples"));
  if (!isLocated(samples) || !usesNumber) {
    return { shape, dtype, samples, values };
  }
  // Integers may be indices, which move with the number of samples.
  return dtype === "float32" ? { shape, dtype, samples: "mixed" } : undefined;
};

/** Multiplies sizes; of other results, only whether they depend on samples. */
function times(sizes: readonly Size[]): Size {
  return sizes.includes("samples")
    ? "samples"
    : countOf(sizes as readonly (number | null)[]);
}

function combined(inputs: readonly Known[], kind: string): Sizes {
  const lists = inputs.map(({ values }) => values ?? [null]);
  if (!inputs.some(({ values }) => values)) return undefined;
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, i): Size => {
    const all = lists.map((list) => list[list.length === 1 ? 0 : i] ?? null);
    return times(kind === "Mul" ? all : [null, ...all]);
  });
}

/**
 * Along axes that stay, such as a softmax, or a sum of all values before.
 *
 * @param x The tensor.
 * @param axes The axes.
 * @returns The tensor; mixed if samples are on one of the axes.
 */
export function over(x: Known, ...axes: readonly number[]): RawValue {
  return { ...x, values: undefined, samples: along(x, ...axes) };
}

/** The same, with other sizes of the axes. */
export function resized(x: Known, ...axes: readonly number[]): RawValue {
  const gone = axesOf(axes, x.shape.length);
  const shape = x.shape.map((size, i) => gone.includes(i) ? null : size);
  return { ...over(x, ...axes), shape };
}

/**
 * Reduces axes.
 *
 * @param x The tensor.
 * @param axes The axes; undefined for all.
 * @param keepdims Whether they stay, with size 1.
 * @param operation The operation.
 * @returns The reduced tensor.
 */
export function total(
  x: Known,
  axes: readonly number[] | undefined,
  keepdims: boolean,
  { ops, kind }: RawOperation,
): RawValue {
  return {
    ...ops.sum(x, axes === undefined ? { keepdims } : { axis: axes, keepdims }),
    dtype: /^Arg/.test(kind) ? "int32" : x.dtype,
    values: x.values &&
      [times(/Prod$/.test(kind) ? x.values : [null, ...x.values])],
  };
}

/**
 * Joins tensors.
 *
 * @param how Along an axis, or a new one.
 * @param inputs The tensors.
 * @param axis The axis.
 * @param operation The operation.
 * @returns The joined tensor.
 */
export function joined(
  how: "concatenate" | "stack",
  inputs: readonly Known[],
  axis: number,
  { ops }: RawOperation,
): RawValue {
  return { ...ops[how](inputs, axis), values: listed(inputs) };
}

/** The values of several tensors, one after the other. */
function listed(inputs: readonly Known[]): Sizes {
  const parts = inputs.map(({ values, shape }) =>
    values ?? (countOf(shape) === 1 ? [null] : undefined)
  );
  return parts.includes(undefined) ? undefined : parts.flat() as Size[];
}

/**
 * Selects along an axis: rows of a table, or elements of each sample.
 *
 * @param x The table, or the tensor.
 * @param indices The indices.
 * @param axis The axis.
 * @param operation The operation.
 * @returns The rows, or elements.
 */
export function elementsAlong(
  x: Known,
  indices: Known,
  axis: number,
  { ops }: RawOperation,
): RawValue {
  const values = indices.values?.map((i): Size =>
    typeof i === "number" ? x.values?.at(i) ?? null : null
  );
  return { ...ops.take(x, indices, axis), values: x.values && values };
}

/**
 * Selects ranges of axes.
 *
 * @param x The tensor.
 * @param ranges The ranges; null for a bound that is not known.
 * @returns The rest.
 */
export function cut(x: Known, ranges: readonly Range[]): RawValue {
  const shape = [...x.shape];
  for (const { axis, start = 0, stop, step = 1 } of ranges) {
    const isWhole = start === 0 && step === 1 &&
      (stop === undefined || (stop ?? 0) >= MANY);
    if (!isWhole) shape[axisOf(axis, shape.length)] = null;
  }
  const [{ start = 0, stop, step = 1 } = { start: null }] = ranges;
  const isKnown = start !== null && stop !== null && step === 1;
  const values = isKnown ? x.values?.slice(start, stop) : undefined;
  return { shape, dtype: x.dtype, samples: sliced(x, ranges), values };
}

/** A part of an axis; of the samples, perhaps some rows of each. */
export function part(x: Known, axis: number): RawValue {
  return cut(x, [{ axis, start: null, stop: null }]);
}

/** Removes axes of size 1. */
export function squeezed(
  x: Known,
  axes: readonly number[] | undefined,
  ops: Ops<SampleValue>,
): RawValue | undefined {
  const all = axes && axesOf(axes, x.shape.length).sort((a, b) => b - a);
  const after = all?.reduce<SampleValue>((y, at) => ops.squeeze(y, at), x);
  return after && { ...after, values: x.values };
}

/** Inserts axes of size 1, counted in the result. */
export function unsqueezed(
  x: Known,
  axes: readonly number[] | undefined,
  ops: Ops<SampleValue>,
): RawValue | undefined {
  const rank = x.shape.length + (axes?.length ?? 0);
  const all = axes && axesOf(axes, rank).sort((a, b) => a - b);
  const after = all?.reduce<SampleValue>((y, at) => ops.expandDims(y, at), x);
  return after && { ...after, values: x.values };
}

/**
 * By values of which there is one for each index of an axis.
 *
 * @param x The tensor.
 * @param axis The axis.
 * @param values The values.
 * @returns The tensor.
 */
export function perIndex(
  x: Known,
  axis: number,
  values: RawValue | undefined,
): RawValue | undefined {
  const at = axisOf(axis, x.shape.length);
  const [size = 1] = values?.shape ?? [];
  const shape = [size, ...Array(x.shape.length - 1 - at).fill(1)];
  const samples = aligned([x, { shape, samples: null }]);
  return { ...x, values: undefined, samples };
}

/** Other sizes, but probably the same samples. */
export function guessed({ samples, dtype, shape }: Known): RawValue {
  return {
    ...{ shape: shape.map(() => null), dtype },
    samples: samples && { ...samples, isOrdered: "unknown" },
  };
}

/**
 * New sizes for the same values.
 *
 * @param x The tensor.
 * @param sizes The sizes, −1 for one that is computed; those of the output by
 * default.
 * @param operation The operation.
 * @returns The tensor.
 */
export function reshapedTo(
  x: Known,
  sizes: Sizes,
  { ops, sizes: known }: RawOperation,
): RawValue | undefined {
  const target = (sizes ?? known)?.map((size, i) =>
    typeof size === "number" && size >= 0 ? size : known?.[i] ?? -1
  );
  if (target === undefined) return undefined;
  const { samples, dtype, values } = x;
  const shape = target.map((size) => size < 0 ? null : size);
  const isInferred = target.indexOf(-1) === target.lastIndexOf(-1);
  const after = isInferred ? ops.reshape(x, target).samples : undefined;
  const { axis, before = 1 } = samples ?? {};
  // The first axis begins with the samples, whatever is merged into it.
  const isFirst = axis === 0 && before === 1 && target[0] === -1;
  return isFirst && after === undefined
    ? { shape, dtype, samples: { ...samples, axis, after: null } }
    : { shape, dtype, values, samples: samples && after };
}

/**
 * A product of matrices.
 *
 * @param inputs The two matrices, and values that are added.
 * @param operation The operation.
 * @param names For each of the two, the attribute that transposes it.
 * @returns The product.
 */
export function product(
  [a, b, ...added]: readonly Known[],
  { ops, attribute }: RawOperation,
  ...names: readonly string[]
): RawValue {
  const [left, right] = [a!, b!].map((x, i) => {
    if (!attribute(names[i] ?? "")) return x;
    const axes = [...x.shape.keys()];
    return ops.transpose(
      x,
      axes.slice(0, -2).concat(axes.at(-1)!, axes.at(-2)!),
    );
  });
  return added.reduce<SampleValue>(
    (sum, one) => ops.add(sum, one),
    ops.matmul(left!, right!),
  );
}

/** A sum over the letters that the result does not have. */
export const einsum: JointRule = ([a, b], { ops, attribute }) =>
  b && ops.einsum(String(attribute("equation")), a!, b);

/**
 * One rule for several operators.
 *
 * @param kinds Their names, separated by spaces.
 * @param rule The rule.
 * @returns A part of a table.
 */
export function each<R>(kinds: string, rule: R): Record<string, R> {
  return Object.fromEntries(kinds.split(" ").map((kind) => [kind, rule]));
}

/**
 * Infers shapes of ONNX operators that select, repeat or pad elements, of
 * recurrent ones, and of those whose output has a shape that is an input.
 *
 * Source: the operators' specifications in ONNX' documentation.
 *
 * @module
 */
import { shapePart } from "./infer_values.ts";
import type { InferredCall, KnownTensor } from "./inferred_call.ts";

type Size = number | null;
type Shape = KnownTensor["shape"];
type Rule = (call: InferredCall, x: KnownTensor) => Shape | undefined;

/** Rules by operator. */
export const SELECTIONS: readonly (readonly [string, Rule])[] = [
  ["Shape", ({ attributes }, x) => [shapePart(attributes, x.shape).length]],
  ["Gather", gathered],
  ["GatherElements", ({ inputs }) => inputs[1]?.shape],
  ["Slice", sliced],
  ["Split", (call, x) => partOfSplit(call, x)],
  ["Expand", expanded],
  ["ConstantOfShape", ({ sizes }) => sizes(0)],
  ["Tile", tiled],
  ["Pad", padded],
  ["ArgMax", reducedOne],
  ["ArgMin", reducedOne],
  ["TopK", topped],
  ["LSTM", recurrent],
  ["GRU", recurrent],
  ["RNN", recurrent],
  ["Range", () => [null]],
  ...["LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"].map((
    kind,
  ) =>
    [
      kind,
      (_call: InferredCall, { shape }: KnownTensor) => [shape[0]!],
    ] as const
  ),
];

/**
 * An axis counted from the first.
 *
 * @param axis The axis; negative from the last.
 * @param rank The number of axes.
 * @returns The axis.
 */
export function atAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function gathered(
  { inputs, attributes }: InferredCall,
  { shape }: KnownTensor,
) {
  const indices = inputs[1]?.shape;
  const at = atAxis(Number(attributes.axis ?? 0), shape.length);
  return indices && [...shape.slice(0, at), ...indices, ...shape.slice(at + 1)];
}

/** Integers of an attribute, as in older opsets, or of a constant. */
function listOf(
  { attributes, values }: InferredCall,
  key: string,
  input: number,
): readonly number[] | undefined {
  const attribute = attributes[key];
  return Array.isArray(attribute) ? attribute.map(Number) : values(input);
}

function sliced(call: InferredCall, { shape }: KnownTensor): Shape | undefined {
  const [starts, ends] = [listOf(call, "starts", 1), listOf(call, "ends", 2)];
  const hasAxes = call.inputs.length > 3;
  const axes = listOf(call, "axes", 3) ??
    (hasAxes ? undefined : shape.map((_, i) => i));
  const steps = listOf(call, "steps", 4) ??
    (call.inputs.length <= 4 ? axes?.map(() => 1) : undefined);
  if (axes === undefined) return undefined;
  const sizes = [...shape];
  axes.slice(0, starts?.length).forEach((axis, i) => {
    const at = atAxis(axis, shape.length);
    const size = shape[at] ?? null;
    sizes[at] = steps === undefined
      ? null
      : slicedSize(size, starts?.[i], ends?.[i], steps[i]!);
  });
  return sizes;
}

function slicedSize(
  size: Size,
  start: number | undefined,
  end: number | undefined,
  step: number,
): Size {
  if (start === 0 && step === 1 && end !== undefined && end >= 2 ** 31 - 1) {
    return size;
  }
  if (size === null || start === undefined || end === undefined) return null;
  const within = (at: number, least: number, most: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, least), most);
  const [from, to] = step > 0
    ? [within(start, 0, size), within(end, 0, size)]
    : [within(start, 0, size - 1), within(end, -1, size - 1)];
  return Math.max(0, Math.ceil((to - from) / step));
}

/**
 * The shape of a further output of an operator.
 *
 * @param call The operation.
 * @param index The index of the output, from 1.
 * @param first The shape of the first output.
 * @returns The shape; undefined if unknown.
 */
export function furtherShape(
  call: InferredCall,
  index: number,
  first: Shape,
): Shape | undefined {
  const { kind, inputs: [x], attributes } = call;
  if (kind === "Split" && x !== undefined) return partOfSplit(call, x, index);
  // The states after the last time step.
  if (!/^(LSTM|GRU|RNN)$/.test(kind)) return undefined;
  const [a, b, c, units] = first as [Size, Size, Size, Size];
  return attributes.layout === 1 ? [a, c, units] : [b, c, units];
}

/** One part of a split; without a list of sizes, only the last may be shorter. */
function partOfSplit(
  call: InferredCall,
  { shape }: KnownTensor,
  index = 0,
): Shape {
  const at = atAxis(Number(call.attributes.axis ?? 0), shape.length);
  const parts = listOf(call, "split", 1);
  const size = shape[at] ?? null;
  const count = Number(call.attributes.num_outputs ?? call.numOutputs);
  if (parts !== undefined) return shape.with(at, parts[index] ?? null);
  const isUnknown = size === null || call.inputs.length > 1;
  if (isUnknown) return shape.with(at, null);
  const each = Math.ceil(size / count);
  return shape.with(at, Math.max(0, Math.min(each, size - index * each)));
}

function expanded({ sizes }: InferredCall, { shape }: KnownTensor) {
  const wanted = sizes(1);
  return wanted && together(shape, wanted);
}

/**
 * Broadcasts two shapes. The other size is used for a size that is 1 or
 * unknown.
 *
 * @param a Sizes; null if unknown.
 * @param b Other sizes.
 * @returns The sizes; undefined if they do not fit.
 */
export function together(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, i: number) => {
    const axis = i - rank + shape.length;
    return axis < 0 ? 1 : shape[axis]!;
  };
  const sizes: Size[] = [];
  for (let i = 0; i < rank; i++) {
    const [p, q] = [at(a, i), at(b, i)];
    if (p === 1 || q === 1) sizes.push(p === 1 ? q : p);
    else if (p === null || q === null) sizes.push(p ?? q);
    else if (p === q) sizes.push(p);
    else return undefined;
  }
  return sizes;
}

function tiled({ sizes }: InferredCall, { shape }: KnownTensor) {
  const repeats = sizes(1);
  if (repeats?.length !== shape.length) return undefined;
  return shape.map((size, i): Size =>
    repeats[i] === 1
      ? size
      : size === null || repeats[i] === null
      ? null
      : size * repeats[i]!
  );
}

function padded(call: InferredCall, { shape }: KnownTensor) {
  const pads = listOf(call, "pads", 1);
  const rank = shape.length;
  if (call.inputs.length > 3 || pads?.length !== 2 * rank) {
    return shape.map(() => null);
  }
  return shape.map((size, i): Size => {
    const more = pads[i]! + pads[i + rank]!;
    return more === 0 ? size : size === null ? null : size + more;
  });
}

function reducedOne({ attributes }: InferredCall, { shape }: KnownTensor) {
  const at = atAxis(Number(attributes.axis ?? 0), shape.length);
  return attributes.keepdims === 0 ? shape.toSpliced(at, 1) : shape.with(at, 1);
}

function topped(call: InferredCall, { shape }: KnownTensor) {
  const at = atAxis(Number(call.attributes.axis ?? -1), shape.length);
  const count = call.attributes.k ?? call.sizes(1)?.[0] ?? null;
  return shape.with(at, count === null ? null : Number(count));
}

/** `[T, directions, N, units]`, or with the samples first. */
function recurrent(
  { attributes, inputs }: InferredCall,
  { shape }: KnownTensor,
): Shape | undefined {
  const recurrence = inputs[2]?.shape;
  if (shape.length !== 3 || recurrence?.length !== 3) return undefined;
  const [directions, , units] = recurrence as [Size, Size, Size];
  const [first, second] = shape as [Size, Size, Size];
  return attributes.layout === 1
    ? [first, second, directions, units]
    : [first, directions, second, units];
}

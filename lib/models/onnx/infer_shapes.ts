/**
 * Infers shapes of ONNX operations that a file does not declare: for the
 * operators below, and their first output. Unknown sizes stay unknown.
 *
 * Source: the operators' specifications in ONNX' documentation.
 *
 * @module
 */
import { countOf } from "../../ops/shapes.ts";
import { BROADCASTING, PREDICATES, UNARY } from "../graph/onnx_operators.ts";
import {
  atAxis,
  furtherShape,
  SELECTIONS,
  together,
} from "./infer_selections.ts";
import type { InferredCall, KnownTensor } from "./inferred_call.ts";

type Shape = KnownTensor["shape"];
type Rule = (call: InferredCall, x: KnownTensor) => Shape | undefined;

const [FLOAT32, UINT8, INT32, INT64, STRING, BOOL] = [1, 2, 6, 7, 8, 9];

const same: Rule = (_call, { shape }) => shape;

/** Operators beside those of {@linkcode UNARY} that keep the shape. */
const SAME = [
  ...["BatchNormalization", "CumSum", "GroupNormalization", "Hardmax"],
  ...["InstanceNormalization", "LRN", "LayerNormalization", "LogSoftmax"],
  ...["LpNormalization", "RMSNormalization", "Softmax", "Trilu"],
  "PRelu", // its slope must be broadcast to the input
];
const REDUCTIONS = [
  ...["ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"],
  ...["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"],
];

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...SELECTIONS,
  ...BROADCASTING.map((kind) => [kind, broadcast] as const),
  ...[...UNARY, ...SAME].map((kind) => [kind, same] as const),
  ...REDUCTIONS.map((kind) => [kind, reduced] as const),
  ...([
    ["MatMul", product],
    ["Gemm", gemm],
    ["Conv", windows],
    ["MaxPool", windows],
    ["AveragePool", windows],
    ["GlobalAveragePool", (_call, { shape }) => pooled(shape)],
    ["GlobalMaxPool", (_call, { shape }) => pooled(shape)],
    ["Flatten", flattened],
    ["Reshape", reshaped],
    ["Squeeze", squeezed],
    ["Unsqueeze", unsqueezed],
    ["Transpose", transposed],
    ["Concat", joined],
    ["QuantizeLinear", same],
    ["DequantizeLinear", same],
    ["DynamicQuantizeLinear", same],
    ["MatMulInteger", product],
    ["ConvInteger", windows],
    ["QLinearMatMul", (call, x) => product(withSecond(call), x)],
    ["QLinearConv", (call, x) => windows(withSecond(call), x)],
    ["QGemm", (call, x) => gemm(withSecond(call), x)],
    ["QLinearAdd", (call) => broadcast(withSecond(call))],
    ["QLinearLeakyRelu", same],
    ["QLinearSigmoid", same],
    ["QLinearSoftmax", same],
    ["Scaler", same],
    ["Normalizer", same],
    ["Imputer", same],
    ["Binarizer", same],
    ["ArrayFeatureExtractor", chosen],
  ] as readonly (readonly [string, Rule])[]),
]);

/** Operators of ONNX Runtime among them, in the domain "com.microsoft". */
export const RUNTIME_KINDS: ReadonlySet<string> = new Set([
  ...["QGemm", "QLinearAdd", "QLinearLeakyRelu", "QLinearSigmoid"],
  "QLinearSoftmax",
]);

/** Operators with the index of their zero point, whose type the output has. */
const ZERO_POINTS: ReadonlyMap<string, number> = new Map([
  ...["QLinearMatMul", "QLinearConv", "QLinearAdd"].map((kind) =>
    [kind, 7] as const
  ),
  ["QGemm", 8],
]);

/** Operators that return indices. */
const INDICES = new Set(["Shape", "ArgMax", "ArgMin"]);

/**
 * Infers the output of an operation.
 *
 * @param call The operation, of the default ONNX domain, of
 * "ai.onnx.ml" or of the runtime.
 * @returns Its first output; undefined if unknown.
 */
export function inferOutput(call: InferredCall): KnownTensor | undefined {
  const { kind, inputs: [x] } = call;
  const rule = RULES.get(kind);
  const shape = x && rule?.(call, x);
  if (shape === undefined) return undefined;
  const type = typeOf(call, x!);
  return type === undefined ? undefined : { shape, type };
}

/** Columns of the last axis. */
function chosen(
  { inputs: [, columns] }: InferredCall,
  { shape }: KnownTensor,
): Shape | undefined {
  if (columns === undefined) return undefined;
  const count = countOf(columns.shape);
  return shape.length === 1 ? [1, count] : [...shape.slice(0, -1), count];
}

/** The element type; undefined if it is that of an unknown input. */
function typeOf(
  { kind, inputs, attributes }: InferredCall,
  x: KnownTensor,
): number | undefined {
  if (kind === "Cast") return Number(attributes.to);
  if (PREDICATES.has(kind)) return BOOL;
  if (INDICES.has(kind)) return INT64;
  if (kind === "Where") return inputs[1]?.type;
  if (kind.endsWith("Classifier")) {
    return attributes.classlabels_strings === undefined ? INT64 : STRING;
  }
  if (kind === "ConstantOfShape") return filledType(attributes.value);
  if (kind === "Scaler" || kind === "Normalizer") return FLOAT32;
  if (kind === "DynamicQuantizeLinear") return UINT8;
  if (kind === "MatMulInteger" || kind === "ConvInteger") return INT32;
  const named = Number(attributes.output_dtype ?? 0);
  if (kind === "DequantizeLinear") return named || inputs[1]?.type;
  if (kind === "QuantizeLinear") {
    return named || (inputs.length < 3 ? UINT8 : inputs[2]?.type);
  }
  const zero = ZERO_POINTS.get(kind);
  if (zero === undefined) return x.type;
  return kind === "QGemm" && inputs.length <= zero
    ? FLOAT32
    : inputs[zero]?.type;
}

/** The element type of an attribute that is a tensor; float32 without it. */
function filledType(value: unknown): number | undefined {
  const tensor = value as { readonly tensor?: { readonly type: number } };
  return value === undefined ? FLOAT32 : tensor.tensor?.type;
}

/**
 * Infers a further output of an operation.
 *
 * @param call The operation.
 * @param index The index of the output, from 1.
 * @param first The first output, if known.
 * @returns The output; undefined if unknown.
 */
export function inferFurther(
  call: InferredCall,
  index: number,
  first: KnownTensor | undefined,
): KnownTensor | undefined {
  const { kind } = call;
  if (kind === "DynamicQuantizeLinear") {
    return { shape: [], type: index === 1 ? FLOAT32 : UINT8 };
  }
  if (first === undefined) return undefined;
  if (kind.endsWith("Classifier")) {
    return { shape: [first.shape[0]!, null], type: FLOAT32 };
  }
  if (kind === "TopK") return { shape: first.shape, type: INT64 };
  const shape = furtherShape(call, index, first.shape);
  return shape && { shape, type: first.type };
}

/** The operands of a quantised product, each with its scale and zero point. */
function withSecond(call: InferredCall): InferredCall {
  return { ...call, inputs: [call.inputs[0], call.inputs[3]] };
}

function broadcast({ inputs }: InferredCall): Shape | undefined {
  let shape: Shape = [];
  for (const input of inputs) {
    if (input === undefined) return undefined;
    const both = together(shape, input.shape);
    if (both === undefined) return undefined;
    shape = both;
  }
  return shape;
}

function product({ inputs }: InferredCall, { shape: a }: KnownTensor) {
  const b = inputs[1]?.shape;
  if (b === undefined || a.length < 2 || b.length < 2) return undefined;
  const batch = together(a.slice(0, -2), b.slice(0, -2));
  return batch && [...batch, a.at(-2)!, b.at(-1)!];
}

function gemm(
  { inputs, attributes: { transA = 0, transB = 0 } }: InferredCall,
  { shape: a }: KnownTensor,
) {
  const b = inputs[1]?.shape;
  if (b?.length !== 2 || a.length !== 2) return undefined;
  return [a[transA === 1 ? 1 : 0]!, b[transB === 1 ? 0 : 1]!];
}

/** Convolutions and pooling: windows over the positions of `[N, C, …]`. */
function windows(
  { kind, inputs, attributes }: InferredCall,
  { shape }: KnownTensor,
): Shape | undefined {
  const kernel = inputs[1]?.shape;
  const sizes = (attributes.kernel_shape ?? kernel?.slice(2)) as
    | readonly (number | null)[]
    | undefined;
  const channels = kind.includes("Conv") ? kernel?.[0] : shape[1];
  const rank = shape.length - 2;
  if (sizes?.length !== rank || rank < 1 || channels === undefined) return;
  const all = (key: string, count: number, fallback: number) =>
    (attributes[key] ?? Array(count).fill(fallback)) as readonly number[];
  const strides = all("strides", rank, 1);
  const dilations = all("dilations", rank, 1);
  const pads = all("pads", 2 * rank, 0);
  const padding = attributes.auto_pad ?? "NOTSET";
  const round = attributes.ceil_mode === 1 ? Math.ceil : Math.floor;
  const positions = shape.slice(2).map((size, i) => {
    const window = sizes[i];
    if (size === null || window === null) return null;
    if (String(padding).startsWith("SAME")) {
      return Math.ceil(size / strides[i]!);
    }
    const extent = (window! - 1) * dilations[i]! + 1;
    const padded = padding === "VALID"
      ? size
      : size + pads[i]! + pads[i + rank]!;
    const rest = (padded - extent) / strides[i]!;
    // With ceil_mode, a last window may be only in the padding and does not
    // count.
    if (round === Math.ceil && !Number.isInteger(rest)) return null;
    return Math.floor(rest) + 1;
  });
  return [shape[0]!, channels, ...positions];
}

function pooled(shape: Shape): Shape {
  return shape.map((size, i) => i < 2 ? size : 1);
}

function flattened({ attributes }: InferredCall, { shape }: KnownTensor) {
  const at = atAxis(Number(attributes.axis ?? 1), shape.length);
  return [countOf(shape.slice(0, at)), countOf(shape.slice(at))];
}

function reshaped(
  { sizes, attributes }: InferredCall,
  { shape }: KnownTensor,
) {
  const wanted = Array.isArray(attributes.shape)
    ? attributes.shape.map(Number)
    : sizes(1);
  if (wanted === undefined || attributes.allowzero === 1) return undefined;
  // An unknown size may be any.
  const copied = wanted.map((size, i): number | null | undefined =>
    size === 0 ? shape[i] : size
  );
  if (copied.includes(undefined)) return undefined;
  const known = copied as (number | null)[];
  const at = known.indexOf(-1);
  if (at < 0) return known;
  const others = known.toSpliced(at, 1);
  // Copied sizes cancel out, known or not.
  const isKept = (i: number) => wanted[i] === 0;
  const rest = shape.filter((_, i) => !isKept(i));
  const divisor = countOf(others.filter((_, i) => !isKept(i < at ? i : i + 1)));
  const whole = countOf(rest);
  const size = whole === null || divisor === null || divisor === 0
    ? null
    : whole / divisor;
  return known.with(at, size !== null && Number.isInteger(size) ? size : null);
}

/** Axes from an attribute, as in older opsets, or from a constant. */
function axesOf({ attributes, values, inputs }: InferredCall) {
  const axes = attributes.axes ?? values(1);
  return {
    axes: axes as readonly number[] | undefined,
    isUnknown: axes === undefined && inputs.length > 1,
  };
}

function squeezed(call: InferredCall, { shape }: KnownTensor) {
  const { axes, isUnknown } = axesOf(call);
  if (isUnknown || axes === undefined && shape.includes(null)) return undefined;
  const isGone = (size: number | null, i: number) =>
    axes === undefined
      ? size === 1
      : axes.includes(i) || axes.includes(i - shape.length);
  return shape.filter((size, i) => !isGone(size, i));
}

function unsqueezed(call: InferredCall, { shape }: KnownTensor) {
  const { axes } = axesOf(call);
  if (axes === undefined) return undefined;
  const rank = shape.length + axes.length;
  const made = axes.map((axis) => atAxis(axis, rank));
  const rest = [...shape];
  return Array.from(
    { length: rank },
    (_, i) => made.includes(i) ? 1 : rest.shift()!,
  );
}

function transposed({ attributes }: InferredCall, { shape }: KnownTensor) {
  const order = attributes.perm as readonly number[] | undefined;
  return order === undefined
    ? shape.toReversed()
    : order.map((axis) => shape[axis]!);
}

function reduced(call: InferredCall, { shape }: KnownTensor) {
  const { axes, isUnknown } = axesOf(call);
  const { keepdims = 1, noop_with_empty_axes: isNoop } = call.attributes;
  if (isUnknown || isNoop === 1) return undefined;
  const isGone = (i: number) =>
    axes === undefined || axes.length === 0 ||
    axes.includes(i) || axes.includes(i - shape.length);
  return keepdims === 1
    ? shape.map((size, i) => isGone(i) ? 1 : size)
    : shape.filter((_, i) => !isGone(i));
}

function joined({ inputs, attributes }: InferredCall, { shape }: KnownTensor) {
  const at = atAxis(Number(attributes.axis), shape.length);
  const sizes = inputs.map((input) => input?.shape[at]);
  const isKnown = inputs.every((input) => input?.shape.length === shape.length);
  if (!isKnown) return undefined;
  const sum = sizeOfSum(sizes as (number | null)[]);
  return shape.map((size, i) =>
    i === at
      ? sum
      : inputs.map((input) => input!.shape[i]!).find((n) => n !== null) ?? size
  );
}

function sizeOfSum(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce(
    (sum, size) => sum === null || size === null ? null : sum + size,
    0,
  );
}

/**
 * How the operators of ONNX treat the samples of a batch.
 *
 * Source: the operators' specifications in ONNX' documentation.
 *
 * @module
 */
import { BROADCASTING, UNARY } from "../models/graph/onnx_operators.ts";
import { along, common, isLocated, shifted } from "../ops/samples.ts";
import { axisOf, countOf } from "../ops/shapes.ts";
import {
  bounds,
  cut,
  each,
  einsum,
  elementsAlong,
  elementwise,
  guessed,
  joined,
  type JointRule,
  kept,
  type Known,
  over,
  part,
  perIndex,
  product,
  type RawRules,
  type RawValue,
  reshapedTo,
  resized,
  same,
  type SingleRule,
  type Size,
  type Sizes,
  spatial,
  squeezed,
  total,
  unsqueezed,
} from "./raw_rules.ts";

/** Over all axes from one on. */
function overFrom(x: Known, axis: number): RawValue {
  const axes = [...x.shape.keys()];
  return over(x, ...axes.slice(axisOf(axis, axes.length)));
}

/** Along one axis; before opset 13, over all from there on. */
const softmax: SingleRule = (x, { version, number }) =>
  version < 13 ? overFrom(x, number("axis", 1)) : over(x, number("axis", -1));

const reduced: SingleRule = (x, operation) => {
  const { kind, inputs } = operation;
  const axes = /^Arg/.test(kind)
    ? [operation.number("axis", 0)]
    : operation.integers("axes", 1);
  if (axes === undefined && inputs[1] !== undefined) return undefined;
  const isAll = axes === undefined || axes.length === 0;
  if (isAll && operation.number("noop_with_empty_axes", 0) === 1) return x;
  const keepdims = operation.number("keepdims", 1) === 1;
  return total(x, isAll ? undefined : axes, keepdims, operation);
};

/** Values and indices of the greatest along an axis. */
const greatest: SingleRule = (x, operation) => {
  const values = resized(x, operation.number("axis", -1));
  return [values, { ...values, dtype: "int32" }];
};

const transposed: SingleRule = (x, operation) => {
  const { ops, inputs, integers } = operation;
  const order = integers("perm", 1);
  if (order === undefined && inputs[1] !== undefined) return undefined;
  return ops.transpose(x, order ?? [...x.shape.keys()].reverse());
};

const sliced: SingleRule = (x, { inputs, attribute }) => {
  const [starts, ends, axes, steps] = ["starts", "ends", "axes", "steps"].map(
    (name, i) => bounds(attribute(name) as Sizes ?? inputs[i + 1]?.values),
  );
  const [count = 0] = inputs[1]?.shape ?? [starts!.length];
  const all = inputs[3] || axes!.length > 0 ? axes! : [...Array(count).keys()];
  if (all.length === 0 || all.includes(null)) return undefined;
  return cut(
    x,
    all.map((axis, i) => ({
      axis: axis!,
      start: starts![i] ?? null,
      stop: ends![i] ?? null,
      step: inputs[4] ? steps![i] ?? null : steps![i],
    })),
  );
};

const flattened: SingleRule = (x, operation) => {
  const axis = axisOf(operation.number("axis", 1), x.shape.length);
  const sizes = [x.shape.slice(0, axis), x.shape.slice(axis)].map(countOf);
  return axis === 1
    ? operation.ops.merge(x, 1, x.shape.length - 1)
    : reshapedTo(x, sizes, operation);
};

/**
 * Repeats axes of size 1, or before the first.
 *
 * @param x The tensor.
 * @param sizes The sizes to which it is expanded, if they are known.
 * @param rank Their number.
 * @returns The expanded tensor.
 */
function expanded(
  x: Known,
  sizes: Sizes,
  rank: number | null | undefined = sizes?.length,
): RawValue | undefined {
  if (rank == null) return undefined;
  const more = Math.max(0, rank - x.shape.length);
  const target = Array.from(
    { length: more + x.shape.length },
    (_, i): Size => {
      const to = sizes?.at(i - more - x.shape.length) ?? null;
      return i < more ? to : x.shape[i - more] === 1 ? to : x.shape[i - more]!;
    },
  );
  const shape = target.map((size) => size === "samples" ? null : size);
  // The same row for each sample.
  const axis = target.indexOf("samples");
  const same = axis < 0 ? null : { axis, after: null };
  const samples = x.samples ? shifted(x.samples, more) : same;
  return { shape, dtype: x.dtype, samples };
}

/**
 * Repeats axes.
 *
 * @param x The tensor.
 * @param times How often, for each axis.
 * @returns The repeated tensor.
 */
function tiled(x: Known, times: Sizes): RawValue | undefined {
  const { samples, dtype } = x;
  if (times?.length !== x.shape.length) return undefined;
  if (times.includes("samples")) {
    return samples ? undefined : expanded(x, times);
  }
  const counts = times as readonly (number | null)[];
  const shape = x.shape.map((size, i) => countOf([size, counts[i]!]));
  const { axis = 0, before = 1 } = samples ?? {};
  const rows = countOf([before, counts[axis]!]);
  return { shape, dtype, samples: samples && { ...samples, before: rows } };
}

const reshaped: SingleRule = (x, operation) => {
  const { inputs, attribute, number } = operation;
  const sizes = attribute("shape") as Sizes ?? inputs[1]?.values;
  const copies = number("allowzero", 0) === 0;
  const target = sizes?.map((size, i) =>
    size === 0 && copies ? x.shape[i] ?? null : size
  );
  const made = reshapedTo(x, target, operation);
  const hasRows = sizes?.[0] === 0 && copies && x.samples?.axis === 0;
  return made && hasRows ? { ...made, samples: x.samples } : made;
};

/** Over time steps, `[T, N, D]`, or `[N, T, D]` with the other layout. */
const recurrent: JointRule = ([x], { inputs, number }) => {
  const isFirst = number("layout", 0) === 1;
  const [steps, rows] = isFirst ? [1, 0] : [0, 1];
  const { shape: { length }, samples, dtype } = x!;
  const samplesOf = (...all: readonly number[]) =>
    all.flatMap((i) => inputs[i]?.samples ?? []).filter(isLocated);
  const lengths = samplesOf(4).map((one) => shifted(one, rows));
  const others = [...lengths, ...samplesOf(5, 6)];
  const areApart = samplesOf(1, 2, 3, 7).length === 0 &&
    others.every(({ axis }) => axis === rows);
  if (length !== 3 || !areApart || samples?.axis === 2) return undefined;
  const found = [...samples ? [samples] : [], ...others];
  const outcome = along(x!, steps) === "mixed"
    ? "mixed"
    : found.length === 0
    ? null
    : common(found);
  const at = (axis: number, rank: number) => ({
    ...{ shape: Array(rank).fill(null), dtype },
    samples: isLocated(outcome) ? { ...outcome, axis } : outcome,
  });
  return [at(isFirst ? 0 : 2, 4), at(rows, 3), at(rows, 3)];
};

/** By factors, or to sizes, of which those of samples are probably not others. */
const enlarged: SingleRule = (x, { inputs, version, attribute }) => {
  const factors = inputs[version < 11 ? 1 : 2]?.values;
  const isKept = factors?.length === x.shape.length &&
    factors[x.samples?.axis ?? 0] === 1 && attribute("axes") === undefined;
  const shape = x.shape.map(() => null);
  return isKept ? { ...x, shape, values: undefined } : guessed(x);
};

const padded: SingleRule = (x, { inputs, integers, ops }) => {
  const { length } = x.shape;
  const pads = integers("pads", 1);
  return inputs[3] === undefined && pads?.length === 2 * length
    ? ops.pad(x, x.shape.map((_, i) => [pads[i]!, pads[i + length]!]))
    : guessed(x);
};

/** A product of integers, with scales and zero points between the operands. */
const weighted = (input: number): SingleRule => (x, operation) => {
  const kernel = operation.inputs[input]!;
  return kernel.shape.length === 2
    ? product([x, kernel as Known], operation)
    : undefined;
};

/** The rules of ONNX' operators. */
export const ONNX_RULES: RawRules = {
  joint: {
    ...each(BROADCASTING.join(" "), elementwise),
    Concat: (inputs, operation) =>
      joined("concatenate", inputs, operation.number("axis", 1), operation),
    MatMul: (inputs, operation) => product(inputs, operation),
    Gemm: (inputs, operation) => product(inputs, operation, "transA", "transB"),
    Gather: ([x, indices], operation) =>
      elementsAlong(x!, indices!, operation.number("axis", 0), operation),
    Einsum: einsum,
    ...each("LSTM GRU RNN", recurrent),
  },
  single: {
    ...each(UNARY.join(" "), same),
    ...each("Identity Cast", kept),
    Dropout: (x, { inputs: [, , training] }) =>
      training === undefined ? [x, { ...x, dtype: "bool" }] : undefined,
    BatchNormalization: (x, { inputs: [, scale], number }) =>
      number("training_mode", 0) === 0 ? perIndex(x, 1, scale) : undefined,
    ...each<SingleRule>(
      "QuantizeLinear DequantizeLinear",
      (x, { inputs: [, scale], number }) =>
        perIndex(x, number("axis", 1), scale),
    ),
    ...each("AveragePool Conv ConvTranspose GlobalAveragePool", spatial),
    ...each("GlobalMaxPool InstanceNormalization LRN LpPool MaxPool", spatial),
    ...each("DepthToSpace SpaceToDepth QLinearConv ConvInteger", spatial),
    Trilu: (x) =>
      x.samples && x.samples.axis >= x.shape.length - 2
        ? { ...x, samples: { ...x.samples, isOrdered: true } }
        : over(x),
    QLinearMatMul: weighted(3),
    MatMulInteger: weighted(1),
    ...each("Softmax LogSoftmax Hardmax", softmax),
    ...each<SingleRule>(
      "LayerNormalization RMSNormalization",
      (x, { number }) => overFrom(x, number("axis", -1)),
    ),
    MeanVarianceNormalization: (x, { integers }) =>
      over(x, ...integers("axes", 1) ?? [0, 2, 3]),
    LpNormalization: (x, { number }) => over(x, number("axis", -1)),
    ReverseSequence: (x, { number }) => over(x, number("time_axis", 0)),
    CumSum: (x, { integers }) => {
      const axes = integers("", 1);
      return axes && over(x, ...axes);
    },
    TopK: greatest,
    ...each("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum", reduced),
    ...each("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", reduced),
    ...each("ReduceSumSquare ArgMax ArgMin", reduced),
    Split: (x, { number, numOutputs }) =>
      Array(numOutputs).fill(part(x, number("axis", 0))),
    Slice: sliced,
    Squeeze: (x, { integers, ops }) => squeezed(x, integers("axes", 1), ops),
    Unsqueeze: (x, { integers, ops }) =>
      unsqueezed(x, integers("axes", 1), ops),
    Transpose: transposed,
    Flatten: flattened,
    Reshape: reshaped,
    Expand: (x, { inputs: [, target] }) =>
      expanded(x, target?.values, target?.shape[0]),
    ConstantOfShape: (x) => expanded({ ...x, shape: [] }, x.values, x.shape[0]),
    Range: (x) => ({ ...x, shape: [null], values: undefined }),
    Tile: (x, { inputs: [, times] }) => tiled(x, times?.values),
    Resize: enlarged,
    Pad: padded,
  },
};

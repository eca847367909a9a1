/**
 * How the operations of TF.js graphs treat the samples of a batch.
 *
 * Source: the operations' documentation in TensorFlow, and their executors in
 * TF.js 4.22.
 *
 * @module
 */
import { ONNX_RULES } from "./onnx_samples.ts";
import type { Range } from "../ops/samples.ts";
import { countOf } from "../ops/shapes.ts";
import {
  bounds,
  cut,
  each,
  einsum,
  elementsAlong,
  elementwise,
  guessed,
  isKnown,
  joined,
  type JointRule,
  kept,
  part,
  perIndex,
  product,
  type RawRules,
  same,
  type SingleRule,
  spatial,
  squeezed,
  total,
  unsqueezed,
} from "./raw_rules.ts";

const reduced: SingleRule = (x, operation) => {
  const axes = operation.integers("", 1);
  return axes &&
    total(x, axes, operation.attribute("keepDims") === true, operation);
};

const matmul: JointRule = (inputs, operation) =>
  product(inputs, operation, "transposeA", "transposeB");

const sliced: SingleRule = (x, { inputs: [, begin, size] }) => {
  const [starts, lengths] = [begin, size].map((list) => bounds(list?.values));
  return cut(
    x,
    x.shape.map((_, axis) => {
      const [start, length] = [starts![axis] ?? null, lengths![axis] ?? null];
      const stop = start === null || length === null ? null : start + length;
      return { axis, start, stop: length === -1 ? undefined : stop };
    }),
  );
};

/** A slice with steps; axes may be removed, or inserted. */
const strided: SingleRule = (x, { inputs, number, ops }) => {
  const bit = (name: string, i: number) =>
    (number(`${name}Mask`, 0) >> i & 1) === 1;
  const [starts, ends, steps] = inputs.slice(1, 4).map((list) =>
    bounds(list?.values)
  );
  const all = [...Array(inputs[1]?.shape[0] ?? 0).keys()];
  const used = all.filter((i) => !bit("newAxis", i) && !bit("ellipsis", i));
  const [removed, added]: [number[], number[]] = [[], []];
  let axis = 0;
  const ranges = all.flatMap((i): Range[] => {
    if (bit("ellipsis", i)) axis += x.shape.length - used.length;
    else if (bit("newAxis", i)) {
      added.push(axis - removed.length + added.length);
    }
    if (!used.includes(i)) return [];
    const isOne = bit("shrinkAxis", i);
    if (isOne) removed.push(axis);
    const start = starts![i] ?? null;
    const next = start === -1 ? undefined : start! + 1;
    const end = isOne && start !== null ? next : ends![i] ?? null;
    return [{
      axis: axis++,
      start: bit("begin", i) && !isOne ? undefined : start,
      stop: bit("end", i) && !isOne ? undefined : end,
      step: isOne ? 1 : steps![i] ?? null,
    }];
  });
  const rest = cut(x, ranges);
  if (!isKnown(rest)) return rest;
  const after = squeezed(rest, removed, ops)!;
  return isKnown(after) ? unsqueezed(after, added, ops) : undefined;
};

/** Moves positions into the batch, in front of the samples, or back. */
const blocks = (isBack: boolean): SingleRule => (x, { integers }) => {
  const size = countOf(integers("", 1) ?? [null]);
  const { axis, before = 1 } = x.samples ?? {};
  if (!size || axis !== 0 || before === null) return undefined;
  const rows = isBack ? before / size : before * size;
  const shape = [...x.shape.slice(0, -1).map(() => null), x.shape.at(-1)!];
  const samples = { ...x.samples, axis, before: rows };
  return Number.isInteger(rows) ? { ...x, shape, samples } : undefined;
};

const gathered: JointRule = ([x, indices, axes], operation) => {
  const [axis] = axes?.values ?? [operation.kind === "Gather" ? 0 : null];
  return typeof axis === "number" && operation.number("batchDims", 0) === 0
    ? elementsAlong(x!, indices!, axis, operation)
    : undefined;
};

const { single } = ONNX_RULES;

/**
 * The rules of TF.js' operations: those of ONNX for operators that are alike, and
 * others.
 */
export const TFJS_RULES: RawRules = {
  joint: {
    ...each("Add AddN AddV2 BiasAdd Div DivNoNan Equal FloorDiv", elementwise),
    ...each("FloorMod Greater GreaterEqual Less LessEqual", elementwise),
    ...each("LogicalAnd LogicalOr Maximum Minimum Mod Mul", elementwise),
    ...each(
      "NotEqual Pow Prelu RealDiv SelectV2 SquaredDifference",
      elementwise,
    ),
    ...each("Sub TruncateDiv Xlogy Atan2", elementwise),
    ...each("MatMul _FusedMatMul BatchMatMul BatchMatMulV2", matmul),
    ConcatV2: (inputs, operation) => {
      const [axis] = inputs.at(-1)!.values ?? [];
      return typeof axis === "number"
        ? joined("concatenate", inputs.slice(0, -1), axis, operation)
        : undefined;
    },
    Pack: (inputs, operation) =>
      joined("stack", inputs, operation.number("axis", 0), operation),
    ...each("Gather GatherV2", gathered),
    Einsum: einsum,
    Split: ([axis, x], operation) =>
      Array(operation.number("numOrSizeSplits", 1)).fill(
        part(x!, Number(axis!.values?.[0])),
      ),
  },
  single: {
    ...single,
    ...each("ClipByValue Expm1 Inv IsFinite IsNan Log1p LogicalNot", same),
    ...each("OnesLike Relu6 Rint Rsqrt Square ZerosLike", same),
    ...each("StopGradient Snapshot EnsureShape", kept),
    Cast: (x, { attribute }) => ({
      ...x,
      dtype: attribute("dtype") === "int32" ? "int32" : "float32",
    }),
    ...each("Conv1D Conv2D Conv3D _FusedConv2D DepthwiseConv2dNative", spatial),
    ...each("FusedDepthwiseConv2dNative AvgPool AvgPool3D MaxPool3D", spatial),
    ...each("ResizeBilinear ResizeNearestNeighbor", spatial),
    ...each(
      "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3",
      (x, { inputs: [, scale] }) => perIndex(x, -1, scale),
    ),
    TopKV2: single.TopK!,
    ...each("Cumsum Cumprod Reverse ReverseV2", single.CumSum!),
    ...each("All Any Max Mean Min Prod Sum ArgMax ArgMin", reduced),
    SplitV: (x, { inputs: [, sizes, axis] }) =>
      Array(sizes?.shape[0] ?? 1).fill(part(x, Number(axis?.values?.[0]))),
    Unpack: (x, operation) => {
      const one = total(x, [operation.number("axis", 0)], false, operation);
      return Array(operation.number("num", 1)).fill(one);
    },
    ExpandDims: single.Unsqueeze!,
    Squeeze: (x, { attribute, ops }) => {
      const axes = attribute("axis") as readonly number[] | undefined;
      return axes?.length ? squeezed(x, axes, ops) : undefined;
    },
    ...each<SingleRule>("Pad PadV2 MirrorPad", (x, { integers, ops }) => {
      const widths = integers("", 1);
      const at = (i: number) => [widths![2 * i]!, widths![2 * i + 1]!] as const;
      return widths ? ops.pad(x, x.shape.map((_, i) => at(i))) : guessed(x);
    }),
    Slice: sliced,
    StridedSlice: strided,
    BroadcastTo: single.Expand!,
    Fill: single.ConstantOfShape!,
    OneHot: ({ samples, shape }) => ({
      ...{ samples, shape: [...shape, null], dtype: "float32" },
    }),
    SpaceToBatchND: blocks(false),
    BatchToSpaceND: blocks(true),
  },
};

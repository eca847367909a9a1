/**
 * How the operations of TF.js graphs treat the samples of a batch.
 *
 * Source: the operations' documentation in TensorFlow, and their executors in
 * TF.js 4.22.
 *
 * @module
 */
import type { Samples } from "../ops/samples.ts";
import { axisOf, countOf } from "../ops/shapes.ts";
import { numWindows } from "../ops/windows.ts";
import {
  concatenated,
  cut,
  each,
  einsum,
  elementwise,
  expanded,
  kept,
  over,
  padded,
  perIndex,
  product,
  reshapedTo,
  resized,
  same,
  spatial,
  squeezed,
  stacked,
  taken,
  tiled,
  total,
  unsqueezed,
} from "./raw_rules.ts";
import {
  integersOf,
  type JointRule,
  type Known,
  numberOf,
  type RawRules,
  type RawValue,
  type SingleRule,
} from "./raw_samples.ts";

const cast: SingleRule = (x, { attribute }) => {
  const dtype = attribute("dtype");
  return dtype === "int32" || dtype === "bool"
    ? { ...x, dtype }
    : { ...x, dtype: "float32" };
};

/** Along the axes of an input. */
const along: SingleRule = (x, operation) => {
  const axes = integersOf(operation, "", 1);
  return axes && over(x, ...axes);
};

const alongLast: SingleRule = (x) => over(x, -1);

/** Values and indices of the greatest along the last axis. */
const greatest: SingleRule = (x) => {
  const values = resized(x, -1);
  return [values, { ...values, dtype: "int32" }];
};

const reduced: SingleRule = (x, operation) => {
  const axes = integersOf(operation, "", 1);
  return axes &&
    total(x, axes, operation.attribute("keepDims") === true, operation);
};

/** Windows over the spatial axes, channels last. */
const windows: SingleRule = (x, operation) => {
  const { inputs: [, kernel], attribute, kind } = operation;
  const made = spatial(x, operation) as Known | undefined;
  const [strides, dilations] = [attribute("strides"), attribute("dilations")];
  const sizes = (attribute("kernelSize") as readonly number[])?.slice(1, -1) ??
    kernel?.shape.slice(0, -2);
  const padding = attribute("pad");
  const isPlain = padding === "same" || padding === "valid";
  const rank = x.shape.length - 2;
  if (!isPlain || !Array.isArray(strides) || sizes?.length !== rank) {
    return made;
  }
  if (attribute("dataFormat") === "NCHW" || made === undefined) return made;
  const positions = sizes.map((size, i) =>
    numWindows(x.shape[i + 1]!, {
      kernel: size!,
      stride: strides[i + 1],
      dilation: Array.isArray(dilations) ? dilations[i + 1] : 1,
      padding,
    })
  );
  const channels = kernel === undefined
    ? x.shape.at(-1)!
    : /Depthwise/.test(kind)
    ? countOf(kernel.shape.slice(-2))
    : kernel.shape.at(-1)!;
  return { ...made, shape: [x.shape[0]!, ...positions, channels] };
};

const matmul: JointRule = (inputs, operation) =>
  product(
    inputs,
    ["transposeA", "transposeB"].map((name) =>
      operation.attribute(name) === true
    ),
    operation,
  );

const sliced: SingleRule = (x, { inputs: [, begin, size] }) => {
  const axes = x.shape.map((_, axis) => axis);
  return cut(
    x,
    axes.map((axis) => {
      const [start = null, length = null] = [begin, size].map((list) => {
        const value = list?.values?.[axis];
        return typeof value === "number" ? value : null;
      });
      const stop = start === null || length === null ? null : start + length;
      return { axis, start, stop: length === -1 ? undefined : stop };
    }),
  );
};

/** A slice with steps; axes may be removed, or inserted. */
const strided: SingleRule = (x, { inputs, attribute, ops }) => {
  const bit = (name: string, i: number) =>
    (Number(attribute(`${name}Mask`) ?? 0) >> i & 1) === 1;
  const lists = inputs.slice(1, 4).map((list) => list?.values);
  const count = inputs[1]?.shape[0] ?? 0;
  const all = Array.from({ length: count }, (_, i) => i);
  const used = all.filter((i) => !bit("newAxis", i) && !bit("ellipsis", i));
  const ranges = [];
  const [removed, added]: [number[], number[]] = [[], []];
  let axis = 0;
  for (const i of all) {
    if (bit("ellipsis", i)) axis += x.shape.length - used.length;
    else if (bit("newAxis", i)) {
      added.push(axis - removed.length + added.length);
    } else {
      const [start, end, step] = lists.map((list) => {
        const value = list?.[i];
        return typeof value === "number" ? value : null;
      });
      const isOne = bit("shrinkAxis", i);
      if (isOne) removed.push(axis);
      ranges.push({
        axis: axis++,
        start: bit("begin", i) && !isOne ? undefined : start,
        stop: isOne && start !== null
          ? start! + 1 || undefined
          : bit("end", i)
          ? undefined
          : end,
        step: isOne ? 1 : step,
      });
    }
  }
  const part = cut(x, ranges);
  if (part.samples === "mixed" || part.samples === undefined) return part;
  const rest = squeezed(part as Known, removed);
  return rest && unsqueezed(rest as Known, added, ops);
};

/** Parts of an axis that is not that of the samples. */
function parted(
  x: Known,
  axis: number | undefined,
  count: number,
): readonly RawValue[] | undefined {
  if (axis === undefined) return undefined;
  const isOther = x.samples?.axis !== axisOf(axis, x.shape.length);
  return isOther ? Array(count).fill(resized(x, axis)) : undefined;
}

/** Moves positions into the batch, in front of the samples, or back. */
const blocks = (isBack: boolean): SingleRule => (x, operation) => {
  const size = countOf(integersOf(operation, "", 1) ?? [null]);
  const shape = x.shape.map((_, i) =>
    i < x.shape.length - 1 ? null : x.shape[i]!
  );
  if (size === null || x.samples === null) return undefined;
  const { axis, before = 1 } = x.samples;
  if (axis !== 0 || before === null) return undefined;
  const samples: Samples = {
    ...x.samples,
    before: isBack ? before / size : before * size,
  };
  return Number.isInteger(samples.before)
    ? { ...x, shape, samples }
    : undefined;
};

const gathered: JointRule = ([x, indices, axes], operation) => {
  const [axis] = axes?.values ?? [operation.kind === "Gather" ? 0 : null];
  return typeof axis === "number" && numberOf(operation, "batchDims", 0) === 0
    ? taken(x!, indices!, axis, operation)
    : undefined;
};

/** The rules of TF.js' operations. */
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
    ConcatV2: (inputs) => {
      const [axis] = inputs.at(-1)!.values ?? [];
      return typeof axis === "number"
        ? concatenated(inputs.slice(0, -1), axis)
        : undefined;
    },
    Pack: (inputs, operation) =>
      stacked(inputs, numberOf(operation, "axis", 0), operation),
    ...each("Gather GatherV2", gathered),
    Einsum: einsum,
    Split: ([axis, x], operation) =>
      parted(
        x!,
        integersOf({ ...operation, inputs: [axis] }, "", 0)?.[0],
        numberOf(operation, "numOrSizeSplits", 1),
      ),
  },
  single: {
    ...each("Abs Acos Acosh Asin Asinh Atan Atanh Ceil ClipByValue", same),
    ...each("Cos Cosh Elu Erf Exp Expm1 Floor Inv IsFinite IsInf", same),
    ...each("IsNan LeakyRelu Log Log1p LogicalNot Neg OnesLike", same),
    ...each("Reciprocal Relu Relu6 Rint Round Rsqrt Selu Sigmoid Sign", same),
    ...each("Sin Sinh Softplus Sqrt Square Tan Tanh ZerosLike", same),
    ...each("Identity StopGradient Snapshot EnsureShape", kept),
    Cast: cast,
    ...each("Conv2D _FusedConv2D DepthwiseConv2dNative Conv3D", windows),
    ...each("FusedDepthwiseConv2dNative MaxPool AvgPool MaxPool3D", windows),
    ...each("AvgPool3D Conv1D", windows),
    ...each("LRN ResizeBilinear DepthToSpace ResizeNearestNeighbor", spatial),
    ...each(
      "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3",
      (x, { inputs: [, scale] }) => perIndex(x, -1, scale),
    ),
    ...each("Softmax LogSoftmax", alongLast),
    TopKV2: greatest,
    ...each("Cumsum Cumprod Reverse ReverseV2", along),
    ...each("All Any Max Mean Min Prod Sum ArgMax ArgMin", reduced),
    SplitV: (x, operation) =>
      parted(
        x,
        integersOf(operation, "", 2)?.[0],
        operation.inputs[1]?.values?.length ?? 1,
      ),
    Unpack: (x, operation) => {
      const axis = numberOf(operation, "axis", 0);
      return parted(x, axis, numberOf(operation, "num", 1))?.map((part) => {
        const size = part.shape.with(axis, 1);
        return squeezed({ ...part, shape: size } as Known, [axis])!;
      });
    },
    ExpandDims: (x, operation) =>
      unsqueezed(x, integersOf(operation, "", 1), operation.ops),
    Squeeze: (x, operation) => {
      const axes = integersOf(operation, "axis");
      return squeezed(x, axes?.length ? axes : undefined);
    },
    ...each("Pad PadV2 MirrorPad", (x, operation) => {
      const widths = integersOf(operation, "", 1);
      return padded(
        x,
        widths &&
          x.shape.map((_, i) => widths.slice(2 * i, 2 * i + 2)),
      );
    }),
    Reshape: (x, operation) =>
      reshapedTo(x, operation.inputs[1]?.values, operation),
    Slice: sliced,
    StridedSlice: strided,
    Transpose: (x, operation) => {
      const order = integersOf(operation, "", 1);
      return order && operation.ops.transpose(x, order);
    },
    Tile: (x, { inputs: [, times] }) => tiled(x, times?.values),
    BroadcastTo: (x, { inputs: [, sizes] }) =>
      expanded(x, sizes?.values, sizes?.shape[0] ?? undefined),
    Fill: (x) =>
      expanded({ ...x, shape: [] }, x.values, x.shape[0] ?? undefined),
    Range: (x) => ({ ...x, shape: [null], values: undefined }),
    OneHot: (x) => ({ ...x, shape: [...x.shape, null], dtype: "float32" }),
    SpaceToBatchND: blocks(false),
    BatchToSpaceND: blocks(true),
  },
};

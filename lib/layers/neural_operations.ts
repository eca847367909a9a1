/**
 * Operations of `keras.ops.nn`: pooling, convolutions, normalisations,
 * attention.
 *
 * Source: Keras 3.15 `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { batchNorm, layerNorm, normalize } from "./_neural_normalization.ts";
import { adaptivelyPooled } from "./adaptive_pooling.ts";
import { activationNamed, glu, logSoftmax, softmax } from "./activations.ts";
import { causalMask } from "./_attention_masks.ts";
import { type Channels, fromChannelsLast, toChannelsLast } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import {
  axesOfCall,
  axisOf,
  knownSize,
  movedAxis,
  rank,
} from "./operation_forms.ts";

/** Reads the channel axis; the names of both libraries are accepted. */
export function channelsOfCall<T>(args: Arguments<T>): Channels {
  const format = args.raw("data_format") ?? "channels_last";
  if (format === "channels_last" || format === "NHWC" || format === "NWC") {
    return "last";
  }
  if (format === "channels_first" || format === "NCHW" || format === "NCW") {
    return "first";
  }
  return args.refuse("data_format", 'be "channels_last" or "channels_first"');
}

/** Sizes or steps, one for each spatial axis. */
function perAxis<T>(
  args: Arguments<T>,
  key: string,
  axes: number,
  fallback?: readonly number[],
): number[] {
  if (!args.has(key) && fallback !== undefined) return [...fallback];
  let list = args.ints(key);
  if (list.length === 1) list = Array<number>(axes).fill(list[0]!);
  // TensorFlow includes the batch and channel axes.
  const channel = channelsOfCall(args) === "first" ? 1 : axes + 1;
  if (list.length === axes + 2 && list[0] === 1 && list[channel] === 1) {
    list = list.filter((_, axis) => axis !== 0 && axis !== channel);
  }
  const isFit = list.length === axes && list.every((size) => size >= 1);
  return isFit
    ? list
    : args.refuse(key, `hold ${axes} whole numbers from 1 up`);
}

export function paddingOfCall<T>(args: Arguments<T>): "same" | "valid" {
  const padding = args.string("padding", "valid").toLowerCase();
  if (padding === "same" || padding === "valid") return padding;
  return args.refuse("padding", 'be "same" or "valid"');
}

/** Maximum or mean of each window. */
export function pooling(kind: "maxPool" | "averagePool"): Compute {
  return (ops, args) => {
    const x = args.tensor("inputs");
    const channels = channelsOfCall(args);
    const axes = rank(ops, x) - 2;
    const size = perAxis(args, "pool_size", axes);
    const strides = perAxis(args, "strides", axes, size);
    const pooled = ops[kind](toChannelsLast(ops, x, channels), {
      size,
      strides,
      padding: paddingOfCall(args),
    });
    return fromChannelsLast(ops, pooled, channels);
  };
}

/** Adaptive pooling to a number of windows along each spatial axis. */
function adaptive(kind: "maxPool" | "averagePool"): Compute {
  return (ops, args) => {
    const x = args.tensor("inputs");
    const channels = channelsOfCall(args);
    const size = perAxis(args, "output_size", rank(ops, x) - 2);
    const last = toChannelsLast(ops, x, channels);
    const pooled = adaptivelyPooled(ops, last, size, kind, args.name);
    return fromChannelsLast(ops, pooled, channels);
  };
}

/** A convolution; kernels are `[…size, D / groups, C]`. */
export const conv: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  const channels = channelsOfCall(args);
  const axes = rank(ops, x) - 2;
  const ones = Array<number>(axes).fill(1);
  const kernel = ops.float(args.tensor("kernel"));
  const last = toChannelsLast(ops, x, channels);
  const groups = knownSize(ops, last, -1, args.name) /
    knownSize(ops, kernel, -2, args.name);
  const product = ops.conv(last, kernel, {
    strides: perAxis(args, "strides", axes, ones),
    dilation: perAxis(args, "dilation_rate", axes, ones),
    padding: paddingOfCall(args),
    groups,
  });
  return fromChannelsLast(ops, product, channels);
};

function depthwise<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  key: string,
): T {
  const x = args.tensor("inputs");
  const axes = rank(ops, x) - 2;
  const ones = Array<number>(axes).fill(1);
  const last = toChannelsLast(ops, x, channelsOfCall(args));
  const kernel = ops.merge(ops.float(args.tensor(key)), axes, axes + 1);
  return ops.conv(last, ops.expandDims(kernel, axes), {
    strides: perAxis(args, "strides", axes, ones),
    dilation: perAxis(args, "dilation_rate", axes, ones),
    padding: paddingOfCall(args),
    groups: knownSize(ops, last, -1, args.name),
  });
}

const separable: Compute = (ops, args) => {
  const each = depthwise(ops, args, "depthwise_kernel");
  const ones = Array<number>(rank(ops, each) - 2).fill(1);
  const mixed = ops.conv(each, ops.float(args.tensor("pointwise_kernel")), {
    strides: ones,
    dilation: ones,
    padding: "valid",
  });
  return fromChannelsLast(ops, mixed, channelsOfCall(args));
};

const convTranspose: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  const channels = channelsOfCall(args);
  const axes = rank(ops, x) - 2;
  const ones = Array<number>(axes).fill(1);
  const outputPadding = args.has("output_padding")
    ? outputPaddingOf(args, axes)
    : undefined;
  const product = ops.convTranspose(
    toChannelsLast(ops, x, channels),
    ops.float(args.tensor("kernel")),
    {
      strides: perAxis(args, "strides", axes, ones),
      dilation: perAxis(args, "dilation_rate", axes, ones),
      padding: paddingOfCall(args),
      ...(outputPadding === undefined ? {} : { outputPadding }),
    },
  );
  return fromChannelsLast(ops, product, channels);
};

function outputPaddingOf<T>(args: Arguments<T>, axes: number): number[] {
  const list = args.ints("output_padding");
  const all = list.length === 1 ? Array<number>(axes).fill(list[0]!) : list;
  return all.length === axes && all.every((added) => added >= 0)
    ? all
    : args.refuse("output_padding", `hold ${axes} whole numbers from 0 up`);
}

/** Softmax, or its logarithm, along axes. */
export function alongAxes(
  compute: <T>(ops: Ops<T>, x: T, axes: readonly number[]) => T,
): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    return compute(ops, x, axesOfCall(ops, args, x));
  };
}

const sparsemax: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = axisOf(ops, x, args.number("axis", -1));
  const last = movedAxis(ops, x, axis, -1);
  return movedAxis(ops, activationNamed("sparsemax", 3)!(ops, last), -1, axis);
};

/** Moves blocks of positions to channels, and back. */
export function blocks(isToDepth: boolean): Compute {
  return (ops, args) => {
    const channels = channelsOfCall(args);
    const block = args.number("block_size");
    const x = toChannelsLast(ops, args.tensor("x"), channels);
    const [, height, width, depth] = [0, 1, 2, 3].map((axis) =>
      axis === 0 ? 0 : knownSize(ops, x, axis, args.name)
    ) as [number, number, number, number];
    const isFit = isToDepth
      ? height % block === 0 && width % block === 0
      : depth % (block * block) === 0;
    if (!isFit) args.refuse("block_size", "divide the sizes");
    if (isToDepth) {
      const sizes = [-1, height / block, block, width / block, block, depth];
      const apart = ops.transpose(ops.reshape(x, sizes), [0, 1, 3, 2, 4, 5]);
      const wide = [-1, height / block, width / block, block * block * depth];
      return fromChannelsLast(ops, ops.reshape(apart, wide), channels);
    }
    const rest = depth / (block * block);
    const apart = ops.reshape(x, [-1, height, width, block, block, rest]);
    const mixed = ops.transpose(apart, [0, 1, 3, 2, 4, 5]);
    const wide = [-1, height * block, width * block, rest];
    return fromChannelsLast(ops, ops.reshape(mixed, wide), channels);
  };
}

/** `softmax(scale q kᵀ + bias) v` for `[N, T, heads, H]`. */
const dotProductAttention: Compute = (ops, args) => {
  args.refuseUnless("flash_attention", false);
  const heads = knownSize(ops, args.tensor("query"), 2, args.name);
  const [query, key, value] = ["query", "key", "value"].map((name) => {
    const x = ops.transpose(args.tensor(name), [0, 2, 1, 3]);
    const groups = heads / knownSize(ops, x, 1, args.name);
    return groups === 1 ? x : ops.repeat(x, groups, 1);
  }) as [
    ReturnType<typeof args.tensor>,
    ReturnType<typeof args.tensor>,
    ReturnType<typeof args.tensor>,
  ];
  const size = knownSize(ops, query, -1, args.name);
  const scale = args.has("scale") ? args.number("scale") : 1 / Math.sqrt(size);
  const product = ops.matmul(query, ops.transpose(key, [0, 1, 3, 2]));
  let scores = ops.multiply(product, ops.constant(scale)); // [N, heads, T, S]
  args.refuseUnless("attn_logits_soft_cap");
  if (args.has("bias")) scores = ops.add(scores, args.tensor("bias"));
  const lowest = ops.constant(-0.7 * 3.4028234663852886e38);
  if (args.has("mask")) {
    const mask = ops.cast(args.tensor("mask"), "bool");
    scores = ops.where(mask, scores, lowest);
  }
  if (args.boolean("is_causal", false)) {
    const mask = causalMask(ops, args.tensor("query"), args.tensor("key"));
    const isEarlier = ops.expandDims(mask, 1); // [1, 1, T, S]
    scores = ops.where(isEarlier, scores, lowest);
  }
  const weights = ops.softmax(scores, -1);
  return ops.transpose(ops.matmul(weights, value), [0, 2, 1, 3]);
};

const CONV = "strides, padding, data_format, dilation_rate";

/** Factories by name. */
export const NEURAL_OPERATIONS: FactoryTable = operations({
  "MaxPool(inputs, pool_size, strides, padding, data_format)": pooling(
    "maxPool",
  ),
  "AveragePool(inputs, pool_size, strides, padding, data_format)": pooling(
    "averagePool",
  ),
  "AdaptiveMaxPool(inputs, output_size, data_format)": adaptive("maxPool"),
  "AdaptiveAveragePool(inputs, output_size, data_format)": adaptive(
    "averagePool",
  ),
  [`Conv(inputs, kernel, ${CONV})`]: conv,
  [`DepthwiseConv(inputs, kernel, ${CONV})`]: (ops, args) =>
    fromChannelsLast(
      ops,
      depthwise(ops, args, "kernel"),
      channelsOfCall(args),
    ),
  [`SeparableConv(inputs, depthwise_kernel, pointwise_kernel, ${CONV})`]:
    separable,
  "ConvTranspose(inputs, kernel, strides, padding, output_padding, data_format, dilation_rate)":
    convTranspose,
  "Softmax(x, axis)": alongAxes(softmax),
  "LogSoftmax(x, axis)": alongAxes(logSoftmax),
  "Sparsemax(x, axis)": sparsemax,
  "Glu(x, axis)": (ops, args) =>
    glu(ops, args.tensor("x"), args.number("axis", -1)),
  "Normalize(x, axis, order, epsilon)": normalize,
  "BatchNorm(x, mean, variance, offset, scale, axis, epsilon)": batchNorm,
  "LayerNorm(x, gamma, beta, axis, epsilon, rms_scaling)": layerNorm(true),
  "RMSNorm(x, scale, axis, epsilon)": layerNorm(false),
  "SpaceToDepth(x, block_size, data_format)": blocks(true),
  "DepthToSpace(x, block_size, data_format)": blocks(false),
  "DotProductAttention(query, key, value, bias, mask, scale, is_causal, flash_attention, attn_logits_soft_cap)":
    dotProductAttention,
});

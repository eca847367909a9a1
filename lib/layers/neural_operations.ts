/**
 * Operations of `keras.ops.nn`: pooling, convolutions, normalisations,
 * attention.
 *
 * Source: Keras 3.15 `keras.ops.nn`.
 *
 * @module
 */
import type { ConvOptions, Ops } from "../ops/ops.ts";
import { batchNorm, layerNorm, normalize } from "./_neural_normalization.ts";
import { adaptivelyPooled } from "./adaptive_pooling.ts";
import { activationNamed, glu, logSoftmax, softmax } from "./activations.ts";
import { causalMask } from "./_attention_masks.ts";
import { type Channels, fromChannelsLast, toChannelsLast } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import {
  type Arguments,
  type Compute,
  type ComputeOne,
  operations,
} from "./operation.ts";
import { axesOfCall, knownSize, movedAxis, rank } from "./operation_forms.ts";

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
export function perAxis<T>(
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

/** An operation on a feature map `[N, …positions, D]`, in either format. */
function onMap(
  compute: <T>(ops: Ops<T>, map: T, args: Arguments<T>) => T,
): ComputeOne {
  return (ops, args) => {
    const channels = channelsOfCall(args);
    const map = toChannelsLast(ops, args.tensor("inputs"), channels);
    return fromChannelsLast(ops, compute(ops, map, args), channels);
  };
}

/** Pooling over windows. */
export function pooling(kind: "maxPool" | "averagePool"): ComputeOne {
  return onMap((ops, map, args) => {
    const axes = rank(ops, map) - 2;
    const size = perAxis(args, "pool_size", axes);
    const strides = perAxis(args, "strides", axes, size);
    return ops[kind](map, { size, strides, padding: paddingOfCall(args) });
  });
}

function adaptive(kind: "maxPool" | "averagePool"): ComputeOne {
  return onMap((ops, map, args) => {
    const size = perAxis(args, "output_size", rank(ops, map) - 2);
    return adaptivelyPooled(ops, map, size, kind, args.name);
  });
}

function windowsOf<T>(args: Arguments<T>, axes: number): ConvOptions {
  const ones = Array<number>(axes).fill(1);
  return {
    strides: perAxis(args, "strides", axes, ones),
    dilation: perAxis(args, "dilation_rate", axes, ones),
    padding: paddingOfCall(args),
  };
}

/** A convolution; the kernel's depth determines the number of groups. */
export const conv: ComputeOne = onMap((ops, map, args) => {
  const kernel = ops.float(args.tensor("kernel"));
  const groups = knownSize(ops, map, -1, args.name) /
    knownSize(ops, kernel, -2, args.name);
  const windows = windowsOf(args, rank(ops, map) - 2);
  return ops.conv(map, kernel, { ...windows, groups });
});

function perChannel<T>(
  ops: Ops<T>,
  map: T,
  args: Arguments<T>,
  key: string,
): T {
  const axes = rank(ops, map) - 2;
  const kernel = ops.merge(ops.float(args.tensor(key)), axes, axes + 1);
  return ops.conv(map, ops.expandDims(kernel, axes), {
    ...windowsOf(args, axes),
    groups: knownSize(ops, map, -1, args.name),
  });
}

/** A convolution of each channel with separate kernels. */
const depthwise: ComputeOne = onMap((ops, map, args) =>
  perChannel(ops, map, args, "kernel")
);

export const separable: ComputeOne = onMap((ops, map, args) => {
  const each = perChannel(ops, map, args, "depthwise_kernel");
  const ones = Array<number>(rank(ops, each) - 2).fill(1);
  return ops.conv(each, ops.float(args.tensor("pointwise_kernel")), {
    strides: ones,
    dilation: ones,
    padding: "valid",
  });
});

const convTranspose: ComputeOne = onMap((ops, map, args) => {
  const axes = rank(ops, map) - 2;
  const outputPadding = args.has("output_padding")
    ? { outputPadding: outputPaddingOf(args, axes) }
    : {};
  return ops.convTranspose(map, ops.float(args.tensor("kernel")), {
    ...windowsOf(args, axes),
    ...outputPadding,
  });
});

function outputPaddingOf<T>(args: Arguments<T>, axes: number): number[] {
  const list = args.ints("output_padding");
  const all = list.length === 1 ? Array<number>(axes).fill(list[0]!) : list;
  return all.length === axes && all.every((added) => added >= 0)
    ? all
    : args.refuse("output_padding", `hold ${axes} whole numbers from 0 up`);
}

/** Softmax, or its logarithm, along axes. */
function alongAxes(
  compute: <T>(ops: Ops<T>, x: T, axes: readonly number[]) => T,
): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    return compute(ops, x, axesOfCall(ops, args, x));
  };
}

/**
 * Softmax, or its logarithm; in TensorFlow along the last axis where the axis
 * is null.
 */
function tfSoftmax(compute: typeof softmax): Compute {
  return (ops, args) => alongAxes(compute)(ops, args.orElse("axis", -1));
}

const sparsemax: ComputeOne = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.axis(x, -1);
  const last = movedAxis(ops, x, axis, -1);
  return movedAxis(ops, activationNamed("sparsemax", 3)!(ops, last), -1, axis);
};

/** Moves blocks of positions to channels, and back. */
function blocks(isToDepth: boolean): Compute {
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
  const perHead = (name: string) => {
    const x = ops.transpose(args.tensor(name), [0, 2, 1, 3]);
    const groups = heads / knownSize(ops, x, 1, args.name);
    return groups === 1 ? x : ops.repeat(x, groups, 1);
  };
  const [query, key] = [perHead("query"), perHead("key")];
  const size = knownSize(ops, query, -1, args.name);
  const scale = args.number("scale", 1 / Math.sqrt(size));
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
  return ops.transpose(ops.matmul(weights, perHead("value")), [0, 2, 1, 3]);
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
  [`DepthwiseConv(inputs, kernel, ${CONV})`]: depthwise,
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
  "tf.compat.v1.nn.softmax(logits:x, axis, name, dim:axis)": tfSoftmax(softmax),
  "tf.compat.v1.nn.max_pool(value:inputs, ksize:pool_size, strides, padding, data_format, name, input:inputs)":
    pooling("maxPool"),
  "tf.compat.v1.nn.avg_pool(value:inputs, ksize:pool_size, strides, padding, data_format, name, input:inputs)":
    pooling("averagePool"),
  "tf.compat.v1.nn.depthwise_conv2d(input:inputs, filter:kernel, strides, padding, rate:dilation_rate, name, data_format, dilations:dilation_rate)":
    depthwise,
  "tf.nn.softmax(logits:x, axis)": tfSoftmax(softmax),
  "tf.nn.log_softmax(logits:x, axis)": tfSoftmax(logSoftmax),
  "tf.nn.max_pool | tf.nn.max_pool1d | tf.nn.max_pool2d | tf.nn.max_pool3d(input:inputs, ksize:pool_size, strides, padding, data_format)":
    pooling("maxPool"),
  "tf.nn.avg_pool | tf.nn.avg_pool1d | tf.nn.avg_pool2d | tf.nn.avg_pool3d(input:inputs, ksize:pool_size, strides, padding, data_format)":
    pooling("averagePool"),
  "tf.nn.conv2d | tf.nn.convolution(input:inputs, filters:kernel, strides, padding, data_format, dilations:dilation_rate)":
    conv,
  "tf.nn.conv1d(input:inputs, filters:kernel, stride:strides, padding, data_format, dilations:dilation_rate)":
    conv,
  "tf.compat.v1.nn.conv2d(input:inputs, filter:kernel, strides, padding, use_cudnn_on_gpu, data_format, dilations:dilation_rate, name, filters:kernel)":
    conv,
  "tf.compat.v1.nn.conv1d(value:inputs, filters:kernel, stride:strides, padding, use_cudnn_on_gpu, data_format, name, input:inputs, dilations:dilation_rate)":
    conv,
  "tf.nn.depthwise_conv2d(input:inputs, filter:kernel, strides, padding, data_format, dilations:dilation_rate)":
    depthwise,
  "tf.nn.depth_to_space(input:x, block_size, data_format)": blocks(false),
  "tf.nn.space_to_depth(input:x, block_size, data_format)": blocks(true),
});

/**
 * Depthwise convolutions: each channel has kernels of its own, `depth_multiplier`
 * of them, so that channel `d` gives the outputs `d · M` to `d · M + M − 1`; and
 * separable ones, which mix these outputs afterwards.
 *
 * @module
 */
import type { ConvOptions, Ops } from "../ops/ops.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import {
  addBias,
  checkRank,
  checkWeight,
  depthOf,
  positiveInts,
  wrongOption,
} from "./_checks.ts";
import {
  type Channels,
  channelsOf,
  fromChannelsLast,
  noMasks,
  paddingOf,
  toChannelsLast,
} from "./_maps.ts";

/**
 * DepthwiseConv1D over `[N, T, D]`.
 *
 * Source: Keras 3.15 `DepthwiseConv1D`; Keras 2 names the kernel
 * `depthwise_kernel`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function depthwiseConv1d(config: LayerConfig): Layer {
  return depthwise(config, 1);
}

/**
 * DepthwiseConv2D over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `DepthwiseConv2D`; Keras 2 names the kernel
 * `depthwise_kernel`. TF.js reads no dilation here, so neither do we where it
 * wrote the config: its numbers are the model's.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function depthwiseConv2d(config: LayerConfig): Layer {
  return depthwise(config, 2);
}

/**
 * SeparableConv1D: a depthwise convolution over `[N, T, D]`, then a product
 * over the channels.
 *
 * Source: Keras 3.15 `SeparableConv1D`; Keras 2 also has `causal` padding.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function separableConv1d(config: LayerConfig): Layer {
  return separable(config, 1);
}

/**
 * SeparableConv2D: a depthwise convolution over `[N, H, W, D]`, then a product
 * over the channels.
 *
 * Source: Keras 3.15 `SeparableConv2D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function separableConv2d(config: LayerConfig): Layer {
  return separable(config, 2);
}

/** What both kinds share. */
interface DepthwiseOptions extends ConvOptions {
  readonly size: readonly number[];
  readonly multiplier: number;
  readonly channels: Channels;
  /** Zeros before the first place. */
  readonly before: number;
}

function depthwise(config: LayerConfig, axes: 1 | 2): Layer {
  const read = optionsOf(config, axes, ["valid", "same"]);
  const ones = read.dilation.map(() => 1);
  const options = config.dialect === "tfjs"
    ? { ...read, dilation: ones }
    : read;
  const { channels } = options;
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  const name = config.dialect === 3 ? "kernel" : "depthwise_kernel";
  return {
    weights: hasBias ? [name, "bias"] : [name],
    channels,
    masks: noMasks,
    call(ops, [x], weights) {
      const { [name]: kernel, bias } = weights;
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels); // [N, …places, D]
      const product = walk(ops, last, kernel!, name, config.name, options);
      const sum = addBias(ops, product, bias, config.name);
      return [activation(ops, fromChannelsLast(ops, sum, channels))];
    },
  };
}

function separable(config: LayerConfig, axes: 1 | 2): Layer {
  const filters = config.number("filters");
  const allowed = axes === 1
    ? ["valid", "same", "causal"] as const
    : ["valid", "same"] as const;
  const options = optionsOf(config, axes, allowed);
  const { channels } = options;
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  const names = ["depthwise_kernel", "pointwise_kernel"];
  return {
    weights: hasBias ? [...names, "bias"] : names,
    channels,
    masks: noMasks,
    call(ops, [x], weights) {
      const [own, mixing] = names.map((name) => weights[name]!);
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels); // [N, …places, D]
      const walked = walk(
        ops,
        last,
        own!,
        names[0]!,
        config.name,
        options,
      ); // [N, …places, D · M]
      const ones = Array<number>(axes).fill(1);
      const depth = depthOf(config.name, ops.shape(walked));
      const wanted = [...ones, depth, filters];
      checkWeight(config.name, names[1]!, ops.shape(mixing!), wanted);
      const product = ops.conv(walked, mixing!, {
        strides: ones,
        dilation: ones,
        padding: "valid",
      }); // [N, …places, filters]
      const sum = addBias(ops, product, weights["bias"], config.name);
      return [activation(ops, fromChannelsLast(ops, sum, channels))];
    },
  };
}

function optionsOf(
  config: LayerConfig,
  axes: 1 | 2,
  allowed: readonly ("valid" | "same" | "causal")[],
): DepthwiseOptions {
  const [multiplier] = positiveInts(config, "depth_multiplier", 1, 1);
  const size = positiveInts(config, "kernel_size", axes);
  const dilation = positiveInts(config, "dilation_rate", axes, 1);
  const padding = paddingOf(config, allowed);
  // Keras 2 writes it, as its class is a Conv, and computes without it.
  if (config.number("groups", 1) !== 1) {
    throw wrongOption(config, "groups", "be 1");
  }
  return {
    size,
    multiplier: multiplier!,
    strides: positiveInts(config, "strides", axes, 1),
    dilation,
    padding: padding === "causal" ? "valid" : padding,
    before: padding === "causal" ? dilation[0]! * (size[0]! - 1) : 0,
    channels: channelsOf(config),
  };
}

/** Each channel with its own kernels `[…size, D, M]`: a convolution in D groups. */
function walk<T>(
  ops: Ops<T>,
  x: T,
  kernel: T,
  weight: string,
  name: string,
  { size, multiplier, before, strides, dilation, padding }: DepthwiseOptions,
): T {
  const depth = depthOf(name, ops.shape(x));
  const wanted = [...size, depth, multiplier];
  checkWeight(name, weight, ops.shape(kernel), wanted);
  const axes = size.length;
  const flat = ops.merge(kernel, axes, axes + 1); // […size, D · M]
  const padded = before === 0 ? x : ops.pad(x, [[0, 0], [before, 0], [0, 0]]);
  return ops.conv(padded, ops.expandDims(flat, axes), {
    strides,
    dilation,
    padding,
    groups: depth,
  }); // [N, …places, D · M]
}

/** Factories of this family. */
export const DEPTHWISE_CONVOLUTION_LAYERS: Readonly<
  Record<string, LayerFactory>
> = Object.freeze({
  DepthwiseConv1D: depthwiseConv1d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv1D: separableConv1d,
  SeparableConvolution1D: separableConv1d,
  SeparableConv2D: separableConv2d,
  SeparableConvolution2D: separableConv2d,
});

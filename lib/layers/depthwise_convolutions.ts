/**
 * Depthwise convolutions: each channel has separate kernels,
 * `M = depth_multiplier` of them, so that channel `d` has the outputs `d · M`
 * to `d · M + M − 1`; and separable convolutions, which mix these outputs
 * afterwards.
 *
 * Source: Keras 3.15 `DepthwiseConv1D`, `DepthwiseConv2D`, `SeparableConv1D`,
 * `SeparableConv2D`; Keras 2 writes the same options, and names the kernel of
 * a depthwise convolution `depthwise_kernel`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable, LayerConfig, LayerFactory } from "./layer.ts";
import { checkWeight, depthOf, positiveInts } from "./_checks.ts";
import {
  filterLayer,
  type FilterOptions,
  filterOptions,
  forAxes,
  paddedBefore,
  refuseGroups,
} from "./_maps.ts";

/** Options of both layers. */
interface DepthwiseOptions extends FilterOptions {
  /** The layer's name, for messages. */
  readonly name: string;
  readonly multiplier: number;
}

/**
 * DepthwiseConv1D, DepthwiseConv2D. TF.js reads no dilation here, so it is
 * ignored where TF.js wrote the config.
 */
function depthwise(axes: 1 | 2): LayerFactory {
  return (config) => {
    const read = optionsOf(config, axes);
    const options = config.dialect === "tfjs"
      ? { ...read, dilation: read.dilation.map(() => 1) }
      : read;
    const name = config.dialect === 3 ? "kernel" : "depthwise_kernel";
    return filterLayer(config, {
      axes,
      kernels: [name],
      compute: (ops, x, weights) =>
        perChannel(ops, x, [name, weights[name]!], options),
    });
  };
}

/**
 * SeparableConv1D, SeparableConv2D: a depthwise convolution, then a product
 * over the channels. In 1-D, Keras 2 also has `causal` padding.
 */
function separable(axes: 1 | 2): LayerFactory {
  return (config) => {
    const filters = config.number("filters");
    const options = optionsOf(config, axes, axes === 1);
    const [first, second] = ["depthwise_kernel", "pointwise_kernel"] as const;
    const ones = Array<number>(axes).fill(1);
    return filterLayer(config, {
      axes,
      kernels: [first, second],
      compute(ops, x, { [first]: kernel, [second]: mixing }) {
        const each = perChannel(ops, x, [first, kernel!], options);
        const depth = depthOf(config.name, ops.shape(each));
        const wanted = [...ones, depth, filters];
        checkWeight(config.name, second, ops.shape(mixing!), wanted);
        const pointwise = { strides: ones, dilation: ones } as const;
        return ops.conv(each, mixing!, { ...pointwise, padding: "valid" });
      },
    });
  };
}

function optionsOf(
  config: LayerConfig,
  axes: 1 | 2,
  canBeCausal = false,
): DepthwiseOptions {
  const [multiplier] = positiveInts(config, "depth_multiplier", 1, 1);
  refuseGroups(config);
  const options = filterOptions(config, axes, canBeCausal);
  return { ...options, name: config.name, multiplier: multiplier! };
}

/**
 * A depthwise convolution with kernels `[…size, D, M]`, as a convolution in D
 * groups.
 */
function perChannel<T>(
  ops: Ops<T>,
  x: T,
  [weight, kernel]: readonly [name: string, value: T],
  { name, size, multiplier, before, strides, dilation, padding }:
    DepthwiseOptions,
): T {
  const depth = depthOf(name, ops.shape(x));
  const wanted = [...size, depth, multiplier];
  checkWeight(name, weight, ops.shape(kernel), wanted);
  const axes = size.length;
  const flat = ops.merge(kernel, axes, axes + 1); // […size, D · M]
  return ops.conv(paddedBefore(ops, x, before), ops.expandDims(flat, axes), {
    strides,
    dilation,
    padding,
    groups: depth,
  }); // [N, …positions, D · M]
}

/** Factories of this family. */
export const DEPTHWISE_CONVOLUTION_LAYERS: FactoryTable = Object.freeze({
  ...forAxes([1, 2], depthwise, "DepthwiseConv#D"),
  ...forAxes([1, 2], separable, "SeparableConv#D", "SeparableConvolution#D"),
});

/**
 * Convolutions. A window walks over the places of a map; at each stop, every
 * filter gives the sum of products with what the window shows.
 *
 * @module
 */
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import {
  addBias,
  checkPlainWeights,
  checkRank,
  checkWeight,
  depthOf,
  positiveInts,
  wrongOption,
} from "./_checks.ts";
import {
  channelsOf,
  fromChannelsLast,
  noMasks,
  paddingOf,
  type PlaceAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * Conv1D: `activation(x ∗ kernel + bias)` over `[N, T, D]`.
 *
 * Source: Keras 3.15 `Conv1D`; Keras 2 writes the same options. `causal` pads
 * `dilation · (size − 1)` zeros before the first place.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv1d(config: LayerConfig): Layer {
  return convolution(config, 1);
}

/**
 * Conv2D: `activation(x ∗ kernel + bias)` over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `Conv2D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv2d(config: LayerConfig): Layer {
  return convolution(config, 2);
}

/**
 * Conv3D: `activation(x ∗ kernel + bias)` over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `Conv3D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv3d(config: LayerConfig): Layer {
  return convolution(config, 3);
}

function convolution(config: LayerConfig, axes: PlaceAxes): Layer {
  checkPlainWeights(config);
  const filters = config.number("filters");
  const size = positiveInts(config, "kernel_size", axes);
  const strides = positiveInts(config, "strides", axes, 1);
  const dilation = positiveInts(config, "dilation_rate", axes, 1);
  const [groups] = positiveInts(config, "groups", 1, 1);
  const allowed = axes === 1
    ? ["valid", "same", "causal"] as const
    : ["valid", "same"] as const;
  const padding = paddingOf(config, allowed);
  const channels = channelsOf(config);
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  if (filters % groups! !== 0) {
    throw wrongOption(config, "groups", `divide the ${filters} filters`);
  }
  return {
    weights: hasBias ? ["kernel", "bias"] : ["kernel"],
    channels,
    masks: noMasks,
    call(ops, [x], { kernel, bias }) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels); // [N, …places, D]
      const depth = depthOf(config.name, ops.shape(last));
      checkWeight(config.name, "kernel", ops.shape(kernel!), [
        ...size,
        depth / groups!,
        filters,
      ]);
      const isCausal = padding === "causal";
      const before = dilation[0]! * (size[0]! - 1);
      const product = ops.conv(
        isCausal ? ops.pad(last, [[0, 0], [before, 0], [0, 0]]) : last,
        kernel!,
        {
          strides,
          dilation,
          padding: isCausal ? "valid" : padding,
          groups: groups!,
        },
      ); // [N, …places, filters]
      const sum = addBias(ops, product, bias, config.name);
      // Turned first: Keras takes a softmax over the last axis, whatever it is.
      return [activation(ops, fromChannelsLast(ops, sum, channels))];
    },
  };
}

/** Factories of this family. */
export const CONVOLUTION_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    Conv1D: conv1d,
    Convolution1D: conv1d,
    Conv2D: conv2d,
    Convolution2D: conv2d,
    Conv3D: conv3d,
    Convolution3D: conv3d,
  });

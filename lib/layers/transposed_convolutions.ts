/**
 * Transposed convolutions: each place of the input lays its kernel, times its
 * value, on the output, `stride` places from its neighbour's.
 *
 * @module
 */
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
  channelsOf,
  fromChannelsLast,
  noMasks,
  paddingOf,
  type PlaceAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * Conv1DTranspose over `[N, T, D]`.
 *
 * Source: Keras 3.15 `Conv1DTranspose`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv1dTranspose(config: LayerConfig): Layer {
  return transposed(config, 1);
}

/**
 * Conv2DTranspose over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `Conv2DTranspose`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv2dTranspose(config: LayerConfig): Layer {
  return transposed(config, 2);
}

/**
 * Conv3DTranspose over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `Conv3DTranspose`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function conv3dTranspose(config: LayerConfig): Layer {
  return transposed(config, 3);
}

function transposed(config: LayerConfig, axes: PlaceAxes): Layer {
  const filters = config.number("filters");
  const size = positiveInts(config, "kernel_size", axes);
  const strides = positiveInts(config, "strides", axes, 1);
  const dilation = positiveInts(config, "dilation_rate", axes, 1);
  const padding = paddingOf(config, ["valid", "same"]);
  const outputPadding = outputPaddingOf(config, axes);
  const channels = channelsOf(config);
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  // Keras 2 writes it, as its class is a Conv2D, but has no such convolution.
  if (config.number("groups", 1) !== 1) {
    throw wrongOption(config, "groups", "be 1");
  }
  return {
    weights: hasBias ? ["kernel", "bias"] : ["kernel"],
    channels,
    masks: noMasks,
    call(ops, [x], { kernel, bias }) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels); // [N, …places, D]
      const depth = depthOf(config.name, ops.shape(last));
      const wanted = [...size, filters, depth];
      checkWeight(config.name, "kernel", ops.shape(kernel!), wanted);
      const product = ops.convTranspose(last, kernel!, {
        strides,
        padding,
        dilation,
        ...(outputPadding === undefined ? {} : { outputPadding }),
      }); // [N, …places, filters]
      const sum = addBias(ops, product, bias, config.name);
      return [activation(ops, fromChannelsLast(ops, sum, channels))];
    },
  };
}

function outputPaddingOf(
  config: LayerConfig,
  axes: PlaceAxes,
): readonly number[] | undefined {
  const value = config.raw("output_padding");
  if (value === null || value === undefined) return undefined;
  const list = config.ints("output_padding", axes);
  if (list.every((places) => places >= 0)) return list;
  throw wrongOption(config, "output_padding", "hold whole numbers from 0 up");
}

/** Factories of this family. */
export const TRANSPOSED_CONVOLUTION_LAYERS: Readonly<
  Record<string, LayerFactory>
> = Object.freeze({
  Conv1DTranspose: conv1dTranspose,
  Convolution1DTranspose: conv1dTranspose,
  Conv2DTranspose: conv2dTranspose,
  Convolution2DTranspose: conv2dTranspose,
  Conv3DTranspose: conv3dTranspose,
  Convolution3DTranspose: conv3dTranspose,
});

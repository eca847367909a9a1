/**
 * Convolutions over 1, 2 or 3 spatial axes: each filter computes, at every
 * window position, the sum of products with the values in the window.
 *
 * Source: Keras 3.15 `Conv1D`, `Conv2D`, `Conv3D`; Keras 2 writes the same
 * options.
 *
 * @module
 */
import type { LayerFactory } from "./layer.ts";
import { checkWeight, depthOf, positiveInts, wrongOption } from "./_checks.ts";
import { checkPlainWeights } from "./_quantization.ts";
import { filterLayer, forAxes, paddingOf, type SpatialAxes } from "./_maps.ts";

/**
 * Conv1D, Conv2D, Conv3D: `activation(x ∗ kernel + bias)` over
 * `[N, …positions, D]`. In 1-D, `causal` pads `dilation · (size − 1)` zeros
 * before the first time step.
 *
 * @param axes Number of spatial axes.
 * @returns The factory.
 */
function convolution(axes: SpatialAxes): LayerFactory {
  return (config) => {
    checkPlainWeights(config);
    const filters = config.number("filters");
    const size = positiveInts(config, "kernel_size", axes);
    const strides = positiveInts(config, "strides", axes, 1);
    const dilation = positiveInts(config, "dilation_rate", axes, 1);
    const groups = positiveInts(config, "groups", 1, 1)[0]!;
    const padding = paddingOf(
      config,
      axes === 1 ? ["valid", "same", "causal"] : ["valid", "same"],
    );
    if (filters % groups !== 0) {
      throw wrongOption(config, "groups", `divide the ${filters} filters`);
    }
    const isCausal = padding === "causal";
    const before = dilation[0]! * (size[0]! - 1);
    return filterLayer(config, {
      axes,
      kernels: ["kernel"],
      compute(ops, x, { kernel }) {
        const depth = depthOf(config.name, ops.shape(x));
        const wanted = [...size, depth / groups, filters];
        checkWeight(config.name, "kernel", ops.shape(kernel!), wanted);
        return ops.conv(
          isCausal ? ops.pad(x, [[0, 0], [before, 0], [0, 0]]) : x,
          kernel!,
          { strides, dilation, padding: isCausal ? "valid" : padding, groups },
        );
      },
    });
  };
}

/** Factories of this family. */
export const CONVOLUTION_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    ...forAxes([1, 2, 3], convolution, "Conv#D", "Convolution#D"),
  });

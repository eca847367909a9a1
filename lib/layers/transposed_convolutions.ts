/**
 * Transposed convolutions over 1, 2 or 3 spatial axes: each input position adds
 * its value times the kernel to the output, `stride` positions apart.
 *
 * Source: Keras 3.15 `Conv1DTranspose`, `Conv2DTranspose`, `Conv3DTranspose`;
 * Keras 2 writes the same options.
 *
 * @module
 */
import type { FactoryTable, LayerConfig, LayerFactory } from "./layer.ts";
import { checkWeight, depthOf, wrongOption } from "./_checks.ts";
import {
  filterLayer,
  filterOptions,
  forAxes,
  refuseGroups,
  type SpatialAxes,
} from "./_maps.ts";

/** Conv1DTranspose, Conv2DTranspose, Conv3DTranspose over `[N, …positions, D]`. */
function transposed(axes: SpatialAxes): LayerFactory {
  return (config) => {
    const filters = config.number("filters");
    const { size, strides, dilation, padding } = filterOptions(config, axes);
    const outputPadding = outputPaddingOf(config, axes);
    refuseGroups(config);
    return filterLayer(config, {
      axes,
      kernels: ["kernel"],
      compute(ops, x, { kernel }) {
        const wanted = [...size, filters, depthOf(config.name, ops.shape(x))];
        checkWeight(config.name, "kernel", ops.shape(kernel!), wanted);
        return ops.convTranspose(x, kernel!, {
          strides,
          padding,
          dilation,
          ...(outputPadding === undefined ? {} : { outputPadding }),
        });
      },
    });
  };
}

function outputPaddingOf(
  config: LayerConfig,
  axes: SpatialAxes,
): readonly number[] | undefined {
  const value = config.raw("output_padding");
  if (value === null || value === undefined) return undefined;
  const list = config.ints("output_padding", axes);
  if (list.every((added) => added >= 0)) return list;
  throw wrongOption(config, "output_padding", "hold whole numbers from 0 up");
}

/** Factories of this family. */
export const TRANSPOSED_CONVOLUTION_LAYERS: FactoryTable = Object.freeze({
  ...forAxes(
    [1, 2, 3],
    transposed,
    "Conv#DTranspose",
    "Convolution#DTranspose",
  ),
});

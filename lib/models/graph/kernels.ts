/**
 * Draws the kernels of a layer.
 *
 * @module
 */
import { cannot, checkAwaited, checkOneOf, checkOptions } from "../../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../../display/figure.ts";
import type { Weights } from "../../types.ts";
import { findWeight, kernelBlock } from "./weights_view.ts";
import { ownerOf } from "./weights.ts";

/**
 * Settings of {@linkcode kernels}.
 *
 * @category Figures
 */
export interface KernelsOptions extends FigureOptions {
  /** The weight, such as `"kernel"`. Default: the first of rank 2 or more. */
  readonly weight?: string;
  /**
   * Indices of the output channels, from 0, in this order. Default: as many as
   * fit.
   */
  readonly channels?: readonly number[];
  /**
   * Whether all kernels share one colour range, or each has a separate one.
   *
   * @default {"layer"}
   */
  readonly scale?: "layer" | "each";
}

/**
 * Draws a layer's kernels: those of a 2-D convolution as images, one for each
 * pair of input and output channel; others as a heat map of inputs against
 * outputs. Blue is below zero, white zero, red above.
 *
 * Useful for first layers, whose kernels show edges and colours; those of
 * deeper layers are hard to interpret.
 *
 * @param weights Weights of a layer, from `getWeights`.
 * @param options Weight and output channels.
 * @returns A figure that shows itself.
 * @throws {TypeError} If the weights are a promise, or contain no matrix.
 * @throws {RangeError} If there is no such weight or channel.
 *
 * @example Two filters of a convolution
 * ```ts
 * import { fromLayersModel, kernels, show, tf } from "@sonde/sonde";
 *
 * const conv = { filters: 4, kernelSize: 3, inputShape: [8, 8, 1], name: "conv" };
 * const model = fromLayersModel(tf.sequential({ layers: [tf.layers.conv2d(conv)] }));
 * await show(kernels(await model.getWeights("conv"), { channels: [0, 3] }));
 * ```
 *
 * @category Figures
 */
export function kernels(
  weights: Weights,
  options: KernelsOptions = {},
): Figure {
  const action = "draw kernels";
  checkAwaited(weights, action, "its argument");
  if (typeof weights !== "object" || weights === null) {
    const rule = "its argument must be the weights of a layer";
    throw new TypeError(cannot(action, rule, weights));
  }
  checkOptions(options, action, [
    ...["weight", "channels", "scale"],
    ...FIGURE_OPTIONS,
  ]);
  const { weight, channels, scale = "layer", ...frame } = options;
  checkOneOf(scale, action, "scale", ["layer", "each"]);
  const name = weight ??
    Object.keys(weights).find((key) => weights[key]!.shape?.length >= 2);
  if (name === undefined) {
    const rule = "the weights must hold an array of rank 2 or more";
    throw new TypeError(cannot(action, rule, Object.keys(weights)));
  }
  const block = kernelBlock(ownerOf(weights), name, findWeight(weights, name), {
    scale,
    ...(channels === undefined ? {} : { channels }),
  });
  return makeFigure({ ...block, options: frame });
}

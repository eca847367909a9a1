/**
 * Layers that Keras defines in addition to `keras.layers`: those of
 * `keras.applications`, of `keras.utils.FeatureSpace`, and experimental ones.
 *
 * @module
 */
import { CORE_LAYERS } from "./core.ts";
import { MERGING_LAYERS } from "./merging.ts";
import { passThrough } from "./regularization.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";

/**
 * LayerScale of ConvNeXt: `gamma · x`, along the last axis.
 *
 * Source: Keras 3.15 and tf_keras 2.21, `applications/convnext.py`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function layerScale(config: LayerConfig): Layer {
  config.raw("init_values"); // initial value only
  config.raw("projection_dim"); // that of the weight
  return {
    weights: ["gamma"],
    keepsAxes: true,
    call: (ops, [x], { gamma }) => [ops.multiply(x!, gamma!)],
  };
}

/**
 * RandomFourierFeatures: `cos(x · kernel / scale + bias)`.
 *
 * Source: tf_keras 2.21, `layers/kernelized.py`; not in Keras 3.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function randomFourierFeatures(config: LayerConfig): Layer {
  config.raw("output_dim"); // that of the weights
  config.raw("scale"); // initial value only
  return {
    weights: ["kernel_scale", "unscaled_kernel", "bias"],
    call(ops, [x], { unscaled_kernel: kernel, bias, kernel_scale: scale }) {
      const product = ops.matmul(x!, ops.divide(kernel!, scale!)); // [N, D]
      return [ops.cos(ops.add(product, bias!))];
    },
  };
}

/** Factories of this family. */
export const APPLICATION_LAYERS: FactoryTable = Object.freeze({
  LayerScale: layerScale,
  RandomFourierFeatures: randomFourierFeatures,
  StochasticDepth: passThrough("drop_path_rate"), // of ConvNeXt
  // A model on the encoded features of a FeatureSpace has these.
  TFDConcat: MERGING_LAYERS.Concatenate!,
  TFDIdentity: CORE_LAYERS.Identity!,
});

/**
 * Layers that are only active in training: dropout, noise, and random image
 * augmentation.
 *
 * Each was checked in Keras 3.15 to return its input at inference; RandomHeight
 * and RandomWidth in tf_keras 2.21.
 *
 * @module
 */
import type { FactoryTable, LayerFactory } from "./layer.ts";

/**
 * Creates the factory of a layer that returns its inputs and their masks; its
 * options only affect training.
 *
 * @param options The names of those options.
 * @returns The factory.
 */
export function passThrough(...options: readonly string[]): LayerFactory {
  return (config) => {
    for (const key of options) config.raw(key);
    return {
      weights: [],
      keepsAxes: true,
      passesValues: true,
      masks: (_ops, _inputs, { masks }) => [...masks],
      call: (_ops, inputs) => [...inputs],
    };
  };
}

/** Options of most augmentation layers. */
const IMAGES = [
  "data_format",
  "value_range",
  "factor",
  "interpolation",
  "fill_mode",
  "fill_value",
  "bounding_box_format",
];

/** Factories of this family. */
export const REGULARIZATION_LAYERS: FactoryTable = Object.freeze({
  Dropout: passThrough("rate", "noise_shape"),
  SpatialDropout1D: passThrough("rate", "noise_shape"),
  SpatialDropout2D: passThrough("rate", "noise_shape", "data_format"),
  SpatialDropout3D: passThrough("rate", "noise_shape", "data_format"),
  AlphaDropout: passThrough("rate", "noise_shape"),
  GaussianDropout: passThrough("rate"),
  GaussianNoise: passThrough("stddev"),
  RandomFlip: passThrough(...IMAGES, "mode"),
  RandomHeight: passThrough("factor", "interpolation"), // Keras 2
  RandomWidth: passThrough("factor", "interpolation"), // Keras 2
  RandomRotation: passThrough(...IMAGES),
  RandomZoom: passThrough(...IMAGES, "height_factor", "width_factor"),
  RandomTranslation: passThrough(
    ...IMAGES,
    "height_factor",
    "width_factor",
  ),
  RandomShear: passThrough(...IMAGES, "x_factor", "y_factor"),
  RandomContrast: passThrough(...IMAGES),
  RandomBrightness: passThrough(...IMAGES),
  RandomHue: passThrough(...IMAGES),
  RandomSaturation: passThrough(...IMAGES),
  RandomSharpness: passThrough(...IMAGES),
  RandomInvert: passThrough(...IMAGES),
  RandomGrayscale: passThrough(...IMAGES),
  RandomPosterization: passThrough(...IMAGES),
  RandomColorDegeneration: passThrough(...IMAGES),
  RandomColorJitter: passThrough(
    ...IMAGES,
    "brightness_factor",
    "contrast_factor",
    "saturation_factor",
    "hue_factor",
  ),
  RandomErasing: passThrough(...IMAGES, "scale"),
  RandomGaussianBlur: passThrough(...IMAGES, "kernel_size", "sigma"),
  RandomPerspective: passThrough(...IMAGES, "scale"),
  RandomElasticTransform: passThrough(...IMAGES, "scale"),
  RandAugment: passThrough(...IMAGES, "num_ops"),
  AugMix: passThrough(
    ...IMAGES,
    "num_chains",
    "chain_depth",
    "alpha",
    "all_ops",
  ),
  CutMix: passThrough(...IMAGES),
  MixUp: passThrough(...IMAGES, "alpha"),
  Solarization: passThrough(
    ...IMAGES,
    "addition_factor",
    "threshold_factor",
  ),
});

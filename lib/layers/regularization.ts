/**
 * Layers that do something while a model is trained and nothing afterwards:
 * dropout, noise, and random changes of pictures.
 *
 * Each was run in Keras 3.15 at inference and gave its input back.
 *
 * @module
 */
import type { LayerFactory } from "./layer.ts";

/**
 * A layer that gives its input back; its options say how it trains.
 *
 * @param options The names of those options.
 */
function passThrough(...options: string[]): LayerFactory {
  return (config) => {
    for (const key of options) config.raw(key);
    return {
      weights: [],
      keepsAxes: true,
      passesValues: true,
      call: (_ops, inputs) => [...inputs],
    };
  };
}

/** Options that most layers on pictures have. */
const PICTURES = [
  "data_format",
  "value_range",
  "factor",
  "interpolation",
  "fill_mode",
  "fill_value",
  "bounding_box_format",
  "rng_type", // Keras 2
];

/** Factories of this family. */
export const REGULARIZATION_LAYERS: Readonly<Record<string, LayerFactory>> =
  Object.freeze({
    Dropout: passThrough("rate", "noise_shape"),
    SpatialDropout1D: passThrough("rate", "noise_shape"),
    SpatialDropout2D: passThrough("rate", "noise_shape", "data_format"),
    SpatialDropout3D: passThrough("rate", "noise_shape", "data_format"),
    AlphaDropout: passThrough("rate", "noise_shape"),
    GaussianDropout: passThrough("rate"),
    GaussianNoise: passThrough("stddev"),
    RandomFlip: passThrough(...PICTURES, "mode"),
    RandomRotation: passThrough(...PICTURES),
    RandomZoom: passThrough(...PICTURES, "height_factor", "width_factor"),
    RandomTranslation: passThrough(
      ...PICTURES,
      "height_factor",
      "width_factor",
    ),
    RandomShear: passThrough(...PICTURES, "x_factor", "y_factor"),
    RandomContrast: passThrough(...PICTURES),
    RandomBrightness: passThrough(...PICTURES),
    RandomHue: passThrough(...PICTURES),
    RandomSaturation: passThrough(...PICTURES),
    RandomSharpness: passThrough(...PICTURES),
    RandomInvert: passThrough(...PICTURES),
    RandomGrayscale: passThrough(...PICTURES),
    RandomPosterization: passThrough(...PICTURES),
    RandomColorDegeneration: passThrough(...PICTURES),
    RandomColorJitter: passThrough(
      ...PICTURES,
      "brightness_factor",
      "contrast_factor",
      "saturation_factor",
      "hue_factor",
    ),
    RandomErasing: passThrough(...PICTURES, "scale"),
    RandomGaussianBlur: passThrough(...PICTURES, "kernel_size", "sigma"),
    RandomPerspective: passThrough(...PICTURES, "scale"),
    RandomElasticTransform: passThrough(...PICTURES, "scale"),
    RandAugment: passThrough(...PICTURES, "num_ops"),
    AugMix: passThrough(
      ...PICTURES,
      "num_chains",
      "chain_depth",
      "alpha",
      "all_ops",
    ),
    CutMix: passThrough(...PICTURES),
    MixUp: passThrough(...PICTURES, "alpha"),
    Solarization: passThrough(
      ...PICTURES,
      "addition_factor",
      "threshold_factor",
    ),
  });

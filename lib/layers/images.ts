/**
 * Layers that change images, also at inference.
 *
 * Random augmentation, which is only active in training, is in
 * `regularization.ts`.
 *
 * @module
 */
import { clip } from "./activations.ts";
import { checkRank, wrongConfig } from "./_checks.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";

/**
 * AutoContrast: stretches each channel of each image over the whole value
 * range; a channel that is constant or contains NaN is unchanged.
 *
 * Source: Keras 3.15 `AutoContrast`, which uses axes 1 and 2 as the spatial
 * ones, whatever its `data_format`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function autoContrast(config: LayerConfig): Layer {
  const [low, high] = range(config);
  config.raw("data_format");
  return {
    weights: [],
    keepsAxes: true,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 4);
      const image = ops.float(x!);
      const bound = (value: number) => ops.constant(value);
      const isBytes = low === 0 && high === 255;
      const bytes = isBytes ? image : ops.multiply(
        ops.divide(ops.subtract(image, bound(low)), bound(high - low)),
        bound(255),
      );
      const spatial = { axis: [1, 2], keepdims: true };
      const least = ops.min(bytes, spatial);
      const scale = ops.divide(
        bound(255),
        ops.subtract(ops.max(bytes, spatial), least),
      );
      const offset = ops.multiply(ops.negative(least), scale);
      const stretched = ops.add(ops.multiply(bytes, scale), offset);
      const clipped = clip(ops, stretched, 0, 255);
      const result = isBytes ? clipped : ops.add(
        ops.multiply(ops.divide(clipped, bound(255)), bound(high - low)),
        bound(low),
      );
      return [ops.where(ops.isNaN(stretched), image, result)];
    },
    masks: () => [],
  };
}

/**
 * Pipeline: a sequence of preprocessing layers.
 *
 * Source: Keras 3.15 `Pipeline`. Layers with weights are refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function pipeline(config: LayerConfig): Layer {
  const layers = config.layerList("layers");
  const stray = layers.find(({ weights }) => weights.length > 0);
  if (stray !== undefined) {
    throw wrongConfig(
      config.name,
      "its layers must have no weights",
      stray.weights,
    );
  }
  const channels = layers.at(-1)?.channels;
  return {
    weights: [],
    ...(channels === undefined ? {} : { channels }),
    call: (ops, [x]) => [
      layers.reduce(
        (at, layer) =>
          layer.call(ops, [at], {}, { masks: [undefined], args: {} })[0]!,
        x!,
      ),
    ],
    masks: () => [],
  };
}

/** Factories of this family. */
export const IMAGE_LAYERS: FactoryTable = Object.freeze({
  AutoContrast: autoContrast,
  Pipeline: pipeline,
});

/** Minimum and maximum of an image; Keras sorts them. */
function range(config: LayerConfig): [low: number, high: number] {
  const value = config.raw("value_range") ?? [0, 255];
  if (
    Array.isArray(value) && value.length === 2 && value.every(Number.isFinite)
  ) {
    return [Math.min(...value), Math.max(...value)];
  }
  throw wrongConfig(config.name, `"value_range" must be two numbers`, value);
}

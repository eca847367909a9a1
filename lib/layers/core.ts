/**
 * Layers with one product: Dense and its kin.
 *
 * @module
 */
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * Dense: `activation(x · kernel + bias)`, over the last axis of `[N, …, D]`.
 *
 * Source: Keras 3.15 `Dense`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function dense(config: LayerConfig): Layer {
  config.raw("units"); // the kernel's shape says it
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  return {
    weights: hasBias ? ["kernel", "bias"] : ["kernel"],
    call(ops, [x], { kernel, bias }) {
      const product = ops.matmul(x!, kernel!); // [N, …, units]
      return [activation(ops, hasBias ? ops.add(product, bias!) : product)];
    },
  };
}

/** Factories of this family. */
export const CORE_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({ Dense: dense });

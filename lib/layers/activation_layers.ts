/**
 * Activations as layers.
 *
 * @module
 */
import { clip, elu, leakyRelu } from "./activations.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * Activation: any activation of Keras by name.
 *
 * Source: Keras 3.15 `Activation`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function activation(config: LayerConfig): Layer {
  const apply = config.activation("activation");
  return { weights: [], call: (ops, [x]) => [apply(ops, x!)] };
}

/**
 * Softmax along one axis or several; what a mask leaves out counts as −∞.
 *
 * Source: Keras 3.15 `Softmax`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function softmax(config: LayerConfig): Layer {
  const axes = [config.raw("axis") ?? -1].flat() as number[];
  return {
    weights: [],
    call(ops, [x]) {
      if (axes.length === 1) return [ops.softmax(x!, axes[0]!)];
      const over = { axis: axes, keepdims: true };
      const shifted = ops.subtract(x!, ops.max(x!, over));
      const raised = ops.exp(shifted);
      return [ops.divide(raised, ops.sum(raised, over))];
    },
  };
}

/**
 * ReLU: `min(max(x, threshold), max_value)`, with a slope below the threshold.
 *
 * Source: Keras 3.15 `ReLU`: `negative_slope · (x − threshold)` below.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function reluLayer(config: LayerConfig): Layer {
  const slope = config.number("negative_slope", 0);
  const threshold = config.number("threshold", 0);
  const most = config.raw("max_value") as number | null | undefined;
  return {
    weights: [],
    call(ops, [x]) {
      const bound = ops.constant(threshold);
      // At the threshold itself Keras' value is 0 where there is one.
      const isAbove = threshold === 0
        ? ops.greaterEqual(x!, bound)
        : ops.greater(x!, bound);
      const below = ops.multiply(
        ops.constant(slope),
        ops.subtract(ops.minimum(x!, bound), bound),
      );
      const value = ops.where(isAbove, x!, below);
      return [
        typeof most === "number" ? clip(ops, value, -Infinity, most) : value,
      ];
    },
  };
}

/**
 * LeakyReLU: `x` where positive, `negative_slope · x` elsewhere.
 *
 * Source: Keras 3.15 `LeakyReLU`, default 0.3; Keras 2 writes `alpha`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function leakyReluLayer(config: LayerConfig): Layer {
  const alpha = config.number("alpha", 0.3);
  const slope = config.number("negative_slope", alpha);
  return { weights: [], call: (ops, [x]) => [leakyRelu(ops, x!, slope)] };
}

/**
 * ELU: `x` where positive, `alpha (exp(x) − 1)` elsewhere.
 *
 * Source: Keras 3.15 `ELU`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function eluLayer(config: LayerConfig): Layer {
  const alpha = config.number("alpha", 1);
  return { weights: [], call: (ops, [x]) => [elu(ops, x!, alpha)] };
}

/**
 * PReLU: `x` where positive, `alpha · x` elsewhere, with `alpha` learned.
 *
 * Source: Keras 3.15 `PReLU`; shared axes have size 1 in `alpha`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function prelu(config: LayerConfig): Layer {
  config.raw("shared_axes"); // the shape of alpha says it
  return {
    weights: ["alpha"],
    call(ops, [x], { alpha }) {
      const isPositive = ops.greater(x!, ops.constant(0));
      return [ops.where(isPositive, x!, ops.multiply(alpha!, x!))];
    },
  };
}

/** Factories of this family. */
export const ACTIVATION_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    Activation: activation,
    Softmax: softmax,
    ReLU: reluLayer,
    LeakyReLU: leakyReluLayer,
    ELU: eluLayer,
    PReLU: prelu,
  });

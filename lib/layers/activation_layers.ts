/**
 * Activations as layers.
 *
 * @module
 */
import { shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { maskArgument } from "./_arguments.ts";
import { lowered } from "./_attention_masks.ts";
import {
  axesOption,
  checkWeight,
  optionalNumber,
  wrongCall,
} from "./_checks.ts";
import { clip, elu, leakyRelu, relu, softmax } from "./activations.ts";
import type {
  Activation,
  CallContext,
  Dialect,
  FactoryTable,
  Layer,
  LayerConfig,
} from "./layer.ts";

/**
 * Activation: any activation of Keras by name.
 *
 * Source: Keras 3.15 `Activation`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function activation(config: LayerConfig): Layer {
  return onEach(config.activation("activation"));
}

/** A layer that is one function of each value. */
function onEach(apply: Activation): Layer {
  return { weights: [], keepsAxes: true, call: (ops, [x]) => [apply(ops, x!)] };
}

/**
 * Softmax along one axis or several. Keras 3 gives 0 where a mask is false;
 * Keras 2 subtracts 1e9 from masked values before, so that a fully masked row
 * keeps its values.
 *
 * Source: Keras 3.15 `Softmax`; Keras 2.15 `Softmax` with `robust_masking`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function softmaxLayer(config: LayerConfig): Layer {
  const axes = axesOption(config);
  const isRobust = config.boolean("robust_masking", false) ||
    config.dialect === 3;
  return {
    weights: [],
    keepsAxes: true,
    call(ops, [x], _weights, context) {
      const mask = maskOf(ops, config.name, x!, context);
      if (mask === undefined) return [softmax(ops, x!, axes)];
      const logits = isRobust
        ? ops.where(mask, x!, ops.constant(-1e9))
        : lowered(ops, x!, mask);
      const output = softmax(ops, logits, axes);
      return [
        config.dialect === 3
          ? ops.where(mask, output, ops.constant(0))
          : output,
      ];
    },
    masks: (_ops, _inputs, context) => [
      maskArgument(config.name, context),
    ],
  };
}

/** The mask of a softmax: the argument, or that of the input. */
function maskOf<T>(
  ops: Ops<T>,
  name: string,
  x: T,
  context: CallContext<T>,
): T | undefined {
  const mask = maskArgument(name, context);
  if (mask === undefined) return undefined;
  const [sizes, wanted] = [ops.shape(mask), ops.shape(x)];
  const isFit = sizes.length <= wanted.length && sizes.every((size, i) => {
    const other = wanted[i + wanted.length - sizes.length];
    return size === 1 || size === other || size === null || other === null;
  });
  if (isFit) {
    return ops.dtype(mask) === "bool"
      ? mask
      : ops.greater(ops.float(mask), ops.constant(0.5));
  }
  throw wrongCall(
    name,
    `its mask must broadcast to the input's shape ${shapeText(wanted)}`,
    sizes,
  );
}

/**
 * ReLU: `min(max(x, threshold), max_value)`, with a slope below the threshold.
 *
 * Source: Keras 3.15 `ReLU`: values up to the threshold count as 0, and
 * `negative_slope · (threshold − x)` is subtracted below it, after clipping.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function reluLayer(config: LayerConfig): Layer {
  const slope = config.number("negative_slope", 0);
  const threshold = config.number("threshold", 0);
  const most = optionalNumber(config, "max_value");
  return {
    weights: [],
    keepsAxes: true,
    call(ops, [x]) {
      const bound = ops.constant(threshold);
      const above = threshold === 0
        ? relu(ops, x!)
        : kept(ops, x!, ops.greater(x!, bound), config.dialect);
      const value = most === undefined ? above : clip(ops, above, 0, most);
      if (slope === 0) return [value];
      const below = relu(ops, ops.subtract(bound, x!));
      return [ops.subtract(value, ops.multiply(ops.constant(slope), below))];
    },
  };
}

/**
 * `x` above the threshold, 0 elsewhere; in Keras 2 by a product, so that −∞
 * gives NaN.
 */
function kept<T>(ops: Ops<T>, x: T, isAbove: T, dialect: Dialect): T {
  return dialect === 3
    ? ops.where(isAbove, x, ops.constant(0))
    : ops.multiply(x, ops.float(isAbove));
}

/**
 * ThresholdedReLU: `x` where above `theta`, 0 elsewhere.
 *
 * Source: Keras 2.15 `ThresholdedReLU`; not in Keras 3.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function thresholdedRelu(config: LayerConfig): Layer {
  const theta = config.number("theta", 1);
  return onEach((ops, x) =>
    kept(ops, x, ops.greater(x, ops.constant(theta)), 2)
  );
}

/**
 * LeakyReLU: `x` where positive, `negative_slope · x` elsewhere.
 *
 * Source: Keras 3.15 `LeakyReLU`, default 0.3; Keras 2 writes `alpha`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function leakyReluLayer(config: LayerConfig): Layer {
  const alpha = config.number("alpha", 0.3);
  const slope = config.number("negative_slope", alpha);
  return onEach((ops, x) => leakyRelu(ops, x, slope));
}

/**
 * ELU: `x` where positive, `alpha (exp(x) − 1)` elsewhere.
 *
 * Source: Keras 3.15 `ELU`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function eluLayer(config: LayerConfig): Layer {
  const alpha = config.number("alpha", 1);
  return onEach((ops, x) => elu(ops, x, alpha));
}

/**
 * PReLU: `x` where positive, `alpha · x` elsewhere, with `alpha` learned.
 *
 * Source: Keras 3.15 `PReLU`; shared axes have size 1 in `alpha`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function prelu(config: LayerConfig): Layer {
  const shared = [config.raw("shared_axes") ?? []].flat();
  return {
    weights: ["alpha"],
    keepsAxes: true,
    call(ops, [x], { alpha }) {
      const sizes = ops.shape(x!).slice(1);
      // As in Keras: `sizes[axis - 1]`, where −1 is the last in Python.
      const isShared = (i: number) =>
        shared.includes(i + 1) || shared.includes(i + 1 - sizes.length);
      const wanted = sizes.map((size, i) => isShared(i) ? 1 : size);
      checkWeight(config.name, "alpha", ops.shape(alpha!), wanted);
      const isPositive = ops.greater(x!, ops.constant(0));
      return [ops.where(isPositive, x!, ops.multiply(alpha!, x!))];
    },
  };
}

/** Factories of this family. */
export const ACTIVATION_LAYERS: FactoryTable = Object.freeze({
  Activation: activation,
  Softmax: softmaxLayer,
  ReLU: reluLayer,
  ThresholdedReLU: thresholdedRelu,
  LeakyReLU: leakyReluLayer,
  ELU: eluLayer,
  PReLU: prelu,
});

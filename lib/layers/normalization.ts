/**
 * Normalisation layers: scale values to mean 0 and variance 1 over some axes,
 * or by statistics of the training data.
 *
 * @module
 */
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import { maskArgument } from "./_arguments.ts";
import { axesOption, checkWeight, wrongCall } from "./_checks.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";

/**
 * BatchNormalization at inference:
 * `gamma (x − mean) / sqrt(variance + epsilon) + beta`, with the moving
 * statistics from training.
 *
 * Source: Keras 3.15 `BatchNormalization`; Keras 2 writes the axis as a list.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function batchNormalization(config: LayerConfig): Layer {
  const axes = axesOption(config);
  const epsilon = config.number("epsilon", 1e-3);
  const hasScale = config.boolean("scale", true);
  const hasCenter = config.boolean("center", true);
  for (const key of ["momentum", "renorm_momentum", "renorm_clipping"]) {
    config.raw(key); // training only
  }
  config.raw("virtual_batch_size");
  config.boolean("synchronized", false);
  const ofTraining = ["moving_stddev", "renorm_mean", "renorm_stddev"];
  return {
    keepsAxes: true,
    weights: [
      ...affineWeights(hasScale, hasCenter),
      "moving_mean",
      "moving_variance",
      ...config.boolean("renorm", false) ? ofTraining : [],
    ],
    // Keras 3 writes the mask into the call; it is only used in training.
    masks: (_ops, _inputs, context) => [
      maskArgument(config.name, context),
    ],
    call(ops, [x], weights) {
      for (const [name, weight] of Object.entries(weights)) {
        checkAlong(ops, config.name, name, weight, x!, axes);
      }
      const along = <T>(o: Ops<T>, value: T, like: T) =>
        broadcastAlong(o, value, like, axes);
      const spread = ops.add(weights.moving_variance!, ops.constant(epsilon));
      const root = ops.divide(ops.constant(1), ops.sqrt(spread));
      const factor = hasScale ? ops.multiply(root, weights.gamma!) : root;
      const shift = ops.negative(ops.multiply(weights.moving_mean!, factor));
      const offset = hasCenter ? ops.add(shift, weights.beta!) : shift;
      const scaled = ops.multiply(x!, along(ops, factor, x!));
      return [ops.add(scaled, along(ops, offset, x!))];
    },
  };
}

/**
 * LayerNormalization: over some axes of each sample; with `rms_scaling` only
 * divided by the root mean square, without centring.
 *
 * Source: Keras 3.15 `LayerNormalization`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function layerNormalization(config: LayerConfig): Layer {
  const axes = axesOption(config);
  const epsilon = config.number("epsilon", 1e-3);
  const isRms = config.boolean("rms_scaling", false);
  const hasScale = config.boolean("scale", true) || isRms;
  const hasCenter = config.boolean("center", true) && !isRms;
  return {
    keepsAxes: true,
    weights: affineWeights(hasScale, hasCenter),
    call(ops, [x], { gamma, beta }) {
      const over = { axis: axes, keepdims: true };
      const { centred, variance } = moments(ops, x!, over);
      const root = inverseRoot(ops, variance, epsilon);
      const value = ops.multiply(isRms ? x! : centred, root);
      return [affine(ops, config.name, value, axes, { gamma, beta })];
    },
  };
}

/**
 * RMSNormalization: `x / sqrt(mean(x²) + epsilon) · scale`.
 *
 * Source: Keras 3.15 `RMSNormalization`, which applies the scale along the last
 * axes, whatever `axis`, and does not pass on masks.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function rmsNormalization(config: LayerConfig): Layer {
  const axes = axesOption(config);
  const epsilon = config.number("epsilon", 1e-6);
  return {
    keepsAxes: true,
    weights: ["scale"],
    call(ops, [x], { scale }) {
      const over = { axis: axes, keepdims: true };
      const power = ops.mean(ops.multiply(x!, x!), over);
      const value = ops.multiply(x!, inverseRoot(ops, power, epsilon));
      const last = ops.shape(x!).slice(-axes.length);
      checkWeight(config.name, "scale", ops.shape(scale!), last);
      return [ops.multiply(value, scale!)];
    },
    masks: () => [],
  };
}

/**
 * GroupNormalization: over the positions and the channels of each group;
 * `groups = -1` is one group per channel.
 *
 * Source: Keras 3.15 `GroupNormalization`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function groupNormalization(config: LayerConfig): Layer {
  const groups = config.number("groups", 32);
  const axis = config.number("axis", -1);
  const epsilon = config.number("epsilon", 1e-3);
  const hasScale = config.boolean("scale", true);
  const hasCenter = config.boolean("center", true);
  return {
    keepsAxes: true,
    weights: affineWeights(hasScale, hasCenter),
    call(ops, [x], { gamma, beta }, { masks }) {
      if (config.dialect !== 3 && masks[0] !== undefined) {
        throw wrongCall(
          config.name,
          "its input must have no mask: Keras 2 leaves masked positions out",
          "a mask",
        );
      }
      const shape = ops.shape(x!);
      const at = axis < 0 ? axis + shape.length : axis;
      const depth = shape[at];
      if (typeof depth !== "number" || depth % groups !== 0) {
        throw wrongCall(
          config.name,
          `its channels must fall into ${groups} groups`,
          depth,
        );
      }
      const count = groups === -1 ? depth : groups;
      const split = ops.unmerge(x!, at, [count, -1]);
      const over = {
        axis: [...ops.shape(split).keys()].filter((i) => i !== 0 && i !== at),
        keepdims: true,
      };
      const { centred, variance } = moments(ops, split, over);
      const value = ops.multiply(centred, inverseRoot(ops, variance, epsilon));
      const whole = ops.merge(value, at, at + 1);
      return [affine(ops, config.name, whole, [at], { gamma, beta })];
    },
  };
}

/**
 * UnitNormalization: each sample divided by its length along some axes.
 *
 * Source: Keras 3.15 `UnitNormalization`: the squared length is at least 1e-24;
 * in Keras 2, 1e-12.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function unitNormalization(config: LayerConfig): Layer {
  const axes = axesOption(config);
  const least = config.dialect === 3 ? 1e-24 : 1e-12;
  return {
    keepsAxes: true,
    weights: [],
    call(ops, [x]) {
      const over = { axis: axes, keepdims: true };
      const squares = ops.sum(ops.multiply(x!, x!), over);
      const bounded = ops.maximum(squares, ops.constant(least));
      const inverse = ops.divide(ops.constant(1), ops.sqrt(bounded));
      return [ops.multiply(x!, inverse)];
    },
  };
}

/** Factories of this family. */
export const NORMALIZATION_LAYERS: FactoryTable = Object.freeze({
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization, // of TensorFlow 1
  BatchNormalizationV2: batchNormalization,
  SyncBatchNormalization: batchNormalization, // of tf.keras.layers.experimental
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  UnitNormalization: unitNormalization,
});

function affineWeights(hasScale: boolean, hasCenter: boolean): string[] {
  return [...(hasScale ? ["gamma"] : []), ...(hasCenter ? ["beta"] : [])];
}

/** The centred values and their variance, over some axes. */
function moments<T>(
  ops: Ops<T>,
  x: T,
  over: ReduceOptions,
): { centred: T; variance: T } {
  const centred = ops.subtract(x, ops.mean(x, over));
  return { centred, variance: ops.mean(ops.multiply(centred, centred), over) };
}

function inverseRoot<T>(ops: Ops<T>, variance: T, epsilon: number): T {
  const spread = ops.add(variance, ops.constant(epsilon));
  return ops.divide(ops.constant(1), ops.sqrt(spread));
}

/** `x · gamma + beta`, with weights along some axes of `x`. */
function affine<T>(
  ops: Ops<T>,
  name: string,
  x: T,
  axes: readonly number[],
  weights: Readonly<Record<"gamma" | "beta", T | undefined>>,
): T {
  for (const [key, weight] of Object.entries(weights)) {
    if (weight !== undefined) checkAlong(ops, name, key, weight, x, axes);
  }
  const { gamma, beta } = weights;
  const scaled = gamma === undefined
    ? x
    : ops.multiply(x, broadcastAlong(ops, gamma, x, axes));
  return beta === undefined
    ? scaled
    : ops.add(scaled, broadcastAlong(ops, beta, x, axes));
}

/**
 * Checks that a weight has the sizes of its axes. Keras 2 stores weights over
 * several axes with all axes.
 */
function checkAlong<T>(
  ops: Ops<T>,
  name: string,
  key: string,
  weight: T,
  like: T,
  axes: readonly number[],
): void {
  const shape = ops.shape(like);
  const at = axes.map((axis) => axis < 0 ? axis + shape.length : axis);
  const found = ops.shape(weight);
  const isFull = at.length > 1 && found.length === shape.length;
  const wanted = isFull
    ? shape.map((size, i) => at.includes(i) ? size : 1)
    : at.map((axis) => shape[axis]!);
  checkWeight(name, key, found, wanted);
}

/** A weight over some axes of `like`, with size 1 along all others. */
function broadcastAlong<T>(
  ops: Ops<T>,
  weight: T,
  like: T,
  axes: readonly number[],
): T {
  const rank = ops.shape(like).length;
  const at = axes.map((axis) => axis < 0 ? axis + rank : axis);
  const sizes = ops.shape(weight);
  const flat = sizes.length === 1 && at.length === 1;
  if (flat && at[0] === rank - 1) return weight;
  // Keras 2 stores weights over several axes with all axes.
  if (at.length > 1 && sizes.length === rank) return weight;
  const shape = Array.from({ length: rank }, () => 1);
  // Unsorted axes in Keras 2: it uses the input's sizes.
  const known = ops.shape(like);
  at.forEach((axis, i) => shape[axis] = known[axis] ?? sizes[i]!);
  return ops.reshape(weight, shape);
}

/**
 * Layers that change the shape or the order of values.
 *
 * @module
 */
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { checkRank, positiveInts, wrongOption } from "./_checks.ts";
import { noMasks, readChannels, toChannelsLast } from "./_maps.ts";

/**
 * Flatten: flattens each sample, with the channels as the last axis.
 *
 * Source: Keras 3.15 `Flatten`; with channels first, the feature map is transposed first.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function flatten(config: LayerConfig): Layer {
  const channels = readChannels(config);
  return {
    weights: [],
    passesValues: true,
    masks: noMasks,
    call(ops, [x]) {
      const rank = ops.shape(x!).length;
      if (rank === 1) return [ops.expandDims(x!, 1)]; // [N, 1]
      const last = rank > 2 ? toChannelsLast(ops, x!, channels) : x!;
      return [rank === 2 ? last : ops.merge(last, 1, rank - 1)]; // [N, …]
    },
  };
}

/**
 * Reshape: reshapes each sample; −1 for one inferred size.
 *
 * Source: Keras 3.15 `Reshape`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function reshape(config: LayerConfig): Layer {
  const target = listOf(config, "target_shape");
  const holes = target.filter((size) => size === -1).length;
  if (holes > 1 || !target.every((size) => size >= 1 || size === -1)) {
    const rule = "hold positive whole numbers, and one −1 at most";
    throw wrongOption(config, "target_shape", rule);
  }
  return {
    weights: [],
    passesValues: true,
    masks: noMasks,
    call(ops, [x]) {
      const rank = ops.shape(x!).length;
      const line = rank === 1
        ? ops.expandDims(x!, 1)
        : rank === 2
        ? x!
        : ops.merge(x!, 1, rank - 1); // [N, …]
      if (target.length === 0) return [ops.squeeze(line, 1)];
      return [ops.unmerge(line, 1, target)]; // [N, …target]
    },
  };
}

/**
 * Permute: permutes the axes of each sample, counted from 1.
 *
 * Source: Keras 3.15 `Permute`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function permute(config: LayerConfig): Layer {
  const order = listOf(config, "dims");
  if (!order.every((_, i) => order.includes(i + 1))) {
    throw wrongOption(config, "dims", "hold each axis from 1 up once");
  }
  return {
    weights: [],
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), order.length + 1);
      return [ops.transpose(x!, [0, ...order])];
    },
  };
}

/**
 * RepeatVector: `[N, D]` to `[N, n, D]`.
 *
 * Source: Keras 3.15 `RepeatVector`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function repeatVector(config: LayerConfig): Layer {
  const [times] = positiveInts(config, "n", 1);
  return {
    weights: [],
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 2);
      return [ops.repeat(ops.expandDims(x!, 1), times!, 1)]; // [N, n, D]
    },
  };
}

function listOf(config: LayerConfig, key: string): readonly number[] {
  const value = config.raw(key);
  if (!Array.isArray(value)) throw wrongOption(config, key, "be a list");
  return config.ints(key, value.length);
}

/** Factories of this family. */
export const RESHAPING_LAYERS: FactoryTable = Object.freeze({
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
});

/**
 * What layers over feature maps have in common. Inside, feature maps are
 * channels last: `[N, …positions, D]`; a layer with channels first transposes
 * its input and its output.
 *
 * @module
 */
import { checkOneOf } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { addBias, checkRank } from "./_checks.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/** How many spatial axes a feature map has. */
export type SpatialAxes = 1 | 2 | 3;

/** Which axis holds the channels: 1, or the last. */
export type Channels = "first" | "last";

/**
 * Reads which axis holds the channels.
 *
 * @param config The layer's config.
 * @returns First or last.
 */
export function channelsOf(config: LayerConfig): Channels {
  const formats = ["channels_last", "channels_first"] as const;
  return config.oneOf("data_format", formats, "channels_last") ===
      "channels_first"
    ? "first"
    : "last";
}

/**
 * Reads the padding; Keras accepts it in any case.
 *
 * @param config The layer's config.
 * @param allowed The paddings of this layer.
 * @returns The padding.
 */
export function paddingOf<P extends string>(
  config: LayerConfig,
  allowed: readonly P[],
): P {
  const padding = config.string("padding", "valid").toLowerCase();
  return checkOneOf(
    padding,
    `read layer "${config.name}"`,
    "padding",
    allowed,
  );
}

/**
 * The first spatial axis.
 *
 * @param channels Which axis holds the channels.
 * @returns 1 or 2.
 */
export function firstSpatialAxis(channels: Channels): number {
  return channels === "last" ? 1 : 2;
}

/**
 * A feature map with its channels last.
 *
 * @param ops The engine's operations.
 * @param x A feature map.
 * @param channels Which of its axes holds the channels.
 * @returns The feature map, `[N, …positions, D]`.
 */
export function toChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return ops.transpose(x, [0, ...spatial, 1]); // [N, …positions, D]
}

/**
 * A feature map with channels last, transposed to the layer's format.
 *
 * @param ops The engine's operations.
 * @param x A feature map `[N, …positions, D]`.
 * @param channels Which axis of the result holds the channels.
 * @returns The feature map.
 */
export function fromChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return ops.transpose(x, [0, rank - 1, ...spatial]); // [N, D, …positions]
}

/**
 * Keras' classes over feature maps support no masks: their outputs have none.
 *
 * @returns No masks.
 */
export function noMasks(): [] {
  return [];
}

/** What a layer computes of one feature map, channels last. */
export interface MapLayerParts {
  readonly axes: SpatialAxes;
  /** From `[N, …positions, D]` to `[N, …positions, C]`. */
  compute<T>(ops: Ops<T>, x: T, weights: Readonly<Record<string, T>>): T;
}

/**
 * A layer over one feature map, without weights.
 *
 * @param config The layer's config; `data_format` is read from it.
 * @param parts What it computes, channels last.
 * @returns The layer.
 */
export function mapLayer(
  config: LayerConfig,
  { axes, compute }: MapLayerParts,
): Layer {
  const channels = channelsOf(config);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x], weights) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels); // [N, …positions, D]
      return [fromChannelsLast(ops, compute(ops, last, weights), channels)];
    },
  };
}

/**
 * A layer over one feature map with kernels: `activation(compute(x) + bias)`.
 *
 * @param config The layer's config; `data_format`, `activation` and `use_bias`
 * are read from it.
 * @param parts Names of the kernels, and what it computes, channels last.
 * @returns The layer.
 */
export function filterLayer(
  config: LayerConfig,
  { kernels, axes, compute }: MapLayerParts & {
    readonly kernels: readonly string[];
  },
): Layer {
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  const layer = mapLayer(config, {
    axes,
    compute: (ops, x, weights) =>
      addBias(
        ops,
        compute(ops, x, weights),
        hasBias ? weights.bias : undefined,
        config.name,
      ),
  });
  return {
    ...layer,
    weights: hasBias ? [...kernels, "bias"] : kernels,
    // After the transpose: Keras takes a softmax over the last axis, whatever it is.
    call: (ops, inputs, weights, context) =>
      layer.call(ops, inputs, weights, context).map((y) => activation(ops, y)),
  };
}

/**
 * The classes of one family, for each number of spatial axes.
 *
 * @param axes Numbers of spatial axes.
 * @param make Makes the factory for a number of axes.
 * @param names Names of the class, `#` for the number: the second and further
 * ones are aliases.
 * @returns Factories by class name.
 */
export function forAxes<A extends SpatialAxes>(
  axes: readonly A[],
  make: (axes: A) => LayerFactory,
  ...names: readonly string[]
): Record<string, LayerFactory> {
  return Object.fromEntries(axes.flatMap((count) => {
    const factory = make(count);
    return names.map((name) => [name.replace("#", String(count)), factory]);
  }));
}

/**
 * Shared code of layers over feature maps. Computations are channels last,
 * `[N, …positions, D]`; a layer with channels first transposes its input and
 * output.
 *
 * @module
 */
import { cannot, checkOneOf } from "../check.ts";
import type { ConvOptions, Ops } from "../ops/ops.ts";
import { addBias, checkRank, positiveInts, wrongOption } from "./_checks.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/** Number of spatial axes of a feature map. */
export type SpatialAxes = 1 | 2 | 3;

/** The channel axis: first (axis 1) or last. */
export type Channels = "first" | "last";

/**
 * Reads the channel axis.
 *
 * @param config The layer's config.
 * @returns First or last.
 */
export function readChannels(config: LayerConfig): Channels {
  const formats = ["channels_last", "channels_first"] as const;
  return config.oneOf("data_format", formats, "channels_last") ===
      "channels_first"
    ? "first"
    : "last";
}

/**
 * Reads the padding, ignoring case as Keras does.
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
 * @param channels The channel axis.
 * @returns 1 or 2.
 */
export function firstSpatialAxis(channels: Channels): number {
  return channels === "last" ? 1 : 2;
}

/**
 * Transposes a feature map to channels last.
 *
 * @param ops The engine's operations.
 * @param x A feature map.
 * @param channels Its channel axis.
 * @returns The feature map, `[N, …positions, D]`.
 */
export function toChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return ops.transpose(x, [0, ...spatial, 1]); // [N, …positions, D]
}

/**
 * Transposes a feature map with channels last to the layer's format.
 *
 * @param ops The engine's operations.
 * @param x A feature map `[N, …positions, D]`.
 * @param channels The channel axis of the result.
 * @returns The feature map.
 */
export function fromChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return ops.transpose(x, [0, rank - 1, ...spatial]); // [N, D, …positions]
}

/**
 * Keras' layers over feature maps do not propagate masks.
 *
 * @returns No masks.
 */
export function noMasks(): [] {
  return [];
}

/** The computation of a layer over one feature map, channels last. */
export interface MapLayerParts {
  readonly axes: SpatialAxes;
  /** From `[N, …positions, D]` to `[N, …positions, C]`. */
  compute<T>(ops: Ops<T>, x: T, weights: Readonly<Record<string, T>>): T;
}

/**
 * A layer over one feature map, without weights.
 *
 * @param config The layer's config; `data_format` is read from it.
 * @param parts The computation, channels last.
 * @returns The layer.
 */
export function mapLayer(
  config: LayerConfig,
  { axes, compute }: MapLayerParts,
): Layer {
  const channels = readChannels(config);
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
 * @param parts Names of the kernels, and the computation, channels last.
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
    // After the transpose: Keras' softmax is over the last axis, in either
    // format.
    call: (ops, inputs, weights, context) =>
      layer.call(ops, inputs, weights, context).map((y) => activation(ops, y)),
  };
}

/** The windows of a convolution. */
export interface FilterOptions extends ConvOptions {
  readonly size: readonly number[];
  /** Zeros before the first time step. */
  readonly before: number;
}

/**
 * Reads the windows of a convolution: `kernel_size`, `strides`, `dilation_rate`
 * and `padding`.
 *
 * @param config The layer's config.
 * @param axes The number of spatial axes.
 * @param canBeCausal Whether Keras has `causal` padding for the layer.
 * @returns The options.
 */
export function filterOptions(
  config: LayerConfig,
  axes: SpatialAxes,
  canBeCausal = false,
): FilterOptions {
  const size = positiveInts(config, "kernel_size", axes);
  const dilation = positiveInts(config, "dilation_rate", axes, 1);
  const padding = paddingOf(
    config,
    canBeCausal ? ["valid", "same", "causal"] : ["valid", "same"],
  );
  return {
    size,
    dilation,
    strides: positiveInts(config, "strides", axes, 1),
    padding: padding === "causal" ? "valid" : padding,
    before: padding === "causal" ? dilation[0]! * (size[0]! - 1) : 0,
  };
}

/**
 * Reads groups of layers that have none. Keras 2 writes the option and ignores
 * it, because their classes inherit from Conv.
 *
 * @param config The layer's config.
 * @throws {TypeError} If another writer has more than one group.
 */
export function refuseGroups(config: LayerConfig): void {
  if (config.number("groups", 1) === 1 || config.dialect === 2) return;
  throw wrongOption(config, "groups", "be 1");
}

/**
 * Pads the start of a sequence with zeros.
 *
 * @param ops The engine's operations.
 * @param x `[N, T, D]`, or any shape if nothing is padded.
 * @param before The number of zeros.
 * @returns `[N, before + T, D]`.
 */
export function paddedBefore<T>(ops: Ops<T>, x: T, before: number): T {
  return before === 0 ? x : ops.pad(x, [[0, 0], [before, 0], [0, 0]]);
}

/**
 * Creates the classes of one family, for each number of spatial axes.
 *
 * @param axes Numbers of spatial axes.
 * @param make Creates the factory for a number of axes.
 * @param names Names of the class, with `#` for the number; all but the first
 * are aliases.
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

/** How patches are cut. */
export interface Patches {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: "same" | "valid";
}

/**
 * Patches of images or volumes as channels: row by row, column by column,
 * channel by channel.
 *
 * @param ops The engine's operations.
 * @param x `[N, …positions, D]`.
 * @param patches How they are cut.
 * @param name The name of the layer or operation, for messages.
 * @returns `[N, …patches, size of a patch · D]`.
 */
export function patchesOf<T>(
  ops: Ops<T>,
  x: T,
  { size, strides, dilation, padding }: Patches,
  name: string,
): T {
  const axes = size.map((_, i) => {
    const length = ops.shape(x)[i + 1];
    if (typeof length !== "number") {
      const rule = "the spatial sizes of its input must be known";
      throw new TypeError(cannot(`call "${name}"`, rule, ops.shape(x)));
    }
    const reach = (size[i]! - 1) * dilation[i]! + 1;
    if (padding === "valid" && length < reach) {
      const rule = `its input must have at least ${reach} positions`;
      throw new RangeError(cannot(`call "${name}"`, rule, ops.shape(x)));
    }
    if (padding === "valid") {
      const count = Math.floor((length - reach) / strides[i]!) + 1;
      return { count, before: 0, after: 0 };
    }
    const count = Math.ceil(length / strides[i]!);
    const total = Math.max(0, (count - 1) * strides[i]! + reach - length);
    const before = Math.floor(total / 2);
    return { count, before, after: total - before };
  });
  const widths = axes.map(({ before, after }): [number, number] => [
    before,
    after,
  ]);
  const padded = ops.pad(x, [[0, 0], ...widths, [0, 0]]);
  const count = size.reduce((a, b) => a * b, 1);
  const parts = Array.from({ length: count }, (_, part) => {
    let rest = part;
    const offsets = size.map(() => 0);
    for (let i = size.length - 1; i >= 0; i--) {
      offsets[i] = rest % size[i]!;
      rest = Math.floor(rest / size[i]!);
    }
    return ops.slice(
      padded,
      offsets.map((offset, i) => {
        const start = offset * dilation[i]!;
        const step = strides[i]!;
        const stop = start + (axes[i]!.count - 1) * step + 1;
        return { axis: i + 1, start, stop, step };
      }),
    );
  });
  return ops.concatenate(parts, size.length + 1);
}

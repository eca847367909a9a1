/**
 * What layers over maps share. Inside, maps are channels last: `[N, …places,
 * D]`; a layer whose channels come first turns its input on the way in, and
 * its output on the way out.
 *
 * @module
 */
import { checkOneOf } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerConfig } from "./layer.ts";

/** How many axes of places a map has. */
export type PlaceAxes = 1 | 2 | 3;

/** Where the channels stand. */
export type Channels = "first" | "last";

/**
 * Reads where the channels stand.
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
 * Reads the padding; Keras takes it in any case.
 *
 * @param config The layer's config.
 * @param allowed What goes here.
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
 * The first axis of the places.
 *
 * @param channels Where the channels stand.
 * @returns 1 or 2.
 */
export function firstPlace(channels: Channels): number {
  return channels === "last" ? 1 : 2;
}

/**
 * A map with its channels last.
 *
 * @param ops The engine's operations.
 * @param x A map.
 * @param channels Where its channels stand.
 * @returns The map, `[N, …places, D]`.
 */
export function toChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const places = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return ops.transpose(x, [0, ...places, 1]); // [N, …places, D]
}

/**
 * A map with channels last, turned as a layer gives it.
 *
 * @param ops The engine's operations.
 * @param x A map `[N, …places, D]`.
 * @param channels Where its channels are to stand.
 * @returns The map.
 */
export function fromChannelsLast<T>(ops: Ops<T>, x: T, channels: Channels): T {
  if (channels === "last") return x;
  const rank = ops.shape(x).length;
  const places = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return ops.transpose(x, [0, rank - 1, ...places]); // [N, D, …places]
}

/**
 * Keras' classes over maps do not know masks: one that comes in ends there.
 *
 * @returns No masks.
 */
export function noMasks(): [] {
  return [];
}

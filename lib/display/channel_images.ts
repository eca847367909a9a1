/**
 * Draws feature maps as a grid of images, one per channel.
 *
 * @module
 */
import { extremes } from "../math/statistics.ts";
import { valueRange } from "./color_map.ts";
import type { GridImage, ImagesSpec } from "./view.ts";

/** Feature maps of one sample. */
export interface ChannelMaps {
  /** The values, `height · width · depth` of them. */
  readonly values: ArrayLike<number>;
  /** Height of a feature map. */
  readonly height: number;
  /** Width of a feature map. */
  readonly width: number;
  /** Channels. */
  readonly depth: number;
  /** Whether the channels are the first axis or the last. */
  readonly channels: "first" | "last";
}

/** Options of {@linkcode channelImages}. */
export interface ChannelImagesOptions {
  readonly title: string;
  /** Notes for the reader. */
  readonly notes?: readonly string[];
  /** Indices of the channels to draw. Default: the first ones. */
  readonly selected?: readonly number[] | undefined;
  /** Default number of channels. */
  readonly most: number;
  /** Hint for showing the others, such as `show(set, { layer: "conv1" })`. */
  readonly hint: string;
  /**
   * Whether all share one colour range, or each has a separate one. @default
   * {"layer"}
   */
  readonly scale?: "layer" | "each" | undefined;
  /** Images before the feature maps. */
  readonly before?: readonly GridImage[];
}

/**
 * Draws feature maps. The colour range is that of all channels, whichever are
 * drawn.
 *
 * @param maps The feature maps.
 * @param options Channels and colours.
 * @returns The figure; its notes tell how many channels are omitted.
 */
export function channelImages(
  { values, height, width, depth, channels }: ChannelMaps,
  options: ChannelImagesOptions,
): ImagesSpec {
  const { title, selected, most, hint, scale = "layer", before = [] } = options;
  const [positionStep, channelStep] = channels === "first"
    ? [1, height * width]
    : [depth, 1];
  const shown = selected ??
    Array.from({ length: Math.min(most, depth) }, (_, channel) => channel);
  const images = shown.map((channel) => ({
    caption: depth === 1 ? "" : String(channel),
    z: Float64Array.from(
      { length: height * width },
      (_, i) => values[i * positionStep + channel * channelStep]!,
    ), // [H, W]
    height,
    width,
  }));
  const diverging = (extremes(values)?.[0] ?? 0) < 0;
  const notes = [...options.notes ?? []];
  if (shown.length < depth && selected === undefined) {
    notes.push(`${shown.length} of ${depth} channels shown; ${hint}`);
  }
  return {
    kind: "images",
    title,
    notes,
    images: [...before, ...images],
    diverging,
    scale,
    range: valueRange(values, diverging),
  };
}

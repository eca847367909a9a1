/**
 * The size, channels and layout of images for a model's input.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import { CHANNELS, type ColorMode } from "../formats/pixels.ts";
import type { TensorSpec } from "../types.ts";

/** The target of images. */
export interface ImageTarget {
  /** Height and width; undefined for those of the first image. */
  readonly size: readonly [height: number, width: number] | undefined;
  /** Their colour mode. */
  readonly colorMode: ColorMode;
  /** Whether channels are first. */
  readonly isChannelsFirst: boolean;
}

/**
 * Resolves the target of images for a model's input. Incompatible options are
 * refused before any image is read.
 *
 * @param spec The input.
 * @param options The caller's size and colour mode.
 * @param action The action, for messages.
 * @returns The target of images.
 * @throws {TypeError} If the input does not accept images, or not such images.
 */
export function imageTarget(
  spec: TensorSpec,
  options: {
    readonly size?: readonly [number, number] | undefined;
    readonly colorMode?: ColorMode | undefined;
  },
  action: string,
): ImageTarget {
  const { shape, name } = spec;
  const refuse = (rule: string, value: unknown, hint?: string) =>
    new TypeError(cannot(action, rule, value, hint));
  if (spec.dtype === "string" || (shape.length !== 4 && shape.length !== 0)) {
    const rule =
      `input "${name}" must take images, [N, H, W, C] or [N, C, H, W]`;
    throw refuse(rule, spec.dtype === "string" ? spec.dtype : [...shape]);
  }
  const isChannelsFirst = channelsFirst(spec);
  const [height = null, width = null] = isChannelsFirst
    ? shape.slice(2)
    : shape.slice(1, 3);
  const depth = (isChannelsFirst ? shape[1] : shape[3]) ?? null;
  const size = options.size ??
    (height === null || width === null ? undefined : [height, width] as const);
  const fits = size === undefined ||
    (height ?? size[0]) === size[0] && (width ?? size[1]) === size[1];
  if (!fits) {
    const rule = `"size" must be that of input "${name}", ` +
      shapeText([height, width]);
    throw refuse(rule, [...size], "leave it out to take the model's");
  }
  const colorMode = options.colorMode ?? modeOf(depth);
  if (
    colorMode === undefined ||
    (depth ?? CHANNELS[colorMode]) !== CHANNELS[colorMode]
  ) {
    const rule = options.colorMode === undefined
      ? `input "${name}" must take 1, 3 or 4 channels`
      : `"colorMode" must give the ${depth} channels of input "${name}"`;
    const hint = options.colorMode === undefined
      ? undefined
      : "leave it out to take the model's";
    throw refuse(rule, options.colorMode ?? depth, hint);
  }
  return { size, colorMode, isChannelsFirst };
}

/** The channel axis of the model, otherwise the axis of size 1, 3 or 4. */
function channelsFirst({ shape, channels }: TensorSpec): boolean {
  if (channels !== undefined) return channels === "first";
  const isDepth = (size: number | null | undefined) =>
    size === 1 || size === 3 || size === 4;
  return !isDepth(shape[3]) && isDepth(shape[1]);
}

function modeOf(depth: number | null): ColorMode | undefined {
  if (depth === null) return "rgb";
  const modes = Object.keys(CHANNELS) as ColorMode[];
  return modes.find((mode) => CHANNELS[mode] === depth);
}

/**
 * Converts an image to channels first.
 *
 * @param data An array of images.
 * @param start Index of its first value.
 * @param positions Height times width.
 * @param channels The number of channels.
 */
export function putChannelsFirst(
  data: Float32Array,
  start: number,
  positions: number,
  channels: number,
): void {
  const copy = data.slice(start, start + positions * channels);
  for (let c = 0; c < channels; c++) {
    const to = start + c * positions;
    for (let i = 0; i < positions; i++) data[to + i] = copy[i * channels + c]!;
  }
}

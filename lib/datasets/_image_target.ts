/**
 * What images are to become for a model: how many rows, columns and channels,
 * in which layout.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import { CHANNELS, type ColorMode } from "../formats/pixels.ts";
import type { TensorSpec } from "../types.ts";

/** What images become. */
export interface ImageTarget {
  /** Rows and columns; undefined for those of the first image. */
  readonly size: readonly [height: number, width: number] | undefined;
  /** Their colours. */
  readonly colorMode: ColorMode;
  /** Whether the channels stand before rows and columns. */
  readonly isChannelsFirst: boolean;
}

/**
 * Tells what images must become for a model's input. What cannot fit it is
 * refused before any image is read.
 *
 * @param spec The input.
 * @param options The size and colours that the caller wants.
 * @param action What was to be done.
 * @returns What images become.
 * @throws {TypeError} If the input takes no images, or others.
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

/** As the model says, otherwise where 1, 3 or 4 stands. */
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
 * Moves the channels of an image before its rows and columns.
 *
 * @param data An array of images.
 * @param start Where the image begins.
 * @param positions Rows times columns.
 * @param channels How many channels there are.
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

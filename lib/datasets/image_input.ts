/**
 * Converts image files to one input of a model: decodes, resizes and
 * preprocesses them, in its layout.
 *
 * @module
 */
import {
  cannot,
  checkBoolean,
  checkOneOf,
  quote,
  shapeText,
  sizeOf,
} from "../check.ts";
import {
  CHANNELS,
  type ColorMode,
  type DecodedImage,
  freePixels,
} from "../formats/pixels.ts";
import type { NdArray, TensorSpec } from "../types.ts";
import {
  fitImage,
  type ImageFit,
  type PreprocessMode,
  preprocessRgb,
} from "./fit_image.ts";
import { imageTarget, putChannelsFirst } from "./_image_target.ts";

/**
 * Options for reading image files.
 *
 * @category Data
 */
export interface ImageOptions {
  /** Height and width in pixels. @default {those of the model's input; if it accepts any size, that of the first image, which all must have} */
  readonly size?: readonly [height: number, width: number];
  /** The interpolation. @default {"bilinear"} */
  readonly interpolation?: "bilinear" | "nearest";
  /** Whether to filter before downsampling, as `antialias` of `tf.image.resize`. @default {false} */
  readonly antialias?: boolean;
  /**
   * What to do if the aspect ratio differs: stretch, crop around the centre
   * (`crop_to_aspect_ratio` of Keras), or pad with zeros
   * (`pad_to_aspect_ratio`).
   *
   * @default {"stretch"}
   */
  readonly fit?: ImageFit;
  /** The colour mode, as `color_mode` of Keras. @default {by the channels of the model's input, otherwise "rgb"} */
  readonly colorMode?: ColorMode;
  /**
   * Preprocessing of the values, which are in [0, 255]. `"caffe"` (ResNet,
   * VGG), `"tf"` (MobileNet, ResNet V2, Inception, Xception, NASNet) and
   * `"torch"` (DenseNet) equal `preprocess_input` of the model's module in
   * `keras.applications`; EfficientNet, MobileNet V3 and ConvNeXt need
   * none. A function receives one image `[H, W, C]` and returns one of that shape;
   * with a function there is no fingerprint, so no cache and no resume.
   *
   * @default {none}
   */
  readonly preprocess?: PreprocessMode | ((image: NdArray) => NdArray);
  /** Whether to apply the EXIF orientation, which Pillow and TensorFlow do not. @default {false} */
  readonly orient?: boolean;
  /**
   * What to do about a file that cannot be read or decoded: stop the run with an
   * error that names it, or skip and list it (`Progress.skipped`).
   *
   * @default {"stop"}
   */
  readonly onBad?: "stop" | "skip";
}

/** Names of {@linkcode ImageOptions}. */
export const IMAGE_OPTIONS = [
  ...["size", "interpolation", "antialias", "fit", "colorMode"],
  ...["preprocess", "orient", "onBad"],
];

/**
 * Checks the options.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a value is unknown or out of range.
 */
export function checkImageOptions(options: ImageOptions, action: string): void {
  const { size, interpolation, antialias, colorMode, preprocess } = options;
  if (size !== undefined) {
    const isSize = Array.isArray(size) && size.length === 2 &&
      size.every((side) => Number.isSafeInteger(side) && side > 0);
    if (!isSize) {
      const rule = '"size" must be [height, width], whole numbers > 0';
      throw new RangeError(cannot(action, rule, size));
    }
  }
  const oneOf = (name: keyof ImageOptions, allowed: readonly string[]) => {
    const value = options[name];
    if (value !== undefined) checkOneOf(value as string, action, name, allowed);
  };
  oneOf("interpolation", ["bilinear", "nearest"]);
  oneOf("fit", ["stretch", "crop", "pad"]);
  oneOf("colorMode", ["rgb", "grayscale", "rgba"]);
  oneOf("onBad", ["stop", "skip"]);
  const modes = ["caffe", "tf", "torch"];
  const isMode = preprocess === undefined || typeof preprocess === "function" ||
    modes.includes(preprocess);
  if (!isMode) {
    const rule = `"preprocess" must be ${modes.map(quote).join(", ")} or a ` +
      "function from an image to an image";
    throw new RangeError(cannot(action, rule, preprocess));
  }
  if (antialias !== undefined) checkBoolean(antialias, action, "antialias");
  if (options.orient !== undefined) {
    checkBoolean(options.orient, action, "orient");
  }
  const needsRgb = preprocess === "caffe" || preprocess === "torch";
  if (needsRgb && (colorMode ?? "rgb") !== "rgb") {
    const rule = `"colorMode" must be "rgb" with "preprocess" "${preprocess}"`;
    throw new RangeError(cannot(action, rule, colorMode));
  }
  if (antialias === true && interpolation === "nearest") {
    const rule = '"interpolation" must be "bilinear" with "antialias"';
    throw new RangeError(cannot(action, rule, interpolation));
  }
}

/**
 * Refuses options of images for data without images.
 *
 * @param options The options.
 * @param action Description of the operation, for error messages.
 * @throws {TypeError} If one is set, as it would have no effect.
 */
export function checkNoImages(options: ImageOptions, action: string): void {
  const name = (IMAGE_OPTIONS as (keyof ImageOptions)[])
    .find((name) => options[name] !== undefined);
  if (name === undefined) return;
  const rule = `"${name}" must come with a column of images`;
  const hint = "leave it out for numbers and strings";
  throw new TypeError(cannot(action, rule, options[name], hint));
}

/** Number of released batches whose memory is kept for later ones. */
const MOST_SPARE = 2;

/** Images as one input of one model; the size may be that of the first image. */
export class ImageInput {
  readonly #options: ImageOptions;
  readonly #action: string;
  readonly #colorMode: ColorMode;
  readonly #isChannelsFirst: boolean;
  #size: readonly [number, number] | undefined;
  #isOfFirst = false;
  readonly #spare: Float32Array<ArrayBuffer>[] = [];

  /**
   * Determines size, channels and layout.
   *
   * @param spec The input.
   * @param options The checked options.
   * @param action The action, for messages.
   * @throws {TypeError} If the input does not accept images, or not such images.
   */
  constructor(spec: TensorSpec, options: ImageOptions, action: string) {
    const target = imageTarget(spec, options, action);
    this.#options = options;
    this.#action = action;
    this.#size = target.size;
    this.#colorMode = target.colorMode;
    this.#isChannelsFirst = target.isChannelsFirst;
    const { preprocess } = options;
    const needsRgb = preprocess === "caffe" || preprocess === "torch";
    if (!needsRgb || target.colorMode === "rgb") return;
    const rule =
      `input "${spec.name}" must take RGB for "preprocess" "${preprocess}"`;
    throw new TypeError(cannot(action, rule, target.colorMode));
  }

  /** Whether the size is known. */
  get hasSize(): boolean {
    return this.#size !== undefined;
  }

  /**
   * Sets the size to that of an image.
   *
   * @param bytes The file.
   * @param name Its name, for messages.
   */
  async sizeOf(bytes: Uint8Array, name: string): Promise<void> {
    const { height, width } = await this.#decode(bytes, name);
    this.#size = [height, width];
    this.#isOfFirst = true;
  }

  /**
   * The shape of a batch.
   *
   * @param rows Number of images.
   * @returns The shape, in the model's layout.
   */
  shape(rows: number): readonly number[] {
    const [height, width] = this.#size!;
    const channels = CHANNELS[this.#colorMode];
    return this.#isChannelsFirst
      ? [rows, channels, height, width]
      : [rows, height, width, channels];
  }

  /** Number of values of one image. */
  get width(): number {
    return sizeOf(this.shape(1));
  }

  /** Whether all values are finite; a custom function can return others. */
  get isFinite(): boolean {
    return typeof this.#options.preprocess !== "function";
  }

  /**
   * Allocates a batch; its memory may contain values of an earlier one.
   *
   * @param rows Number of images.
   * @returns The memory, to be filled.
   */
  allocate(rows: number): Float32Array<ArrayBuffer> {
    const length = rows * this.width;
    const at = this.#spare.findIndex((one) => one.length === length);
    return at < 0 ? new Float32Array(length) : this.#spare.splice(at, 1)[0]!;
  }

  /**
   * Keeps the memory of a batch for a later one.
   *
   * @param data Memory from {@linkcode allocate}.
   */
  reuse(data: Float32Array<ArrayBuffer>): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(data);
  }

  /**
   * Decodes an image into a batch.
   *
   * @param bytes The file.
   * @param name Its name, for messages.
   * @param data The batch.
   * @param row Its row.
   * @throws {SyntaxError} If it cannot be decoded.
   * @throws {RangeError} If no size was set, and it has another one than the first.
   */
  async fill(
    bytes: Uint8Array,
    name: string,
    data: Float32Array,
    row: number,
  ): Promise<void> {
    const image = await this.#decode(bytes, name);
    const size = this.#size!;
    if (this.#isOfFirst) this.#checkSize(image, name);
    const { interpolation = "bilinear", antialias = false, fit = "stretch" } =
      this.#options;
    const start = row * this.width;
    fitImage(image, size, { interpolation, antialias, fit }, data, start);
    freePixels(image, bytes);
    this.#preprocess(data, start, name);
    if (this.#isChannelsFirst) {
      putChannelsFirst(data, start, size[0] * size[1], image.channels);
    }
  }

  async #decode(bytes: Uint8Array, name: string): Promise<DecodedImage> {
    const { orient = false } = this.#options;
    const { decodeImage } = await import("../formats/image.ts");
    const options = { colorMode: this.#colorMode, orient, name };
    return await decodeImage(bytes, options);
  }

  #checkSize(
    { height, width }: { height: number; width: number },
    name: string,
  ): void {
    const [rows, columns] = this.#size!;
    if (height === rows && width === columns) return;
    const rule = `image "${name}" must be of the size of the first one, ` +
      shapeText([rows, columns]);
    const hint = `pass { size: ${shapeText([rows, columns])} } to resize all`;
    throw new RangeError(cannot(this.#action, rule, [height, width], hint));
  }

  #preprocess(data: Float32Array, start: number, name: string): void {
    const { preprocess } = this.#options;
    if (preprocess === undefined) return;
    const values = data.subarray(start, start + this.width);
    if (typeof preprocess !== "function") {
      preprocessRgb(values, preprocess);
      return;
    }
    const shape = [...this.#size!, CHANNELS[this.#colorMode]];
    const image = { data: values.slice(), shape, dtype: "float32" } as const;
    const result: NdArray | undefined = preprocess(image);
    const found = result?.data;
    if (found instanceof Float32Array && found.length === values.length) {
      values.set(found);
      return;
    }
    const rule = `"preprocess" must return a float32 array ${shapeText(shape)}`;
    const hint = `it is image "${name}"`;
    throw new TypeError(cannot(this.#action, rule, found ?? result, hint));
  }
}

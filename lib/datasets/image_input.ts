/**
 * Image files as one input of a model: decoded, brought to its size,
 * preprocessed, in its layout.
 *
 * @module
 */
import {
  cannot,
  checkBoolean,
  checkOneOf,
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
 * Settings of image files.
 *
 * @category Data
 */
export interface ImageOptions {
  /** Rows and columns. @default {the model's input; where that is open, images must be of one size} */
  readonly size?: readonly [height: number, width: number];
  /** How values between pixels are found. @default {"bilinear"} */
  readonly interpolation?: "bilinear" | "nearest";
  /** Whether all pixels count that lie below a new one, as `antialias` of `tf.image.resize`. @default {false} */
  readonly antialias?: boolean;
  /**
   * What is done about another aspect ratio: stretch, crop around the centre
   * (`crop_to_aspect_ratio` of Keras), or zeros around
   * (`pad_to_aspect_ratio`).
   *
   * @default {"stretch"}
   */
  readonly fit?: ImageFit;
  /** Colours, as `color_mode` of Keras. @default {what the model's channels are, otherwise "rgb"} */
  readonly colorMode?: ColorMode;
  /**
   * What is done to the values, which are from 0 to 255. `"caffe"` (ResNet,
   * VGG), `"tf"` (MobileNet, ResNet V2, Inception, Xception, NASNet) and
   * `"torch"` (DenseNet) are what `preprocess_input` of the model's module in
   * `keras.applications` does; EfficientNet, MobileNet V3 and ConvNeXt need
   * none. A function gets one image `[H, W, C]` and returns one of that shape;
   * with a function there is no fingerprint, so no cache and no resume.
   *
   * @default {none}
   */
  readonly preprocess?: PreprocessMode | ((image: NdArray) => NdArray);
  /** Whether to turn images as their EXIF orientation says; Pillow and TensorFlow do not. @default {false} */
  readonly orient?: boolean;
  /**
   * What a file that cannot be read or decoded does: it stops the run with an
   * error that names it, or is left out and listed (`Progress.skipped`).
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
 * Checks the settings.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a value is not known or out of range.
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
  if (typeof preprocess !== "function") {
    oneOf("preprocess", ["caffe", "tf", "torch"]);
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
 * Checks that no setting of images is set, where there are none.
 *
 * @param options The settings.
 * @param action Description of the operation, for error messages.
 * @throws {TypeError} If one is set: it would mean nothing.
 */
export function checkNoImages(options: ImageOptions, action: string): void {
  const name = (IMAGE_OPTIONS as (keyof ImageOptions)[])
    .find((name) => options[name] !== undefined);
  if (name === undefined) return;
  const rule = `"${name}" must come with a column of images`;
  const hint = "leave it out for numbers and strings";
  throw new TypeError(cannot(action, rule, options[name], hint));
}

/** Batches whose memory is kept for later ones; a run gives them back in turn. */
const MOST_SPARE = 2;

/** Images as one input. Made for one model; the size may be that of the first image. */
export class ImageInput {
  readonly #options: ImageOptions;
  readonly #action: string;
  readonly #colorMode: ColorMode;
  readonly #isChannelsFirst: boolean;
  #size: readonly [number, number] | undefined;
  #isOfFirst = false;
  readonly #spare: Float32Array<ArrayBuffer>[] = [];

  /**
   * Tells what images must become.
   *
   * @param spec The input.
   * @param options The settings, checked.
   * @param action The action, for messages.
   * @throws {TypeError} If the input takes no images, or others.
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

  /** Whether the size is known without an image. */
  get hasSize(): boolean {
    return this.#size !== undefined;
  }

  /**
   * Takes the size of an image for all.
   *
   * @param bytes The file.
   * @param name What it is.
   */
  async sizeOf(bytes: Uint8Array, name: string): Promise<void> {
    const { height, width } = await this.#decode(bytes, name);
    this.#size = [height, width];
    this.#isOfFirst = true;
  }

  /**
   * The shape of a batch.
   *
   * @param rows How many images.
   * @returns Its shape, in the model's layout.
   */
  shape(rows: number): readonly number[] {
    const [height, width] = this.#size!;
    const channels = CHANNELS[this.#colorMode];
    return this.#isChannelsFirst
      ? [rows, channels, height, width]
      : [rows, height, width, channels];
  }

  /** Values of one image. */
  get width(): number {
    return sizeOf(this.shape(1));
  }

  /** Whether all values are finite: only a custom step can make others. */
  get isFinite(): boolean {
    return typeof this.#options.preprocess !== "function";
  }

  /**
   * Memory for a batch, which may hold values of an earlier one.
   *
   * @param rows How many images.
   * @returns The values, to be filled.
   */
  allocate(rows: number): Float32Array<ArrayBuffer> {
    const length = rows * this.width;
    const at = this.#spare.findIndex((one) => one.length === length);
    return at < 0 ? new Float32Array(length) : this.#spare.splice(at, 1)[0]!;
  }

  /**
   * Takes back the memory of a batch.
   *
   * @param data What {@linkcode allocate} gave.
   */
  reuse(data: Float32Array<ArrayBuffer>): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(data);
  }

  /**
   * Decodes an image into a batch.
   *
   * @param bytes The file.
   * @param name What it is.
   * @param data The batch.
   * @param row Which row of it.
   * @throws {SyntaxError} If it cannot be decoded.
   * @throws {RangeError} If it is of another size than the first, and none was set.
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

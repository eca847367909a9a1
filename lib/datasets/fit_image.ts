/**
 * Converts pixels of any size to one input of a model: crops or pads, resizes
 * and preprocesses.
 *
 * @module
 */
import {
  type RasterImage,
  resizeImage,
  type ResizeOptions,
} from "../math/resize_image.ts";

/**
 * What to do if the aspect ratio of an image differs from that of the target.
 *
 * @category Data
 */
export type ImageFit = "stretch" | "crop" | "pad";

/** Options for resizing an image. */
export interface FitOptions extends ResizeOptions {
  /** What to do about another aspect ratio. */
  readonly fit: ImageFit;
}

/**
 * Resizes an image to a size.
 *
 * `crop` takes the largest centred part with the aspect ratio of the target, as
 * `crop_to_aspect_ratio` of `image_dataset_from_directory`; `pad` puts zeros
 * around the resized image, as its `pad_to_aspect_ratio`
 * (`tf.image.resize_with_pad`). Sizes are those of both functions in eager
 * mode: in graph mode TensorFlow multiplies by `1 / size`, and may lose a row.
 *
 * @param image The image.
 * @param size Height and width of the result.
 * @param options Options for resizing.
 * @param data The destination, channels last.
 * @param start Index of its first value.
 */
export function fitImage(
  image: RasterImage,
  size: readonly [number, number],
  options: FitOptions,
  data: Float32Array,
  start: number,
): void {
  const stride = size[1] * image.channels;
  if (options.fit === "crop") {
    resizeImage(cropped(image, size), size, options, { data, start, stride });
    return;
  }
  if (options.fit === "stretch") {
    resizeImage(image, size, options, { data, start, stride });
    return;
  }
  const { inner, top, left } = innerOf(image, size);
  data.fill(0, start, start + size[0] * stride);
  const first = start + top * stride + left * image.channels;
  resizeImage(image, inner, options, { data, start: first, stride });
}

/** The crop of Keras' `smart_resize`. */
function cropped(
  image: RasterImage,
  [targetHeight, targetWidth]: readonly [number, number],
): RasterImage {
  const { data, height, width, channels } = image;
  const rows = clamp(width * targetHeight / targetWidth, height);
  const columns = clamp(height * targetWidth / targetHeight, width);
  if (rows === height && columns === width) return image;
  const top = Math.trunc((height - rows) / 2);
  const left = Math.trunc((width - columns) / 2);
  const part = new Uint8Array(rows * columns * channels);
  for (let y = 0; y < rows; y++) {
    const from = ((top + y) * width + left) * channels;
    const row = data.subarray(from, from + columns * channels);
    part.set(row, y * columns * channels);
  }
  return { data: part, height: rows, width: columns, channels };
}

function clamp(size: number, most: number): number {
  return Math.max(1, Math.min(most, Math.trunc(size)));
}

/**
 * The position of the image within the padding of `tf.image.resize_with_pad`.
 */
function innerOf(
  { height, width }: RasterImage,
  [targetHeight, targetWidth]: readonly [number, number],
) {
  const f = Math.fround;
  const ratio = Math.max(f(width / targetWidth), f(height / targetHeight));
  const rows = f(height / ratio);
  const columns = f(width / ratio);
  const gap = (target: number, size: number) =>
    Math.max(0, Math.floor(f((target - size) / 2)));
  return {
    // TensorFlow fails if a side is below one pixel.
    inner: [
      Math.max(1, Math.floor(rows)),
      Math.max(1, Math.floor(columns)),
    ] as const,
    top: gap(targetHeight, rows),
    left: gap(targetWidth, columns),
  };
}

/**
 * Preprocessing modes of `keras.applications`.
 *
 * @category Data
 */
export type PreprocessMode = "caffe" | "tf" | "torch";

// In float32, as in Keras.
const MEAN_BGR = [103.939, 116.779, 123.68].map(Math.fround);
const MEAN_RGB = [0.485, 0.456, 0.406].map(Math.fround);
const DEVIATION_RGB = [0.229, 0.224, 0.225].map(Math.fround);

/**
 * Preprocesses RGB values in [0, 255], in place, as `preprocess_input` of
 * `keras.applications.imagenet_utils`:
 *
 * - `caffe` (ResNet, VGG): BGR, less 103.939, 116.779, 123.68;
 * - `tf` (MobileNet 1 and 2, ResNet V2, Inception, Xception, NASNet): `x / 127.5 − 1`;
 * - `torch` (DenseNet): `x / 255`, less 0.485, 0.456, 0.406, over 0.229, 0.224,
 *   0.225.
 *
 * @param values RGB values.
 * @param mode The mode.
 */
export function preprocessRgb(
  values: Float32Array,
  mode: PreprocessMode,
): void {
  const f = Math.fround;
  if (mode === "tf") {
    for (let i = 0; i < values.length; i++) {
      values[i] = f(values[i]! / 127.5) - 1;
    }
    return;
  }
  for (let i = 0; i + 2 < values.length; i += 3) {
    if (mode === "caffe") {
      const red = values[i]!;
      values[i] = values[i + 2]! - MEAN_BGR[0]!;
      values[i + 1] = values[i + 1]! - MEAN_BGR[1]!;
      values[i + 2] = red - MEAN_BGR[2]!;
    } else {
      for (let c = 0; c < 3; c++) {
        const scaled = f(f(values[i + c]! / 255) - MEAN_RGB[c]!);
        values[i + c] = scaled / DEVIATION_RGB[c]!;
      }
    }
  }
}

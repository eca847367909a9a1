/**
 * Pixels of decoded images, with colour conversion as in Pillow.
 *
 * @module
 */

/** An image with 8 bits per value. */
export interface DecodedImage {
  /** `height · width · channels` values in row-major order, channels last. */
  readonly data: Uint8Array;
  /** Height. */
  readonly height: number;
  /** Width. */
  readonly width: number;
  /** 1: grey; 2: grey and alpha; 3: RGB; 4: RGB and alpha. */
  readonly channels: number;
}

/**
 * Colour modes, as `color_mode` in Keras.
 *
 * @category Data
 */
export type ColorMode = "rgb" | "grayscale" | "rgba";

/** Channels of each mode. */
export const CHANNELS: Readonly<Record<ColorMode, number>> = Object.freeze({
  rgb: 3,
  grayscale: 1,
  rgba: 4,
});

/**
 * Frees the pixels of a decoded image, which must not be used afterwards.
 * Otherwise every 64 MB of pixels start a garbage collection of the whole heap:
 * 22 of them for 3,000 photographs of 500 × 375.
 *
 * @param image The image.
 * @param bytes The file, whose memory is left alone.
 */
export function freePixels({ data }: DecodedImage, bytes: Uint8Array): void {
  const { buffer, byteLength } = data;
  const isAlone = buffer.byteLength === byteLength && buffer !== bytes.buffer;
  if (isAlone) (buffer as ArrayBuffer).transfer(0);
}

/** Number of pixels above which Pillow refuses an image. */
export const MOST_PIXELS = 178_956_970;

/**
 * Converts the colours of an image, as `convert("RGB")`, `"L"` and `"RGBA"` of
 * Pillow do: alpha is dropped, or is 255; grey is
 * `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
 *
 * @param image The image.
 * @param mode The requested colour mode.
 * @returns The image; the same object if it has that mode.
 */
export function toColors(image: DecodedImage, mode: ColorMode): DecodedImage {
  const { data, height, width, channels } = image;
  const wanted = CHANNELS[mode];
  if (channels === wanted) return image;
  const count = height * width;
  const result = new Uint8Array(count * wanted);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  const hasAlpha = channels === 2 || channels === 4;
  let from = 0;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const r = data[from]!;
    const g = data[from + green]!;
    const b = data[from + blue]!;
    if (wanted === 1) {
      result[to] = (r * 19595 + g * 38470 + b * 7471 + 32768) >> 16;
    } else {
      result[to] = r;
      result[to + 1] = g;
      result[to + 2] = b;
      if (wanted === 4) {
        result[to + 3] = hasAlpha ? data[from + channels - 1]! : 255;
      }
    }
    from += channels;
    to += wanted;
  }
  return { data: result, height, width, channels: wanted };
}

/**
 * Converts CMYK to RGB, as in Pillow.
 *
 * Source: Pillow 13, `Convert.c`, `cmyk2rgb`.
 *
 * @param data Cyan, magenta, yellow and black of each pixel.
 * @returns RGB of each pixel.
 */
export function fromCmyk(data: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(data.length / 4 * 3);
  let to = 0;
  for (let from = 0; from < data.length; from += 4) {
    const light = 255 - data[from + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = data[from + c]! * light + 128;
      rgb[to++] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

/**
 * Converts 16-bit grey values to 8 bits, clipped at 255 as in Pillow.
 *
 * @param bytes Two bytes a value, in the machine's order.
 * @param step Values per pixel, of which the first is grey.
 * @returns One byte a pixel.
 */
export function fromGrey16(bytes: Uint8Array, step: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint8Array.from(
    { length: bytes.length / 2 / step },
    (_, i) => Math.min(255, view.getUint16(2 * step * i, true)),
  );
}

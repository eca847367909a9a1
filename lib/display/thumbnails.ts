/**
 * Small images of samples in one PNG file, for points that show them on hover.
 *
 * @module
 */
import { toPng } from "../formats/png.ts";
import { shrinkChannels } from "./raster.ts";
import type { GridImage, Thumbnails } from "./view.ts";

/**
 * Bytes of all images together, uncompressed. Noise does not compress and base64
 * adds a third: 0.9 MB, of 1.9 MB that a notebook's message may have.
 */
const MOST_BYTES = 660_000;
const LARGEST = 64; // side of an image
const SMALLEST = 12;

/**
 * Joins images into one sheet.
 *
 * @param images Grey or RGB images, values in [0, 255]; at least one.
 * @returns The sheet; each image is reduced to fit, with its aspect ratio.
 */
export function thumbnailsOf(images: readonly GridImage[]): Thumbnails {
  const isGrey = images.every(({ colors }) => colors === "gray");
  const channels = isGrey ? 1 : 3;
  const most = Math.floor(Math.sqrt(MOST_BYTES / channels / images.length));
  const side = Math.min(
    LARGEST,
    Math.max(SMALLEST, most),
    Math.max(...images.map(({ height, width }) => Math.max(height, width))),
  );
  const columns = Math.min(images.length, Math.floor(8192 / side));
  const width = columns * side;
  const height = Math.ceil(images.length / columns) * side;
  const data = new Uint8Array(width * height * channels).fill(255);
  images.forEach((image, i) => {
    const depth = image.colors === "rgb" ? 3 : 1;
    const small = shrinkChannels(image, depth, side);
    const left = i % columns * side + Math.floor((side - small.width) / 2);
    const top = Math.floor(i / columns) * side +
      Math.floor((side - small.height) / 2);
    for (let pixel = 0; pixel < small.height * small.width; pixel++) {
      const [y, x] = [Math.floor(pixel / small.width), pixel % small.width];
      const to = ((top + y) * width + left + x) * channels;
      for (let c = 0; c < channels; c++) {
        const value = small.z[pixel * depth + Math.min(c, depth - 1)]!;
        data[to + c] = Math.round(value);
      }
    }
  });
  const png = toPng({ width, height, data });
  return { png, columns, width: side, height: side };
}

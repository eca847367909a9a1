/**
 * Matrices as pixels: reducing and colouring them.
 *
 * @module
 */
import { toPng } from "../formats/png.ts";
import { BLANK, palette, paletteIndex, valueRange } from "./color_map.ts";

/** A matrix in row-major order. */
export interface Matrix {
  /** `height · width` values. */
  readonly z: ArrayLike<number>;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** A reduced matrix, with the reduction factors. */
export interface Shrunk extends Matrix {
  /** Number of rows and columns of the original per cell. */
  readonly factor: readonly [rows: number, columns: number];
}

/**
 * Reduces a matrix by means over blocks. A block with a value that is not
 * finite becomes NaN, so that it stays visible.
 *
 * @param matrix The matrix.
 * @param most The largest height and width.
 * @returns The reduced matrix; the same object if it is small enough.
 */
export function shrink(matrix: Matrix, most: number): Shrunk {
  const { z, height, width } = matrix;
  const rows = Math.max(1, Math.ceil(height / most));
  const columns = Math.max(1, Math.ceil(width / most));
  if (rows === 1 && columns === 1) return { ...matrix, factor: [1, 1] };
  const small = {
    height: Math.ceil(height / rows),
    width: Math.ceil(width / columns),
  };
  const means = new Float64Array(small.height * small.width);
  for (let i = 0; i < small.height; i++) {
    for (let j = 0; j < small.width; j++) {
      let sum = 0;
      let count = 0;
      for (let y = i * rows; y < Math.min(height, (i + 1) * rows); y++) {
        for (
          let x = j * columns;
          x < Math.min(width, (j + 1) * columns);
          x++
        ) {
          sum += z[y * width + x]!;
          count++;
        }
      }
      means[i * small.width + j] = Number.isFinite(sum) ? sum / count : NaN;
    }
  }
  return { z: means, ...small, factor: [rows, columns] };
}

/** An image is at least this fraction of its length wide. */
const LEAST_ASPECT = 1 / 8;

/**
 * Repeats the rows or columns of a narrow matrix, such as one of `1 × 100`, so
 * that it can be seen: as an image it would be a line of one pixel.
 *
 * @param matrix The matrix, maybe reduced.
 * @returns The matrix; the same object if it is not narrow.
 */
export function stretched(matrix: Shrunk): Shrunk {
  const { z, height, width } = matrix;
  const least = Math.max(height, width) * LEAST_ASPECT;
  const [rows, columns] = [height, width]
    .map((side) => Math.max(1, Math.ceil(least / side))) as [number, number];
  if (rows * columns === 1 || height * width === 0) return matrix;
  const size = { height: height * rows, width: width * columns };
  const values = Float64Array.from(
    { length: size.height * size.width },
    (_, i) => {
      const row = Math.floor(i / size.width / rows);
      return z[row * width + Math.floor(i % size.width / columns)]!;
    },
  );
  return { ...matrix, ...size, z: values };
}

/**
 * Reduces an image with several values per pixel, channel by channel.
 *
 * @param image Its pixels, `height · width · depth` values.
 * @param depth Values per pixel.
 * @param most The largest height and width.
 * @returns The reduced image.
 */
export function shrinkChannels(
  { z, height, width }: Matrix,
  depth: number,
  most: number,
): Shrunk {
  const channels = Array.from({ length: depth }, (_, channel) => {
    const plane = Float64Array.from(
      { length: height * width },
      (_, i) => z[i * depth + channel]!,
    );
    return shrink({ z: plane, height, width }, most);
  });
  const small = channels[0]!;
  const mixed = Float64Array.from(
    { length: small.z.length * depth },
    (_, i) => channels[i % depth]!.z[Math.floor(i / depth)]!,
  );
  return { ...small, z: mixed };
}

/**
 * Colours a matrix, one pixel per cell.
 *
 * @param matrix The matrix.
 * @param diverging Whether the colours are symmetric around zero.
 * @returns A PNG file.
 */
export function matrixPng(
  { z, height, width }: Matrix,
  diverging: boolean,
): Uint8Array<ArrayBuffer> {
  const range = valueRange(z, diverging);
  const data = new Uint8Array(height * width);
  for (let i = 0; i < data.length; i++) data[i] = paletteIndex(z[i]!, range);
  return toPng({ width, height, data, palette: palette(diverging) });
}

/** Matrices side by side in one image. */
export interface Mosaic {
  /** A PNG file. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
}

/** The layout of {@linkcode mosaicOf}, in pixels. */
export interface MosaicLayout {
  /** Number of columns. */
  readonly columns: number;
  /** Distance of neighbours. */
  readonly cell: { readonly width: number; readonly height: number };
  /** Side of a value in pixels. */
  readonly repeat: number;
  /** Whether the colours are symmetric around zero. */
  readonly diverging: boolean;
  /** The range of colours of each matrix; null leaves its cell empty. */
  readonly ranges: readonly (readonly [low: number, high: number] | null)[];
}

/**
 * Draws matrices into one image.
 *
 * @param matrices The matrices; at least one.
 * @param layout Positions and colours.
 * @returns The image, transparent between them.
 */
export function mosaicOf(
  matrices: readonly Matrix[],
  { columns, cell, repeat, diverging, ranges }: MosaicLayout,
): Mosaic {
  const width = cell.width * Math.min(columns, matrices.length);
  const height = cell.height * Math.ceil(matrices.length / columns);
  const data = new Uint8Array(width * height).fill(BLANK);
  matrices.forEach((matrix, i) => {
    const range = ranges[i];
    if (range === null || range === undefined) return;
    const left = cell.width * (i % columns);
    const top = cell.height * Math.floor(i / columns);
    for (let row = 0; row < matrix.height * repeat; row++) {
      const from = Math.floor(row / repeat) * matrix.width;
      const to = (top + row) * width + left;
      for (let column = 0; column < matrix.width * repeat; column++) {
        const value = matrix.z[from + Math.floor(column / repeat)]!;
        data[to + column] = paletteIndex(value, range);
      }
    }
  });
  const colors = { palette: palette(diverging), transparent: BLANK };
  return { png: toPng({ width, height, data, ...colors }), width, height };
}

/**
 * Matrices as pixels: shrinking them to what can be seen, and colouring them.
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

/** A matrix made smaller, and by how much. */
export interface Shrunk extends Matrix {
  /** How many rows and columns of the original one cell averages. */
  readonly factor: readonly [rows: number, columns: number];
}

/**
 * Makes a matrix small enough to be drawn, by the mean over blocks. A block
 * that holds a value that is not finite gets NaN, so that it stays visible.
 *
 * @param matrix The matrix.
 * @param most The largest height and width.
 * @returns The matrix itself where it is small enough.
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

/**
 * Colours a matrix, one pixel a cell.
 *
 * @param matrix The matrix.
 * @param diverging Whether zero is the middle of the colours.
 * @returns A PNG file.
 */
export function matrixPng(
  { z, height, width }: Matrix,
  diverging: boolean,
): Uint8Array<ArrayBuffer> {
  const [low, high] = valueRange(z, diverging);
  const data = new Uint8Array(height * width);
  for (let i = 0; i < data.length; i++) {
    data[i] = paletteIndex(z[i]!, low, high);
  }
  return toPng({ width, height, data, palette: palette(diverging) });
}

/** Matrices side by side in one picture. */
export interface Mosaic {
  /** A PNG file. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
}

/** How {@linkcode mosaicOf} lays out its matrices, all in pixels. */
export interface MosaicLayout {
  /** How many stand side by side. */
  readonly columns: number;
  /** From one to the next. */
  readonly cell: { readonly width: number; readonly height: number };
  /** How many pixels a value takes in both directions. */
  readonly repeat: number;
}

/**
 * Puts matrices into one picture, each coloured over its own range.
 *
 * @param maps The matrices; at least one.
 * @param diverging Whether zero is the middle of the colours.
 * @param layout Where they stand.
 * @returns The picture, white between.
 */
export function mosaicOf(
  maps: readonly Matrix[],
  diverging: boolean,
  { columns, cell, repeat }: MosaicLayout,
): Mosaic {
  const width = cell.width * Math.min(columns, maps.length);
  const height = cell.height * Math.ceil(maps.length / columns);
  const data = new Uint8Array(width * height).fill(BLANK);
  maps.forEach((map, i) => {
    const left = cell.width * (i % columns);
    const top = cell.height * Math.floor(i / columns);
    const [low, high] = valueRange(map.z, diverging);
    for (let row = 0; row < map.height * repeat; row++) {
      const from = Math.floor(row / repeat) * map.width;
      const to = (top + row) * width + left;
      for (let column = 0; column < map.width * repeat; column++) {
        const value = map.z[from + Math.floor(column / repeat)]!;
        data[to + column] = paletteIndex(value, low, high);
      }
    }
  });
  const png = toPng({ width, height, data, palette: palette(diverging) });
  return { png, width, height };
}

/**
 * Encodes token indices on the host.
 *
 * @module
 */
import { wrongOption } from "./_checks.ts";
import type { OutputMode } from "./_vocabulary.ts";
import type { HostComputation, LayerConfig } from "./layer.ts";

/** Rows of indices, with their encoding. */
export interface Encoding {
  readonly mode: OutputMode;
  readonly depth: number;
  readonly weights?: Float32Array | undefined;
}

/** Indices of a row; undefined for tokens that are not counted. */
export type Indices = readonly (number | undefined)[];

/**
 * Encodes rows of indices.
 *
 * @param rows Indices of each row; undefined for tokens that are not counted.
 * @param sizes Sizes of a row after the first axis.
 * @param encoding The encoding.
 * @returns The values, with their shape.
 */
export function encodeRows(
  rows: readonly Indices[],
  sizes: readonly number[],
  { mode, depth, weights }: Encoding,
): ReturnType<HostComputation["compute"]> {
  if (mode === "int") {
    const data = Int32Array.from(rows.flat() as number[]);
    return { data, shape: [rows.length, ...sizes] };
  }
  const isEach = mode === "one_hot";
  const perRow = isEach ? Math.max(1, sizeOfRow(sizes)) : 1;
  const data = new Float32Array(rows.length * perRow * depth);
  rows.forEach((indices, row) =>
    indices.forEach((index, i) => {
      if (index === undefined || index < 0 || index >= depth) return;
      const at = (row * perRow + (isEach ? i : 0)) * depth + index;
      data[at] = isEach || mode === "multi_hot" ? 1 : data[at]! + 1;
    })
  );
  if (weights !== undefined) {
    for (let i = 0; i < data.length; i++) data[i]! *= weights[i % depth]!;
  }
  return { data, shape: [rows.length, ...eachSizes(sizes, isEach), depth] };
}

const sizeOfRow = (sizes: readonly number[]) =>
  sizes.reduce((product, size) => product * size, 1);

/** Sizes before the encoded axis: a last axis of size 1 is dropped. */
function eachSizes<S>(sizes: readonly S[], isEach: boolean): readonly S[] {
  return !isEach || sizes.at(-1) === 1 ? sizes.slice(0, -1) : sizes;
}

/**
 * The output shape of an encoding.
 *
 * @param shape Sizes of the values.
 * @param encoding The encoding.
 * @param config The layer's config, for messages.
 * @returns The sizes.
 */
export function encodedSizes(
  shape: readonly (number | null)[],
  { mode, depth }: Encoding,
  config: LayerConfig,
): (number | null)[] {
  if (mode === "int") return [...shape];
  if (shape.length < 2 && mode !== "one_hot") {
    throw wrongOption(config, "output_mode", 'be "one_hot" for inputs [N]');
  }
  if (shape.length > 2) {
    throw wrongOption(config, "output_mode", `be "int" for more than two axes`);
  }
  const [, ...sizes] = shape;
  return [null, ...eachSizes(sizes, mode === "one_hot"), depth];
}

/**
 * Values of each row.
 *
 * @param data The values.
 * @param shape Their sizes, rows first.
 * @returns A list a row.
 */
export function rowsOf<V>(
  data: ArrayLike<V>,
  [rows = 0, ...sizes]: readonly number[],
) {
  const width = sizeOfRow(sizes);
  return Array.from(
    { length: rows },
    (_, row) => Array.from({ length: width }, (_, i) => data[row * width + i]!),
  );
}

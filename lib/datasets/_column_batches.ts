/**
 * Converts blocks of columns to batches: inputs, labels and ids.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import type { Batch } from "../types.ts";
import { inputArray, type InputColumns } from "./column_plan.ts";
import type { Block, Column, ColumnStore, ImageColumn } from "./_columns.ts";
import { findSize, type ImageRows, openBatch } from "./_image_batches.ts";
import { indicesOfNames } from "./class_names.ts";
import type { ImageInput } from "./image_input.ts";
import { labelsOf } from "./labels.ts";
import type { OpenBatch } from "./read_ahead.ts";
import type { TableOptions } from "./table_options.ts";

/** Options for converting blocks. */
export interface BatchFacts {
  /** The action, for messages. */
  readonly action: string;
  readonly options: TableOptions;
  /** Names of the classes, if labels are strings. */
  readonly classNames: readonly string[] | undefined;
}

/**
 * Creates a batch of numbers.
 *
 * @param block The rows.
 * @param numbers Their indices in the store.
 * @param plan Columns of each input.
 * @param facts Labels, ids.
 * @returns The batch.
 */
export function numberBatch(
  block: Block,
  numbers: readonly number[],
  plan: readonly InputColumns[],
  facts: BatchFacts,
): Batch {
  const { action } = facts;
  const arrays = plan.map((input) => inputArray(block, input, action));
  const xs = plan.length === 1
    ? arrays[0]!
    : Object.fromEntries(plan.map(({ spec }, i) => [spec.name, arrays[i]!]));
  const ys = labelsIn(block, facts);
  const ids = idsIn(block, numbers, facts);
  return { xs, ids, ...(ys === undefined ? {} : { ys }) };
}

/**
 * Starts reading a batch of images.
 *
 * @param block The rows.
 * @param numbers Their indices in the store.
 * @param name The column of images.
 * @param input Their target.
 * @param facts Labels, ids.
 * @param blanks Whether skipped images keep their rows, for display.
 * @returns The batch.
 */
export function imageBatch(
  block: Block,
  numbers: readonly number[],
  name: string,
  input: ImageInput,
  facts: BatchFacts,
  blanks: boolean,
): OpenBatch<Batch> {
  const images = {
    ...imagesIn(block, numbers, name),
    ids: idsIn(block, numbers, facts),
    labels: labelsIn(block, facts),
  };
  const { action, options } = facts;
  const skips = options.onBad === "skip";
  return openBatch(images, 0, block.rows, { input, skips, blanks, action });
}

/**
 * Sets the size of the target to that of the first readable image.
 *
 * @param store The store.
 * @param rows The selected rows; undefined for all.
 * @param name The column of images.
 * @param input Their target.
 * @param facts Options and the action, for errors.
 */
export async function findColumnSize(
  store: ColumnStore,
  rows: Uint32Array | undefined,
  name: string,
  input: ImageInput,
  { action, options }: BatchFacts,
): Promise<void> {
  const skips = options.onBad === "skip";
  let first = 0;
  for await (const block of store.read([name], 0, rows)) {
    const numbers = Array.from(
      { length: block.rows },
      (_, i) => rows?.[first + i] ?? first + i,
    );
    const images = imagesIn(block, numbers, name);
    await findSize(images, { input, skips, action });
    if (input.hasSize) return;
    first += block.rows;
  }
}

function imagesIn(
  block: Block,
  numbers: readonly number[],
  name: string,
): ImageRows {
  const { values, names } = block.columns.get(name) as ImageColumn;
  return {
    length: block.rows,
    id: (row) => names[row] ?? `row ${numbers[row]}`,
    read: (row) => Promise.resolve(values[row] as Uint8Array),
    missing(row) {
      const value = values[row];
      return value instanceof TypeError ? value : undefined;
    },
  };
}

/** Class indices of a block. */
function labelsIn(
  block: Block,
  { action, options: { labels: name }, classNames }: BatchFacts,
): Int32Array | undefined {
  if (name === undefined) return undefined;
  const column = block.columns.get(name)!;
  return column.kind === "strings"
    ? indicesOfNames(column.values, classNames!, action)
    : labelsOf((column as { data: Float32Array }).data, block.rows, action);
}

function idsIn(
  block: Block,
  numbers: readonly number[],
  { action, options: { ids: name } }: BatchFacts,
): readonly (string | number)[] {
  return name === undefined
    ? numbers
    : idValues(block.columns.get(name)!, name, action);
}

/**
 * Reads the ids of a column.
 *
 * @param column The column.
 * @param name Its name.
 * @param action The action, for messages.
 * @returns Strings, or integers.
 * @throws {TypeError} If it contains neither.
 * @throws {RangeError} If a number is not an integer, or not exact in float64.
 */
export function idValues(
  column: Column,
  name: string,
  action: string,
): readonly (string | number)[] {
  if (column.kind === "strings") return column.values;
  if (column.kind === "images" || column.shape.length > 0) {
    const rule = `column ${
      quote(name)
    } must hold ids: strings or whole numbers`;
    throw new TypeError(cannot(action, rule, column.kind));
  }
  const values = column.data as ArrayLike<number | bigint>;
  return Array.from(values, (value) => {
    const id = Number(value);
    if (Number.isSafeInteger(id)) return id;
    const rule =
      `ids in column ${quote(name)} must be whole numbers that are ` +
      "exact in float64";
    throw new RangeError(cannot(action, rule, value));
  });
}

/**
 * Converts blocks of columns to batches: inputs, labels and ids.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { cannot, quote } from "../check.ts";
import type { Batch } from "../types.ts";
import { inputArray, type InputColumns } from "./column_plan.ts";
import type { Block, Column, ImageColumn } from "./_columns.ts";
import { openBatch } from "./_image_batches.ts";
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
  const { action, options } = facts;
  const { values, names } = block.columns.get(name) as ImageColumn;
  const images = {
    length: block.rows,
    id: (row: number) => names[row] ?? `row ${numbers[row]}`,
    ids: idsIn(block, numbers, facts),
    labels: labelsIn(block, facts),
    read: (row: number) => Promise.resolve(values[row]!),
  };
  const skips = options.onBad === "skip";
  return openBatch(images, 0, block.rows, {
    ...{ input, skips, blanks, action },
  });
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

/**
 * Adds the contents of a column to a hash.
 *
 * @param hash The hash.
 * @param column The column.
 */
export function hashColumn(hash: Hash, column: Column): void {
  if (column.kind === "numbers") {
    const { buffer, byteOffset, byteLength } = column.data;
    hash.update(JSON.stringify([column.dtype, column.shape, byteLength]));
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  } else if (column.kind === "strings") {
    hash.update(JSON.stringify(column.values));
  } else {
    for (const bytes of column.values) {
      hash.update(JSON.stringify(bytes.length)).update(bytes);
    }
  }
}

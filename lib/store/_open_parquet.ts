/**
 * Opens features in one Parquet file.
 *
 * @module
 */
import type { RecordBatch } from "apache-arrow";
import { Buffer } from "node:buffer";
import { sizeOf } from "../check.ts";
import { type ByteSource, fileSource } from "../formats/byte_source.ts";
import { openParquetFile, type ParquetReader } from "../formats/parquet.ts";
import type { RowRange } from "../formats/safetensors.ts";
import {
  emptyStored,
  type StoredArray,
  type StoredData,
} from "../formats/stored_array.ts";
import type { LinearHead } from "../types.ts";
import {
  badFeatures,
  type ColumnSpec,
  type Description,
  parseDescription,
} from "./_description.ts";
import { decodeStrings, fromStrings, ID, IS_NUMBER } from "./_ids.ts";
import { readStrings } from "./_open_safetensors.ts";
import type { Part } from "./part.ts";
import { DESCRIPTION } from "./_write_safetensors.ts";

/**
 * Opens a Parquet file of features.
 *
 * @param path The file.
 * @returns Its rows; the caller closes them.
 * @throws {SyntaxError} If it is truncated, damaged, or not written by Sonde.
 */
export async function openParquet(path: string): Promise<Part> {
  const source = fileSource(path);
  try {
    const reader = await openParquetFile(source);
    return partOf(source, reader);
  } catch (error) {
    source.close();
    throw error;
  }
}

function partOf(source: ByteSource, reader: ParquetReader): Part {
  const { name } = source;
  const { metadata, groups } = reader;
  const description = parseDescription(metadata.get(DESCRIPTION), name);
  const { samples, columns } = description;
  const found = groups.reduce((sum, rows) => sum + rows, 0);
  if (found !== samples) {
    throw badFeatures(name, `it must hold ${samples} rows`, found);
  }
  const rows = new GroupRows(source, reader, description);
  return {
    name,
    description,
    head: headOf(description, name),
    read: (column, range) =>
      rows.column(columns.find(({ name }) => name === column)!, range),
    ids: (range) => rows.ids(range),
    close() {
      reader.close();
      source.close();
    },
  };
}

/** Reads rows from row groups, of which one is in memory. */
class GroupRows {
  readonly #source: ByteSource;
  readonly #reader: ParquetReader;
  readonly #description: Description;
  #held: { readonly group: number; readonly batch: RecordBatch } | undefined;

  constructor(
    source: ByteSource,
    reader: ParquetReader,
    description: Description,
  ) {
    this.#source = source;
    this.#reader = reader;
    this.#description = description;
  }

  async column(spec: ColumnSpec, rows: RowRange): Promise<StoredArray> {
    const units = sizeOf(spec.shape);
    const count = rows.end - rows.start;
    const data = emptyStored(spec.dtype, count * units);
    let at = 0;
    for await (const { batch, start, end } of this.#groups(rows)) {
      const values = this.#values(batch, spec, start, end);
      data.set(values as never, at);
      at += values.length;
    }
    return { data, shape: [count, ...spec.shape], dtype: spec.dtype };
  }

  async ids(rows: RowRange): Promise<(string | number)[]> {
    const { kind } = this.#description.ids;
    const ids: (string | number)[] = [];
    for await (const { batch, start, end } of this.#groups(rows)) {
      const column = this.#child(batch, ID);
      if (kind === "int64" || kind === "float64") {
        for (let i = start; i < end; i++) ids.push(Number(column.get(i)));
        continue;
      }
      const marks = kind === "mixed"
        ? bits(this.#child(batch, IS_NUMBER), start, end)
        : undefined;
      // Arrow's decoder drops a byte order mark.
      const { values, valueOffsets } = column.data[0]!;
      const offsets = valueOffsets.subarray(start, end + 1) as Int32Array;
      const bytes = values.subarray(offsets[0], offsets.at(-1)) as Uint8Array;
      const strings = readStrings(
        this.#source.name,
        () => decodeStrings(bytes, offsets),
      );
      for (const id of fromStrings(strings, marks)) {
        ids.push(id);
      }
    }
    return ids;
  }

  /** The row groups that contain some rows, with the ranges in them. */
  async *#groups({ start, end }: RowRange): AsyncGenerator<
    { batch: RecordBatch; start: number; end: number }
  > {
    let first = 0;
    for (const [group, rows] of this.#reader.groups.entries()) {
      const from = Math.max(start, first) - first;
      const to = Math.min(end, first + rows) - first;
      first += rows;
      if (from >= to) continue;
      if (this.#held?.group !== group) {
        this.#held = undefined;
        const batch = await this.#reader.read(group);
        this.#held = { group, batch };
      }
      yield { batch: this.#held.batch, start: from, end: to };
    }
  }

  #values(
    batch: RecordBatch,
    { name, dtype, shape }: ColumnSpec,
    start: number,
    end: number,
  ): StoredData {
    const column = this.#child(batch, name);
    if (dtype === "bool") return bits(column, start, end);
    const units = sizeOf(shape);
    const [data] = column.data;
    const { values, offset } = shape.length === 0
      ? { values: data!.values, offset: 0 }
      : { values: data!.children[0]!.values, offset: data!.offset * units };
    const isWhole = data!.nullCount === 0 &&
      values instanceof (dtype === "int32" ? Int32Array : Float32Array) &&
      values.length >= offset + end * units;
    if (!isWhole) {
      const rule = `"${name}" must hold ${units} numbers in each row`;
      throw badFeatures(this.#source.name, rule, String(column.type));
    }
    return values.subarray(offset + start * units, offset + end * units);
  }

  #child(batch: RecordBatch, name: string) {
    const column = batch.getChild(name);
    if (column !== null) return column;
    const names = batch.schema.fields.map((field) => field.name);
    throw badFeatures(this.#source.name, `it must hold "${name}"`, names);
  }
}

function bits(
  column: { get(row: number): unknown },
  start: number,
  end: number,
): Uint8Array {
  return Uint8Array.from(
    { length: end - start },
    (_, i) => Number(column.get(start + i)),
  );
}

function headOf(
  { head, weights }: Description,
  name: string,
): LinearHead | undefined {
  if (head === undefined) return undefined;
  const arrayOf = (key: "kernel" | "bias", shape: readonly number[]) => {
    const bytes = Buffer.from(weights?.[key] ?? "", "base64");
    const data = new Float32Array(Math.floor(bytes.length / 4));
    new Uint8Array(data.buffer).set(bytes.subarray(0, 4 * data.length));
    if (data.length === sizeOf(shape)) {
      return { data, shape, dtype: "float32" } as const;
    }
    const rule = `the head's ${key} must hold ${sizeOf(shape)} numbers`;
    throw badFeatures(name, rule, data.length);
  };
  return {
    kernel: arrayOf("kernel", head),
    bias: arrayOf("bias", head.slice(1)),
  };
}

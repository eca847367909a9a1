/**
 * Record batches for tests of commands, as streams.
 *
 * @module
 */
import {
  Field,
  FixedSizeList,
  Float32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  type Vector,
} from "apache-arrow";
import { numbers } from "../extractor/_models.ts";
import { streamOf } from "./_arrow_pipes.ts";

/** Values of a row of {@linkcode batchOf}. */
export const WIDTH = 4;

/** Rows of an id, and of lists that all are of the model's width. */
export function batchOf(rows: number, first = 0): RecordBatch {
  const data = numbers(rows * WIDTH, first + 1);
  const type = new FixedSizeList(WIDTH, new Field("item", new Float32(), true));
  const leaf = { type: new Float32(), length: rows * WIDTH, nullCount: 0 };
  const x = makeData({
    ...{ type, length: rows, nullCount: 0 },
    child: makeData({ ...leaf, data }),
  });
  const ids = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i));
  const id = makeData({
    ...{ type: new Int64(), length: rows, nullCount: 0, data: ids },
  });
  const fields = [new Field("id", id.type), new Field("input_layer", type)];
  const schema = new Schema(fields);
  const struct = new Struct(fields);
  const all = makeData({ type: struct, length: rows, children: [id, x] });
  return new RecordBatch(schema, all);
}

/** One batch of columns that are written as values. */
export function columns(values: Record<string, Vector>): Uint8Array {
  const names = Object.keys(values);
  const parts = names.map((name) => values[name]!.data[0]!);
  const fields = names.map((name, i) => new Field(name, parts[i]!.type, true));
  const length = parts[0]!.length;
  const type = new Struct(fields);
  const data = makeData({ type, length, nullCount: 0, children: parts });
  return streamOf([new RecordBatch(new Schema(fields), data)]);
}

/** Lists of any length. */
export const FLOATS: List = new List(new Field("item", new Float32(), true));

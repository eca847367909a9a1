/**
 * Writes features as one Parquet file: `sonde.id`, `sonde.label` and
 * `sonde.nonFinite` as plain columns, everything else as lists of a fixed
 * length. Feature maps are flattened, float16 becomes float32; the description
 * contains the original shapes and types.
 *
 * @module
 */
import type { Data, DataType, Field, RecordBatch } from "apache-arrow";
import { sizeOf } from "../check.ts";
import { toBase64 } from "../display/base64.ts";
import type { ByteSink } from "../formats/byte_sink.ts";
import {
  type ParquetLibraries,
  parquetLibraries,
  writeParquet,
} from "../formats/parquet.ts";
import { type StoredType, valuesOf } from "../formats/stored_array.ts";
import { columnPieces, idPieces } from "./_column_pieces.ts";
import { type ColumnSpec, descriptionText } from "./_description.ts";
import {
  encodeIds,
  ID,
  type IdKind,
  type Ids,
  IS_NUMBER,
  OFFSETS,
} from "./_ids.ts";
import { joinedDescription, type Part, rowBytes } from "./part.ts";
import { IdReader, PieceReader } from "./_piece_reader.ts";
import { checkUnits } from "./writable.ts";
import { DESCRIPTION } from "./_write_safetensors.ts";

/** Default size of a row group in bytes. */
const GROUP_BYTES = 2 ** 25;
const MOST_GROUP_ROWS = 2 ** 16;

/** Settings of {@linkcode writeParquetFile}. */
export interface WriteParquetOptions {
  /** Rows per row group; default: as many as fit into 32 MB, a power of two. */
  readonly rowGroupSize?: number | undefined;
}

/**
 * Writes parts as one Parquet file.
 *
 * @param sink The destination.
 * @param parts The parts, in order; at least one.
 * @param options The size of row groups.
 * @throws {RangeError} If a feature has no units, which a list needs.
 */
export async function writeParquetFile(
  sink: ByteSink,
  parts: readonly Part[],
  options: WriteParquetOptions = {},
): Promise<void> {
  const description = joinedDescription(parts);
  const { columns } = description;
  for (const { name, shape } of columns) checkUnits(name, shape);
  const rowGroupSize = options.rowGroupSize ?? defaultGroup(columns);
  const { head } = parts[0]!;
  // A single metadata string: the library writes several in varying order.
  const weights = head && {
    kernel: toBase64(head.kernel.data),
    bias: toBase64(head.bias.data),
  };
  const text = descriptionText({ ...description, weights });
  const metadata = { [DESCRIPTION]: text };
  const libraries = await parquetLibraries();
  const rows = batches(libraries, parts, rowGroupSize);
  await writeParquet(sink, rows, { metadata, rowGroupSize });
}

function defaultGroup(columns: readonly ColumnSpec[]): number {
  const row = columns.reduce((sum, column) => sum + rowBytes(column), 0);
  const rows = Math.max(1, GROUP_BYTES / row);
  return Math.min(MOST_GROUP_ROWS, 2 ** Math.floor(Math.log2(rows)));
}

/** Creates record batches, one per row group. */
async function* batches(
  { arrow }: ParquetLibraries,
  parts: readonly Part[],
  size: number,
): AsyncGenerator<RecordBatch> {
  const { columns, samples, ids: { kind } } = joinedDescription(parts);
  const ids = new IdReader(idPieces(parts));
  const readers = columns.map((column) => ({
    column,
    reader: new PieceReader(columnPieces(parts, column.name)),
  }));
  // Without rows, one empty batch defines the columns.
  for (let at = 0; at < Math.max(1, samples); at += size) {
    const rows = Math.min(size, samples - at);
    const named = idData(arrow, await ids.take(rows), kind);
    for (const { column, reader } of readers) {
      const bytes = await reader.take(rows * rowBytes(column));
      named.push([column.name, columnData(arrow, column, rows, bytes)]);
    }
    const fields: Field[] = named.map(([name, { type }]) =>
      new arrow.Field(name, type, false)
    );
    const type = new arrow.Struct(fields);
    const children = named.map(([, data]) => data);
    const data = arrow.makeData({ type, length: rows, nullCount: 0, children });
    yield new arrow.RecordBatch(new arrow.Schema(fields), data);
  }
  await ids.finish();
  for (const { reader } of readers) await reader.finish();
}

type ArrowModule = ParquetLibraries["arrow"];

function idData(
  arrow: ArrowModule,
  ids: Ids,
  kind: IdKind,
): [string, Data<DataType>][] {
  const length = ids.length;
  const arrays = encodeIds(ids, kind);
  const { data } = arrays.get(ID)!;
  if (kind === "int64") {
    const type = new arrow.Int64();
    const values = data as BigInt64Array;
    return [[ID, arrow.makeData({ type, length, nullCount: 0, data: values })]];
  }
  if (kind === "float64") {
    const type = new arrow.Float64();
    const values = data as Float64Array;
    return [[ID, arrow.makeData({ type, length, nullCount: 0, data: values })]];
  }
  const offsets = arrays.get(OFFSETS)!.data as BigInt64Array;
  const strings = arrow.makeData({
    type: new arrow.Utf8(),
    length,
    nullCount: 0,
    valueOffsets: Int32Array.from(offsets, Number),
    data: data as Uint8Array,
  });
  const marks = arrays.get(IS_NUMBER)?.data as Uint8Array | undefined;
  if (marks === undefined) return [[ID, strings]];
  return [[ID, strings], [IS_NUMBER, boolData(arrow, marks)]];
}

function columnData(
  arrow: ArrowModule,
  { dtype, shape }: ColumnSpec,
  rows: number,
  bytes: Uint8Array<ArrayBuffer>,
): Data<DataType> {
  if (dtype === "bool") return boolData(arrow, bytes);
  const units = sizeOf(shape);
  const child = numberData(arrow, dtype, rows * units, bytes);
  if (shape.length === 0) return child;
  const type = new arrow.FixedSizeList(
    units,
    new arrow.Field("item", child.type, false),
  );
  return arrow.makeData({ type, length: rows, nullCount: 0, child });
}

function numberData(
  arrow: ArrowModule,
  dtype: StoredType,
  length: number,
  bytes: Uint8Array<ArrayBuffer>,
): Data<DataType> {
  const values = valuesOf(bytes, dtype);
  if (values instanceof Int32Array) {
    const type = new arrow.Int32();
    return arrow.makeData({ type, length, nullCount: 0, data: values });
  }
  const type = new arrow.Float32();
  const data = values instanceof Float16Array
    ? Float32Array.from(values)
    : values as Float32Array;
  return arrow.makeData({ type, length, nullCount: 0, data });
}

/** Packs booleans, eight per byte, as in Arrow. */
function boolData(arrow: ArrowModule, marks: Uint8Array): Data<DataType> {
  const data = new Uint8Array(Math.ceil(marks.length / 8));
  marks.forEach((mark, i) => {
    if (mark !== 0) data[i >> 3]! |= 1 << (i & 7);
  });
  const type = new arrow.Bool();
  return arrow.makeData({ type, length: marks.length, nullCount: 0, data });
}

/**
 * NumPy arrays as columns, read in blocks.
 *
 * @module
 */
import { cannot, quote, shapeText } from "../check.ts";
import type { ByteSource } from "../formats/byte_source.ts";
import { type NpyHeader, readNpyHeader, readNpyRows } from "../formats/npy.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import type { DType } from "../types.ts";
import type {
  Block,
  Cells,
  Column,
  ColumnInfo,
  ColumnStore,
  NumberColumn,
  NumberData,
} from "./_columns.ts";

/** An array in a file. */
export interface NpyArray {
  readonly name: string;
  readonly source: ByteSource;
}

/** Number of bytes read at once. */
const BLOCK_BYTES = 4 * 2 ** 20;

/**
 * Opens arrays as columns: the first axis is the rows.
 *
 * @param arrays The arrays.
 * @param close Closes the file.
 * @param main Arrays that must have equal numbers of rows; others are not
 * columns.
 * @returns The store.
 * @throws {TypeError} If they have no rows, or different numbers.
 */
export function npyStore(
  arrays: readonly NpyArray[],
  close: () => void,
  main: readonly string[],
): ColumnStore {
  const opened = new Map(
    arrays.map(({ name, source }) =>
      [name, { source, header: readNpyHeader(source) }] as const
    ),
  );
  const count = rowsOf(opened, main);
  const columns = [...opened].map(([name, { header }]): ColumnInfo => ({
    name,
    kind: header.shape[0] === count ? "numbers" : "other",
    type: `${header.dtype} ${shapeText(header.shape)}`,
    shape: header.shape.slice(1),
  }));
  const readRows = (name: string, start: number, end: number) => {
    const { source, header } = opened.get(name)!;
    return columnOf(readNpyRows(source, header, start, end), name, start);
  };
  const rowBytes = (names: readonly string[]) =>
    names.reduce((sum, name) => {
      const { source, header } = opened.get(name)!;
      return sum + (source.size - header.start) / Math.max(1, count);
    }, 1);
  return {
    columns,
    count,
    classNames: () => undefined,
    async *read(names, start, rows) {
      const total = rows?.length ?? count;
      const step = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes(names)));
      for (let at = start; at < total; at += step) {
        const end = Math.min(at + step, total);
        yield await Promise.resolve(
          rows === undefined
            ? blockOf(names, end - at, (name) => readRows(name, at, end))
            : blockOf(
              names,
              end - at,
              (name) =>
                picked(
                  rows.subarray(at, end),
                  (from, to) => readRows(name, from, to),
                ),
            ),
        );
      }
    },
    head(wanted) {
      const end = Math.min(wanted, count);
      const cells = Array.from(
        { length: end },
        (_, row): Cells =>
          columns.map(({ name, kind, shape, type }) => {
            if (kind === "other" || shape!.length > 0) return type;
            const value = readRows(name, row, row + 1).data[0]!;
            return typeof value === "bigint" ? String(value) : value;
          }),
      );
      return Promise.resolve(cells);
    },
    close,
  };
}

function blockOf(
  names: readonly string[],
  rows: number,
  read: (name: string) => Column,
): Block {
  return { rows, columns: new Map(names.map((name) => [name, read(name)])) };
}

function rowsOf(
  opened: ReadonlyMap<string, { readonly header: NpyHeader }>,
  main: readonly string[],
): number {
  const names = main.filter((name) => opened.has(name));
  const known = names.length > 0 ? names : [...opened.keys()];
  const first = opened.get(known[0]!)?.header.shape;
  for (const name of known) {
    const { shape } = opened.get(name)!.header;
    if (shape.length === 0) {
      const rule = `array ${quote(name)} must have rows`;
      throw new TypeError(cannot("read arrays", rule, [...shape]));
    }
    if (names.length === 0 || shape[0] === first![0]) continue;
    const rule = `array ${quote(name)} must have the ${first![0]} rows of ` +
      `array ${quote(known[0])}`;
    throw new TypeError(cannot("read arrays", rule, [...shape]));
  }
  if (names.length > 0) return first![0]!;
  // By default, the number of rows that most arrays have.
  const counts = new Map<number, number>();
  for (const { header: { shape } } of opened.values()) {
    counts.set(shape[0]!, (counts.get(shape[0]!) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

/** Reads rows in any order; adjacent rows are read together. */
function picked(
  rows: Uint32Array,
  read: (start: number, end: number) => NumberColumn,
): NumberColumn {
  const parts: NumberColumn[] = [];
  for (let i = 0; i < rows.length;) {
    let end = i + 1;
    while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
    parts.push(read(rows[i]!, rows[i]! + end - i));
    i = end;
  }
  const [{ data, shape, dtype }] = parts as [NumberColumn];
  const length = parts.reduce((sum, part) => sum + part.data.length, 0);
  const Values = data.constructor as new (length: number) => Float32Array;
  const all = new Values(length);
  let at = 0;
  for (const part of parts) {
    all.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { kind: "numbers", data: all, shape, dtype };
}

/** Element types that are not converted. */
const SAME: Readonly<Record<string, DType>> = {
  bool: "bool",
  uint8: "uint8",
  int32: "int32",
  int64: "int64",
  float16: "float16",
  float32: "float32",
  float64: "float64",
};

function columnOf(
  { data, shape, dtype }: StoredArray,
  name: string,
  first: number,
): NumberColumn {
  const rest = shape.slice(1);
  const same = SAME[dtype];
  if (same !== undefined) {
    const values = data as NumberData;
    return { kind: "numbers", data: values, shape: rest, dtype: same };
  }
  if (dtype === "uint32" || dtype === "uint64") {
    const most = 2n ** 63n - 1n;
    const values = BigInt64Array.from(data as BigUint64Array, (value, i) => {
      const whole = BigInt(value);
      if (whole <= most) return whole;
      const rule = `array ${quote(name)} must fit int64`;
      const row = first + Math.floor(i / (data.length / shape[0]!));
      throw new RangeError(
        cannot("read arrays", rule, whole, `it is in row ${row}`),
      );
    });
    return { kind: "numbers", data: values, shape: rest, dtype: "int64" };
  }
  // int8, int16 and uint16
  const values = Int32Array.from(data as Int16Array);
  return { kind: "numbers", data: values, shape: rest, dtype: "int32" };
}

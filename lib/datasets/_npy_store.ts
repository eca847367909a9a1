/**
 * NumPy arrays as columns, read in blocks.
 *
 * @module
 */
import { cannot, quote, shapeText } from "../check.ts";
import type { ByteSource } from "../formats/byte_source.ts";
import {
  type NpyHeader,
  type NpyTextHeader,
  readNpyHeader,
  readNpyRows,
  readNpyTextHeader,
  readNpyTextRows,
} from "../formats/npy.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import type { DType } from "../types.ts";
import {
  type Block,
  type Cells,
  type Column,
  type ColumnInfo,
  type ColumnStore,
  joinedColumn,
  type NumberColumn,
  type NumberData,
} from "./_columns.ts";

/** An array in a file. */
export interface NpyArray {
  readonly name: string;
  readonly source: ByteSource;
}

/** An array, opened; without a header it holds neither numbers nor strings. */
interface Opened {
  readonly source: ByteSource;
  readonly numbers?: NpyHeader;
  readonly strings?: NpyTextHeader;
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
    arrays.map(({ name, source }) => [name, open(source, main.includes(name))]),
  );
  const count = rowsOf(opened, main);
  const columns = [...opened].map(([name, array]) =>
    infoOf(name, array, count)
  );
  const readRows = (name: string, start: number, end: number): Column => {
    const { source, numbers, strings } = opened.get(name)!;
    return strings === undefined
      ? columnOf(readNpyRows(source, numbers!, start, end), name, start)
      : {
        kind: "strings",
        values: readNpyTextRows(source, strings, start, end),
      };
  };
  const rowBytes = (names: readonly string[]) =>
    names.reduce((sum, name) => {
      return sum + opened.get(name)!.source.size / Math.max(1, count);
    }, 1);
  return {
    columns,
    count,
    classNames: () => undefined,
    async *read(names, start, rows) {
      const total = rows?.length ?? count;
      const step = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes(names)));
      for (let first = start; first < total; first += step) {
        const end = Math.min(first + step, total);
        const columnAt = (name: string) =>
          rows === undefined ? readRows(name, first, end) : picked(
            rows.subarray(first, end),
            (from, to) => readRows(name, from, to),
          );
        yield await Promise.resolve(blockOf(names, end - first, columnAt));
      }
    },
    head(wanted) {
      const length = Math.min(wanted, count);
      const cellsOf = (row: number): Cells =>
        columns.map((info) =>
          cellOf(info, () => readRows(info.name, row, row + 1))
        );
      return Promise.resolve(
        Array.from({ length }, (_, row) => cellsOf(row)),
      );
    },
    close,
  };
}

function open(source: ByteSource, isNamed: boolean): Opened {
  const strings = readNpyTextHeader(source);
  if (strings !== undefined) return { source, strings };
  try {
    return { source, numbers: readNpyHeader(source) };
  } catch (error) {
    if (isNamed) throw error;
    return { source }; // an error only if it is read
  }
}

function infoOf(
  name: string,
  { numbers, strings }: Opened,
  count: number,
): ColumnInfo {
  const { shape } = numbers ?? strings ?? { shape: undefined };
  const dtype = numbers?.dtype ?? (strings === undefined ? "other" : "text");
  const type = shape === undefined ? dtype : `${dtype} ${shapeText(shape)}`;
  if (shape?.[0] !== count) return { name, kind: "other", type };
  if (strings !== undefined) {
    return { name, kind: shape.length === 1 ? "strings" : "other", type };
  }
  return { name, kind: "numbers", type, shape: shape.slice(1) };
}

/** How a value is shown; one that cannot be read, or is long, as its type. */
function cellOf(
  { kind, shape = [], type }: ColumnInfo,
  read: () => Column,
): string | number {
  if (kind === "other") return type;
  if (shape.length > 0) return `${type.split(" ")[0]} ${shapeText(shape)}`;
  try {
    const column = read();
    if (column.kind === "strings") return column.values[0]!;
    const [value] = (column as NumberColumn).data;
    return typeof value === "bigint" ? String(value) : value!;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return type;
    }
    throw error;
  }
}

function blockOf(
  names: readonly string[],
  rows: number,
  read: (name: string) => Column,
): Block {
  return { rows, columns: new Map(names.map((name) => [name, read(name)])) };
}

function rowsOf(
  opened: ReadonlyMap<string, Opened>,
  main: readonly string[],
): number {
  const shapes = [...opened].flatMap(([name, { numbers, strings }]) => {
    const shape = (numbers ?? strings)?.shape;
    return shape === undefined ? [] : [{ name, shape }];
  });
  const named = shapes.filter(({ name }) => main.includes(name));
  for (const { name, shape } of named) {
    if (shape.length === 0) {
      const rule = `array ${quote(name)} must have rows`;
      throw new TypeError(cannot("read arrays", rule, [...shape]));
    }
    if (shape[0] === named[0]!.shape[0]) continue;
    const rule = `array ${quote(name)} must have the ${named[0]!.shape[0]} ` +
      `rows of array ${quote(named[0]!.name)}`;
    throw new TypeError(cannot("read arrays", rule, [...shape]));
  }
  if (named.length > 0) return named[0]!.shape[0]!;
  // By default, the number of rows that most arrays have; scalars have none.
  const counts = new Map<number, number>();
  for (const { shape: [rows] } of shapes) {
    if (rows !== undefined) counts.set(rows, (counts.get(rows) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

/** Reads rows in any order; adjacent rows are read together. */
function picked(
  rows: Uint32Array,
  read: (start: number, end: number) => Column,
): Column {
  const parts: Column[] = [];
  for (let i = 0; i < rows.length;) {
    let end = i + 1;
    while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
    parts.push(read(rows[i]!, rows[i]! + end - i));
    i = end;
  }
  return joinedColumn("", parts);
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

/**
 * Converts feature sets to columns of an Arrow stream, after those that are
 * passed through.
 *
 * @module
 */
import {
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
} from "apache-arrow";
import { cannot, quote, shapeText, sizeOf } from "../check.ts";
import type { FeatureArray, FeatureSet } from "../types.ts";

/** Options for writing columns. */
export interface OutputSettings {
  /** Columns to pass through; undefined for all that are not inputs. */
  readonly keep: readonly string[] | false | undefined;
  /** Fixed-size or variable-size lists. */
  readonly listType: "list" | "fixed";
}

const ACTION = "write Arrow stream";

/** An added column. */
interface Added {
  readonly name: string;
  readonly field: Field;
  /** Sizes of a row; null for those that depend on the input. */
  readonly sizes: Sizes;
}

type Sizes = readonly (number | null)[];

/** Writes the sets of one extractor, after the columns of one schema. */
export class FeatureColumns {
  /** The schema of the output. */
  readonly schema: Schema;
  readonly #kept: readonly number[];
  readonly #added: readonly Added[];

  /**
   * Creates the schema.
   *
   * @param input The schema of the input.
   * @param inputs Names of the columns that are inputs.
   * @param examples Sets, for the shapes and types of their arrays. Sizes in
   * which they differ depend on the input.
   * @param settings Columns to pass through, and list type.
   * @throws {RangeError} If a column to keep does not exist, or has the name of
   * an added one.
   * @throws {TypeError} If a fixed-size list is to hold a feature whose size
   * depends on the input.
   */
  constructor(
    input: Schema,
    inputs: readonly string[],
    examples: readonly [FeatureSet, ...FeatureSet[]],
    { keep, listType }: OutputSettings,
  ) {
    const [first] = examples;
    const others = examples.slice(1).map((set) => new Map(arraysOf(set)));
    this.#kept = keptColumns(input, inputs, keep);
    this.#added = arraysOf(first).map(([name, array]) => {
      const like = others.flatMap((set) => set.get(name) ?? []);
      return addedColumn(name, array, commonSizes([array, ...like]), listType);
    });
    const kept = this.#kept.map((index) => input.fields[index]!);
    const duplicate = this.#added.find(({ name }) =>
      kept.some((field) => field.name === name)
    );
    if (duplicate !== undefined) {
      const rule =
        "a column that is kept must have another name than a feature";
      const hint = "rename it, or choose others by --keep";
      throw new RangeError(cannot(ACTION, rule, duplicate.name, hint));
    }
    const { source } = first;
    this.schema = new Schema(
      [...kept, ...this.#added.map(({ field }) => field)],
      new Map([
        ...input.metadata,
        ...(source === undefined ? [] : [
          ["sonde.model", source.model] as const,
          ["sonde.settings", source.settings] as const,
        ]),
      ]),
    );
  }

  /**
   * Creates a batch.
   *
   * @param batch The input batch.
   * @param set Its features; undefined if it has no good rows.
   * @param bad The rows that become null. Their values in the set become 0.
   * @returns The output batch, with the same number of rows.
   * @throws {TypeError} If the shapes of the features differ from earlier
   * batches.
   */
  batch(
    batch: RecordBatch,
    set: FeatureSet | undefined,
    bad: ReadonlySet<number>,
  ): RecordBatch {
    const rows = batch.numRows;
    const kept = this.#kept.map((index) => {
      const column = batch.data.children[index]!;
      return rows === 0 ? withOffsets(column) : column;
    });
    const arrays = new Map(set === undefined ? [] : arraysOf(set));
    const added = this.#added.map((column) => {
      const array = arrays.get(column.name);
      if (set !== undefined) checkLike(column, array, rows);
      return columnData(column, array, rows, bad);
    });
    const type = new Struct(this.schema.fields);
    const children = [...kept, ...added];
    const data = makeData({ type, length: rows, nullCount: 0, children });
    const result = new RecordBatch(this.schema, data, batch.metadata);
    // Of columns with the same name it keeps the type of one.
    return Object.assign(result, { schema: this.schema });
  }
}

function keptColumns(
  { fields }: Schema,
  inputs: readonly string[],
  keep: OutputSettings["keep"],
): readonly number[] {
  if (keep === false) return [];
  const all = fields.map((_, index) => index);
  if (keep === undefined) {
    return all.filter((index) => !inputs.includes(fields[index]!.name));
  }
  return keep.flatMap((name) => {
    const found = all.filter((index) => fields[index]!.name === name);
    if (found.length > 0) return found;
    const names = fields.map((field) => quote(field.name)).join(", ");
    const rule = "a column to keep must be there";
    throw new RangeError(cannot(ACTION, rule, name, `columns are ${names}`));
  });
}

/** The column names, as in the files of `extractor.write`. */
function arraysOf(set: FeatureSet): [string, FeatureArray][] {
  const arrays = set.features.map((array, i): [string, FeatureArray] => [
    set.layerNames[i]!,
    array,
  ]);
  if (set.penultimate) arrays.push(["sonde.penultimate", set.penultimate]);
  if (set.logits) arrays.push(["sonde.logits", set.logits]);
  return arrays;
}

/** Sizes of a row; null where arrays differ. */
function commonSizes(arrays: readonly FeatureArray[]): Sizes {
  const [first, ...others] = arrays.map(({ shape }) => shape.slice(1));
  return first!.map((size, i) =>
    others.every((other) => other[i] === size) ? size : null
  );
}

function isKnown(sizes: Sizes): sizes is readonly number[] {
  return !sizes.includes(null);
}

function addedColumn(
  name: string,
  { data, shape }: FeatureArray,
  sizes: Sizes,
  listType: "list" | "fixed",
): Added {
  if (!isKnown(sizes) && listType === "fixed") {
    const rule = `"${name}" must be of one size, or be written as lists of ` +
      "any length, before there are rows";
    const hint = "pass --pool mean or --list-type list, or start no worker " +
      "for a partition without rows";
    throw new TypeError(cannot(ACTION, rule, [null, ...sizes], hint));
  }
  const units = isKnown(sizes) ? sizeOf(sizes) : 1;
  if (units === 0) {
    const rule = `feature "${name}" must have units`;
    throw new RangeError(cannot(ACTION, rule, shape));
  }
  const value = data instanceof Float16Array
    ? new Float16()
    : data instanceof Int32Array
    ? new Int32()
    : new Float32();
  const child = new Field("item", value, true);
  const type: DataType = sizes.length === 0
    ? value
    : listType === "fixed"
    ? new FixedSizeList(units, child)
    : new List(child);
  const metadata = new Map(
    sizes.length > 1 ? [["sonde.shape", shapeText(sizes)]] : [],
  );
  return { name, field: new Field(name, type, true, metadata), sizes };
}

function checkLike(
  { name, sizes, field }: Added,
  array: FeatureArray | undefined,
  rows: number,
): void {
  const found = array && shapeText(array.shape);
  if (isKnown(sizes) && found === shapeText([rows, ...sizes])) return;
  // Variable-size lists can hold feature maps of any size.
  const isList = String(field.type).startsWith("List");
  if (isList && array?.shape[0] === rows) return;
  const rule = `"${name}" must be ${shapeText([rows, ...sizes])}, as before`;
  const hint = found === undefined
    ? "leave the logits out by --no-logits"
    : "let features be of one size, as by --pool mean, or pass --list-type list";
  throw new TypeError(cannot(ACTION, rule, array?.shape ?? "left out", hint));
}

function columnData(
  { field: { type }, sizes }: Added,
  array: FeatureArray | undefined,
  rows: number,
  bad: ReadonlySet<number>,
): Data {
  const units = array !== undefined
    ? sizeOf(array.shape.slice(1))
    : isKnown(sizes)
    ? sizeOf(sizes)
    : 0; // rows that are null have no values
  const leaf = sizes.length === 0 ? type : type.children[0]!.type;
  const values = valuesOf(leaf, array, rows * units);
  for (const row of bad) values.fill(0, row * units, (row + 1) * units);
  const validity = bad.size === 0 ? {} : { nullBitmap: bitmap(rows, bad) };
  const facts = { length: rows, nullCount: bad.size, ...validity };
  if (sizes.length === 0) return makeData({ type, data: values, ...facts });
  const child = makeData({
    ...{ type: leaf as Float32, length: rows * units, nullCount: 0 },
    data: values as Float32Array,
  });
  if (!String(type).startsWith("List")) {
    return makeData({ type: type as FixedSizeList, child, ...facts });
  }
  const valueOffsets = Int32Array.from(
    { length: rows + 1 },
    (_, row) => row * units,
  );
  return makeData({ type: type as List, child, valueOffsets, ...facts });
}

function valuesOf(
  type: DataType,
  array: FeatureArray | undefined,
  length: number,
): Float32Array | Int32Array | Uint16Array {
  const data = array?.data;
  if (data instanceof Float16Array) {
    return new Uint16Array(data.buffer, data.byteOffset, data.length);
  }
  if (data !== undefined) return data;
  if (type instanceof Float16) return new Uint16Array(length);
  return type instanceof Int32
    ? new Int32Array(length)
    : new Float32Array(length);
}

function bitmap(rows: number, bad: ReadonlySet<number>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) {
    if (!bad.has(row)) bits[row >> 3]! |= 1 << (row & 7);
  }
  return bits;
}

/**
 * Adds offsets to columns without rows, which may lack them on input but not on
 * output.
 */
function withOffsets(data: Data): Data {
  const children = data.children.map((child) => withOffsets(child));
  const copy = data.clone(data.type, 0, 0, 0, data.buffers, children);
  const { valueOffsets } = copy;
  if (valueOffsets === undefined || valueOffsets.length > 0) return copy;
  const { values, nullBitmap, typeIds } = copy;
  const offsets = new (valueOffsets.constructor as Int32ArrayConstructor)(1);
  const buffers = [offsets, values, nullBitmap, typeIds] as never;
  return data.clone(data.type, 0, 0, 0, buffers, children);
}

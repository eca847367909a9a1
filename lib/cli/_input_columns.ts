/**
 * Converts columns of an Arrow stream to inputs of a model.
 *
 * A row that cannot be converted is bad: its index and the reason are recorded,
 * and zeros replace it, so that the other rows run normally.
 *
 * @module
 */
import {
  type Data,
  DataType,
  type Field,
  type RecordBatch,
  type Schema,
} from "apache-arrow";
import { cannot, quote, shapeText } from "../check.ts";
import { convertValues } from "../datasets/convert.ts";
import {
  inputArray,
  type InputColumns,
  planInputs,
} from "../datasets/column_plan.ts";
import {
  checkImageOptions,
  ImageInput,
  type ImageOptions,
} from "../datasets/image_input.ts";
import { SAMPLES_AT_ONCE } from "../datasets/read_ahead.ts";
import type { NdArray, TensorSpec } from "../types.ts";
import { columnRows, decoded, isNumeric, valueType } from "./_column_rows.ts";

const ACTION = "read Arrow batch";

/** The columns of the inputs, and their options. */
export interface InputSettings {
  /** `COLUMN,…` or `INPUT=COLUMN,…`, as written. */
  readonly inputs: readonly string[];
  /** Options for reading images. */
  readonly images: Omit<ImageOptions, "onBad">;
  /**
   * A column whose values name rows in messages; it is not an input by default.
   */
  readonly id: string | undefined;
}

/** The error of a row. */
export interface Fault {
  /** The violated rule. */
  readonly rule: string;
  /** The value of the row. */
  readonly value: unknown;
  /** The cause. */
  readonly cause?: Error;
}

/** The inputs of one batch. */
export interface BatchInputs {
  /** By name; undefined if no row is good. */
  readonly xs: Readonly<Record<string, NdArray<ArrayBufferView>>> | undefined;
  /** Errors of bad rows, by their index in the batch. */
  readonly bad: ReadonlyMap<number, Fault>;
}

/** Reads the inputs of batches of one schema. */
export class InputReader {
  readonly #plan: readonly InputColumns[];
  readonly #images = new Map<TensorSpec, ImageInput>();

  /**
   * Finds the columns of each input.
   *
   * @param schema The schema of the stream.
   * @param specs The model's inputs.
   * @param settings Names of columns, and options for images.
   * @throws {TypeError} If the type of a column cannot be converted to its
   * input.
   * @throws {RangeError} If a column does not exist, or exists twice.
   */
  constructor(
    schema: Schema,
    specs: readonly TensorSpec[],
    { inputs, images, id }: InputSettings,
  ) {
    const wrong = specs.find(({ batchAxis = 0 }) => batchAxis !== 0);
    if (wrong !== undefined) {
      const rule = `input "${wrong.name}" must have its batch as first axis`;
      throw new TypeError(cannot(ACTION, rule, wrong.batchAxis ?? "none"));
    }
    const names = new Set(schema.fields.map(({ name }) => name));
    const named = namedInputs(inputs, specs, names);
    this.#plan = planInputs(specs, {
      columns: schema.fields.map(infoOf),
      ...(named === undefined ? {} : { inputs: named }),
      others: id === undefined ? [] : [id],
      action: "read Arrow stream",
    });
    for (const name of this.columns) {
      const count = schema.fields.filter((field) => field.name === name).length;
      if (count < 2) continue;
      const rule = "a column of an input must be there once";
      throw new RangeError(cannot(ACTION, rule, `${count} named "${name}"`));
    }
    checkImageOptions(images, ACTION);
    for (const { spec, isImage } of this.#plan) {
      if (!isImage) continue;
      const input = new ImageInput(spec, images, ACTION);
      if (!input.hasSize) {
        const rule = `"--size" must say how large images become, as input ` +
          `"${spec.name}" takes any size`;
        throw new TypeError(cannot(ACTION, rule, "none", "as --size 224x224"));
      }
      this.#images.set(spec, input);
    }
  }

  /** Names of the used columns. */
  get columns(): readonly string[] {
    return [...new Set(this.#plan.flatMap(({ columns }) => columns))];
  }

  /**
   * Reads a batch.
   *
   * @param batch The batch, with rows.
   * @returns Its inputs, and its bad rows.
   */
  async read(batch: RecordBatch): Promise<BatchInputs> {
    const bad = new Map<number, Fault>();
    const xs: Record<string, NdArray<ArrayBufferView>> = {};
    for (const input of this.#plan) {
      const array = input.isImage
        ? await this.#readImages(batch, input, bad)
        : readNumbers(batch, input, bad);
      if (array === undefined) return { xs: undefined, bad };
      xs[input.spec.name] = array;
    }
    return { xs: bad.size === batch.numRows ? undefined : xs, bad };
  }

  async #readImages(
    batch: RecordBatch,
    { spec, columns: [name] }: InputColumns,
    bad: Map<number, Fault>,
  ): Promise<NdArray> {
    const input = this.#images.get(spec)!;
    const rows = batch.numRows;
    const bytesOf = imageBytes(columnOf(batch, name!), name!);
    const data = new Float32Array(rows * input.width);
    const imageRule = `column ${quote(name)} must hold an image`;
    let next = 0;
    const readRows = async () => {
      while (next < rows) {
        const row = next++;
        const bytes = bytesOf(row);
        if (bytes === undefined) {
          bad.set(row, { rule: imageRule, value: null });
          continue;
        }
        try {
          await input.fill(bytes, `row ${row}`, data, row);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          const value = `${bytes.length} bytes`;
          bad.set(row, { rule: imageRule, value, cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: SAMPLES_AT_ONCE }, readRows));
    return { data, shape: input.shape(rows), dtype: "float32" };
  }
}

/** Parses the option to the argument of `planInputs`. */
function namedInputs(
  texts: readonly string[],
  specs: readonly TensorSpec[],
  columns: ReadonlySet<string>,
): Record<string, string[]> | undefined {
  if (texts.length === 0) return undefined;
  const named: Record<string, string[]> = {};
  for (const text of texts) {
    const spec = specs.find(({ name }) => text.startsWith(`${name}=`)) ??
      (specs.length === 1 ? specs[0] : undefined);
    if (spec === undefined) {
      const names = specs.map(({ name }) => quote(name)).join(", ");
      const rule =
        "--inputs must be INPUT=COLUMN for a model of several inputs";
      const hint = `its inputs are ${names}`;
      throw new TypeError(cannot("read Arrow stream", rule, text, hint));
    }
    const rest = text.startsWith(`${spec.name}=`)
      ? text.slice(spec.name.length + 1)
      : text;
    // A column may have a comma in its name.
    const list = columns.has(rest) ? [rest] : rest.split(",");
    (named[spec.name] ??= []).push(...list);
  }
  return named;
}

function infoOf({ name, type }: Field) {
  const values = valueType(type);
  const kind = isNumeric(values)
    ? "numbers" as const
    : isImage(values)
    ? "images" as const
    : DataType.isUtf8(values)
    ? "texts" as const
    : "other" as const;
  return { name, kind, type: String(type), shape: shapeOf(values) };
}

/** Sizes of a row, if the type defines them. A flat list can have any shape. */
function shapeOf(type: DataType): readonly number[] | undefined {
  if (DataType.isList(type)) return undefined;
  if (!DataType.isFixedSizeList(type)) return [];
  const inner = shapeOf(type.children[0]!.type);
  return inner && [type.listSize, ...inner];
}

function isImage(type: DataType): boolean {
  return DataType.isBinary(type) || DataType.isLargeBinary(type) ||
    DataType.isStruct(type) &&
      type.children.some((child) =>
        child.name === "bytes" && isImage(child.type)
      );
}

function columnOf(batch: RecordBatch, name: string): Data {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  return batch.data.children[index]!;
}

function imageBytes(
  column: Data,
  name: string,
): (row: number) => Uint8Array | undefined {
  const { data, indices, isValid } = decoded(column, name);
  const isStruct = DataType.isStruct(data.type);
  const field = isStruct
    ? data.type.children.findIndex((child) => child.name === "bytes")
    : 0;
  const bytes: Data = isStruct ? data.children[field]! : data;
  return (row) => {
    const at = indices?.[row] ?? row;
    if (!isValid(row)) return undefined;
    if (bytes.nullCount > 0 && !bytes.getValid(at)) return undefined;
    const start = Number(bytes.valueOffsets[at]);
    const end = Number(bytes.valueOffsets[at + 1]);
    if (start >= 0 && end >= start && end <= bytes.values.length) {
      return bytes.values.subarray(start, end);
    }
    const rule = `column "${name}" must hold the bytes that its offsets say`;
    throw new SyntaxError(
      cannot(ACTION, rule, [start, end], "is the stream damaged?"),
    );
  };
}

function readNumbers(
  batch: RecordBatch,
  input: InputColumns,
  bad: Map<number, Fault>,
): NdArray<ArrayBufferView> | undefined {
  const { spec, columns } = input;
  if (spec.dtype === "string") {
    const rule = "the model must take numbers or images";
    throw new TypeError(cannot(ACTION, rule, `strings, "${spec.name}"`));
  }
  const rows = batch.numRows;
  const wanted = columns.length > 1
    ? []
    : spec.shape.length === 0
    ? undefined
    : spec.shape.slice(1);
  const read = new Map();
  for (const name of columns) {
    const column = decoded(columnOf(batch, name), name);
    const found = columnRows(column, rows, wanted, name);
    const what = wanted === undefined || wanted.length === 0
      ? "numbers"
      : `numbers of shape ${shapeText(wanted)}`;
    const rule = `column ${quote(name)} must hold ${what}`;
    for (const [row, value] of found.bad) bad.set(row, { rule, value });
    if (found.array === undefined) return undefined;
    const { data, shape, dtype } = found.array;
    read.set(name, { kind: "numbers", data, shape: shape.slice(1), dtype });
  }
  const array = inputArray({ rows, columns: read }, input, ACTION);
  return converted(array as NdArray<ArrayBufferView>, spec, columns, bad);
}

/** Marks rows with values that the model's type cannot hold. */
function converted(
  array: NdArray<ArrayBufferView>,
  { name, dtype }: TensorSpec,
  columns: readonly string[],
  bad: Map<number, Fault>,
): NdArray<ArrayBufferView> {
  const convert = (part: NdArray<ArrayBufferView>) =>
    convertValues(part as NdArray<Float32Array>, dtype, {
      ...{ action: ACTION, name: `input "${name}"`, first: 0 },
    });
  const result = (data: ArrayBufferView) => ({
    ...{ data, shape: array.shape, dtype: dtype as NdArray["dtype"] },
  });
  try {
    return result(convert(array));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const rows = array.shape[0]!;
  const data = (array.data as Float32Array).slice();
  const width = data.length / rows;
  for (let row = 0; row < rows; row++) {
    const part = data.subarray(row * width, (row + 1) * width);
    try {
      convert({ ...array, data: part, shape: [1, ...array.shape.slice(1)] });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const names = columns.map(quote).join(", ");
      const rule = `column ${names} must hold values that ${dtype} can hold`;
      bad.set(row, { rule, value: "others", cause: error });
      part.fill((data instanceof BigInt64Array ? 0n : 0) as never);
    }
  }
  return result(convert({ ...array, data }));
}

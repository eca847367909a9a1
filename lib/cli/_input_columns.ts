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
import { cannot, quote, shapeText, sizeOf } from "../check.ts";
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
import { tensorShape } from "../datasets/tensor_shape.ts";
import type { NdArray, TensorSpec } from "../types.ts";
import {
  columnRows,
  decoded,
  type Fault,
  isList,
  isNumeric,
  valueType,
} from "./_column_rows.ts";
import { imageRows, isImages } from "./_image_rows.ts";
import { isStringType, stringRows } from "./_text_rows.ts";

const ACTION = "read Arrow batch";
const STREAM = "read Arrow stream";

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

/** Rows of one input, as `predict` takes them. */
export type InputRows =
  | NdArray<ArrayBufferView>
  | readonly string[]
  | readonly (readonly string[])[];

/** The inputs of one batch. */
export interface BatchInputs {
  /** By name; undefined if no row is good. */
  readonly xs: Readonly<Record<string, InputRows>> | undefined;
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
      ...{ action: STREAM, option: "--inputs" },
      castHint: "cast it to numbers before it is sent, or name others by " +
        "--inputs",
    });
    this.#openImages(images);
  }

  #openImages(images: Omit<ImageOptions, "onBad">): void {
    checkImageOptions(images, ACTION);
    const [option] = Object.keys(images);
    if (option !== undefined && !this.#plan.some(({ isImage }) => isImage)) {
      const flag = option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
      const columns = this.columns.map(quote).join(", ");
      const rule = `--${flag} must be left out where no column of files of ` +
        `images is an input`;
      const hint = `inputs are ${columns}; send images as binary, or change ` +
        "numbers before they are sent";
      const value = images[option as keyof typeof images];
      throw new TypeError(cannot(STREAM, rule, value, hint));
    }
    for (const { spec, isImage } of this.#plan) {
      if (!isImage) continue;
      const input = new ImageInput(spec, images, ACTION);
      if (!input.hasSize) {
        const rule = `--size must say how large images become, as input ` +
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
   * One row of zeros, or of empty strings, for each input.
   *
   * @param specs What the model takes.
   * @param anySize Stands for sizes that may be any.
   * @returns The rows by name; undefined if an input may be of any size, and
   * none is passed, or has any number of axes.
   */
  zeros(
    specs: readonly TensorSpec[],
    anySize: number | null = null,
  ): Readonly<Record<string, InputRows>> | undefined {
    const xs: Record<string, InputRows> = {};
    for (const spec of specs) {
      const { name, shape, dtype } = spec;
      const sizes = this.#images.get(spec)?.shape(1) ??
        [1, ...shape.slice(1).map((size) => size ?? anySize)];
      const isKnown = shape.length > 0 && sizes.every((size) => size !== null);
      if (dtype === "string") {
        xs[name] = shape.length < 2
          ? [""]
          : [Array<string>(shape[1] ?? 1).fill("")];
      } else if (isKnown) {
        const data = new Uint8Array(sizeOf(sizes as number[]));
        xs[name] = { data, shape: sizes as number[], dtype: "uint8" };
      } else return undefined;
    }
    return xs;
  }

  /**
   * Reads a batch.
   *
   * @param batch The batch, with rows.
   * @returns Its inputs, and its bad rows.
   */
  async read(batch: RecordBatch): Promise<BatchInputs> {
    const bad = new Map<number, Fault>();
    const xs: Record<string, InputRows> = {};
    for (const input of this.#plan) {
      const { spec, columns: [name] } = input;
      const column = columnOf(batch, name!);
      const rows = input.isImage
        ? await imageRows(column, this.#images.get(spec)!, name!, bad)
        : spec.dtype === "string"
        ? stringRows(column, spec, name!, bad)
        : readNumbers(batch, input, bad);
      if (rows === undefined) return { xs: undefined, bad };
      xs[spec.name] = rows;
    }
    return { xs: bad.size === batch.numRows ? undefined : xs, bad };
  }
}

/** Parses the option to the argument of `planInputs`. */
function namedInputs(
  strings: readonly string[],
  specs: readonly TensorSpec[],
  columns: ReadonlySet<string>,
): Record<string, string[]> | undefined {
  if (strings.length === 0) return undefined;
  const named: Record<string, string[]> = {};
  for (const text of strings) {
    const spec = specs.find(({ name }) => text.startsWith(`${name}=`)) ??
      (specs.length === 1 ? specs[0] : undefined);
    if (spec === undefined) {
      const names = specs.map(({ name }) => quote(name)).join(", ");
      const rule =
        "--inputs must be INPUT=COLUMN for a model of several inputs";
      const hint = `its inputs are ${names}`;
      throw new TypeError(cannot(STREAM, rule, text, hint));
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

function infoOf({ name, type, metadata }: Field) {
  const values = valueType(type);
  const kind = isNumeric(values)
    ? "numbers" as const
    : isImages(values)
    ? "images" as const
    : isStringType(values)
    ? "strings" as const
    : "other" as const;
  const shape = tensorShape(name, metadata, STREAM) ?? shapeOf(values);
  return { name, kind, type: String(type), shape };
}

/** Sizes of a row, if the type defines them. A flat list can have any shape. */
function shapeOf(type: DataType): readonly number[] | undefined {
  if (!isList(type)) return [];
  if (!DataType.isFixedSizeList(type)) return undefined;
  const inner = shapeOf(type.children[0]!.type);
  return inner && [type.listSize, ...inner];
}

function columnOf(batch: RecordBatch, name: string): Data {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  return batch.data.children[index]!;
}

function readNumbers(
  batch: RecordBatch,
  input: InputColumns,
  bad: Map<number, Fault>,
): NdArray<ArrayBufferView> | undefined {
  const { spec, columns } = input;
  const rows = batch.numRows;
  const wanted = columns.length > 1
    ? []
    : spec.shape.length === 0
    ? undefined
    : spec.shape.slice(1);
  const read = new Map();
  for (const name of columns) {
    const column = decoded(columnOf(batch, name));
    const found = columnRows(column, rows, wanted);
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

/**
 * Maps columns to the inputs of a model.
 *
 * @module
 */
import { cannot, nearestNames, quote, sizeOf } from "../check.ts";
import type { NdArray, TensorSpec } from "../types.ts";
import type {
  Block,
  ColumnInfo,
  NumberColumn,
  TextColumn,
} from "./_columns.ts";
import type { NamedInputs } from "./table_options.ts";

/** Columns of each input, in the model's order. */
export interface InputColumns {
  readonly spec: TensorSpec;
  /** One column, or several columns of single numbers. */
  readonly columns: readonly string[];
  readonly isImage: boolean;
}

/** Facts for planning. */
export interface PlanFacts {
  readonly columns: readonly ColumnInfo[];
  readonly inputs?: NamedInputs | undefined;
  /** Columns that are labels or ids. */
  readonly others: readonly string[];
  readonly action: string;
  /** The option that names columns, for messages. @default {"inputs"} */
  readonly option?: string;
  /** What to do about a column that is not a number. */
  readonly castHint?: string;
}

const OPTION = '"inputs"';

/**
 * Finds the columns of each input.
 *
 * @param specs The model's inputs.
 * @param facts The columns, and the user's choice.
 * @returns The columns of each input.
 * @throws {TypeError} If a column does not fit its input, or none is named and
 * the choice is ambiguous.
 * @throws {RangeError} If a column does not exist.
 */
export function planInputs(
  specs: readonly TensorSpec[],
  facts: PlanFacts,
): readonly InputColumns[] {
  const named = facts.inputs === undefined
    ? guessed(specs, facts)
    : byInput(specs, facts.inputs, facts);
  return specs.map((spec, i) => planOne(spec, named[i]!, facts));
}

function byInput(
  specs: readonly TensorSpec[],
  inputs: NamedInputs,
  { action, option = OPTION }: PlanFacts,
): (readonly string[])[] {
  if (typeof inputs === "string" || Array.isArray(inputs)) {
    if (specs.length === 1) return [[inputs].flat() as string[]];
    const names = specs.map(({ name }) => name);
    const rule =
      `${option} must name the columns of each input of the model, ` +
      "{ input: column }";
    const hint = `its inputs are ${names.map(quote).join(", ")}`;
    throw new TypeError(cannot(action, rule, inputs, hint));
  }
  const record = inputs as Readonly<Record<string, string | readonly string[]>>;
  const unknown = Object.keys(record)
    .find((key) => !specs.some(({ name }) => name === key));
  if (unknown !== undefined) {
    const names = specs.map(({ name }) => quote(name)).join(", ");
    const rule = `${option} must name inputs of the model, ${names}`;
    throw new RangeError(cannot(action, rule, unknown));
  }
  return specs.map(({ name }) => {
    const columns = record[name];
    if (columns !== undefined) return [columns].flat();
    const rule = `${option} must name the columns of input ${quote(name)}`;
    throw new TypeError(cannot(action, rule, Object.keys(record)));
  });
}

/**
 * Default columns: those named as the inputs; for a single input the only
 * column of images, or all columns of numbers.
 */
function guessed(
  specs: readonly TensorSpec[],
  facts: PlanFacts,
): (readonly string[])[] {
  const { columns, others } = facts;
  const free = columns.filter(({ name }) => !others.includes(name));
  const has = ({ name }: TensorSpec) => free.some((one) => one.name === name);
  if (specs.every(has)) return specs.map(({ name }) => [name]);
  const images = free.filter(({ kind }) => kind === "images");
  const numbers = free.filter(({ kind }) => kind === "numbers");
  const strings = free.filter(({ kind }) => kind === "strings");
  if (specs.length === 1 && specs[0]!.dtype === "string") {
    if (strings.length === 1) return [[strings[0]!.name]];
    throw unclear(facts);
  }
  if (specs.length === 1 && images.length === 1) return [[images[0]!.name]];
  if (specs.length === 1 && images.length === 0) {
    const single = numbers.filter(({ shape }) => shape?.length === 0);
    if (numbers.length === 1) return [[numbers[0]!.name]];
    if (numbers.length > 1 && single.length === numbers.length) {
      return [numbers.map(({ name }) => name)];
    }
  }
  throw unclear(facts);
}

function unclear({ columns, action, option = OPTION }: PlanFacts): TypeError {
  const names = columns.map(({ name, type }) => quote(`${name}: ${type}`));
  const rule = `${option} must name the columns that the model takes`;
  const hint = names.length === 0
    ? "there are no columns"
    : `columns are ${names.slice(0, 12).join(", ")}`;
  return new TypeError(cannot(action, rule, "none", hint));
}

function planOne(
  spec: TensorSpec,
  names: readonly string[],
  facts: PlanFacts,
): InputColumns {
  const { columns, action, castHint } = facts;
  const infos = names.map((name) => findColumn(name, columns, action));
  if (spec.dtype === "string") return planStrings(spec, infos, action);
  const wrong = infos.find(({ kind }) =>
    kind === "strings" || kind === "other"
  );
  if (wrong !== undefined) {
    const rule = `column ${quote(wrong.name)} must hold numbers, lists of ` +
      `numbers or images for input ${quote(spec.name)}`;
    const hint = castHint !== undefined
      ? castHint
      : wrong.kind === "strings"
      ? "a column with a value that is no number is text: leave it out, or " +
        "convert it to numbers"
      : undefined;
    throw new TypeError(cannot(action, rule, wrong.type, hint));
  }
  const isImage = infos[0]?.kind === "images";
  const several = infos.find(({ kind, shape }) =>
    kind === "images" || shape === undefined || shape.length > 0
  );
  if (infos.length === 0 || (infos.length > 1 && several !== undefined)) {
    const rule = "several columns of one input must hold single numbers";
    const value = several === undefined
      ? names
      : `${several.name}: ${several.type}`;
    throw new TypeError(cannot(action, rule, value));
  }
  if (!isImage) checkWidth(spec, infos, facts);
  return { spec, columns: names, isImage };
}

function planStrings(
  spec: TensorSpec,
  infos: readonly ColumnInfo[],
  action: string,
): InputColumns {
  const [info] = infos;
  if (infos.length === 1 && info!.kind === "strings") {
    return { spec, columns: [info!.name], isImage: false };
  }
  const rule = `input ${quote(spec.name)} must get one column of strings`;
  const found = infos.map(({ name, type }) => `${name}: ${type}`);
  throw new TypeError(cannot(action, rule, found));
}

/** Checks without reading: the number of values per row. */
function checkWidth(
  spec: TensorSpec,
  infos: readonly ColumnInfo[],
  { action, option = OPTION, columns, inputs, others = [] }: PlanFacts,
): void {
  const { shape } = infos[0]!;
  const wanted = spec.shape.slice(1);
  if (shape === undefined || wanted.length !== spec.shape.length - 1) return;
  const found = infos.length > 1 ? [infos.length] : shape;
  if (fitsRows(found, wanted)) return;
  const rule = `input ${quote(spec.name)} must get rows of ${
    quote([...wanted])
  }`;
  if (isKnown(wanted) && sizeOf(found) === sizeOf(wanted)) {
    const isPermuted = String(found.toSorted()) === String(wanted.toSorted());
    const hint = isPermuted
      ? "transpose them before, as by numpy.transpose()"
      : "reshape them before, as by numpy.reshape()";
    throw new TypeError(cannot(action, rule, [...found], hint));
  }
  const names = infos.map(({ name }) => quote(name)).slice(0, 12).join(", ");
  // A single value that is no number makes a whole column text.
  const otherColumns = inputs === undefined
    ? columns.filter(({ name, kind }) =>
      (kind === "strings" || kind === "other") && !others.includes(name)
    ).map(({ name }) => quote(name)).slice(0, 12)
    : [];
  const rest = otherColumns.length === 0
    ? ""
    : `, and of text or other values ${otherColumns.join(", ")}`;
  const hint = `columns are ${names}${rest}: name others by ${option}`;
  const size = found.length === 0 ? [1] : [...found]; // a column of numbers
  throw new TypeError(cannot(action, rule, size, hint));
}

function isKnown(shape: readonly (number | null)[]): shape is number[] {
  return shape.every((size) => size !== null);
}

/** Whether rows of a shape fit an input. */
function fitsRows(
  found: readonly number[],
  wanted: readonly (number | null)[],
): boolean {
  return isKnown(wanted)
    ? canReshape(found, wanted)
    : found.length === wanted.length &&
      wanted.every((size, i) => (size ?? found[i]) === found[i]);
}

/**
 * Whether rows keep their meaning if they are reshaped: one of the shapes is
 * flat, or they differ in axes of size 1 only. Rows of `[3, 32, 32]` for
 * `[32, 32, 3]` would have to be transposed.
 *
 * @param found The shape of rows.
 * @param wanted The shape of rows of the input.
 * @returns True if they do.
 */
export function canReshape(
  found: readonly number[],
  wanted: readonly number[],
): boolean {
  if (sizeOf(found) !== sizeOf(wanted)) return false;
  if (found.length < 2 || wanted.length < 2) return true;
  const long = (shape: readonly number[]) =>
    String(shape.filter((size) => size !== 1));
  return long(found) === long(wanted);
}

/**
 * Finds a column.
 *
 * @param name Its name.
 * @param columns The existing columns.
 * @param action The action, for messages.
 * @returns The column.
 * @throws {RangeError} If it does not exist, or exists twice.
 */
export function findColumn(
  name: string,
  columns: readonly ColumnInfo[],
  action: string,
): ColumnInfo {
  const [found, ...others] = columns.filter((column) => column.name === name);
  if (others.length > 0) {
    const rule = "a column that is read must be there once";
    const count = `${others.length + 1} named "${name}"`;
    throw new RangeError(cannot(action, rule, count, "rename the others"));
  }
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const near = nearestNames(name, names);
  const listed = (near.length > 0 ? near : names.slice(0, 12)).map(quote);
  const rule = "every column must be there";
  const hint = `${near.length > 0 ? "nearest names" : "columns"} are ${
    listed.join(", ")
  }`;
  throw new RangeError(cannot(action, rule, name, hint));
}

/**
 * Creates the value of an input: an array of numbers, or strings.
 *
 * @param block The rows.
 * @param input Its columns.
 * @param action The action, for messages.
 * @returns The array, in the shape of the input if it has that number of
 * values; strings for a string input.
 */
export function inputArray(
  block: Block,
  { spec, columns }: InputColumns,
  action: string,
): NdArray<ArrayBufferView> | readonly string[] {
  if (spec.dtype === "string") {
    return (block.columns.get(columns[0]!) as TextColumn).values;
  }
  const parts = columns.map((name) => block.columns.get(name) as NumberColumn);
  const { rows } = block;
  const one = parts.length === 1
    ? parts[0]!
    : stacked(parts, columns, rows, action);
  const wanted = spec.shape.slice(1);
  const shape = isKnown(wanted) && spec.shape.length > 0 &&
      canReshape(one.shape, wanted)
    ? wanted
    : one.shape;
  return { data: one.data, shape: [rows, ...shape], dtype: one.dtype };
}

/** Joins columns of single numbers, `[rows, columns]`. */
function stacked(
  parts: readonly NumberColumn[],
  names: readonly string[],
  rows: number,
  action: string,
): NumberColumn {
  const { dtype, data } = parts[0]!;
  const isOne = parts.every((part) => part.dtype === dtype);
  const width = parts.length;
  if (isOne) {
    const Values = data.constructor as new (length: number) => Float32Array;
    const all = new Values(rows * width);
    parts.forEach((part, c) => {
      const values = part.data as Float32Array;
      for (let row = 0; row < rows; row++) all[row * width + c] = values[row]!;
    });
    return { kind: "numbers", data: all, shape: [width], dtype };
  }
  const all = new Float64Array(rows * width);
  parts.forEach((part, c) => {
    for (let row = 0; row < rows; row++) {
      const value = part.data[row]!;
      all[row * width + c] = Number(value);
      const isExact = typeof value === "number" ||
        BigInt(all[row * width + c]!) === value;
      if (isExact) continue;
      const rule = `column ${quote(names[c])} must hold whole numbers that ` +
        "are exact in float64, beside columns of other numbers";
      throw new RangeError(cannot(action, rule, value));
    }
  });
  return { kind: "numbers", data: all, shape: [width], dtype: "float64" };
}

/**
 * Checks that a column can be labels or ids: other types only where each value
 * has one text.
 *
 * @param column The column.
 * @param option The option that selects it, for messages.
 * @param action Description of the operation, for error messages.
 * @throws {TypeError} If it cannot.
 */
export function checkWritten(
  { name, kind, type, isWritten }: ColumnInfo,
  option: "labels" | "ids",
  action: string,
): void {
  if (kind !== "other" || isWritten === true) return;
  const rule = `column ${quote(name)} must hold ${option}: ` +
    (option === "ids" ? "strings or whole numbers" : "numbers or strings");
  throw new TypeError(cannot(action, rule, type));
}

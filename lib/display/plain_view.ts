/**
 * Views of plain values: numbers, strings, arrays, tensors, records. Array-like
 * values are shown as arrays; lists of records as tables; other values as in
 * the console.
 *
 * @module
 */
import { cannot, checkIndices, quote, shapeText, sizeOf } from "../check.ts";
import { extremes, statistics } from "../math/statistics.ts";
import { refuseOthers } from "./attach_view.ts";
import { countText, namesText } from "./cell.ts";
import {
  isRecord,
  isRecordList,
  type NumericArray,
  recordsTable,
  recordView,
} from "./record_view.ts";
import type { Block, FigureBlock, ShowOptions, View } from "./view.ts";

interface Values {
  readonly kind: string;
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: string;
}

const MOST_SHORT = 16; // maximum number of values that are written
const MOST_LINES = 60; // of a value that is written as in the console
const MOST_CHANNELS = 64; // default number of channels

/**
 * The view of any value.
 *
 * @param x The value.
 * @param options For an array of rank 3 or 4: sample, channels and scale.
 * @returns The view.
 * @throws {RangeError} If there is no such sample or channel.
 * @throws {TypeError} If an option does not apply to the value, or a tensor is
 * disposed.
 */
export async function plainView(
  x: unknown,
  options: ShowOptions = {},
): Promise<View> {
  const values = await valuesOf(x);
  const rank = values?.shape.length;
  refuseOthers(
    x,
    options,
    rank === 4
      ? ["sample", "channels", "scale"]
      : rank === 3
      ? ["channels", "scale"]
      : [],
  );
  if (values !== undefined) return arrayView(values, options);
  const strings = await stringsOf(x);
  if (strings !== undefined) return strings;
  if (isRecordList(x)) return { title: "", blocks: [recordsTable(x)] };
  const record = isRecord(x) ? recordView(x, numbersOf) : undefined;
  if (record !== undefined) return record;
  const text = typeof x === "string" ? x : inspected(x);
  return { title: "", blocks: [{ kind: "text", text }] };
}

/** As in the console, at the greatest depth that is short enough to be read. */
function inspected(x: unknown): string {
  const at = (depth: number) => Deno.inspect(x, { colors: false, depth });
  const isShort = (text: string) => text.split("\n").length <= MOST_LINES;
  const depth = [4, 3, 2, 1].find((depth) => isShort(at(depth))) ?? 0;
  const lines = at(depth).split("\n");
  const notes = lines.length > MOST_LINES
    ? [`… ${lines.length - MOST_LINES} more lines; console.log writes them all`]
    : [];
  if (isTfModel(x)) {
    const make = "layers" in x ? "fromLayersModel" : "fromGraphModel";
    notes.push(`show(${make}(model)) shows the layers of this model`);
  }
  return [...lines.slice(0, MOST_LINES), ...notes].join("\n");
}

/** Whether a value is a model of TensorFlow.js. */
function isTfModel(x: unknown): x is object {
  return typeof x === "object" && x !== null && "predict" in x &&
    typeof x.predict === "function" &&
    ("layers" in x || "modelStructuredOutputKeys" in x || "executor" in x);
}

/** A tensor of strings: the first of them. */
async function stringsOf(x: unknown): Promise<View | undefined> {
  const isTensor = typeof x === "object" && x !== null && "dtype" in x &&
    x.dtype === "string" && "shape" in x && isShape(x.shape) &&
    "data" in x && typeof x.data === "function";
  if (!isTensor) return undefined;
  const values = await (x as { data(): Promise<string[]> }).data();
  const shape = shapeText((x as unknown as { shape: number[] }).shape);
  const text = namesText(values.map((value) => quote(value)), MOST_SHORT);
  return {
    title: `Tensor ${shape} string`,
    blocks: [{ kind: "text", text: `[${text}]` }],
  };
}

async function valuesOf(x: unknown): Promise<Values | undefined> {
  if (Array.isArray(x)) return nestedValues(x);
  if (isNumeric(x)) return { kind: x.constructor.name, ...vectorOf(x) };
  if (typeof x !== "object" || x === null) return undefined;
  if (!("shape" in x && "dtype" in x && "data" in x)) return undefined;
  const { shape, dtype } = x;
  if (!isShape(shape) || typeof dtype !== "string") return undefined;
  const isTensor = typeof x.data === "function";
  if (isTensor && "isDisposed" in x && x.isDisposed === true) {
    throw new TypeError(
      cannot(
        "show a tensor",
        "it must not be disposed of",
        "a disposed tensor",
      ),
    );
  }
  const raw: unknown = typeof x.data === "function" ? await x.data() : x.data;
  const data = exactNumbers(raw);
  if (!isNumeric(data) || data.length !== sizeOf(shape)) return undefined;
  return { kind: isTensor ? "Tensor" : "Array", data, shape, dtype };
}

/** Rectangular nested arrays of numbers. */
function nestedValues(x: readonly unknown[]): Values | undefined {
  const shape: number[] = [];
  for (let part: unknown = x; Array.isArray(part); part = part[0]) {
    shape.push(part.length);
    if (shape.length > 8) return undefined;
  }
  const flat: unknown[] = x.flat(shape.length - 1);
  const isRegular = flat.length === sizeOf(shape) && fits(x, shape);
  const areNumbers = flat.every((value) => typeof value === "number");
  if (!isRegular || !areNumbers || flat.length === 0) return undefined;
  return { kind: "Array", data: flat as number[], shape, dtype: "number" };
}

function fits(x: unknown, shape: readonly number[]): boolean {
  const [length, ...rest] = shape;
  if (length === undefined) return !Array.isArray(x);
  return Array.isArray(x) && x.length === length &&
    x.every((part) => fits(part, rest));
}

function arrayView(values: Values, options: ShowOptions): View {
  const { kind, data, shape, dtype } = values;
  const { count, mean, std, min, max, zeros, nan, infinite } = statistics(data);
  const blocks: Block[] = [];
  if (count <= MOST_SHORT && shape.length <= 1) {
    const text = Array.from(data).join(", ");
    blocks.push({
      kind: "text",
      text: shape.length === 0 ? text : `[${text}]`,
    });
  } else {
    const columns = ["mean", "std", "min", "max", "zeros", "NaN", "infinite"];
    const measured = [mean, std, min, max]
      .map((value) => Number.isNaN(value) ? null : value);
    blocks.push({
      kind: "table",
      columns: columns.map((name) => ({ name })),
      rows: [[...measured, zeros, nan, infinite]],
    });
    blocks.push(...figuresOf(values, options));
  }
  return { title: `${kind} ${shapeText(shape)} ${dtype}`, blocks };
}

function figuresOf(values: Values, options: ShowOptions): FigureBlock[] {
  const { data, shape } = values;
  const size = sizeOf(shape);
  if (size === 0) return [];
  const figure = (
    title: string,
    summary: string,
    make: FigureBlock["figure"],
  ): FigureBlock => ({ kind: "figure", title, summary, figure: make });
  if (shape.length === 2) {
    const [height, width] = shape as [number, number];
    return [figure("Values", `heat map of ${height} by ${width}`, () => ({
      kind: "heatmap",
      title: "Values",
      xLabel: "column",
      yLabel: "row",
      z: data,
      height,
      width,
      diverging: (extremes(data)?.[0] ?? 0) < 0,
    }))];
  }
  if (shape.length === 3 || shape.length === 4) {
    return [imagesOf(values, options)];
  }
  return [figure("Histogram", countText(size, "value"), () => ({
    kind: "histogram",
    title: "Histogram",
    xLabel: "value",
    series: [{ name: "values", values: data }],
  }))];
}

/** The channels of one sample as images. */
function imagesOf({ data, shape }: Values, options: ShowOptions): FigureBlock {
  const action = `show an array of shape ${shapeText(shape)}`;
  const { sample = 0, channels: selected, scale } = options;
  const samples = shape.length === 4 ? shape[0]! : 1;
  if (sample >= samples) {
    const rule = `"sample" must be below ${samples}`;
    throw new RangeError(cannot(action, rule, sample));
  }
  const [height, width, depth] = shape.slice(-3) as [number, number, number];
  if (selected) checkIndices(selected, action, "channels", depth);
  const title = shape.length === 4 ? `Images of sample ${sample}` : "Images";
  const each = height * width * depth;
  return {
    kind: "figure",
    title,
    summary: `images of shape ${shapeText([height, width, depth])}`,
    async figure() {
      const { channelImages } = await import("./channel_images.ts");
      const values = Array.prototype.slice
        .call(data, sample * each, (sample + 1) * each);
      return channelImages({
        ...{ values, height, width, depth },
        channels: "last", // as in TF.js
      }, {
        ...{ title, selected, scale },
        most: MOST_CHANNELS,
        hint: "select others with show(x, { channels: [ … ] })",
      });
    },
  };
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size));
}

function isNumeric(x: unknown): x is ArrayLike<number> & object {
  return ArrayBuffer.isView(x) && !(x instanceof DataView) &&
    !(x instanceof BigInt64Array) && !(x instanceof BigUint64Array);
}

function vectorOf(data: ArrayLike<number> & object): NumericArray {
  const dtype = dtypeOf(data.constructor.name);
  return { data, shape: [data.length], dtype };
}

function numbersOf(x: unknown): NumericArray | undefined {
  if (Array.isArray(x)) return nestedValues(x);
  if (isNumeric(x)) return vectorOf(x);
  if (typeof x !== "object" || x === null) return undefined;
  if (!("shape" in x && "dtype" in x && "data" in x)) return undefined;
  const { shape, dtype } = x;
  const data = exactNumbers(x.data);
  const isArray = isShape(shape) && typeof dtype === "string" &&
    isNumeric(data) && data.length === sizeOf(shape);
  return isArray ? { data, shape, dtype } : undefined;
}

function dtypeOf(constructorName: string): string {
  return constructorName.replace(/(Clamped)?Array$/, "").toLowerCase();
}

/** Integers of 64 bits as floats, unless one would lose digits. */
function exactNumbers(data: unknown): unknown {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) {
    return data;
  }
  const numbers = Float64Array.from(data as Iterable<bigint>, Number);
  return numbers.every(Number.isSafeInteger) ? numbers : data;
}

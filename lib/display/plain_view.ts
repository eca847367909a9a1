/**
 * Views of plain values: numbers, strings, arrays, tensors, records. Array-like
 * values are shown as arrays; lists of records as tables; other values as in
 * the console.
 *
 * @module
 */
import { cannot, checkIndices, shapeText, sizeOf } from "../check.ts";
import { extremes, statistics } from "../math/statistics.ts";
import { refuseOthers } from "./attach_view.ts";
import { countText } from "./cell.ts";
import type { Block, FigureBlock, View, ViewOptions } from "./view.ts";

interface Values {
  readonly kind: string;
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: string;
}

const MOST_SHORT = 16; // maximum number of values that are written
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
  options: ViewOptions = {},
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
  if (isRecordList(x)) return recordsView(x);
  if (isRecord(x) && Object.values(x).every(isCell)) {
    const rows = Object.entries(x).map(([key, value]) => [key, cellOf(value)]);
    const columns = [{ name: "name" }, { name: "value" }];
    return { title: "", blocks: [{ kind: "table", columns, rows }] };
  }
  const text = typeof x === "string"
    ? x
    : Deno.inspect(x, { colors: false, depth: 4 });
  return { title: "", blocks: [{ kind: "text", text }] };
}

async function valuesOf(x: unknown): Promise<Values | undefined> {
  if (Array.isArray(x)) return nestedValues(x);
  if (isNumeric(x)) {
    const kind = x.constructor.name;
    return { kind, data: x, shape: [x.length], dtype: dtypeOf(kind) };
  }
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
  const data: unknown = typeof x.data === "function" ? await x.data() : x.data;
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

function arrayView(values: Values, options: ViewOptions): View {
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
    blocks.push({
      kind: "table",
      columns: columns.map((name) => ({ name })),
      rows: [[mean, std, min, max, zeros, nan, infinite]],
    });
    blocks.push(...figuresOf(values, options));
  }
  return { title: `${kind} ${shapeText(shape)} ${dtype}`, blocks };
}

function figuresOf(values: Values, options: ViewOptions): FigureBlock[] {
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
    const summary = `images of shape ${shapeText([height, width, depth])}`;
    const each = height * width * depth;
    return [
      figure(
        title,
        summary,
        async () =>
          (await import("./channel_images.ts")).channelImages({
            values: Array.prototype.slice
              .call(data, sample * each, (sample + 1) * each),
            height,
            width,
            depth,
            channels: "last", // as in TF.js
          }, {
            title,
            selected,
            scale,
            most: MOST_CHANNELS,
            hint: "select others with show(x, { channels: [ … ] })",
          }),
      ),
    ];
  }
  return [figure("Histogram", countText(size, "value"), () => ({
    kind: "histogram",
    title: "Histogram",
    xLabel: "value",
    series: [{ name: "values", values: data }],
  }))];
}

function recordsView(
  records: readonly Readonly<Record<string, unknown>>[],
): View {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = records.map((record) =>
    names.map((name) => cellOf(record[name]))
  );
  const columns = names.map((name) => ({ name }));
  return { title: "", blocks: [{ kind: "table", columns, rows }] };
}

function cellOf(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  return Deno.inspect(value, {
    colors: false,
    depth: 1,
    breakLength: Infinity,
  });
}

function isCell(value: unknown): boolean {
  return value === null || typeof value !== "object" &&
      typeof value !== "function" && typeof value !== "symbol";
}

function isRecord(x: unknown): x is Readonly<Record<string, unknown>> {
  if (typeof x !== "object" || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return (prototype === Object.prototype || prototype === null) &&
    Object.keys(x).length > 0;
}

function isRecordList(
  x: unknown,
): x is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(x) && x.length > 0 && x.every(isRecord);
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size));
}

function isNumeric(x: unknown): x is ArrayLike<number> & object {
  return ArrayBuffer.isView(x) && !(x instanceof DataView) &&
    !(x instanceof BigInt64Array) && !(x instanceof BigUint64Array);
}

function dtypeOf(constructorName: string): string {
  return constructorName.replace(/(Clamped)?Array$/, "").toLowerCase();
}

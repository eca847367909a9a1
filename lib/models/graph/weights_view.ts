import {
  cannot,
  checkIndices,
  checkOneOf,
  quote,
  shapeText,
} from "../../check.ts";
import { countText } from "../../display/cell.ts";
import { statisticsTable } from "../../display/statistics_table.ts";
import type {
  FigureBlock,
  GridImage,
  HeatmapSpec,
  ImagesSpec,
  ShowOptions,
  View,
} from "../../display/view.ts";
import { extremes } from "../../math/statistics.ts";
import type { NdArray, Weights } from "../../types.ts";

/** The layer of weights, which determines how they are drawn. */
export interface WeightsOwner {
  /** The layer's name or path. */
  readonly name: string;
  /** The layer's class, or the operation. */
  readonly kind: string;
}

/** The options of `show` for weights. */
export type KernelOptions = Pick<ShowOptions, "channels" | "scale">;

/** ONNX operations, whose kernels are `[out, in, h, w]`. */
const CHANNELS_FIRST = new Set(["Conv", "ConvInteger", "QLinearConv"]);
/** Default number of kernels drawn as images. */
const MOST_KERNELS = 64;
/** Maximum number of rows and columns of a heat map. */
const MOST_ROWS = 128;
const MOST_COLUMNS = 256;
/**
 * Maximum number of weights with figures if none is named; the table lists all.
 */
const MOST_FIGURES = 3;
/** Maximum number of series of the histogram. */
const MOST_SERIES = 4;

/** The options of `show` for weights. */
export const WEIGHTS_OPTIONS = ["weight", "channels", "scale"] as const;

/**
 * The view of a layer's weights: a table of statistics, a histogram,
 * convolution kernels as images, other matrices as heat maps.
 *
 * @param owner The layer.
 * @param weights Its weights.
 * @param options Weight and output channels to draw.
 * @returns The view; for a named weight, only its figure.
 * @throws {RangeError} If there is no such weight or channel.
 */
export function weightsView(
  owner: WeightsOwner,
  weights: Weights,
  options: ShowOptions = {},
): View {
  const title = `Weights of "${owner.name}" (${owner.kind})`;
  const entries = Object.entries(weights);
  if (entries.length === 0) {
    return { title, blocks: [{ kind: "text", text: "none" }] };
  }
  const { weight, ...drawn } = options;
  if (weight !== undefined) {
    const found = findWeight(weights, weight);
    return { title, blocks: [kernelBlock(owner, weight, found, drawn)] };
  }
  if (options.channels !== undefined) {
    const rule = `"weight" must name the weight of the channels`;
    throw new TypeError(cannot("show weights", rule, weight));
  }
  const matrices = entries.filter(([, { shape }]) => shape.length >= 2);
  const shown = matrices.slice(0, MOST_FIGURES);
  const rows = entries.map(([name, array]) => ({
    name,
    ...array,
    data: numbersOf(array),
  }));
  const left = matrices.slice(MOST_FIGURES).map(([name]) => name);
  return {
    title,
    blocks: [
      ...statisticsTable(
        "weight",
        rows,
        (name) =>
          `await show(weights[${quote(name)}]) shows one, and ` +
          "Object.keys(weights) lists the names of all.",
      ),
      histogram(entries),
      ...shown.map(([name, array]) => kernelBlock(owner, name, array, drawn)),
      ...(left.length === 0 ? [] : [
        {
          kind: "text",
          text: `${shown.length} of ${matrices.length} matrices shown; ` +
            `show(weights, { weight: ${quote(left[0])} }) draws another.`,
        } as const,
      ]),
    ],
  };
}

/**
 * Finds a weight that can be drawn.
 *
 * @param weights The weights.
 * @param name The weight's name.
 * @returns Its values.
 * @throws {RangeError} If there is none, or its rank is below 2.
 */
export function findWeight(weights: Weights, name: string): NdArray {
  const names = Object.keys(weights)
    .filter((key) => weights[key]!.shape.length >= 2);
  checkOneOf(name, "draw weight", "weight", names);
  return weights[name]!;
}

/**
 * One weight of rank 2 or more: kernels `[h, w, in, out]` as images, others as
 * a heat map of the last axis against all others.
 *
 * @param owner The layer.
 * @param name The weight's name.
 * @param array Its values.
 * @param options Output channels to draw.
 * @returns The figure.
 * @throws {RangeError} If there is no such channel.
 */
export function kernelBlock(
  owner: WeightsOwner,
  name: string,
  array: NdArray,
  options: KernelOptions,
): FigureBlock {
  const { shape } = array;
  const title = `${name} ${shapeText(shape)}`;
  const isFirst = CHANNELS_FIRST.has(owner.kind);
  const [height, width] = isFirst ? shape.slice(2) : shape;
  const isImages = shape.length === 4 && height! * width! > 1;
  const columns = isImages && isFirst ? shape[0]! : shape.at(-1)!;
  if (options.channels) {
    checkIndices(options.channels, `draw ${title}`, "channels", columns);
  }
  return isImages
    ? {
      kind: "figure",
      title,
      summary: `kernels of ${height} × ${width}, input → output channel`,
      figure: () => kernelImages(title, name, array, isFirst, options),
    }
    : {
      kind: "figure",
      title,
      summary: "values as colours, zero in the middle",
      figure: () => matrix(title, owner, array, options),
    };
}

function histogram(entries: readonly [string, NdArray][]): FigureBlock {
  const series = entries.slice(0, MOST_SERIES).map(([name, array]) => ({
    name,
    values: numbersOf(array),
  }));
  const title = "Histogram";
  const left = entries.length - series.length;
  return {
    kind: "figure",
    title,
    summary: `how often each value occurs in ${
      series.map(({ name }) => name).join(", ")
    }`,
    figure: () => ({
      kind: "histogram",
      title,
      notes: left > 0
        ? [`first ${series.length} of ${countText(entries.length, "weight")}`]
        : [],
      xLabel: "weight",
      series,
    }),
  };
}

/**
 * Reshapes to a matrix: the rows are all axes but the last, which is that of
 * the outputs.
 */
function matrix(
  title: string,
  { kind }: WeightsOwner,
  array: NdArray,
  { channels }: KernelOptions,
): HeatmapSpec {
  const data = numbersOf(array);
  const total = array.shape.at(-1)!;
  const rows = data.length / Math.max(1, total);
  const height = Math.min(rows, MOST_ROWS);
  const shown = channels ??
    Array.from({ length: Math.min(total, MOST_COLUMNS) }, (_, i) => i);
  const z = Float64Array.from(
    { length: height * shown.length },
    (_, i) =>
      data[Math.floor(i / shown.length) * total + shown[i % shown.length]!]!,
  );
  const [row, column] = kind === "Embedding" ? ["token", "dimension"] : [
    rows === array.shape.at(-2) ? "input unit" : "position × input unit",
    "output unit",
  ];
  const notes = [];
  if (height < rows) notes.push(`first ${height} of ${rows} ${row}s`);
  if (channels === undefined && shown.length < total) {
    notes.push(`first ${shown.length} of ${total} ${column}s`);
  }
  return {
    kind: "heatmap",
    title,
    notes,
    xLabel: column!,
    yLabel: row!,
    z,
    height,
    width: shown.length,
    ...(channels === undefined ? {} : { xTicks: channels.map(String) }),
    diverging: true,
  };
}

function kernelImages(
  title: string,
  name: string,
  array: NdArray,
  isFirst: boolean,
  { channels, scale = "layer" }: KernelOptions,
): ImagesSpec {
  const data = numbersOf(array);
  const { shape } = array;
  const [height, width, inputs, outputs] =
    (isFirst ? [shape[2], shape[3], shape[1], shape[0]] : shape) as [
      number,
      number,
      number,
      number,
    ];
  const shown = channels ?? Array.from({ length: outputs }, (_, i) => i);
  const total = inputs * shown.length;
  const count = Math.min(MOST_KERNELS, total);
  const images = Array.from({ length: count }, (_, k): GridImage => {
    // Outputs first: the other order would show kernels of one filter only.
    const output = shown[k % shown.length]!;
    const input = Math.floor(k / shown.length);
    const size = height * width;
    const z = Float64Array.from({ length: size }, (_, p) =>
      data[
        isFirst
          ? (output * inputs + input) * size + p
          : (p * inputs + input) * outputs + output
      ]!);
    return { caption: `${input} → ${output}`, z, height, width };
  });
  const most = Math.max(...(extremes(data) ?? [1]).map(Math.abs)) || 1;
  const hint = `show(weights, { weight: ${
    quote(name)
  }, channels: [ … ] }) for others`;
  return {
    kind: "images",
    title,
    notes: count < total ? [`${count} of ${total} kernels shown; ${hint}`] : [],
    images,
    diverging: true,
    scale,
    range: [-most, most],
  };
}

/** Converts big integers, which figures do not accept. */
function numbersOf({ data }: NdArray): ArrayLike<number> {
  const values: unknown = data;
  return values instanceof BigInt64Array
    ? Float64Array.from(values, Number)
    : data;
}

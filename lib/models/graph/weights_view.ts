import { shapeText } from "../../check.ts";
import { statisticsTable } from "../../display/statistics_table.ts";
import type { Block, View } from "../../display/view.ts";
import type { LayerRow, NdArray, Weights } from "../../types.ts";

/** Operations of ONNX, whose kernels are `[out, in, h, w]`. */
const CHANNELS_FIRST = new Set(["Conv", "ConvInteger", "QLinearConv"]);
/** Kernels shown as a grid at the most. */
const MOST_KERNELS = 64;
/** Rows and columns of a heat map at the most. */
const MOST_ROWS = 128;
const MOST_COLUMNS = 256;
/** Weights that get figures; the table lists all. */
const MOST_FIGURES = 3;

/**
 * What a layer's weights show of themselves: a table of statistics, a
 * histogram, convolution kernels as a grid, dense kernels as a heat map.
 *
 * @param row The layer's row.
 * @param weights Its weights.
 * @returns The view.
 */
export function weightsView(row: LayerRow, weights: Weights): View {
  const entries = Object.entries(weights).map(([name, array]) =>
    [name, numbersOf(array)] as [string, NdArray]
  );
  const isFirst = CHANNELS_FIRST.has(row.kind);
  const title = `Weights of "${row.name}" (${row.kind})`;
  if (entries.length === 0) {
    return { title, blocks: [{ kind: "text", text: "none" }] };
  }
  const pictures = entries.filter(([, { shape }]) => shape.length >= 2)
    .slice(0, MOST_FIGURES).map(([name, array]) =>
      picture(name, array, isFirst)
    );
  const table = statisticsTable(
    "weight",
    entries.map(([name, array]) => ({ name, ...array })),
  );
  return { title, blocks: [table, histogram(entries), ...pictures] };
}

/** Figures take no big integers. */
function numbersOf(array: NdArray): NdArray {
  const data: unknown = array.data;
  return data instanceof BigInt64Array
    ? { ...array, data: Float32Array.from(data, Number) }
    : array;
}

function histogram(entries: readonly [string, NdArray][]): Block {
  const series = entries.slice(0, 4).map(([name, { data }]) => ({
    name,
    values: data,
  }));
  const title = "values";
  return {
    kind: "figure",
    title,
    summary: `how often each value occurs in ${
      series.map(({ name }) => name).join(", ")
    }`,
    figure: () => ({ kind: "histogram", title, xLabel: "weight", series }),
  };
}

/** Kernels `[h, w, in, out]` and `[t, in, out]` as pictures, matrices as colours. */
function picture(name: string, array: NdArray, isFirst: boolean): Block {
  const { shape } = array;
  const places = isFirst ? shape.slice(2) : shape.slice(0, 2);
  if (shape.length === 4 && places[0]! * places[1]! > 1) {
    return kernels(name, array, isFirst);
  }
  const columns = shape.at(-1)!;
  const rows = array.data.length / Math.max(1, columns);
  const height = Math.min(rows, MOST_ROWS);
  const width = Math.min(columns, MOST_COLUMNS);
  const isCut = height < rows || width < columns;
  const title = `${name} ${shapeText(shape)}${
    isCut ? `, the first ${height} × ${width}` : ""
  }`;
  return {
    kind: "figure",
    title,
    summary: "values as colours, zero in the middle",
    figure: () => ({
      kind: "heatmap",
      title,
      xLabel: "output unit",
      yLabel: "input unit",
      z: corner(array.data, columns, height, width),
      height,
      width,
      diverging: true,
    }),
  };
}

function corner(
  data: Float32Array,
  columns: number,
  height: number,
  width: number,
): Float32Array {
  const z = new Float32Array(height * width);
  for (let i = 0; i < height; i++) {
    z.set(data.subarray(i * columns, i * columns + width), i * width);
  }
  return z;
}

function kernels(
  name: string,
  { data, shape }: NdArray,
  isFirst: boolean,
): Block {
  const [height, width, inputs, outputs] =
    (isFirst ? [shape[2], shape[3], shape[1], shape[0]] : shape) as [
      number,
      number,
      number,
      number,
    ];
  const shown = Math.min(MOST_KERNELS, inputs * outputs);
  const title = `${name} ${shapeText(shape)}${
    shown < inputs * outputs ? `, ${shown} of ${inputs * outputs} kernels` : ""
  }`;
  const maps = () =>
    Array.from({ length: shown }, (_, k) => {
      // Input by input would show one filter's colours only: outputs first.
      const output = k % outputs;
      const input = Math.floor(k / outputs);
      const z = new Float32Array(height * width);
      for (let p = 0; p < z.length; p++) {
        z[p] = data[
          isFirst
            ? (output * inputs + input) * z.length + p
            : (p * inputs + input) * outputs + output
        ]!;
      }
      return { caption: `${input} → ${output}`, z, height, width };
    });
  return {
    kind: "figure",
    title,
    summary: `${shown} kernels of ${height} × ${width}, input → output`,
    figure: () => ({ kind: "maps", title, maps: maps(), diverging: true }),
  };
}

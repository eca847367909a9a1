/**
 * Which figures show one layer's features, by their rank.
 *
 * @module
 */
import { shapeText, sizeOf } from "../../check.ts";
import type {
  FigureBlock,
  HeatmapSpec,
  HistogramSpec,
  MapsSpec,
  ViewOptions,
} from "../../display/view.ts";
import type { FeatureArray, FeatureSet } from "../../types.ts";
import { MOST_POINTS, projectionFigure } from "./_projection_figure.ts";

const MOST_MAPS = 64;
const MOST_HEIGHT = 64;
const MOST_WIDTH = 256;
/** Side of a picture above which its cells are averaged. */
const MOST_SIDE = 64;

/** An array to be seen, and what is known of it. */
export interface ShownArray {
  /** What it is called in titles, as in `layer "conv1"`. */
  readonly title: string;
  /** The array, `[N, …]`. */
  readonly array: FeatureArray;
  /** Where the channels stand, where that is known. */
  readonly channels?: "first" | "last" | undefined;
}

/**
 * The figures of one array: of rank 4 the maps of a sample, of rank 3 a heat
 * map of a sample, of rank 2 a heat map and a projection, of rank 1 a
 * histogram; none of higher ranks, and none of an empty array.
 *
 * @param set Where the labels are.
 * @param shown The array.
 * @param options Which sample, and which projection.
 * @returns The figures, most telling first.
 */
export function layerFigures(
  set: FeatureSet,
  shown: ShownArray,
  options: ViewOptions,
): FigureBlock[] {
  const { title, array } = shown;
  const { sample = 0, projection = "pca" } = options;
  const rank = array.shape.length;
  if (sizeOf(array.shape) === 0) return [];
  const one = `${title}, sample ${sample}`;
  const shape = shapeText(array.shape.slice(1));
  const block = (
    title: string,
    summary: string,
    figure: FigureBlock["figure"],
  ): FigureBlock => ({ kind: "figure", title, summary, figure });
  if (rank === 1) {
    const figure = () => histogram(title, array);
    return [block(`Histogram of ${title}`, `${array.shape[0]} values`, figure)];
  }
  if (rank === 2) {
    const [count, width] = array.shape as [number, number];
    const { labels: given, classNames } = set;
    const color = given && { labels: given.data, classNames };
    const kind = projection === "pca" ? "PCA" : "UMAP";
    return [
      block(
        `Values of ${title}`,
        `heat map of ${count} samples by ${width} units`,
        () => matrix(title, array),
      ),
      block(
        `${kind} of ${title}`,
        `${Math.min(count, MOST_POINTS)} samples in the plane${
          color ? ", coloured by label" : ""
        }`,
        () => projectionFigure(title, array, projection, color),
      ),
    ];
  }
  if (rank === 3) {
    const figure = () => sequence(one, shown, sample);
    return [block(`Values of ${one}`, `heat map of shape ${shape}`, figure)];
  }
  if (rank === 4) {
    const figure = () => maps(one, shown, sample);
    return [
      block(`Feature maps of ${one}`, `pictures of shape ${shape}`, figure),
    ];
  }
  return [];
}

function histogram(title: string, { data }: FeatureArray): HistogramSpec {
  return {
    kind: "histogram",
    title: `Histogram of ${title}`,
    xLabel: "value",
    series: [{ name: title, values: data }],
  };
}

/** Part of a matrix, as far as it is shown. */
function crop(
  values: FeatureArray["data"],
  width: number,
): { z: Float64Array; height: number; width: number } {
  const rows = Math.min(MOST_HEIGHT, values.length / width);
  const columns = Math.min(MOST_WIDTH, width);
  const z = new Float64Array(rows * columns); // [rows, columns]
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      z[row * columns + column] = values[row * width + column]!;
    }
  }
  return { z, height: rows, width: columns };
}

function note(parts: readonly [shown: number, all: number, what: string][]) {
  const cut = parts.filter(([shown, all]) => shown < all)
    .map(([shown, all, what]) => `first ${shown} of ${all} ${what}`);
  return cut.length > 0 ? ` (${cut.join(", ")})` : "";
}

function matrix(title: string, { data, shape }: FeatureArray): HeatmapSpec {
  const [count, width] = shape as [number, number];
  const part = crop(data, width);
  const cut = note([[part.height, count, "samples"], [
    part.width,
    width,
    "units",
  ]]);
  return {
    kind: "heatmap",
    title: `Values of ${title}${cut}`,
    xLabel: "unit",
    yLabel: "sample",
    ...part,
    diverging: hasNegative(part.z),
  };
}

function sequence(
  title: string,
  { array, channels }: ShownArray,
  sample: number,
): HeatmapSpec {
  const [, height, width] = array.shape as [number, number, number];
  const part = crop(rowOf(array, sample), width);
  const [down, across] = channels === "first"
    ? ["channel", "step"]
    : ["step", "channel"];
  const cut = note([
    [part.height, height, `${down}s`],
    [part.width, width, `${across}s`],
  ]);
  return {
    kind: "heatmap",
    title: `Values of ${title}${cut}${channels ? "" : ASSUMED}`,
    xLabel: across,
    yLabel: down,
    ...part,
    diverging: hasNegative(part.z),
  };
}

const ASSUMED = " (channels taken to be last)";

function maps(
  title: string,
  { array, channels }: ShownArray,
  sample: number,
): MapsSpec {
  const shape = array.shape.slice(1) as [number, number, number];
  const values = rowOf(array, sample);
  const isFirst = channels === "first";
  const [height, width, depth] = isFirst
    ? [shape[1], shape[2], shape[0]]
    : shape;
  const [placeStep, channelStep] = isFirst ? [1, height * width] : [depth, 1];
  const shown = Math.min(MOST_MAPS, depth);
  const cell = Math.ceil(Math.max(height, width) / MOST_SIDE);
  const pictures = Array.from({ length: shown }, (_, channel) => {
    const picture = new Float64Array(height * width); // [H, W]
    for (let place = 0; place < picture.length; place++) {
      picture[place] = values[place * placeStep + channel * channelStep]!;
    }
    return {
      caption: String(channel),
      ...shrink(picture, height, width, cell),
    };
  });
  const cut = note([[shown, depth, "channels"]]);
  const averaged = cell > 1 ? ` (means of ${cell} × ${cell} places)` : "";
  return {
    kind: "maps",
    title: `Feature maps of ${title}${cut}${averaged}${
      channels ? "" : ASSUMED
    }`,
    maps: pictures,
    diverging: pictures.some(({ z }) => hasNegative(z)),
  };
}

/** Means of square cells, smaller ones at the far edges. */
function shrink(
  picture: Float64Array,
  height: number,
  width: number,
  cell: number,
): { z: Float64Array; height: number; width: number } {
  if (cell === 1) return { z: picture, height, width };
  const [rows, columns] = [Math.ceil(height / cell), Math.ceil(width / cell)];
  const z = new Float64Array(rows * columns); // [rows, columns]
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [bottom, right] = [
        Math.min(height, (row + 1) * cell),
        Math.min(width, (column + 1) * cell),
      ];
      let [sum, count] = [0, 0];
      for (let y = row * cell; y < bottom; y++) {
        for (let x = column * cell; x < right; x++, count++) {
          sum += picture[y * width + x]!;
        }
      }
      z[row * columns + column] = sum / count;
    }
  }
  return { z, height: rows, width: columns };
}

function rowOf(
  { data, shape }: FeatureArray,
  sample: number,
): FeatureArray["data"] {
  const width = sizeOf(shape.slice(1));
  return data.subarray(sample * width, (sample + 1) * width);
}

function hasNegative(values: Float64Array): boolean {
  return values.some((value) => value < 0);
}

/**
 * The figures of one layer's features, by rank.
 *
 * @module
 */
import { cannot, checkIndices, quote, shapeText, sizeOf } from "../../check.ts";
import { countText } from "../../display/cell.ts";
import { extremes } from "../../math/statistics.ts";
import { evenly } from "../../math/evenly.ts";
import type {
  FigureBlock,
  FigureSpec,
  GridImage,
  HeatmapSpec,
  ShowOptions,
} from "../../display/view.ts";
import type { FeatureArray, FeatureSet } from "../../types.ts";
import { type PointColor, projectionBlock } from "./projection_figure.ts";
import type { ShownArray } from "./shown_arrays.ts";

/** Number of channels drawn by default. */
const MOST_CHANNELS = 64;
/** Number of channels drawn if a figure is one of several. */
const FEW_CHANNELS = 16;
/** Maximum number of rows of a heat map of samples. */
const MOST_SAMPLES = 64;
/**
 * Maximum number of rows of a heat map of one sample: time steps or channels.
 */
const MOST_STEPS = 256;
/** Maximum number of columns of a heat map: units or channels. */
const MOST_COLUMNS = 256;
const ASSUMED = "channels assumed to be last";

/** Options of a layer's figures. */
export interface LayerFigureOptions extends ShowOptions {
  /**
   * Whether the figure is one of several, and therefore small. @default {false}
   */
  readonly isCompact?: boolean;
}

/**
 * The figures of one array, by rank. 5: feature maps of the middle slice of a
 * sample; 4: feature maps of a sample; 3: heat map of a sample; 2: heat map and
 * projection; 1: histogram. Higher ranks and empty arrays have no figures.
 *
 * @param set The set, for labels and ids.
 * @param shown The array.
 * @param options Sample, channels and projection.
 * @returns The figures, most informative first.
 */
export function layerFigures(
  set: FeatureSet,
  shown: ShownArray,
  options: LayerFigureOptions,
): FigureBlock[] {
  const { array } = shown;
  const rank = array.shape.length;
  if (sizeOf(array.shape) === 0 || rank > 5) return [];
  if (rank > 3) return [featureMapsBlock(set, shown, options)];
  if (rank !== 2) return [valuesBlock(shown, options)];
  const { projection: kind = "pca", images } = options;
  const color: PointColor = set.labels && {
    labels: set.labels.data,
    classNames: set.classNames,
  };
  return [
    valuesBlock(shown, options),
    projectionBlock({ set, shown, kind, color, images }),
  ];
}

/**
 * The feature maps of one sample, one image per channel.
 *
 * @param set The set, for labels and ids.
 * @param shown An array of rank 4 or 5.
 * @param options Sample, channels, scale and input image.
 * @returns The figure.
 * @throws {RangeError} If there is no such channel.
 */
export function featureMapsBlock(
  set: FeatureSet,
  { name, title, array, channels }: ShownArray,
  options: LayerFigureOptions,
): FigureBlock {
  const { sample = 0, scale, channels: selected, images } = options;
  const isFirst = channels === "first";
  const shape = array.shape.slice(1);
  const numSlices = shape.length === 4 ? shape[isFirst ? 1 : 0]! : 1;
  const slice = Math.floor(numSlices / 2);
  const [height, width, depth] =
    (isFirst ? [...shape.slice(-2), shape[0]] : shape.slice(-3)) as [
      number,
      number,
      number,
    ];
  if (selected) {
    checkIndices(selected, `draw feature maps of ${title}`, "channels", depth);
  }
  const most = options.isCompact ? FEW_CHANNELS : MOST_CHANNELS;
  const layer = `layer: ${quote(name)}`;
  const hint = options.isCompact
    ? `show(set, { ${layer} }) for more`
    : `show(set, { ${layer}, channels: [ … ] }) for others`;
  const figureTitle = `Feature maps of ${title}, sample ${sample}`;
  return {
    kind: "figure",
    title: figureTitle,
    summary: `images of shape ${shapeText(shape)}`,
    figure: async () => {
      const { channelImages } = await import("../../display/channel_images.ts");
      return channelImages({
        values: sliceOf(rowOf(array, sample), {
          numSlices,
          slice,
          channels: isFirst ? depth : 1,
        }),
        height,
        width,
        depth,
        channels: isFirst ? "first" : "last",
      }, {
        title: figureTitle,
        notes: [
          ...shape.length === 4 ? [`slice ${slice} of ${numSlices}`] : [],
          ...channels === undefined ? [ASSUMED] : [],
        ],
        selected,
        scale,
        most,
        hint,
        before: images === undefined ? [] : await inputOf(set, images, sample),
      });
    },
  };
}

/** One slice of a volume; with channels first, one of each channel. */
function sliceOf(
  values: FeatureArray["data"],
  position: { numSlices: number; slice: number; channels: number },
): ArrayLike<number> {
  const { numSlices, slice, channels } = position;
  if (numSlices === 1) return values;
  const size = values.length / numSlices / channels;
  return Float64Array.from({ length: size * channels }, (_, i) => {
    const channel = Math.floor(i / size);
    return values[(channel * numSlices + slice) * size + i % size]!;
  });
}

async function inputOf(
  { ids, labels, classNames }: FeatureSet,
  images: NonNullable<ShowOptions["images"]>,
  sample: number,
): Promise<GridImage[]> {
  const { inputImages } = await import("./_input_images.ts");
  const [image] = await inputImages(images, [ids[sample]!]);
  const label = labels?.data[sample];
  const detail = label === undefined
    ? ""
    : `label ${classNames?.[label] ?? label}`;
  return [{ ...image!, caption: "input", detail }];
}

/**
 * The raw values of an array: a histogram for rank 1, a heat map for rank 2,
 * and a heat map of one sample for rank 3.
 *
 * @param shown An array of rank 1 to 3.
 * @param options The sample.
 * @returns The figure.
 */
export function valuesBlock(
  shown: ShownArray,
  { sample = 0 }: ShowOptions,
): FigureBlock {
  const { title, array } = shown;
  const block = (
    title: string,
    summary: string,
    figure: (title: string) => FigureSpec,
  ): FigureBlock => ({
    kind: "figure",
    title,
    summary,
    figure: () => figure(title),
  });
  const { shape } = array;
  if (shape.length === 1) {
    const summary = countText(shape[0]!, "value");
    return block(`Histogram of ${title}`, summary, (name) => ({
      kind: "histogram",
      title: name,
      xLabel: "value",
      series: [{ name: title, values: array.data }],
    }));
  }
  if (shape.length === 2) {
    const units = countText(shape[1]!, "unit");
    const summary = `heat map of ${countText(shape[0]!, "sample")} by ${units}`;
    return block(`Values of ${title}`, summary, (name) => matrix(name, array));
  }
  const summary = `heat map of shape ${shapeText(shape.slice(1))}`;
  return block(
    `Values of ${title}, sample ${sample}`,
    summary,
    (name) => sequence(name, shown, sample),
  );
}

/**
 * Selects rows spread evenly over the samples, because datasets are often
 * sorted by class.
 */
function matrix(title: string, { data, shape }: FeatureArray): HeatmapSpec {
  const [count, width] = shape as [number, number];
  const rows = evenly(count, MOST_SAMPLES);
  const notes = [];
  if (rows.length < count) {
    notes.push(`${rows.length} of ${count} samples, evenly spaced`);
  }
  return {
    ...heatmapOf(title, data, rows, width, notes),
    xLabel: "unit",
    yLabel: "sample",
    yTicks: rows.map(String),
  };
}

function sequence(
  title: string,
  { array, channels }: ShownArray,
  sample: number,
): HeatmapSpec {
  const [, height, width] = array.shape as [number, number, number];
  const names = ["time step", "channel"] as const;
  const [yLabel, xLabel] = channels === "first" ? names.toReversed() : names;
  const rows = evenly(height, MOST_STEPS);
  const notes = channels === undefined ? [ASSUMED] : [];
  if (rows.length < height) {
    notes.push(`${rows.length} of ${height} ${yLabel}s, evenly spaced`);
  }
  const values = rowOf(array, sample);
  return {
    ...heatmapOf(title, values, rows, width, notes, xLabel),
    xLabel: xLabel!,
    yLabel: yLabel!,
    yTicks: rows.map(String),
  };
}

function heatmapOf(
  title: string,
  values: FeatureArray["data"],
  rows: readonly number[],
  width: number,
  notes: readonly string[],
  column = "unit",
) {
  const columns = Math.min(MOST_COLUMNS, width);
  const z = new Float64Array(rows.length * columns); // [rows, columns]
  rows.forEach((row, i) => {
    for (let j = 0; j < columns; j++) {
      z[i * columns + j] = values[row * width + j]!;
    }
  });
  const cut = columns < width
    ? [`first ${columns} of ${width} ${column}s`]
    : [];
  return {
    kind: "heatmap",
    title,
    notes: [...notes, ...cut],
    z,
    height: rows.length,
    width: columns,
    diverging: (extremes(z)?.[0] ?? 0) < 0,
  } as const;
}

/** The values of one sample. */
function rowOf(
  { data, shape }: FeatureArray,
  sample: number,
): FeatureArray["data"] {
  const width = sizeOf(shape.slice(1));
  if (sample >= shape[0]!) {
    const rule = `"sample" must be below the ${shape[0]} samples of the array`;
    throw new RangeError(cannot("draw a sample", rule, sample));
  }
  return data.subarray(sample * width, (sample + 1) * width);
}

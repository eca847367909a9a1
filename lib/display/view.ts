/**
 * Views: descriptions of what an object shows, as plain data.
 *
 * An object has one {@linkcode View}: lines of text, tables and figures. From
 * this, `text/plain` and `text/html` for a notebook and aligned text for the
 * console are created. No other folder writes HTML, and a view is independent
 * of its output.
 *
 * Figures are functions, so that printing to a console computes no projection
 * and no histogram.
 *
 * @module
 */
import type { Dataset } from "../types.ts";

/** Blocks under a title. */
export interface View {
  /**
   * One line that describes the object, such as `FeatureSet of 1000 samples`.
   */
  readonly title: string;
  /** The blocks, from top to bottom. */
  readonly blocks: readonly Block[];
}

/** One part of a view. */
export type Block = TextBlock | TableBlock | FigureBlock;

/** One or more lines. */
export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
}

/** Rows under named columns. */
export interface TableBlock {
  readonly kind: "table";
  /** A caption, if any. */
  readonly title?: string;
  readonly columns: readonly Column[];
  /** Cells by row; numbers have four significant digits, null is empty. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A column of a table. */
export interface Column {
  readonly name: string;
  /** Default: right for numbers, left for text. */
  readonly align?: "left" | "right";
}

/** A figure, computed when it is drawn. */
export interface FigureBlock {
  readonly kind: "figure";
  readonly title: string;
  /** Text for readers without images, in one line. */
  readonly summary: string;
  /** The figures of a grid; their summaries are shown instead of the summary of the grid. */
  readonly parts?: readonly FigureBlock[];
  /** Computes the figure. */
  readonly figure: () => FigureSpec | Promise<FigureSpec>;
}

/** All kinds of figures, which plotly and static images support. */
export type FigureSpec =
  | HistogramSpec
  | ScatterSpec
  | LinesSpec
  | HeatmapSpec
  | ImagesSpec
  | GridSpec;

/** Common properties of figures. */
export interface FigureFrame {
  readonly title: string;
  /** Notes for the reader, such as omitted data; in small print. */
  readonly notes?: readonly string[];
  /** A caption below the figure. */
  readonly caption?: string | undefined;
  /** Width of the figure in CSS pixels; default: depends on the kind. */
  readonly figureWidth?: number | undefined;
  /** Colour theme; default: that of `notebook()`. */
  readonly theme?: "light" | "dark" | undefined;
}

/** A figure with two axes. */
export interface ChartFrame extends FigureFrame {
  readonly xLabel: string;
  readonly yLabel: string;
}

/** A dashed line across a chart, at a value of one axis. */
export interface Guide {
  /** The axis that the value is on; the line is at a right angle to it. */
  readonly axis: "x" | "y";
  /** The value; the axis is extended to show it. */
  readonly at: number;
  /** Its label. */
  readonly name: string;
}

/** A histogram, one colour per series. */
export interface HistogramSpec extends Omit<ChartFrame, "yLabel"> {
  readonly kind: "histogram";
  /** Default: `count`, or `share of the series` where lengths differ. */
  readonly yLabel?: string;
  /** Values that are not finite are left out. */
  readonly series: readonly {
    readonly name: string;
    readonly values: ArrayLike<number>;
  }[];
  /** Lines over the bars, such as a threshold. */
  readonly guides?: readonly Guide[];
}

/** A scatter plot, one colour per group. */
export interface ScatterSpec extends ChartFrame {
  readonly kind: "scatter";
  readonly groups: readonly PointGroup[];
  /** Images that points show on hover. */
  readonly thumbnails?: Thumbnails | undefined;
}

/** Points of one colour. */
export interface PointGroup {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Hover text of each point, by line. */
  readonly details?: readonly (readonly string[])[] | undefined;
  /** Whether this is the group of all remaining points. @default {false} */
  readonly isRest?: boolean | undefined;
  /** Index of each point's image in the thumbnails; -1 for none. */
  readonly images?: readonly number[] | undefined;
}

/** Small images side by side in one PNG file. */
export interface Thumbnails {
  readonly png: Uint8Array;
  /** Images per row. */
  readonly columns: number;
  /** Size of each in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Curves, one colour each. */
export interface LinesSpec extends ChartFrame {
  readonly kind: "lines";
  readonly lines: readonly PointGroup[];
  /** Guide lines, such as a rate to reach. */
  readonly guides?: readonly Guide[];
}

/** A heat map: rows downwards, columns to the right. */
export interface HeatmapSpec extends ChartFrame {
  readonly kind: "heatmap";
  /** Values in row-major order, `height · width` of them. */
  readonly z: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Whether the colours are symmetric around zero. @default {false} */
  readonly diverging?: boolean;
  /** Names of columns and rows, if any. */
  readonly xTicks?: readonly string[];
  readonly yTicks?: readonly string[];
  /** Whether to write the values into the cells. @default {false} */
  readonly annotated?: boolean;
  /** Whether cells are square. @default {false} */
  readonly isSquare?: boolean;
}

/** Maximum number of images in a grid; of more, the first ones are drawn. */
export const MOST_IMAGES = 96;

/** A grid of small images: feature maps, kernels, inputs. */
export interface ImagesSpec extends FigureFrame {
  readonly kind: "images";
  readonly images: readonly GridImage[];
  /** Whether the colours are symmetric around zero. @default {false} */
  readonly diverging?: boolean;
  /** Whether all share one colour range, or each has a separate one. */
  readonly scale: "layer" | "each";
  /** The range of the one scale. Default: that of the images. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Images per row, if rows are meaningful. Default: as many as fit. */
  readonly columns?: number | undefined;
}

/** One image of a grid. */
export interface GridImage {
  readonly caption: string;
  /** A line below the caption of a grey or RGB image. */
  readonly detail?: string;
  /** Values in row-major order: `height · width`, or times 3 for `rgb`. */
  readonly z: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /**
   * Whether the values are mapped to colours, or are grey or RGB in [0, 255].
   * @default {"map"}
   */
  readonly colors?: "map" | "gray" | "rgb";
}

/** Figures side by side. */
export interface GridSpec extends FigureFrame {
  readonly kind: "grid";
  readonly figures: readonly FigureSpec[];
  /** Figures per row. */
  readonly columns: number;
}

/**
 * Settings of {@linkcode show}. Each applies only to the kinds of objects that
 * it names; others refuse it.
 *
 * @category Notebook
 */
export interface ShowOptions {
  /**
   * For feature sets and arrays: index of the sample whose feature maps are
   * shown, from 0.
   *
   * @default {0}
   */
  readonly sample?: number;
  /**
   * For feature sets: the layer to show, or `"penultimate"` or `"logits"`;
   * default: all, up to a limit. For models: the layers to list, as a glob.
   */
  readonly layer?: string;
  /** For weights: the weight to draw. Default: all, up to a limit. */
  readonly weight?: string;
  /**
   * For feature sets: the projection of vectors to the plane.
   *
   * @default {"pca"}
   */
  readonly projection?: "pca" | "umap";
  /**
   * For feature sets, weights and arrays: indices of the channels to draw, from
   * 0.
   */
  readonly channels?: readonly number[];
  /**
   * For feature sets, weights and arrays: whether the images of a layer share
   * one colour range, or each has a separate one.
   *
   * @default {"layer"}
   */
  readonly scale?: "layer" | "each";
  /**
   * For feature sets: the dataset that the set was computed from, whose images
   * are shown beside feature maps and at the points of a projection.
   */
  readonly images?: Dataset;
}

/**
 * What an object shows of itself, in plain data.
 *
 * An object describes once, as a {@linkcode View}, what is worth seeing: lines
 * of text, tables, figures. `text/plain` and `text/html` for a notebook and
 * aligned text for the console follow from that. No other folder writes HTML,
 * and a view does not know where it will be seen.
 *
 * Figures are functions, so that printing to a console computes no projection
 * and no histogram.
 *
 * @module
 */
import type { Dataset } from "../types.ts";

/** Blocks under a title. */
export interface View {
  /** One line that names the object, as in `FeatureSet of 1000 samples`. */
  readonly title: string;
  /** What follows, from top to bottom. */
  readonly blocks: readonly Block[];
}

/** One part of a view. */
export type Block = TextBlock | TableBlock | FigureBlock;

/** A line or a few. */
export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
}

/** Rows under named columns. */
export interface TableBlock {
  readonly kind: "table";
  /** A caption, if one is needed. */
  readonly title?: string;
  readonly columns: readonly Column[];
  /** Cells by row; numbers are written with four significant digits, null as nothing. */
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

/** Everything that can be drawn, by plotly and as a static image alike. */
export type FigureSpec =
  | HistogramSpec
  | ScatterSpec
  | LinesSpec
  | HeatmapSpec
  | ImagesSpec
  | GridSpec;

/** What every figure has. */
export interface FigureFrame {
  readonly title: string;
  /** What a reader has to know, such as what is left out; in small print. */
  readonly notes?: readonly string[];
  /** A line below the figure. */
  readonly caption?: string | undefined;
  /** Width of the figure in CSS pixels; default: what suits the kind. */
  readonly figureWidth?: number | undefined;
  /** Colours of paper and ink; default: those of `notebook()`. */
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
  /** What is written beside the line. */
  readonly name: string;
}

/** How often values occur, one colour a series. */
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

/** Points in the plane, one colour a group. */
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
  /** What each point says on hover, line by line. */
  readonly details?: readonly (readonly string[])[] | undefined;
  /** Whether these are what is in none of the other groups. @default {false} */
  readonly isRest?: boolean | undefined;
  /** Index of each point's image in the thumbnails; -1 for none. */
  readonly images?: readonly number[] | undefined;
}

/** Small images side by side in one PNG file. */
export interface Thumbnails {
  readonly png: Uint8Array;
  /** Images in a row. */
  readonly columns: number;
  /** Size of each in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Curves, one colour each. */
export interface LinesSpec extends ChartFrame {
  readonly kind: "lines";
  readonly lines: readonly PointGroup[];
  /** Straight lines across, such as a rate to reach. */
  readonly guides?: readonly Guide[];
}

/** A matrix as colours: rows downwards, columns to the right. */
export interface HeatmapSpec extends ChartFrame {
  readonly kind: "heatmap";
  /** Values in row-major order, `height · width` of them. */
  readonly z: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Whether zero is in the middle of the colours. @default {false} */
  readonly diverging?: boolean;
  /** Names of columns and rows, where they have any. */
  readonly xTicks?: readonly string[];
  readonly yTicks?: readonly string[];
  /** Whether to write the values into the cells. @default {false} */
  readonly annotated?: boolean;
  /** Whether cells are as high as they are wide. @default {false} */
  readonly isSquare?: boolean;
}

/** A grid of small images: feature maps, kernels, inputs. */
export interface ImagesSpec extends FigureFrame {
  readonly kind: "images";
  readonly images: readonly GridImage[];
  /** Whether zero is in the middle of the colours. @default {false} */
  readonly diverging?: boolean;
  /** Whether all have one range of colours, or each its own. */
  readonly scale: "layer" | "each";
  /** The range of the one scale. Default: that of the images. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Images in a row, where rows mean something. Default: as many as fit. */
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
  /** Whether the values are coloured, or are grey or RGB in [0, 255] as they are. @default {"map"} */
  readonly colors?: "map" | "gray" | "rgb";
}

/** Figures side by side. */
export interface GridSpec extends FigureFrame {
  readonly kind: "grid";
  readonly figures: readonly FigureSpec[];
  /** Figures in a row. */
  readonly columns: number;
}

/** What `show(x, options)` passes to the object that it shows. */
export interface ViewOptions {
  /** Which sample's feature maps to show, from 0. @default {0} */
  readonly sample?: number;
  /** Which layer to show; of a model, a glob. */
  readonly layer?: string;
  /** Which weight to show. */
  readonly weight?: string;
  /** How to project vectors to the plane. @default {"pca"} */
  readonly projection?: "pca" | "umap";
  /** Which channels to show, from 0. */
  readonly channels?: readonly number[];
  /** Whether a layer's images have one range of colours, or each its own. @default {"layer"} */
  readonly scale?: "layer" | "each";
  /** The inputs of the samples. */
  readonly images?: Dataset;
}

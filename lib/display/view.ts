/**
 * What an object shows of itself, in plain data.
 *
 * An object says once, as a {@linkcode View}, what is worth seeing: lines of
 * text, tables, figures. Everything else follows from that: `text/plain` and
 * `text/html` for a notebook, aligned text for the console. No other folder
 * writes HTML, and a view knows nothing of where it will be seen.
 *
 * Figures are given as functions, so that printing to a console costs no
 * projection and no histogram.
 *
 * @module
 */

/** Something to be seen, with a title above it. */
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

/** A figure, computed when it is to be drawn. */
export interface FigureBlock {
  readonly kind: "figure";
  readonly title: string;
  /** What a reader without pictures is told, in one line. */
  readonly summary: string;
  /** Computes the figure. */
  readonly figure: () => FigureSpec | Promise<FigureSpec>;
}

/** Everything that can be drawn, by plotly and as a still picture alike. */
export type FigureSpec =
  | HistogramSpec
  | ScatterSpec
  | LinesSpec
  | HeatmapSpec
  | MapsSpec;

/** How often values occur, one colour a series. */
export interface HistogramSpec {
  readonly kind: "histogram";
  readonly title: string;
  readonly xLabel: string;
  /** Values that are not finite are left out. */
  readonly series: readonly {
    readonly name: string;
    readonly values: ArrayLike<number>;
  }[];
}

/** Points in the plane, one colour a group. */
export interface ScatterSpec {
  readonly kind: "scatter";
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly groups: readonly {
    readonly name: string;
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
  }[];
}

/** Curves, one colour each. */
export interface LinesSpec {
  readonly kind: "lines";
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly {
    readonly name: string;
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
  }[];
}

/** A matrix as colours: rows downwards, columns to the right. */
export interface HeatmapSpec {
  readonly kind: "heatmap";
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Values in row-major order, `height · width` of them. */
  readonly z: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Whether zero is the middle of the colours. @default {false} */
  readonly diverging?: boolean;
  /** Names of columns and rows, where they have any. */
  readonly xTicks?: readonly string[];
  readonly yTicks?: readonly string[];
  /** Whether to write the values into the cells. @default {false} */
  readonly annotated?: boolean;
}

/** A grid of small pictures, as feature maps or kernels; each is scaled by itself. */
export interface MapsSpec {
  readonly kind: "maps";
  readonly title: string;
  readonly maps: readonly {
    readonly caption: string;
    /** Values in row-major order, `height · width` of them. */
    readonly z: ArrayLike<number>;
    readonly height: number;
    readonly width: number;
  }[];
  /** Whether zero is the middle of the colours. @default {false} */
  readonly diverging?: boolean;
}

/** What `show(x, options)` passes to the object that it shows. */
export interface ViewOptions {
  /** Which sample's maps to show, from 0. @default {0} */
  readonly sample?: number;
  /** Which layer to show; default: all, within reason. */
  readonly layer?: string;
  /** How to project vectors to the plane. @default {"pca"} */
  readonly projection?: "pca" | "umap";
}

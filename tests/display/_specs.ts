import type { FigureSpec, GridSpec } from "../../lib/display/view.ts";

/** One small figure of each kind but the grid, with texts that must be escaped. */
export const SPECS = {
  histogram: {
    kind: "histogram",
    title: "Scores of <known> & unknown",
    xLabel: "score",
    series: [
      { name: "known", values: [0, 0, 1, 1, 2] },
      { name: "<unknown>", values: [1, 2, 2, NaN] },
    ],
  },
  scatter: {
    kind: "scatter",
    title: "Points",
    xLabel: "PC 1",
    yLabel: "PC 2",
    groups: [
      { name: "zero", x: [0, 1], y: [1, 0] },
      { name: "one", x: [0.5], y: [0.25] },
    ],
  },
  lines: {
    kind: "lines",
    title: "Curve",
    xLabel: "x",
    yLabel: "y",
    lines: [{ name: "square", x: [0, 1, 2], y: [0, 1, 4] }],
  },
  heatmap: {
    kind: "heatmap",
    title: "Matrix",
    xLabel: "predicted",
    yLabel: "label",
    z: [3, 1, 0, 4],
    height: 2,
    width: 2,
    xTicks: ["a", "<b>"],
    yTicks: ["a", "<b>"],
    annotated: true,
  },
  images: {
    kind: "images",
    title: "Kernels",
    diverging: true,
    scale: "layer",
    images: [
      { caption: "0<1", z: [-1, 0, 1, 2], height: 2, width: 2 },
      { caption: "1", z: [5, 5, 5, NaN], height: 2, width: 2 },
    ],
  },
} as const satisfies Partial<Record<FigureSpec["kind"], FigureSpec>>;

/** All of them side by side. */
export const GRID: GridSpec = {
  kind: "grid",
  title: "All <kinds>",
  columns: 2,
  figures: Object.values(SPECS),
};

/** Data that break figures which expect something between 0 and 1. */
export const DATA: Readonly<Record<string, readonly number[]>> = {
  negative: [-0.006, -0.004, -0.0035, -0.001, -0.002, -0.0045],
  tiny: [3.4e-11, 5.1e-11, 4.2e-11, 3.9e-11, 4.8e-11, 4.1e-11],
  huge: [-4.2e12, 1.7e13, 9.9e12, 2.5e12, 0, 1.1e13],
  widest: [-1.7e308, 1.7e308, 0, 1e300, -1e300, 1],
  far: [1e9 + 1, 1e9 + 2, 1e9 + 2.5, 1e9 + 3, 1e9, 1e9 + 4],
  denormal: [5e-324, 1e-310, 3e-310, 2e-310, 1e-323, 0],
  equal: [0.25, 0.25, 0.25, 0.25, 0.25, 0.25],
  equalTiny: [-3.4e-11, -3.4e-11, -3.4e-11, -3.4e-11, -3.4e-11, -3.4e-11],
  zeros: [0, 0, 0, 0, 0, 0],
  nothing: [NaN, NaN, Infinity, -Infinity, NaN, NaN],
  empty: [],
};

/** A name as files of others have it. */
export const LONG_NAME =
  "StatefulPartitionedCall/efficientnetv2-b0/block6h_expand_conv/Conv2D;and_no_end";

/** A figure of each kind that shows some data under some name. */
export function specsOf(
  values: readonly number[],
  name: string,
  figureWidth?: number,
): FigureSpec[] {
  const steps = values.map((_, i) => i);
  const frame = { title: name, figureWidth, caption: name };
  const axes = { ...frame, xLabel: name, yLabel: name };
  const groups = [{ name, x: values, y: values.toReversed() }, {
    name: `${name} 2`,
    x: values.slice(0, 2),
    y: values.slice(0, 2),
  }];
  const [height, width] = values.length === 0 ? [0, 0] : [2, 3];
  const at = values.find(Number.isFinite) ?? 0;
  const names = steps.map((i) => `${name} ${i}`);
  return [
    { ...axes, kind: "histogram", series: [{ name, values }] },
    { ...axes, kind: "scatter", groups },
    { ...axes, kind: "lines", lines: [{ name, x: steps, y: values }] },
    { ...axes, kind: "heatmap", z: values, height, width, annotated: true },
    {
      ...axes,
      kind: "heatmap",
      z: values,
      height: values.length,
      width: Math.min(1, values.length),
      yTicks: names,
      xTicks: names.slice(0, 1),
      isSquare: true,
    },
    ...(["layer", "each"] as const).map((scale): FigureSpec => ({
      ...frame,
      kind: "images",
      scale,
      images: values.length === 0 ? [] : Array.from({ length: 6 }, (_, i) => ({
        caption: i === 0 ? name : String(i),
        z: values.map((value) => i === 1 ? values[0]! : value),
        height,
        width,
      })),
    })),
    {
      ...axes,
      kind: "histogram",
      series: [{ name, values }],
      guides: [{ axis: "x", at, name }],
    },
    {
      ...axes,
      kind: "lines",
      lines: [{ name, x: steps, y: values }],
      guides: [{ axis: "y", at, name }],
    },
  ];
}

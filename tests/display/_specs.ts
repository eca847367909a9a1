import type { FigureSpec } from "../../lib/display/view.ts";

/** One small figure of each kind, with texts that must be escaped. */
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
  maps: {
    kind: "maps",
    title: "Kernels",
    diverging: true,
    maps: [
      { caption: "0<1", z: [-1, 0, 1, 2], height: 2, width: 2 },
      { caption: "1", z: [5, 5, 5, NaN], height: 2, width: 2 },
    ],
  },
} as const satisfies Record<FigureSpec["kind"], FigureSpec>;

/**
 * Windows over the spatial axes of a feature map, in ONNX attributes.
 *
 * ONNX is channels first, so every feature map is transposed and transposed
 * back; the optimiser cancels adjacent transposes. `SAME_UPPER` equals Keras'
 * `same` except in two cases: dilated windows, which are refused, and windows
 * smaller than their stride, which ONNX Runtime silently misplaces. There the
 * padding is explicit; if it depends on an unknown size, it is computed in the
 * graph.
 *
 * @module
 */
import type { OnnxAttribute, OnnxGraph } from "./onnx_graph.ts";

/** Windows along the spatial axes. */
export interface SpatialWindows {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "same" | "valid";
  /** Dilation. @default {1} */
  readonly dilation?: readonly number[];
}

/** Windows as ONNX attributes. */
export interface Padded {
  /** The feature map, `[N, D, …positions]`. */
  readonly map: string;
  /** Whether the feature map was padded before, with the filler. */
  readonly isPadded: boolean;
  /** `strides`, and `pads` or `autoPad`. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/**
 * Transposes to channels first: `[N, …, D]` → `[N, D, …]`.
 *
 * @param graph The graph to record in.
 * @param map The feature map.
 * @param rank Its rank.
 * @returns The transposed feature map.
 */
export function channelsFirst(
  graph: OnnxGraph,
  map: string,
  rank: number,
): string {
  const positions = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return graph.node("Transpose", [map], { perm: [0, rank - 1, ...positions] });
}

/**
 * Transposes to channels last: `[N, D, …]` → `[N, …, D]`.
 *
 * @param graph The graph to record in.
 * @param map The feature map.
 * @param rank Its rank.
 * @returns The transposed feature map.
 */
export function channelsLast(
  graph: OnnxGraph,
  map: string,
  rank: number,
): string {
  const positions = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return graph.node("Transpose", [map], { perm: [0, ...positions, 1] });
}

/**
 * Converts windows to ONNX attributes.
 *
 * @param graph The graph to record in.
 * @param map The feature map, `[N, D, …positions]`.
 * @param positions Sizes of its spatial axes.
 * @param windows The windows.
 * @param filler The padding value, if padded before.
 * @returns The feature map and the attributes.
 */
export function paddedWindows(
  graph: OnnxGraph,
  map: string,
  positions: readonly (number | null)[],
  windows: SpatialWindows,
  filler: number,
): Padded {
  const { size, strides, padding } = windows;
  const dilation = windows.dilation ?? size.map(() => 1);
  const attributes = { strides: [...strides] };
  const none = size.map(() => 0);
  if (padding === "valid") {
    const pads = [...none, ...none];
    return { map, isPadded: false, attributes: { ...attributes, pads } };
  }
  const isPlain = size.every((k, i) => k >= strides[i]! && dilation[i] === 1);
  if (isPlain) {
    const same = { ...attributes, autoPad: "SAME_UPPER" };
    return { map, isPadded: false, attributes: same };
  }
  const reach = size.map((k, i) => (k - 1) * dilation[i]! + 1);
  const totals = reach.map((k, i) =>
    samePadding(positions[i]!, k, strides[i]!)
  );
  if (totals.every((total) => total !== null)) {
    const before = totals.map((total) => Math.floor(total / 2));
    const after = totals.map((total, i) => total - before[i]!);
    const pads = [...before, ...after];
    return { map, isPadded: false, attributes: { ...attributes, pads } };
  }
  return {
    map: padAtRun(graph, map, reach, strides, filler),
    isPadded: true,
    attributes: { ...attributes, pads: [...none, ...none] },
  };
}

/** The padding of `same` along one axis; null if it depends on the run. */
function samePadding(
  size: number | null,
  reach: number,
  stride: number,
): number | null {
  if (stride === 1) return reach - 1;
  if (reach === 1) return 0;
  if (size === null) return null;
  return Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
}

/**
 * `max((⌈size / stride⌉ − 1) · stride + reach − size, 0)`, half of it before.
 */
function padAtRun(
  graph: OnnxGraph,
  map: string,
  reach: readonly number[],
  strides: readonly number[],
  filler: number,
): string {
  const binary = (operator: string, a: string, b: string) =>
    graph.node(operator, [a, b]);
  const size = graph.node("Shape", [map], { start: 2 });
  const stride = graph.integers(strides);
  const added = binary("Add", size, graph.integers(strides.map((s) => s - 1)));
  const steps = binary(
    "Sub",
    binary("Div", added, stride),
    graph.integers([1]),
  );
  const end = binary(
    "Add",
    binary("Mul", steps, stride),
    graph.integers(reach),
  );
  const total = binary("Max", binary("Sub", end, size), graph.integers([0]));
  const before = binary("Div", total, graph.integers([2]));
  const after = binary("Sub", total, before);
  const none = graph.integers([0, 0]);
  const pads = graph.node("Concat", [none, before, none, after], { axis: 0 });
  return graph.node("Pad", [map, pads, graph.scalar("float32", filler)]);
}

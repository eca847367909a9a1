/**
 * Windows that move over the places of a map: which places they meet, and how
 * that is said to ONNX.
 *
 * ONNX keeps channels before places, so every feature map is transposed, and back;
 * its optimiser cancels the transposes between two of them. `SAME_UPPER` means what
 * Keras means by `same`, save two cases: dilated windows, which are refused,
 * and windows smaller than their step, which ONNX Runtime puts in the wrong
 * place without a word. There the padding is said in numbers; where it depends
 * on a size that is not known, it is worked out in the graph.
 *
 * @module
 */
import type { OnnxAttribute, OnnxGraph } from "./onnx_graph.ts";

/** Windows along the place axes. */
export interface Windows {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "same" | "valid";
  /** Distance of a window's places. @default {1} */
  readonly dilation?: readonly number[];
}

/** How windows are said to ONNX. */
export interface Placed {
  /** The map, `[N, D, …places]`. */
  readonly map: string;
  /** Whether the map was padded before, by the value given. */
  readonly isPadded: boolean;
  /** `strides`, and `pads` or `autoPad`. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/**
 * Channels before places: `[N, …, D]` → `[N, D, …]`.
 *
 * @param graph Where to record it.
 * @param map The map.
 * @param rank Its rank.
 * @returns The transposed map.
 */
export function channelsFirst(
  graph: OnnxGraph,
  map: string,
  rank: number,
): string {
  const places = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return graph.node("Transpose", [map], { perm: [0, rank - 1, ...places] });
}

/**
 * Channels after places: `[N, D, …]` → `[N, …, D]`.
 *
 * @param graph Where to record it.
 * @param map The map.
 * @param rank Its rank.
 * @returns The transposed map.
 */
export function channelsLast(
  graph: OnnxGraph,
  map: string,
  rank: number,
): string {
  const places = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return graph.node("Transpose", [map], { perm: [0, ...places, 1] });
}

/**
 * Says where windows stand.
 *
 * @param graph Where to record it.
 * @param map The map, `[N, D, …places]`.
 * @param places Sizes of its place axes.
 * @param windows The windows.
 * @param filler What to pad with, where it must be done before.
 * @returns The map and the attributes.
 */
export function placed(
  graph: OnnxGraph,
  map: string,
  places: readonly (number | null)[],
  windows: Windows,
  filler: number,
): Placed {
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
  const totals = reach.map((k, i) => samePadding(places[i]!, k, strides[i]!));
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

/** How much `same` pads along one axis; null where that depends on the run. */
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

/** `max((⌈size / stride⌉ − 1) · stride + reach − size, 0)`, half of it before. */
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

/**
 * Pooling, maxima and minima. ONNX Runtime ignores some NaN in these, so NaN
 * are searched separately and restored.
 *
 * @module
 */
import type { PoolingOptions } from "../../../ops/ops.ts";
import { type OnnxAttribute, OnnxGraph } from "./onnx_graph.ts";
import { castTo, type OnnxValue } from "./onnx_value.ts";
import { channelsFirst, channelsLast, paddedWindows } from "./windows.ts";

/**
 * Maximum of each window of `[N, …positions, D]`; NaN where a value is.
 *
 * The search for NaN costs more than the pooling. So an `If` searches only if
 * the mean of some channel is NaN. A fast graph omits even that; see
 * `nan_fallback.ts`.
 *
 * @param graph The graph to record in.
 * @param x The feature map, of floats.
 * @param options The windows.
 * @returns The name of the result.
 */
export function maxPool(
  graph: OnnxGraph,
  x: OnnxValue,
  options: PoolingOptions,
): string {
  const rank = x.shape.length;
  const transposed = channelsFirst(graph, x.name, rank);
  const pooled = (graph: OnnxGraph, map: string, filler: number) => {
    const spatial = x.shape.slice(1, -1);
    const at = paddedWindows(graph, map, spatial, options, filler);
    return graph.node("MaxPool", [at.map], {
      ...at.attributes,
      kernelShape: options.size,
    });
  };
  const unchecked = pooled(graph, transposed, -Infinity);
  const means = graph.node("GlobalAveragePool", [transposed]);
  const areNaN = castTo(graph, graph.node("IsNaN", [means]), "int32");
  const hasNaN = graph.node("ReduceMax", [areNaN], { keepdims: 0 });
  const search = new OnnxGraph(graph);
  const isNaN = castTo(search, search.node("IsNaN", [transposed]), "float32");
  const found = castTo(search, pooled(search, isNaN, 0), "bool");
  const result = withNaN(search, found, unchecked);
  const checked = graph.node("If", [castTo(graph, hasNaN, "bool")], {
    thenBranch: search.returning([result], "float32"),
    elseBranch: new OnnxGraph(graph).returning([unchecked], "float32"),
  });
  graph.nanChecks.push({ checked, unchecked, indicator: means });
  return channelsLast(graph, checked, rank);
}

/**
 * Mean of each window of `[N, …positions, D]`; padding is ignored.
 *
 * @param graph The graph to record in.
 * @param x The feature map, of floats.
 * @param options The windows.
 * @returns The name of the result.
 */
export function averagePool(
  graph: OnnxGraph,
  x: OnnxValue,
  options: PoolingOptions,
): string {
  const rank = x.shape.length;
  const spatial = x.shape.slice(1, -1);
  const transposed = channelsFirst(graph, x.name, rank);
  const at = paddedWindows(graph, transposed, spatial, options, 0);
  const attributes = {
    ...at.attributes,
    kernelShape: options.size,
    countIncludePad: 0,
  };
  const mean = graph.node("AveragePool", [at.map], attributes);
  if (!at.isPadded) return channelsLast(graph, mean, rank);
  // Padded before: the fraction of each window that is not padding.
  const size = graph.node("Shape", [transposed]);
  const ones = graph.node("Expand", [graph.scalar("float32", 1), size]);
  const padded = paddedWindows(graph, ones, spatial, options, 0).map;
  const fraction = graph.node("AveragePool", [padded], attributes);
  return channelsLast(graph, graph.node("Div", [mean, fraction]), rank);
}

/** Number of values up to which sequential sums in the runtime are accurate. */
const MOST_IN_A_SUM = 1024;

/**
 * Mean over all positions of a feature map, `[N, …positions, D]` → `[N, D]`,
 * for a map that was transposed from channels first: the mean is computed
 * before the transpose, which is dropped.
 *
 * @param graph The graph to record in.
 * @param x The feature map, of floats.
 * @param axes The axes of the mean.
 * @returns The name of the result; undefined if this does not apply; then
 * nothing was recorded.
 */
export function spatialMean(
  graph: OnnxGraph,
  { name, shape }: OnnxValue,
  axes: readonly number[] | undefined,
): string | undefined {
  const [, ...spatial] = shape.slice(0, -1);
  const isThere = spatial.every((size) => size !== null && size > 0);
  const areAll = axes?.length === spatial.length &&
    spatial.every((_, i) => axes.includes(i + 1));
  if (spatial.length !== 2 || !isThere || !areAll) return undefined;
  const window = evenWindow(spatial as [number, number]);
  if (window === undefined || !isTransposed(graph, name)) return undefined;
  const transposed = channelsFirst(graph, name, shape.length);
  const parts = graph.node("AveragePool", [transposed], {
    kernelShape: window,
    strides: window,
  });
  const means = graph.node("GlobalAveragePool", [parts]); // [N, D, 1, 1]
  return graph.node("Squeeze", [means, graph.integers([2, 3])]);
}

/**
 * Windows that divide a feature map evenly, about as many as each has
 * positions: the mean of their means is the mean of the map, from sums of few
 * values.
 */
function evenWindow(
  [rows, columns]: readonly [number, number],
): readonly [number, number] | undefined {
  const longestSum = ([a, b]: readonly [number, number]) =>
    Math.max(a * b, (rows / a) * (columns / b));
  const windows = divisorsOf(rows).flatMap((a) =>
    divisorsOf(columns).map((b) => [a, b] as const)
  ).sort((one, other) => longestSum(one) - longestSum(other));
  return windows.find((window) => longestSum(window) <= MOST_IN_A_SUM);
}

function divisorsOf(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}

/** Element-wise operators, which commute with a transpose. */
const ELEMENTWISE = new Set([
  ...["Add", "Sub", "Mul", "Div", "Relu", "Clip", "Sigmoid", "Tanh"],
  ...["Neg", "Exp", "Reciprocal"],
]);

/**
 * Whether a feature map was transposed to channels last, and then only changed
 * element-wise.
 */
function isTransposed(graph: OnnxGraph, name: string): boolean {
  const maker = graph.makerOf(name);
  if (maker === undefined) return false;
  const { operator, inputs, attributes } = maker;
  if (operator === "Transpose") return String(attributes.perm) === "0,2,3,1";
  return ELEMENTWISE.has(operator) &&
    inputs.some((input) => isTransposed(graph, input));
}

/**
 * Maximum or minimum over axes.
 *
 * @param graph The graph to record in.
 * @param operator The operator.
 * @param x The value, of floats or integers.
 * @param axes Names of further inputs of `ReduceMax`: the axes, or none.
 * @param attributes Its attributes.
 * @returns The name of the result; NaN is propagated.
 */
export function reduceExtreme(
  graph: OnnxGraph,
  operator: "ReduceMax" | "ReduceMin",
  x: OnnxValue,
  axes: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
): string {
  const result = graph.node(operator, [x.name, ...axes], attributes);
  if (x.dtype !== "float32") return result;
  const isNaN = castTo(graph, graph.node("IsNaN", [x.name]), "int32");
  const some = graph.node("ReduceMax", [isNaN, ...axes], attributes);
  const zero = graph.scalar("int32", 0); // the maximum of no values is below 0
  return withNaN(graph, graph.node("Greater", [some, zero]), result);
}

function withNaN(graph: OnnxGraph, isNaN: string, x: string): string {
  return graph.node("Where", [isNaN, graph.scalar("float32", NaN), x]);
}

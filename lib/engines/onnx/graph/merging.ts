/**
 * Reshapes with sizes that are partly unknown before the run.
 *
 * @module
 */
import type { OnnxGraph } from "./onnx_graph.ts";
import type { OnnxValue } from "./onnx_value.ts";

/**
 * A size of a new shape: known, copied from an axis of the old shape, or
 * inferred.
 */
type Size = number | { readonly axis: number } | "rest";

/**
 * Merges axes `from` to `to` into one.
 *
 * @param graph The graph to record in.
 * @param x The value.
 * @param from The first axis.
 * @param to The last axis.
 * @returns The name of the result.
 */
export function merge(
  graph: OnnxGraph,
  x: OnnxValue,
  from: number,
  to: number,
): string {
  const between = x.shape.slice(from, to + 1);
  const merged = between.reduce<number | null>(
    (all, size) => all === null || size === null ? null : all * size,
    1,
  );
  return reshape(graph, x.name, [
    ...sizesOf(x, 0, from),
    merged ?? "rest",
    ...sizesOf(x, to + 1),
  ]);
}

/**
 * Splits one axis into several.
 *
 * @param graph The graph to record in.
 * @param x The value.
 * @param axis The axis.
 * @param sizes Its new sizes; −1 for one inferred size.
 * @returns The name of the result.
 */
export function unmerge(
  graph: OnnxGraph,
  x: OnnxValue,
  axis: number,
  sizes: readonly number[],
): string {
  return reshape(graph, x.name, [
    ...sizesOf(x, 0, axis),
    ...sizes.map((size) => size === -1 ? "rest" as const : size),
    ...sizesOf(x, axis + 1),
  ]);
}

/** Known sizes as numbers, unknown sizes by their axis. */
function sizesOf(
  { shape }: OnnxValue,
  from: number,
  to: number = shape.length,
): Size[] {
  return shape.slice(from, to).map((size, i) => size ?? { axis: from + i });
}

/**
 * Reshapes. Unknown sizes come from the old shape: directly if they are at the
 * same axis or there is only one, otherwise the new shape is computed in the
 * graph.
 */
function reshape(graph: OnnxGraph, x: string, sizes: readonly Size[]): string {
  const rest = sizes.indexOf("rest");
  const moved = sizes.findIndex((size, i) =>
    typeof size === "object" && size.axis !== i
  );
  const numMoved =
    sizes.filter((size, i) => typeof size === "object" && size.axis !== i)
      .length;
  const isPlain = numMoved + (rest < 0 ? 0 : 1) <= 1 && !sizes.includes(0);
  if (isPlain) {
    const follows = rest < 0 ? moved : rest;
    const target = sizes.map((size, i) =>
      i === follows ? -1 : typeof size === "number" ? size : 0
    );
    return graph.node("Reshape", [x, graph.integers(target)]);
  }
  const parts = sizes.map((size) =>
    typeof size === "object"
      ? sizeAtRun(graph, x, size.axis)
      : graph.integers([size === "rest" ? -1 : size])
  );
  const target = parts.length === 1
    ? parts[0]!
    : graph.node("Concat", parts, { axis: 0 });
  return graph.node("Reshape", [x, target], { allowzero: 1 });
}

/** One size, computed in the run: int64 `[1]`. */
function sizeAtRun(graph: OnnxGraph, x: string, axis: number): string {
  return graph.node("Shape", [x], { start: axis, end: axis + 1 });
}

/**
 * Element-wise operations that ONNX lacks or defines differently; for floats
 * unless noted.
 *
 * @module
 */
import type { OnnxGraph } from "./onnx_graph.ts";
import { castTo } from "./onnx_value.ts";

/**
 * `1 / (1 + exp(−x))`. ONNX Runtime's `Sigmoid` has an absolute error of 2e-7,
 * which is a relative error of 2e-4 at −8, and of 1 from −18.5 on.
 *
 * @param graph The graph to record in.
 * @param x Floats.
 * @returns Floats.
 */
export function accurateSigmoid(graph: OnnxGraph, x: string): string {
  const power = graph.node("Exp", [graph.node("Neg", [x])]);
  const sum = graph.node("Add", [graph.scalar("float32", 1), power]);
  return graph.node("Reciprocal", [sum]);
}

/**
 * `a − b ⌊a / b⌋`, computed from the exact remainder.
 *
 * @param graph The graph to record in.
 * @param a Floats.
 * @param b Floats.
 * @returns Floats with the sign of `b`.
 */
export function floorMod(graph: OnnxGraph, a: string, b: string): string {
  const zero = graph.scalar("float32", 0);
  const rest = graph.node("Mod", [a, b], { fmod: 1 }); // the sign of a
  const signs = [b, rest].map((x) => graph.node("Less", [x, zero]));
  const isOther = graph.node("Xor", signs);
  const isExact = graph.node("Equal", [rest, zero]);
  const isMoved = graph.node("And", [
    isOther,
    graph.node("Not", [isExact]),
  ]);
  const moved = graph.node("Add", [rest, b]);
  return graph.node("Where", [isMoved, moved, rest]);
}

/**
 * `⌊a / b⌋`. Integers are computed in 64-bit floats, which are exact and do not
 * crash the process on division by 0.
 *
 * @param graph The graph to record in.
 * @param a Floats or integers. @param b The same type as `a`.
 * @param type The type of both.
 * @returns The same type.
 */
export function floorDivide(
  graph: OnnxGraph,
  a: string,
  b: string,
  type: "float32" | "int32",
): string {
  if (type === "float32") {
    return graph.node("Floor", [graph.node("Div", [a, b])]);
  }
  const wide = [a, b].map((x) => castTo(graph, x, "float64"));
  const floor = graph.node("Floor", [graph.node("Div", wide)]);
  return castTo(graph, floor, "int32");
}

/**
 * `a − b ⌊a / b⌋` of integers, computed in the same way.
 *
 * @param graph The graph to record in.
 * @param a Integers.
 * @param b Integers.
 * @returns Integers with the sign of `b`.
 */
export function floorModIntegers(
  graph: OnnxGraph,
  a: string,
  b: string,
): string {
  const quotient = floorDivide(graph, a, b, "int32");
  return graph.node("Sub", [a, graph.node("Mul", [b, quotient])]);
}

/**
 * `log(1 + x)`, accurate for small `x`: the sum is in 64-bit floats.
 *
 * @param graph The graph to record in.
 * @param x Floats.
 * @returns Floats.
 */
export function log1p(graph: OnnxGraph, x: string): string {
  const one = graph.scalar("float64", 1);
  const sum = graph.node("Add", [castTo(graph, x, "float64"), one]);
  return castTo(graph, graph.node("Log", [sum]), "float32");
}

/**
 * `exp(x) − 1`, accurate for small `x`: the difference is in 64-bit floats.
 *
 * @param graph The graph to record in.
 * @param x Floats.
 * @returns Floats.
 */
export function expm1(graph: OnnxGraph, x: string): string {
  const one = graph.scalar("float64", 1);
  const power = graph.node("Exp", [castTo(graph, x, "float64")]);
  return castTo(graph, graph.node("Sub", [power, one]), "float32");
}

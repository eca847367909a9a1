/**
 * Converts outputs to float16 in the graph, so that half the bytes are read
 * back.
 *
 * The conversion silently makes values beyond float16 infinite. So the graph
 * also returns the unconverted values, but only if there is an infinity among
 * the halves; otherwise that output is empty.
 *
 * @module
 */
import { OnnxGraph, type OnnxPort } from "../graph/onnx_graph.ts";
import { castTo } from "../graph/onnx_value.ts";

/** Names of the outputs for one output in float16. */
export interface HalfOutput {
  /** The halves. */
  readonly half: string;
  /** The unconverted values; empty, `[0]`, if all halves are finite. */
  readonly whole: string;
}

/**
 * Converts a value to float16.
 *
 * @param graph Where to record it.
 * @param port The value.
 * @returns The same in float16.
 */
export function halved(graph: OnnxGraph, port: OnnxPort): OnnxPort {
  const name = castTo(graph, port.name, "float16");
  return { ...port, name, type: "float16" };
}

/**
 * Replaces an output of a graph by one in float16, and one to detect overflow.
 *
 * @param graph The graph.
 * @param name The output, which is removed.
 * @returns The new outputs.
 */
export function halveOutput(graph: OnnxGraph, name: string): HalfOutput {
  const index = graph.outputs.findIndex((port) => port.name === name);
  const port = graph.outputs[index]!;
  const half = halved(graph, port);
  graph.outputs[index] = half;
  const isInfinite = graph.node("IsInf", [half.name]);
  const hasInfinite = graph.node("ReduceMax", [isInfinite], { keepdims: 0 });
  const none = graph.constant(port.type, [0], new Float32Array(0));
  const whole = graph.node("If", [hasInfinite], {
    thenBranch: new OnnxGraph(graph).returning([name], port.type),
    elseBranch: new OnnxGraph(graph).returning([none], port.type),
  });
  return { half: half.name, whole: graph.output("whole", whole, port.type) };
}

/**
 * Outputs in float16, converted in the graph, so that half the bytes leave the
 * runtime.
 *
 * A conversion makes what float16 cannot hold infinite without a word. So the
 * graph also gives out the values that it converted, but only where there is
 * an infinity among the halves; otherwise that output is empty.
 *
 * @module
 */
import { OnnxGraph, type OnnxPort } from "../graph/onnx_graph.ts";
import { castTo } from "../graph/onnx_value.ts";

/** Names of the outputs that represent one in float16. */
export interface HalfOutput {
  /** The halves. */
  readonly half: string;
  /** What they were made of, or nothing, `[0]`, where all of them are finite. */
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
 * Gives an output of a graph in float16, and what is needed to find out where
 * that does not hold it.
 *
 * @param graph The graph.
 * @param name The output, as it is now; it is one no more.
 * @returns The outputs in its place.
 */
export function halveOutput(graph: OnnxGraph, name: string): HalfOutput {
  const place = graph.outputs.findIndex((port) => port.name === name);
  const port = graph.outputs[place]!;
  const half = halved(graph, port);
  graph.outputs[place] = half;
  const isInfinite = graph.node("IsInf", [half.name]);
  const hasInfinite = graph.node("ReduceMax", [isInfinite], { keepdims: 0 });
  const none = graph.constant(port.type, [0], new Float32Array(0));
  const whole = graph.node("If", [hasInfinite], {
    thenBranch: new OnnxGraph(graph).returning([name], port.type),
    elseBranch: new OnnxGraph(graph).returning([none], port.type),
  });
  return { half: half.name, whole: graph.output("whole", whole, port.type) };
}

/**
 * Graphs for tests of the runtime.
 *
 * @module
 */
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

/** Size of a row. */
export const SIZE = 600;

/** `[N, 600]` times a kernel of 1, 2, …; the kernel is external data. */
export function product() {
  const graph = new OnnxGraph();
  const kernel = Float32Array.from({ length: SIZE * 2 }, (_, i) => i);
  const x = graph.input("x", "float32", [null, SIZE]);
  const constant = graph.constant("float32", [SIZE, 2], kernel);
  const y = graph.output("y", graph.node("MatMul", [x, constant]), "float32");
  return { graph, kernel, x, y };
}

/** Rows as the input of a graph. */
export function feed(x: string, data: Float32Array<ArrayBufferLike>) {
  const shape = [data.length / SIZE, SIZE];
  return {
    [x]: { type: "float32", array: { data, shape, dtype: "float32" } },
  } as const;
}

/** A row that is 1 at one index. */
export function unit(position: number): Float32Array<ArrayBuffer> {
  return new Float32Array(SIZE).map((_, i) => i === position ? 1 : 0);
}

/** Products of a matrix with itself, over and over: some hundred milliseconds. */
export function slow() {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [null, SIZE]);
  let value = x;
  const data = new Float32Array(SIZE * SIZE).map((_, i) =>
    i % (SIZE + 1) === 0 ? 1 : 0
  );
  const same = graph.constant("float32", [SIZE, SIZE], data);
  for (let i = 0; i < 60; i++) value = graph.node("MatMul", [value, same]);
  const y = graph.output("y", value, "float32");
  return { graph, x, y };
}

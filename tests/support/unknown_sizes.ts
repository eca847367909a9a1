/**
 * A computation on an engine for which the sizes of axes 0 and 1 are unknown before
 * the run.
 *
 * @module
 */
import { OnnxGraph } from "../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../lib/engines/onnx/graph/onnx_ops.ts";
import type { OnnxValue } from "../../lib/engines/onnx/graph/onnx_value.ts";
import { openGraph } from "./open_graph.ts";

/** Numbers with their shape. */
export interface Numbers {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/**
 * Computes with ONNX Runtime.
 *
 * @param inputs Inputs of rank 2 at least.
 * @param compute The computation.
 * @returns The result, booleans as 0 and 1.
 */
export async function withUnknownSizes(
  inputs: readonly Numbers[],
  compute: (
    ops: OnnxOps,
    values: readonly OnnxValue[],
  ) => readonly OnnxValue[],
): Promise<Numbers[]> {
  const graph = new OnnxGraph();
  const values = inputs.map(({ shape }, i): OnnxValue => {
    const sizes = [null, null, ...shape.slice(2)];
    const name = graph.input(`input${i}`, "float32", sizes);
    return { name, shape: sizes, dtype: "float32" };
  });
  const names = compute(new OnnxOps(graph), values)
    .map(({ name, dtype }) => graph.output("output", name, dtype));
  const open = await openGraph(graph);
  try {
    const feeds = values.map(({ name }, i) => {
      const { data, shape } = inputs[i]!;
      const array = {
        data: Float32Array.from(data),
        shape,
        dtype: "float32" as const,
      };
      return [name, { type: "float32" as const, array }];
    });
    const results = await open.run(Object.fromEntries(feeds));
    return names.map((name) => {
      const { data, shape } = results[name]!;
      return { data: [...data].map(Number), shape: [...shape] };
    });
  } finally {
    await open.close();
  }
}

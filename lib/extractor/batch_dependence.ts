import type { GraphNode } from "../models/graph/graph.ts";

/**
 * ONNX operators that quantise by the value range of the whole batch, so that
 * the result of a sample depends on the other samples of its batch.
 */
const DYNAMIC = new Set([
  ...["DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM"],
]);

/**
 * Warns of results that depend on `.batch()`.
 *
 * @param nodes The nodes that run.
 * @returns One warning that names the operations; empty if there are none.
 */
export function batchDependence(nodes: readonly GraphNode[]): string[] {
  const names = nodes.flatMap(({ call, row }) =>
    call.kind === "raw" && call.onnx !== undefined &&
      DYNAMIC.has(call.onnx.operation.kind)
      ? [`"${row.name}"`]
      : []
  );
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return [
    `results depend on .batch(): ${shown}${more} quantise by the range of a whole batch; use .batch(1) for results that do not`,
  ];
}

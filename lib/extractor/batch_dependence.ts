import { quote } from "../check.ts";
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
 * @param nodes The nodes that run, and their inputs.
 * @returns One warning per reason, which names the operations; empty if there
 * are none.
 */
export function batchDependence(nodes: readonly GraphNode[]): string[] {
  const quantised = nodes.filter(({ call }) =>
    call.kind === "raw" && call.onnx !== undefined &&
    DYNAMIC.has(call.onnx.operation.kind)
  );
  const padded = nodes.filter(({ call }) =>
    call.kind === "input" && call.host?.computation.padsToLongest === true
  );
  return [
    ...warning(
      quantised,
      "",
      "quantise by the range of a whole batch; use .batch(1) for results that do not",
    ),
    ...warning(
      padded,
      "the length of ",
      "is that of the longest string of a batch, and what does not mask the padding sees it; use .batch(1), or save the layer with output_sequence_length",
    ),
  ];
}

function warning(
  nodes: readonly GraphNode[],
  before: string,
  what: string,
): string[] {
  if (nodes.length === 0) return [];
  const names = nodes.map(({ row }) => quote(row.name));
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return [`results depend on .batch(): ${before}${shown}${more} ${what}`];
}

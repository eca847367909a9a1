import { UnsupportedByEngineError } from "../../errors.ts";
import type { GraphNode } from "../../models/graph/graph.ts";

/**
 * Checks that TF.js computes what an operation of a graph means.
 *
 * @param node The operation's node, or any other.
 * @throws {UnsupportedByEngineError} If it computes something else.
 */
export function checkOperation({ row, call }: GraphNode): void {
  if (call.kind !== "raw" || call.obstacle === undefined) return;
  throw new UnsupportedByEngineError(
    "run model",
    "tfjs",
    `operation "${row.name}" (${row.kind}) must ${call.obstacle}; save the Keras model itself, as .keras or .h5`,
  );
}

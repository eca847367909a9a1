import { printableMessage, shapeText } from "../check.ts";
import { errorText } from "../errors.ts";
import type { Masked } from "../layers/call_layer.ts";
import {
  builtInFormOf,
  type GraphNode,
  refKey,
} from "../models/graph/graph.ts";
import type { OpsType } from "../ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../ops/shape_ops.ts";
import type { NdArray } from "../types.ts";
import { callNode } from "./call_node.ts";
import type { Program } from "./program.ts";

const OPS = new ShapeOps();

/**
 * Checks that every layer accepts the sizes of the samples, if they were
 * unknown before the run. A runtime may compute wrong values instead of
 * failing, for example for a pooling window that is larger than the feature
 * map.
 *
 * @param program A program of built-in layers.
 * @param inputs One array for each feed.
 * @param batch The number of samples, to explain why a run failed; null if the
 * layers must accept any.
 * @throws {RangeError} If a layer refuses its input; the message names the
 * layer.
 */
export function checkSizes(
  { feeds, schedule }: Pick<Program, "feeds" | "schedule">,
  inputs: readonly NdArray<ArrayBufferView>[],
  batch: number | null = null,
): void {
  const isKnown = batch === null &&
    feeds.every(({ spec }) =>
      spec.shape.slice(1).every((size) => size !== null)
    );
  if (isKnown) return;
  const values = new Map<string, Masked<ShapeValue>>();
  feeds.forEach(({ ref, spec }, i) => {
    const shape = [batch, ...inputs[i]!.shape.slice(1)];
    const value = { shape, dtype: computedType(spec.dtype) };
    values.set(refKey(ref), { value, mask: undefined });
  });
  for (const node of schedule.nodes) {
    try {
      addShapes(node, values);
    } catch (error) {
      const { name, kind } = node.row;
      const text = errorText(error);
      const count = batch === null ? "" : `${batch} `;
      const sizes = inputs.map(({ shape }) => shapeText(shape.slice(1))).join();
      throw new RangeError(
        printableMessage(
          `Cannot run ${count}samples of ${sizes} as each layer must suit their sizes: "${name}" (${kind}) does not: ${text}`,
        ),
        { cause: error },
      );
    }
  }
}

function addShapes(
  node: GraphNode,
  values: Map<string, Masked<ShapeValue>>,
): void {
  const form = builtInFormOf(node);
  if ("obstacle" in form) return;
  const outputs = callNode<ShapeValue>(
    OPS,
    node,
    form.call,
    ({ shape }) => ({ shape, dtype: "float32" }),
    (key) => values.get(key)!,
  );
  outputs.forEach((output, index) =>
    values.set(refKey({ node, index }), output)
  );
}

/** The type in which an engine computes with an input. */
function computedType(dtype: string): OpsType {
  if (dtype === "bool") return "bool";
  return dtype.startsWith("float") ? "float32" : "int32";
}

/**
 * One operation, called over shapes.
 *
 * @module
 */
import { callLayer } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";

/** Calls an operation named "it" with tensors of these shapes first. */
export function shapeOfCall(
  className: string,
  options: Readonly<Record<string, unknown>>,
  inputs: readonly ShapeValue[],
  rest: readonly unknown[] = [],
): ShapeValue {
  const args = [...inputs.map((_, input) => ({ input })), ...rest];
  const layer = readLayer({
    name: "it",
    className,
    dialect: className.startsWith("tf.") ? 2 : 3,
    options: { args, ...options },
    factoryOf: () => OPERATIONS[className]!,
  });
  return callLayer<ShapeValue>(new ShapeOps(), {
    layer,
    inputs: inputs.map((value) => ({ value, mask: undefined })),
    weights: {},
    args: {},
    argMasks: {},
  })[0]!.value;
}

/** Floats of a shape; null for the batch. */
export function floats(...shape: (number | null)[]): ShapeValue {
  return { shape, dtype: "float32" };
}

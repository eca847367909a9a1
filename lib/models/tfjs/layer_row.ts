import type { tf } from "../../tf.ts";
import { sizeOf } from "../../check.ts";
import type { LayerRow, TensorSpec } from "../../types.ts";
import type { NamedWeight } from "../graph/graph.ts";

/** What a row is made of. */
export interface RowParts {
  /** The path. */
  readonly name: string;
  /** Keras' own index, if there is one. */
  readonly index: number | undefined;
  readonly layer: tf.layers.Layer;
  readonly outputs: readonly tf.SymbolicTensor[];
  /** Where the channels of each output stand. */
  readonly channels: readonly ("first" | "last" | undefined)[];
  /** Names of the rows that feed it. */
  readonly inbound: readonly string[];
}

/**
 * What a user sees of one call of a layer; a copy, frozen all the way down.
 *
 * @param parts The layer, and what is known of the call.
 * @returns The row.
 */
export function layerRow(parts: RowParts): LayerRow {
  const { name, index, layer, channels } = parts;
  const outputs = parts.outputs.map((tensor, i) =>
    symbolicSpec(tensor, name, channels[i])
  );
  return Object.freeze({
    name,
    ...(index === undefined ? {} : { index }),
    kind: layer.getClassName(),
    config: frozenCopy(layer.getConfig()) as Record<string, unknown>,
    outputs: Object.freeze(outputs),
    numParameters: numParameters(layer),
    inbound: Object.freeze([...parts.inbound]),
  });
}

/** TF.js' own count would build a Sequential that is not built yet. */
function numParameters({ weights }: tf.layers.Layer): number {
  return weights.reduce((sum, { shape }) => sum + sizeOf(shape as number[]), 0);
}

/** Options as they are now: a custom layer may hand out what it holds itself. */
function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  if (typeof value !== "object" || value === null) return value;
  const parent = Object.getPrototypeOf(value);
  if (parent !== null && parent !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, inner]) =>
    [key, frozenCopy(inner)] as const
  );
  return Object.freeze(Object.fromEntries(entries));
}

/**
 * What is known of a symbolic tensor.
 *
 * @param tensor The tensor.
 * @param name What it is called.
 * @param channels Where its channels stand, if known.
 * @returns Its spec, frozen.
 */
export function symbolicSpec(
  tensor: tf.SymbolicTensor,
  name: string,
  channels?: "first" | "last",
): TensorSpec {
  const dtype = tensor.dtype === "complex64" ? "float32" : tensor.dtype;
  return Object.freeze({
    name,
    shape: Object.freeze([...tensor.shape]),
    dtype,
    ...(channels === undefined ? {} : { channels }),
  });
}

/**
 * A layer's weights as they are now, in Keras' order, under the names that
 * Keras gives them: TF.js puts the layer's own name before each.
 *
 * @param layer The layer.
 * @returns Names and tensors; these stay the layer's.
 */
export function layerWeights(
  { name: layer, weights }: tf.layers.Layer,
): NamedWeight[] {
  const taken = new Map<string, number>();
  return weights.map((variable) => {
    const path = variable.originalName;
    const name = path.startsWith(`${layer}/`)
      ? path.slice(layer.length + 1)
      : path.slice(path.indexOf("/") + 1);
    const count = taken.get(name) ?? 0;
    taken.set(name, count + 1);
    return {
      name: count === 0 ? name : `${name}_${count}`,
      value: variable.read(),
    };
  });
}

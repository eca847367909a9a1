import type { tf } from "../../tf.ts";
import { sizeOf } from "../../check.ts";
import type { LayerRow, TensorSpec } from "../../types.ts";
import type { ChannelAxis } from "../graph/channels.ts";
import {
  makeRow,
  type NamedWeight,
  type RowParts,
  tensorSpec,
} from "../graph/graph.ts";

/** One call of a layer. */
interface LayerCallParts extends Pick<RowParts, "name" | "index" | "inbound"> {
  readonly layer: tf.layers.Layer;
  readonly outputs: readonly tf.SymbolicTensor[];
  /** The channel axis of each output. */
  readonly channels: readonly ChannelAxis[];
}

/**
 * Creates the row of one call of a layer, deeply frozen.
 *
 * @param parts The layer, and its call.
 * @returns The row.
 */
export function layerRow(
  { name, index, layer, outputs, channels, inbound = [] }: LayerCallParts,
): LayerRow {
  return makeRow({
    name,
    index,
    kind: layer.getClassName(),
    config: frozenCopy(layer.getConfig()) as Record<string, unknown>,
    outputs: outputs.map((tensor, i) =>
      symbolicSpec(tensor, name, channels[i])
    ),
    numParameters: numParameters(layer),
    inbound,
  });
}

/**
 * Counts parameters: TF.js' count would build a Sequential that is not built
 * yet.
 */
function numParameters({ weights }: tf.layers.Layer): number {
  return weights.reduce((sum, { shape }) => sum + sizeOf(shape as number[]), 0);
}

/**
 * Copies the current options: a custom layer may return its internal object.
 */
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
 * The spec of a symbolic tensor.
 *
 * @param tensor The tensor.
 * @param name Its name.
 * @param channels Its channel axis, if known.
 * @returns Its spec, frozen.
 */
export function symbolicSpec(
  tensor: tf.SymbolicTensor,
  name: string,
  channels?: ChannelAxis,
): TensorSpec {
  const dtype = tensor.dtype === "complex64" ? "float32" : tensor.dtype;
  return tensorSpec(name, tensor.shape, dtype, channels);
}

/**
 * A layer's current weights, in Keras' order, with Keras' names: TF.js adds the
 * layer's name as a prefix.
 *
 * @param layer The layer.
 * @returns Names and tensors, which the layer owns.
 */
export function layerWeights(
  { name: layer, weights }: tf.layers.Layer,
): NamedWeight[] {
  const counts = new Map<string, number>();
  return weights.map((variable) => {
    const path = variable.originalName;
    const name = path.startsWith(`${layer}/`)
      ? path.slice(layer.length + 1)
      : path.slice(path.indexOf("/") + 1);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return {
      name: count === 0 ? name : `${name}_${count}`,
      value: variable.read(),
    };
  });
}

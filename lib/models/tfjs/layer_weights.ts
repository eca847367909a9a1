import type { tf } from "../../tf.ts";
import type { NamedWeight } from "../graph/graph.ts";

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

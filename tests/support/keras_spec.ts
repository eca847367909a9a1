// deno-lint-ignore-file camelcase -- Keras' own keys
/**
 * Descriptions of Keras 3 models, made by hand, with their weights.
 *
 * @module
 */
import type { LayerFactory } from "../../lib/layers/layer.ts";
import type { WeightSource } from "../../lib/models/graph/graph.ts";
import type { BindWeights } from "../../lib/models/keras/keras_weights.ts";
import { readTopology } from "../../lib/models/keras/keras_topology.ts";
import { layerGraph } from "../../lib/models/keras/layer_graph.ts";
import { allSteps } from "./all_steps.ts";
import type { ModelGraph } from "../../lib/models/graph/model_graph.ts";

/** JSON of a config. */
export type Json = Record<string, unknown>;

/** A tensor in a call of Keras 3. */
export function tensor(layer: string, call = 0, index = 0): Json {
  return {
    class_name: "__keras_tensor__",
    config: { keras_history: [layer, call, index] },
  };
}

/** A call of Keras 3. */
export function call(args: readonly unknown[], kwargs: Json = {}): Json {
  return { args, kwargs };
}

/** An input of Keras 3. */
export function input(name: string, shape: readonly (number | null)[]): Json {
  return {
    module: "keras.layers",
    class_name: "InputLayer",
    name,
    config: { name, batch_shape: [null, ...shape], dtype: "float32" },
    inbound_nodes: [],
  };
}

/** A layer of Keras 3. */
export function layer(
  name: string,
  className: string,
  config: Json,
  calls: readonly unknown[],
): Json {
  return {
    module: "keras.layers",
    class_name: className,
    name,
    config: { name, trainable: true, dtype: "float32", ...config },
    inbound_nodes: calls,
  };
}

/** A Dense layer of Keras 3. */
export function dense(
  name: string,
  units: number,
  calls: readonly unknown[],
): Json {
  const config = { units, activation: "linear", use_bias: true };
  return layer(name, "Dense", config, calls);
}

/** A Functional of Keras 3; nested, where it has calls. */
export function functional(
  name: string,
  layers: readonly Json[],
  inputs: unknown,
  outputs: unknown,
  calls: readonly unknown[] = [],
): Json {
  return {
    class_name: "Functional",
    name,
    config: { name, layers, input_layers: inputs, output_layers: outputs },
    inbound_nodes: calls,
  };
}

/** Weights `[…]` of ones for each layer, by its name and the weight's. */
export function weightsOf(
  shapes: Readonly<Record<string, readonly number[]>>,
): BindWeights {
  return () => ({
    take: ({ name }, names) =>
      names.map((weight): WeightSource => {
        const shape = shapes[`${name}/${weight}`]!;
        const size = shape.reduce((p, n) => p * n, 1);
        const data = new Float32Array(size).fill(1);
        return {
          name: weight,
          shape,
          read: () => Promise.resolve({ data, shape, dtype: "float32" }),
        };
      }),
    finish: () => {},
  });
}

/** A graph of a description by hand. */
export function graphOf(
  config: Json,
  shapes: Readonly<Record<string, readonly number[]>> = {},
  customLayers: Readonly<Record<string, LayerFactory>> = {},
  major: 2 | 3 = 3,
): ModelGraph {
  return allSteps(layerGraph({
    spec: readTopology(config, major, "hand.keras"),
    format: "keras",
    dialect: major,
    source: "hand.keras",
    customLayers,
    bindWeights: weightsOf(shapes),
    dispose: () => {},
  }));
}

/**
 * Finds the weights of a described model in its file.
 *
 * Keras 3 and tf.keras' `.keras` store a layer under a path of class names
 * counted up; `.h5` files store it under its name, a nested model flattened
 * into one list. Both are used in the same way: bind the description once,
 * request each layer's weights by the names of the layer, and call finish,
 * which checks that all weights were used.
 *
 * @module
 */
import type { WeightSource } from "../graph/graph.ts";
import type { LayerSpec } from "./keras_topology.ts";

/**
 * The properties of a layer that matter for its weights; a `LayerSpec` has
 * them.
 */
export interface WeightLayer {
  /** Its name. */
  readonly name: string;
  /** Its Keras class, as the config writes it. */
  readonly className: string;
  /** The class in the file, if an alias replaces it. */
  readonly storedClass?: string;
  /** Its Python module, if the config has one; it identifies raw operations. */
  readonly module: string | undefined;
  /** Its model, if it is a nested model. */
  readonly model: WeightModel | undefined;
  /** Its options, which affect how its weights are stored. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Number of wrappers around that model. */
  readonly timeAxes?: number;
}

/**
 * The properties of a model that matter for its weights; a `ModelSpec` has
 * them.
 */
export interface WeightModel {
  /** Its name, which is part of weight names if a wrapper contains it. */
  readonly name?: string;
  /** Whether it is a Sequential, whose input layer is not counted. */
  readonly isSequential: boolean;
  /** Its layers and raw operations, in the config's order. */
  readonly layers: readonly WeightLayer[];
}

/**
 * Finds the weights of each layer in a file.
 *
 * @param model The complete description.
 * @returns The weights, by layer.
 * @throws {ModelFormatError} If the layer names in the file contradict the
 * description.
 */
export type BindWeights = (model: WeightModel) => BoundWeights;

/** A vocabulary, or its weights, stored beside the config. */
export interface StoredVocabulary {
  /** One token per line, mask and unknown tokens first. */
  readonly lines?: readonly string[];
  /** Weights of the tokens, if any. */
  readonly weights?: readonly number[];
}

/** The weights of a file, by layer of a description. */
export interface BoundWeights {
  /**
   * Returns the stored weights of one layer, without reading them.
   *
   * @param layer One of the description's layers, the same object.
   * @param names Its weights, as in `Layer.weights`.
   * @returns Weights under these names, in their order, read as float32.
   * @throws {ModelFormatError} If some are missing, or there are others.
   */
  take(layer: WeightLayer, names: readonly string[]): WeightSource[];
  /**
   * The vocabulary of a layer, if stored beside its config.
   *
   * @param layer One of the description's layers, the same object.
   * @returns The vocabulary; undefined if the file has none.
   */
  vocabulary?(layer: WeightLayer): StoredVocabulary | undefined;
  /**
   * Checks that every stored weight of the model was used; the states of
   * optimizers, metrics and random generators are ignored.
   *
   * @throws {ModelFormatError} If some were not; the message names them.
   */
  finish(): void;
}

/**
 * Adds the vocabulary that is stored beside a layer to its options.
 *
 * @param spec The layer.
 * @param bound The stored weights of the model.
 * @returns The options; the same object if there is no vocabulary.
 */
export function vocabularyOptions(
  spec: LayerSpec,
  bound: BoundWeights,
): LayerSpec["options"] {
  const { className, options } = spec;
  const isLookup = /^(StringLookup|IntegerLookup|TextVectorization)$/.test(
    className,
  );
  const stored = isLookup ? bound.vocabulary?.(spec) : undefined;
  if (stored === undefined) return options;
  const { lines, weights } = stored;
  const isThere = lines === undefined || Array.isArray(options.vocabulary);
  return {
    ...options,
    ...(isThere ? {} : {
      vocabulary: className === "IntegerLookup" ? lines.map(Number) : lines,
    }),
    ...(weights === undefined ? {} : { "idf_weights": weights }),
  };
}

/**
 * Where the weights of a described model lie in its file.
 *
 * Keras 3 and tf.keras' `.keras` store a layer under a path of class names
 * counted up; `.h5` files store it under its name, a nested model flattened
 * into one list. Both are used the same way: bind the description once, take
 * each layer's weights by the names that the layer itself gives them, and
 * finish, which finds what nobody took.
 *
 * @module
 */
import type { WeightSource } from "../graph/graph.ts";

/** A layer, as far as its weights go; a `LayerSpec` fits. */
export interface WeightLayer {
  /** Its name. */
  readonly name: string;
  /** Its Keras class, as the config writes it. */
  readonly className: string;
  /** Its Python module, where the config writes one; raw operations are told by it. */
  readonly module: string | undefined;
  /** What is in it, where it is a nested model. */
  readonly model: WeightModel | undefined;
  /** Its options, where they say how its weights are stored. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How many wrappers stand round that model. */
  readonly timeAxes?: number;
}

/** A model, as far as its weights go; a `ModelSpec` fits. */
export interface WeightModel {
  /** Its name, which stands in weights' names where a wrapper holds it. */
  readonly name?: string;
  /** Whether it is a Sequential, whose input layer is not counted. */
  readonly isSequential: boolean;
  /** Its layers and raw operations, in the config's order. */
  readonly layers: readonly WeightLayer[];
}

/** The weights of a file. */
export interface KerasWeights {
  /**
   * Finds where each layer's weights lie.
   *
   * @param model The whole description.
   * @returns The weights, by layer.
   * @throws {ModelFormatError} If the file's own layer names say otherwise.
   */
  bind(model: WeightModel): BoundWeights;
}

/** A vocabulary, or its weights, that lie beside the config. */
export interface StoredVocabulary {
  /** A token a line, those that represent others first. */
  readonly lines?: readonly string[];
  /** Weights of the tokens, where it has any. */
  readonly weights?: readonly number[];
}

/** The weights of a file, by the layers of one description. */
export interface BoundWeights {
  /**
   * The stored weights of one layer. Nothing is read yet.
   *
   * @param layer One of the description's layers, the same object.
   * @param names Its weights, as `Layer.weights`: parts before a slash.
   * @returns Weights under these names, in their order, read as float32.
   * @throws {ModelFormatError} If some are missing, or the layer has others.
   */
  take(layer: WeightLayer, names: readonly string[]): WeightSource[];
  /**
   * What is stored of a layer's vocabulary, beside its config.
   *
   * @param layer One of the description's layers, the same object.
   * @returns The result; undefined if the file holds none.
   */
  vocabulary?(layer: WeightLayer): StoredVocabulary | undefined;
  /**
   * Checks that every stored weight of the model was taken; the states of
   * optimizers, metrics and random generators do not count.
   *
   * @throws {ModelFormatError} If some were not: it names them.
   */
  finish(): void;
}

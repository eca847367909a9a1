/**
 * Weights of a nested model of which layers were renamed, as by
 * `layer._name = …` in Python: Keras writes the names that the weights had when
 * they were created, and reads weights by position.
 *
 * @module
 */
import type { WeightLayer } from "./keras_weights.ts";

/** A stored weight with its name, split at slashes. */
interface Named {
  /** The parts before the last slash. */
  readonly folder: readonly string[];
  /** The last part. */
  readonly leaf: string;
}

/** The weights of one stored layer, and its position in the model, if known. */
interface Stored<T> {
  readonly entries: T[];
  readonly root: string;
  index: number | undefined;
}

/** Weights that Keras trains; others come after them in a file. */
const TRAINED = /^(|\w+_)(kernel|bias|embeddings)$|^(gamma|beta|alpha)$/;

/**
 * The stored layers of one nested model, in the order of the file. Names may
 * mislead: a layer may have the name that another one had before. Keras writes
 * trainable weights first, so that the order of the layers is known if all are
 * trained or none; names must agree with it.
 */
export class RenamedLayers<T extends Named> {
  readonly #stored: Stored<T>[] = [];
  readonly #isOrdered: boolean;

  /**
   * Creates it without stored layers.
   *
   * @param layers All layers of the nested model.
   */
  constructor(layers: readonly WeightLayer[]) {
    const flags = layers.map(({ options }) => options?.trainable !== false);
    this.#isOrdered = new Set(flags).size < 2;
  }

  /**
   * Adds a stored weight.
   *
   * @param entry The weight.
   * @param index The position of its layer, if its name says which it is.
   */
  add(entry: T, index?: number): void {
    const [root = ""] = entry.folder;
    const known = this.#stored.find((one) =>
      one.index === index && (index !== undefined || one.root === root)
    );
    if (known !== undefined) known.entries.push(entry);
    else this.#stored.push({ entries: [entry], root, index });
  }

  /** Whether the names contradict the order of the layers. */
  get isContradictory(): boolean {
    return this.#stored.some(({ index }, at) =>
      index !== undefined && !this.#isPossible(at, index)
    );
  }

  /**
   * Returns the weights of a renamed layer, if it is certain which these are.
   * Call it for the layers in their order.
   *
   * @param index The position of the layer.
   * @param names The names of the layer's weights.
   * @param isNeeded Whether a stored weight is one of them.
   * @returns The stored weights; none if there are none, or several fit.
   */
  take(
    index: number,
    names: readonly string[],
    isNeeded: (entry: T) => boolean,
  ): T[] {
    const leaves = names.map((name) => name.slice(name.lastIndexOf("/") + 1));
    const found = this.#stored.filter((one) =>
      one.index === undefined &&
      keyOf(one.entries.filter(isNeeded).map(({ leaf }) => leaf)) ===
        keyOf(leaves)
    );
    const [next] = found;
    if (next === undefined || found.length > 1 && !this.#isOrdered) return [];
    if (!this.#isPossible(this.#stored.indexOf(next), index)) return [];
    next.index = index;
    return next.entries;
  }

  /** Whether a stored layer may be the layer at a position of the model. */
  #isPossible(at: number, index: number): boolean {
    const isTrained = ({ entries }: Stored<T>) =>
      TRAINED.test(entries[0]!.leaf);
    if (!this.#isOrdered || !isTrained(this.#stored[at]!)) return true;
    return this.#stored.every((other, i) =>
      other.index === undefined || !isTrained(other) || i === at ||
      (i < at) === (other.index < index)
    );
  }
}

/**
 * The first part of all names, if it is no layer: the name that a nested model
 * had before it was renamed.
 *
 * @param entries All stored weights of the model.
 * @param layers All layers of the model.
 * @returns The name; undefined if the names have none in common.
 */
export function commonModel(
  entries: readonly Named[],
  layers: readonly WeightLayer[],
): string | undefined {
  const parts = new Set(entries.map(({ folder }) => folder[0]));
  const [model, ...others] = [...parts];
  const isLayer = layers.some(({ name }) => name.split("/")[0] === model);
  return others.length > 0 || isLayer || layers.length < 2 ? undefined : model;
}

/**
 * A name without the models around a nested one, which Keras 3 writes if it
 * built that within an outer Sequential: `sequential/inner/conv/kernel`; or
 * without that model too.
 */
export function withoutModels<T extends Named>(
  entry: T,
  model: string | undefined,
  after = 0,
): T {
  const at = model === undefined ? -1 : entry.folder.indexOf(model) + after;
  return at < 1 ? entry : { ...entry, folder: entry.folder.slice(at) };
}

function keyOf(leaves: readonly string[]): string {
  return [...leaves].sort().join();
}

/**
 * Weights in the format of `.keras` files: each layer under a path of class
 * names in snake case, with counters within each model, and its arrays numbered
 * in the order of creation. Since Keras 3.6 the name of the layer is stored
 * too, and must agree.
 *
 * Source: Keras 3.15, `saving_lib.py`; tf.keras 2.12 to 2.15 use the same
 * format.
 *
 * @module
 */
import { quote, shapeText } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type { WeightSource } from "../graph/graph.ts";
import { isOperationModule } from "./_description.ts";
import type {
  BoundWeights,
  StoredVocabulary,
  WeightLayer,
  WeightModel,
} from "./keras_weights.ts";
import {
  type StoredWeight,
  storedWeight,
  weightSource,
  type WeightStore,
} from "./weight_store.ts";

/** Groups of a model's layers; the second in tf.keras 2.12. */
const LAYER_GROUPS = ["layers", "_layer_checkpoint_dependencies"];
/** The file of a vocabulary, among a layer's assets. */
export const VOCABULARY = "vocabulary.txt";
/** Line ends of Python's `splitlines`. */
// deno-lint-ignore no-control-regex -- Python's own list
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
/** Training state that Keras stores with a model. */
const TRAINING = /^\/?(optimizer|metrics|_?loss_tracker|_?compile_metrics)\//;
/** State of random generators that Keras stores with a layer: integers. */
const SEED =
  /\/_?((seed|random)_)?generator\/(_?(generator|state|state_var)\/)*vars\/\d+$/;

/** Weights under paths of class names. */
export class PathWeights implements BoundWeights {
  readonly #store: WeightStore;
  readonly #source: string;
  readonly #assets: ReadonlyMap<string, string>;
  readonly #groups = new Map<WeightLayer, string>();
  readonly #left: Set<string>;
  readonly #models: string[] = [];
  /** Names of layers in groups, cached because each is looked up twice. */
  readonly #names = new Map<string, readonly string[]>();

  /**
   * Finds the weights of each layer.
   *
   * @param store The arrays.
   * @param source The file, for messages.
   * @param model The complete description.
   * @param assets Vocabularies, by their paths in the file.
   * @throws {ModelFormatError} If the layer names contradict the description.
   */
  constructor(
    store: WeightStore,
    source: string,
    model: WeightModel,
    assets: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#store = store;
    this.#source = source;
    this.#assets = assets;
    this.#left = new Set(store.datasets.keys());
    this.#enter(model, "");
  }

  take(layer: WeightLayer, names: readonly string[]): WeightSource[] {
    const group = this.#groups.get(layer);
    if (group === undefined) {
      if (names.length === 0) return [];
      this.#fail(`operation "${layer.name}" must have no weights`, names);
    }
    if (layer.model !== undefined) return []; // its layers have them
    const parts = new Map<string, number>();
    const found = names.map((name) => {
      const part = name.slice(0, Math.max(0, name.lastIndexOf("/")));
      const index = indexInName(layer, name) ?? parts.get(part) ?? 0;
      parts.set(part, index + 1);
      return this.#stored(group, part, index);
    });
    const stored = [...this.#store.datasets.values()]
      .filter(({ path }) => path.startsWith(`${group}/`))
      .filter((weight) => !hasNoUse(layer, weight, group));
    const surplus = stored.filter((weight) => !found.includes(weight));
    if (found.includes(undefined) || surplus.length > 0) {
      const missing = names.filter((_, i) => found[i] === undefined);
      // Those that match tell nothing about the others.
      const isPart = missing.length > 0 && surplus.length > 0;
      const [due, is] = isPart ? [missing, surplus] : [names, stored];
      this.#fail(
        `layer "${layer.name}" must have the ${due.length} weights ` +
          `${due.map(quote).join(", ")} in "${group}"`,
        is.map(({ path, shape }) => `${path} ${shapeText(shape)}`),
      );
    }
    for (const path of [...this.#left]) {
      if (path.startsWith(`${group}/`)) this.#left.delete(path);
    }
    return names.map((name, i) => weightSource(name, found[i]!));
  }

  vocabulary(layer: WeightLayer): StoredVocabulary | undefined {
    const group = this.#groups.get(layer);
    if (group === undefined) return undefined;
    const parts = [group, `${group}/_lookup_layer`];
    const text = parts.map((part) => `assets/${part}/${VOCABULARY}`)
      .map((path) => this.#assets.get(path)).find((text) => text !== undefined);
    const paths = parts.map((part) => `${part}/vars/idf_weights`);
    const [weights] = paths.flatMap((path) =>
      storedWeight(this.#store, path) ?? []
    );
    for (const path of paths) this.#left.delete(path);
    if (text === undefined) return undefined;
    const lines = text.split(LINE_END);
    while (lines.at(-1) === "") lines.pop();
    return weights === undefined
      ? { lines }
      : { lines, weights: [...weights.read()] };
  }

  finish(): void {
    const left = [...this.#left].filter((path) =>
      !isSeed(this.#store.datasets.get(path)!) &&
      !this.#models.some((group) =>
        path.startsWith(group) && TRAINING.test(path.slice(group.length))
      )
    );
    if (left.length > 0) {
      this.#fail("every stored weight must belong to a layer", left);
    }
  }

  #enter(model: WeightModel, prefix: string): void {
    const { datasets, groups } = this.#store;
    this.#models.push(prefix);
    const base = prefix === "" ? "" : `${prefix}/`;
    const folder = LAYER_GROUPS.find((name) => groups.has(`${base}${name}`)) ??
      "layers";
    const counts = new Map<string, number>();
    const layers = model.layers.filter((layer) =>
      !isOperationModule(layer.module) &&
      !(model.isSequential && layer.className === "InputLayer")
    );
    const named = this.#namedGroups(`${base}${folder}`);
    const used = new Map<string, WeightLayer>();
    for (const layer of layers) {
      const kind = snakeCase(storedName(layer));
      const count = counts.get(kind) ?? 0;
      counts.set(kind, count + 1);
      const counted = `${base}${folder}/${kind}${count > 0 ? `_${count}` : ""}`;
      const group = this.#group(layer, counted, named);
      const other = used.get(group);
      if (other !== undefined) {
        this.#fail(
          `layers "${other.name}" and "${layer.name}" must be stored in groups of their own`,
          group,
        );
      }
      used.set(group, layer);
      this.#groups.set(layer, group);
      if (layer.model === undefined) continue;
      this.#enter(
        layer.model,
        `${group}${"/layer".repeat(layer.timeAxes ?? 0)}`,
      );
    }
    // A group that no layer has is a layer that the description lacks.
    for (const [name, group] of named) {
      const isFull = [...datasets.keys()].some((p) =>
        p.startsWith(`${group}/`)
      );
      if (isFull && !used.has(group)) {
        this.#fail(`every stored layer must be in the model`, name);
      }
    }
  }

  /** The names of the layers in a group, if stored. */
  #namedGroups(folder: string): Map<string, string> {
    const named = new Map<string, string>();
    const level = folder.split("/").length + 1;
    for (const path of this.#store.groups) {
      if (!path.startsWith(`${folder}/`)) continue;
      if (path.split("/").length !== level) continue;
      const [name] = this.#name(path);
      if (name === undefined) continue;
      if (named.has(name)) this.#fail("layer names must differ", name);
      named.set(name, path);
    }
    return named;
  }

  #name(group: string): readonly string[] {
    const known = this.#names.get(group);
    if (known !== undefined) return known;
    const path = `${group}/vars`;
    const found = this.#store.groups.has(path)
      ? this.#store.strings(path, "name") ?? []
      : [];
    this.#names.set(group, found);
    return found;
  }

  #group(
    layer: WeightLayer,
    counted: string,
    named: ReadonlyMap<string, string>,
  ): string {
    const group = named.get(layer.name);
    if (group === counted || group === undefined) {
      const [name] = this.#name(counted);
      if (name !== undefined && name !== layer.name) {
        this.#fail(`the layer in "${counted}" must be "${layer.name}"`, name);
      }
      return counted;
    }
    // Some classes are stored under another name than in the config; then the
    // counted name does not exist.
    if (this.#store.groups.has(counted)) {
      this.#fail(`layer "${layer.name}" must be in "${counted}"`, group);
    }
    return group;
  }

  /**
   * Names of nested layers: Keras writes some with an underscore, and earlier
   * versions more.
   */
  #stored(group: string, part: string, index: number) {
    const groups = this.#store.groups;
    let path = group;
    for (const segment of part === "" ? [] : part.split("/")) {
      const plain = `${path}/${segment}`;
      path = groups.has(plain) ? plain : `${path}/_${segment}`;
    }
    return storedWeight(this.#store, `${path}/vars/${index}`);
  }

  #fail(rule: string, value: unknown): never {
    throw new ModelFormatError(
      this.#source,
      `${rule}: current value is ${quote(value)}`,
    );
  }
}

/** The stored class without its package: Keras 2 writes that in `.h5` only. */
function storedName({ className, storedClass = className }: WeightLayer) {
  return storedClass.slice(storedClass.lastIndexOf(">") + 1);
}

/** Converts a class name to Keras' path form. */
function snakeCase(className: string): string {
  return className.replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * The arrays of SpectralNormalization are its layer's kernel again, and its
 * training state.
 */
function indexInName({ className }: WeightLayer, name: string) {
  if (className !== "SpectralNormalization" || name.includes("/")) return;
  return name === "kernel" ? 0 : 1;
}

function isSeed({ path, dtype }: StoredWeight): boolean {
  return SEED.test(path) && /^u?int/.test(dtype);
}

function hasNoUse(
  { className }: WeightLayer,
  weight: StoredWeight,
  group: string,
): boolean {
  const { path, shape, dtype } = weight;
  if (isSeed(weight)) return true;
  if (className === "SpectralNormalization") {
    return path.startsWith(`${group}/vars/`);
  }
  return className === "Normalization" && shape.length === 0 &&
    path === `${group}/vars/2` && dtype.startsWith("int");
}

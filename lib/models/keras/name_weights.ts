/**
 * Weights as `.h5` files store them: a group for each layer of the outermost
 * model, with a list of names in it. A nested model is one group, whose list
 * has trainable weights first. So weights within a group are matched by name,
 * and by position only if names are ambiguous.
 *
 * Source: Keras 3.15, `legacy_h5_format.py`; Keras 2 uses the same format.
 *
 * @module
 */
import { quote, shapeText } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { withLora } from "./lora_weights.ts";
import { commonModel, RenamedLayers, withoutModels } from "./renamed_layers.ts";
import type { WeightSource } from "../graph/graph.ts";
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

/** A stored weight with its name, split at slashes. */
interface Entry {
  readonly weight: StoredWeight;
  /** The parts before the last slash. */
  readonly folder: readonly string[];
  /** The last part, without TensorFlow's output index. */
  readonly leaf: string;
}

const SAVE_OTHER =
  'open it in Python, and save it in the other format: model.save("model.keras")';
/** Words that identify one of several nested layers. */
const PART_WORDS = /query|key|value|output|forward|backward/;

/** Weights in groups with the names of the layers. */
export class NameWeights implements BoundWeights {
  readonly #store: WeightStore;
  readonly #source: string;
  readonly #entries = new Map<WeightLayer, Entry[]>();
  readonly #left = new Set<string>();
  readonly #byNameOnly: boolean;
  readonly #renamed = new Map<
    WeightLayer,
    { readonly index: number; readonly stored: RenamedLayers<Entry> }
  >();

  /**
   * Finds the weights of each layer.
   *
   * @param store The arrays.
   * @param source The file, for messages.
   * @param settings The group of the model's weights, the complete description,
   * and whether names must fit, as TF.js requires; Keras reads weights by
   * position, also those of renamed layers.
   * @throws {ModelFormatError} If the layer names contradict the description.
   */
  constructor(
    store: WeightStore,
    source: string,
    { root, model, byNameOnly = false }: {
      readonly root: string;
      readonly model: WeightModel;
      readonly byNameOnly?: boolean;
    },
  ) {
    this.#store = store;
    this.#source = source;
    this.#byNameOnly = byNameOnly;
    const names = this.#list(root, "layer_names");
    if (names === undefined) {
      this.#fail(`"${root}" must list its layers`, "no layer_names");
    }
    const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
    for (const name of [...names, "top_level_model_weights"]) {
      const entries = this.#group(`${root}/${name}`);
      for (const { weight } of entries) this.#left.add(weight.path);
      const layer = layers.get(name);
      if (layer === undefined) continue; // finish() finds its weights
      if (this.#entries.has(layer)) this.#fail("layer names must differ", name);
      this.#entries.set(layer, layer.model === undefined ? entries : []);
      if (layer.model !== undefined) this.#spread(layer, entries);
    }
    this.#checkListed(root);
  }

  take(layer: WeightLayer, names: readonly string[]): WeightSource[] {
    if (layer.model !== undefined) return []; // its layers have them
    const isNeeded = (entry: Entry) => !hasNoUse(layer, names, entry);
    if (names.length > 0 && this.#entries.get(layer)?.length === 0) {
      const { index, stored } = this.#renamed.get(layer) ?? {};
      this.#entries.set(layer, stored?.take(index!, names, isNeeded) ?? []);
    }
    const entries = withLora(
      (this.#entries.get(layer) ?? []).filter(isNeeded),
      layer,
    );
    const wanted = names.filter((name) => !isSharedKernel(layer, name));
    const assigned = assign(wanted, entries, layer.name);
    if (assigned === undefined) {
      this.#fail(
        `layer "${layer.name}" must have the ${names.length} weights ` +
          names.map(quote).join(", "),
        entries.map(({ folder, leaf, weight }) =>
          `${[...folder, leaf].join("/")} ${shapeText(weight.shape)}`
        ),
        this.#renamed.has(layer) ? SAVE_OTHER : undefined,
      );
    }
    for (const { weight } of this.#entries.get(layer) ?? []) {
      this.#left.delete(weight.path);
    }
    const found = new Map(wanted.map((name, i) => [name, assigned[i]!]));
    const shared = wanted.find((name) => name.startsWith("layer/"));
    return names.map((name) =>
      weightSource(name, (found.get(name) ?? found.get(shared!))!.weight)
    );
  }

  /** tf_keras stores the weights of `tf_idf`, and no vocabulary. */
  vocabulary(layer: WeightLayer): StoredVocabulary | undefined {
    const [entry, ...others] = this.#entries.get(layer) ?? [];
    if (entry === undefined || others.length > 0) return undefined;
    this.#left.delete(entry.weight.path);
    return { weights: [...entry.weight.read()] };
  }

  finish(): void {
    const left = [...this.#left].filter((path) => !isSeed(path));
    if (left.length > 0) {
      this.#fail("every stored weight must belong to a layer", left);
    }
  }

  /** Reads a list that may be split over numbered attributes. */
  #list(group: string, name: string): readonly string[] | undefined {
    const whole = this.#store.strings(group, name);
    if (whole !== undefined) return whole;
    const parts: string[] = [];
    for (let i = 0;; i++) {
      const part = this.#store.strings(group, `${name}${i}`);
      if (part === undefined) return i === 0 ? undefined : parts;
      parts.push(...part);
    }
  }

  #group(group: string): Entry[] {
    if (!this.#store.groups.has(group)) {
      if (group.endsWith("/top_level_model_weights")) return [];
      this.#fail("every listed layer must be there", group);
    }
    const names = this.#list(group, "weight_names");
    if (names === undefined) {
      this.#fail(`"${group}" must list its weights`, "no weight_names");
    }
    return names.map((name) => {
      const weight = storedWeight(this.#store, `${group}/${name}`);
      if (weight === undefined) {
        this.#fail(`every weight listed in "${group}" must be there`, name);
      }
      const parts = name.split("/");
      const leaf = parts.pop()!.replace(/:\d+$/, "");
      return { weight, folder: parts, leaf };
    });
  }

  /** Checks that all weights in a group are listed: others would be ignored. */
  #checkListed(root: string): void {
    for (const path of this.#store.datasets.keys()) {
      if (path.startsWith(`${root}/`) && !this.#left.has(path)) {
        this.#fail("every stored weight must be listed", path);
      }
    }
  }

  /** Finds the layer of each weight of a nested model, by name. */
  #spread(outer: WeightLayer, entries: readonly Entry[]): void {
    const inner = [...layersIn(outer, [])];
    const layers = inner.map(({ layer }) => layer);
    const stored = new RenamedLayers<Entry>(layers);
    for (const [index, layer] of layers.entries()) {
      this.#entries.set(layer, []);
      this.#renamed.set(layer, { index, stored });
    }
    const model = commonModel(entries, layers);
    for (const written of entries) {
      const matching = (entry: Entry) =>
        inner.filter(({ layer, above }) => {
          const at = indexOfName(entry, layer);
          return at >= 0 &&
            entry.folder.slice(0, at).every((part) => above.includes(part));
        });
      const forms = [
        written,
        withoutModels(written, outer.name),
        withoutModels(written, model, 1),
        withoutCounters(written),
      ];
      const entry = forms.find((form) => matching(form).length > 0) ?? written;
      const found = matching(entry);
      // Keras 2 writes no layer's name for the weights of a Normalization.
      const isNamed = this.#byNameOnly && written.folder.length > 0;
      if (found.length === 0 && !isNamed) {
        stored.add(withoutModels(written, model, 1));
        continue;
      }
      const layer = this.#closest(found, entry, outer.name);
      this.#entries.get(layer)!.push(written);
      stored.add(written, layers.indexOf(layer));
    }
    if (this.#byNameOnly || !stored.isContradictory) return;
    this.#fail(
      `weights of model "${outer.name}" must be in the order of its layers`,
      entries.map(({ folder, leaf }) => [...folder, leaf].join("/")),
      SAVE_OTHER,
    );
  }

  /**
   * Of the layers that match a name, the one whose model path is complete in the
   * name, and of these the one with the longest name: of "Conv/BatchNorm/gamma"
   * the layer "Conv/BatchNorm", not "Conv".
   */
  #closest(
    found: readonly InnerLayer[],
    entry: Entry,
    model: string,
  ): WeightLayer {
    const complete = found.filter(({ layer, above }) => {
      const at = indexOfName(entry, layer);
      return found.every((other) =>
        at >= indexOfName(entry, other.layer) ||
        above.includes(other.layer.name)
      );
    });
    const lengths = complete.map(({ layer }) => layer.name.split("/").length);
    const longest = Math.max(...lengths);
    const best = complete.filter((_, i) => lengths[i] === longest);
    if (best.length === 1) return best[0]!.layer;
    const name = [...entry.folder, entry.leaf].join("/");
    this.#fail(
      `weight "${name}" of model "${model}" must name one of its layers`,
      best.length === 0
        ? "none"
        : best.map(({ layer, above }) => [...above, layer.name].join("/")),
      SAVE_OTHER,
    );
  }

  #fail(rule: string, value: unknown, hint?: string): never {
    throw new ModelFormatError(
      this.#source,
      `${rule}: current value is ${quote(value)}${hint ? `; ${hint}` : ""}`,
    );
  }
}

/**
 * A name without the counters that TensorFlow 1 appends to scopes, if a model
 * with these layers was there before: `conv_1/kernel` of the layer `conv`.
 */
function withoutCounters(entry: Entry): Entry {
  const folder = entry.folder.map((part) => part.replace(/_\d+$/, ""));
  return { ...entry, folder };
}

/**
 * Finds a layer's name in the name of a weight; Keras 2 and TF.js allow slashes
 * in it.
 */
function indexOfName({ folder }: Entry, { name }: WeightLayer): number {
  const parts = name.split("/");
  return folder.findIndex((_, at) =>
    parts.every((part, i) => folder[at + i] === part)
  );
}

/** A layer of a nested model, with the names of the models around it. */
interface InnerLayer {
  readonly layer: WeightLayer;
  readonly above: readonly string[];
}

/** All layers of a nested model, with the names of the models around them. */
function* layersIn(
  { name, model, timeAxes = 0 }: WeightLayer,
  outer: readonly string[],
): Generator<InnerLayer> {
  const inTime = timeAxes > 0 && model!.name !== undefined;
  const above = [...outer, name, ...(inTime ? [model!.name!] : [])];
  for (const layer of model!.layers) {
    if (layer.model === undefined) yield { layer, above };
    else yield* layersIn(layer, above);
  }
}

/**
 * Assigns stored weights to names: nested layers in order, within each equal
 * names first and the rest in order. Undefined if counts or nested layers do
 * not match.
 */
function assign(
  names: readonly string[],
  entries: readonly Entry[],
  layerName: string,
): Entry[] | undefined {
  if (names.length !== entries.length) return undefined;
  const wanted = grouped(
    names.map((name) => ({
      part: name.slice(0, Math.max(0, name.lastIndexOf("/"))),
      leaf: name.slice(name.lastIndexOf("/") + 1),
      name,
    })),
    ({ part }) => part,
  );
  const stored = grouped(entries, ({ folder }) => folder.join("/"));
  if (wanted.size !== stored.size) return byLeaf(names, entries);
  // The layer's direct weights are first on both sides, whatever the order in
  // the file.
  const isOfLayer = (folder: string) =>
    folder === layerName || folder.endsWith(`/${layerName}`);
  const wantedParts = [...wanted.keys()]
    .sort((a, b) => Number(b === "") - Number(a === ""));
  const folders = [...stored.keys()];
  if (wanted.has("") && wanted.size > 1) {
    folders.sort((a, b) => Number(isOfLayer(b)) - Number(isOfLayer(a)));
    if (!isOfLayer(folders[0]!)) return undefined;
  }
  const found = new Map<string, Entry>();
  for (const [i, part] of wantedParts.entries()) {
    const folder = folders[i]!;
    const rest = folder.split("/").at(-1)!;
    if (wanted.size > 1 && !agree(part, folder, rest)) return undefined;
    const open = [...stored.get(folder)!];
    const names = wanted.get(part)!;
    if (open.length !== names.length) return undefined;
    const later = names.filter(({ leaf, name }) => {
      const at = open.findIndex((entry) => entry.leaf === leaf);
      if (at >= 0) found.set(name, open.splice(at, 1)[0]!);
      return at < 0;
    });
    later.forEach(({ name }, j) => found.set(name, open[j]!));
  }
  return names.map((name) => found.get(name)!);
}

/**
 * Matches weights by their last word. Keras 2 writes the inner layers of custom
 * layers without their names. Undefined if a word is missing or repeated.
 */
function byLeaf(
  names: readonly string[],
  entries: readonly Entry[],
): Entry[] | undefined {
  const stored = new Map(entries.map((entry) => [entry.leaf, entry]));
  const found = names.flatMap((name) =>
    stored.get(name.slice(name.lastIndexOf("/") + 1)) ?? []
  );
  return new Set(found).size === entries.length ? found : undefined;
}

/** Whether a nested layer and a folder match by name. */
function agree(part: string, folder: string, last: string): boolean {
  const [word] = PART_WORDS.exec(part) ?? [];
  if (word === undefined) return true;
  if (/^(query|key|value|output)$/.test(word)) return last.includes(word);
  // Keras 3 keeps the name of a backward layer that is passed.
  return !folder.includes(word === "forward" ? "backward" : "forward");
}

function grouped<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function isSeed(path: string): boolean {
  return /(seed_generator|random_generator|StateVar|seed_generator_state)/
    .test(path);
}

/**
 * The kernel of SpectralNormalization is its layer's first weight, stored once.
 */
function isSharedKernel({ className }: WeightLayer, name: string): boolean {
  return className === "SpectralNormalization" && name === "kernel";
}

/** Stored weights that are not needed at inference. */
function hasNoUse(
  { className }: WeightLayer,
  names: readonly string[],
  { leaf, weight }: Entry,
): boolean {
  if (names.includes(leaf)) return false;
  if (isSeed(weight.path) && /^u?int/.test(weight.dtype)) return true;
  if (className === "SpectralNormalization") {
    const isState = leaf === "vector_u" || leaf === "sn_u"; // of Keras 3 and 2
    return isState && !names.includes("vector_u");
  }
  return className === "Normalization" && leaf === "count" &&
    weight.shape.length === 0;
}

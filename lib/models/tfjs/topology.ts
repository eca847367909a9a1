/**
 * What a topology must hold so that TF.js builds it, and builds it right.
 *
 * TF.js goes over the layers of a graph again and again, and makes each call
 * whose inputs are there, until no call is left: for ever, if one never can be
 * made. It numbers the calls of a layer as it makes them, and the file as it
 * lists them. So the same is done here first, without layers.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { ModelFormatError } from "../../errors.ts";

/** Arrays and objects in one another, at the most; a level of models takes four. */
const MOST_LEVELS = 400;

type Json = Readonly<Record<string, unknown>>;

/** One call of one layer. */
interface Call {
  readonly layer: string;
  /** Its number among the calls of the layer, as the file counts them. */
  readonly number: number;
  readonly feeds: readonly Feed[];
}

/** What a call is called on: a layer's name, and the number of its call. */
type Feed = readonly [layer: string, number: number];

/**
 * Refuses a topology on which TF.js would loop for ever, lose a layer or mix
 * up calls.
 *
 * @param topology What stands under `modelTopology`.
 * @param source The file, for messages.
 * @throws {ModelFormatError} If a fault is found.
 */
export function checkTopology(topology: Json, source: string): void {
  const root = topology.model_config ?? topology;
  if (!isRecord(root) || layersOf(root) === undefined) {
    throw new ModelFormatError(
      source,
      `a model must list its layers: current class is ${
        JSON.stringify(isRecord(root) ? root.class_name : root)
      }`,
    );
  }
  checkWithin(root, source, 0);
}

/** Models stand among layers, and in the options of layers that wrap others. */
function checkWithin(value: unknown, source: string, level: number): void {
  if (typeof value !== "object" || value === null) return;
  if (level > MOST_LEVELS) {
    const rule = `it must nest at most ${MOST_LEVELS} levels: current are more`;
    throw new ModelFormatError(source, rule);
  }
  if (isRecord(value) && isModel(value)) new Level(value, source).check();
  for (const inner of Object.values(value)) {
    checkWithin(inner, source, level + 1);
  }
}

/** The layers of one model. */
class Level {
  readonly #source: string;
  readonly #config: unknown;
  readonly #isChain: boolean;
  readonly #layers: readonly Json[];
  /** How many calls each layer will have. */
  readonly #counts = new Map<string, number>();

  constructor(model: Json, source: string) {
    this.#source = source;
    this.#config = model.config;
    this.#isChain = model.class_name === "Sequential";
    this.#layers = layersOf(model) ?? [];
    if (this.#layers.length === 0 || !this.#layers.every(isRecord)) {
      this.#fail(
        `a model must list its layers: current class is ${
          JSON.stringify(model.class_name)
        }`,
      );
    }
  }

  check(): void {
    this.#checkNames();
    const calls = this.#layers.flatMap((layer) => this.#callsOf(layer));
    this.#makeAll(calls);
    const { input_layers, output_layers } = isRecord(this.#config)
      ? this.#config
      : {};
    const ends = [input_layers, output_layers].flatMap(endsOf);
    for (const feed of ends) this.#checkFeed(feed, "the model itself");
  }

  #checkNames(): void {
    const names = new Set<string>();
    for (const layer of this.#layers) {
      const name = nameOf(layer);
      if (!this.#isChain) this.#checkName(layer);
      if (name === undefined) continue; // a Sequential's layers need none
      if (names.has(name)) {
        this.#fail(
          `names of layers must differ: current name "${name}" stands twice`,
        );
      }
      // TF.js keeps layers in plain objects under their names.
      if (name in {}) {
        this.#fail(
          `no layer must be named as "${name}", which is JavaScript's`,
        );
      }
      names.add(name);
    }
  }

  /** In a graph TF.js looks for calls by one name, and makes the layer by the other. */
  #checkName({ name, config, inbound_nodes: nodes }: Json): void {
    const inner = isRecord(config) ? config.name : undefined;
    const isCalled = Array.isArray(nodes) && nodes.length > 0;
    if (name === undefined && !isCalled) return;
    if (typeof name === "string" && name === (inner ?? name)) return;
    this.#fail(
      `a layer must have one name: current names are ${
        [name, inner].map((value) => JSON.stringify(value) ?? "none")
          .join(" and ")
      }`,
    );
  }

  /** The calls of a layer; before those, a model and an input have one of their own. */
  #callsOf(layer: Json): Call[] {
    const name = typeof layer.name === "string" ? layer.name : "";
    const hasOwn = layer.class_name === "InputLayer" || isModel(layer);
    const first = hasOwn ? 1 : 0;
    const { inbound_nodes } = layer;
    const nodes = Array.isArray(inbound_nodes) ? inbound_nodes : [];
    const calls = nodes.map((node) => this.#feedsOf(node, name))
      .filter((feeds) => feeds.length > 0)
      .map((feeds, i) => ({ layer: name, number: first + i, feeds }));
    this.#counts.set(name, first + calls.length);
    return calls;
  }

  #feedsOf(node: unknown, caller: string): Feed[] {
    const isListed = Array.isArray(node) && node.every(isFeed);
    if (isListed) return node.map(([layer, number]) => [layer, number]);
    const shown = JSON.stringify(node)?.slice(0, 60);
    return this.#fail(
      `calls must be listed as Keras 2 and TF.js do, [["layer", 0, 0, {}]]: current call of "${caller}" is ${shown}`,
    );
  }

  #checkFeed([layer, number]: Feed, caller: string): void {
    const count = this.#counts.get(layer);
    if (count !== undefined && number < count) return;
    const rule = count === undefined
      ? "must be in the model"
      : `must have call ${number}`;
    this.#fail(`layer "${layer}" ${rule}: current caller is "${caller}"`);
  }

  /** Makes all calls as TF.js does. */
  #makeAll(calls: readonly Call[]): void {
    for (const { layer, feeds } of calls) {
      for (const feed of feeds) this.#checkFeed(feed, layer);
    }
    const made = new Map(this.#counts);
    for (const { layer } of calls) made.set(layer, made.get(layer)! - 1);
    let waiting = calls;
    while (waiting.length > 0) {
      const left: Call[] = [];
      for (const call of waiting) {
        const isReady = call.feeds.every(([layer, number]) =>
          made.get(layer)! > number
        );
        if (isReady) this.#make(call, made);
        else left.push(call);
      }
      if (left.length === waiting.length) {
        this.#fail(
          `layer "${onCycle(left)}" must not feed itself: current caller is "${
            left[0]!.layer
          }"`,
        );
      }
      waiting = left;
    }
  }

  #make({ layer, number }: Call, made: Map<string, number>): void {
    const next = made.get(layer)!;
    if (next !== number) {
      this.#fail(
        `calls of layer "${layer}" must stand in the order in which TF.js makes them: current call ${number} would be made before call ${next}`,
      );
    }
    made.set(layer, next + 1);
  }

  #fail(rule: string): never {
    throw new ModelFormatError(this.#source, rule);
  }
}

/** A layer on a cycle, among calls of which none can be made. */
function onCycle(calls: readonly Call[]): string {
  const waiting = new Map(calls.map((call) => [keyOf(call), call]));
  const passed = new Set<Call>();
  let at = calls[0]!;
  while (!passed.has(at)) {
    passed.add(at);
    const feed = at.feeds.find(([layer, number]) =>
      waiting.has(keyOf({ layer, number }))
    );
    at = waiting.get(keyOf({ layer: feed![0], number: feed![1] }))!;
  }
  return at.layer;
}

function keyOf({ layer, number }: Pick<Call, "layer" | "number">): string {
  return `${number}:${layer}`;
}

/** `["layer", 0, 0]`, or a list of such. */
function endsOf(ends: unknown): Feed[] {
  if (!Array.isArray(ends)) return [];
  return isFeed(ends) ? [[ends[0], ends[1]]] : ends.flatMap(endsOf);
}

function isFeed(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" &&
    Number.isInteger(value[1]) && value[1] >= 0;
}

/** An old Sequential lists its layers without a name. */
function layersOf({ config }: Json): readonly Json[] | undefined {
  if (Array.isArray(config)) return config;
  return isRecord(config) && Array.isArray(config.layers)
    ? config.layers
    : undefined;
}

/** Whether TF.js would make a model of it: custom layers may list layers too. */
function isModel(value: Json): boolean {
  const { class_name } = value;
  if (typeof class_name !== "string") return false;
  if (layersOf(value) === undefined) return false;
  if (/^(Model|Functional|Sequential)$/.test(class_name)) return true;
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const custom = Object.hasOwn(classNameMap, class_name)
    ? classNameMap[class_name]![0]
    : undefined;
  return custom?.prototype instanceof tf.LayersModel;
}

function nameOf(layer: Json): string | undefined {
  const { name = isRecord(layer.config) ? layer.config.name : undefined } =
    layer;
  return typeof name === "string" ? name : undefined;
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Converts Keras' description of a model to one form.
 *
 * Keras 2 and Keras 3 write calls, tensors and outputs differently, and count
 * the calls of a nested model from different numbers. In this form, a model is
 * a list of layers, a layer a list of calls, and a call a list of arguments, in
 * which tensors are identified by layer, call and output, counted from 0.
 *
 * @module
 */
import { quote } from "../../check.ts";
import {
  beyondLimit,
  DEFAULT_LIMITS,
  type ModelLimits,
} from "../graph/limits.ts";
import { ModelFormatError } from "../../errors.ts";
import { holdsRecord, isModel, type Json, withinTime } from "./_description.ts";
import { mapValues, sortedKeys } from "./records.ts";

/** A tensor: output `index` of call `call` of a layer. */
export interface TensorId {
  readonly layer: string;
  readonly call: number;
  readonly index: number;
}

/** An argument: a tensor, a list or a record of arguments, or a value. */
export type StoredArgument =
  | { readonly tensor: TensorId }
  | { readonly list: readonly StoredArgument[] }
  | { readonly record: Readonly<Record<string, StoredArgument>> }
  | { readonly value: unknown };

/** One call of a layer. */
export interface CallSpec {
  readonly positional: readonly StoredArgument[];
  readonly named: Readonly<Record<string, StoredArgument>>;
}

/** A layer, an operation, or a nested model. */
export interface LayerSpec {
  readonly name: string;
  readonly className: string;
  /** The class in the file, if an alias replaces it. */
  readonly storedClass?: string;
  /** Python module, if written; distinguishes operations from layers. */
  readonly module: string | undefined;
  readonly registeredName: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly model: ModelSpec | undefined;
  /** Number of TimeDistributed layers around the model. */
  readonly timeAxes?: number;
  readonly calls: readonly CallSpec[];
}

/** A model. */
export interface ModelSpec {
  readonly name: string;
  readonly isSequential: boolean;
  readonly layers: readonly LayerSpec[];
  readonly inputs: readonly NamedTensorId[];
  readonly outputs: readonly NamedTensorId[];
  /** The class, if it is not one of Keras: its own `call` is not in the file. */
  readonly customClass?: string;
}

/** An input or output of a model. */
export interface NamedTensorId {
  /**
   * Its key, if the model has a record of inputs or outputs: users feed the
   * model by these keys, not by the names of its input layers. In nested
   * structures the keys and indices are joined by slashes.
   */
  readonly name: string | undefined;
  readonly tensor: TensorId;
}

/**
 * Maximum number of layers in a description; the largest models of Keras have
 * 2,000.
 */
const MOST_LAYERS = 20_000;

/**
 * Reads a model's description.
 *
 * @param config An object with `class_name` and `config`.
 * @param major The major version of Keras that wrote it.
 * @param source The file, for messages.
 * @param limits The limits of the model.
 * @returns The model.
 * @throws {ModelFormatError} If it is not a Sequential or Functional, or is
 * damaged.
 */
export function readTopology(
  config: unknown,
  major: 2 | 3,
  source: string,
  limits: Required<ModelLimits> = DEFAULT_LIMITS,
): ModelSpec {
  return new Reader(major, source, limits).model(config, 0);
}

class Reader {
  readonly #major: 2 | 3;
  readonly #source: string;
  readonly #limits: Required<ModelLimits>;
  #numLayers = 0;

  constructor(major: 2 | 3, source: string, limits: Required<ModelLimits>) {
    this.#limits = limits;
    this.#major = major;
    this.#source = source;
  }

  model(json: unknown, level: number): ModelSpec {
    const { class_name: className, config } = this.#object(json, "a model");
    const { nesting } = this.#limits;
    if (level > nesting) {
      const limit = ["nesting", nesting] as const;
      throw beyondLimit(this.#source, limit, `${level} models`);
    }
    const options = Array.isArray(config)
      ? { layers: config } // Keras 2.0 wrote a Sequential as a list
      : this.#object(config, `the config of ${className}`);
    const isOfKeras = /^(Functional|Model|Sequential)$/.test(`${className}`);
    const { layers } = options;
    const isSequential = className === "Sequential" ||
      !isOfKeras && isChain(options);
    if (!Array.isArray(layers)) {
      this.#fail(
        "a model must list its layers: subclassed models cannot be read",
        className,
        "save it as a functional model in Python: " +
          'keras.Model(model.inputs, model.outputs).save("model.keras"), or, without model.inputs, ' +
          'x = keras.Input(SHAPE); keras.Model(x, model.call(x)).save("model.keras")',
      );
    }
    if (layers.length === 0) this.#fail("a model must have layers", className);
    this.#checkSize(layers.length);
    const specs = layers.map((layer) => this.#layer(layer, level));
    this.#checkNames(specs);
    const name = String(options.name ?? "model");
    const customClass = isOfKeras ? {} : { customClass: `${className}` };
    if (isSequential) return { ...chain(name, specs), ...customClass };
    const nested = nestedModels(specs);
    const ends = (key: string) => this.#namedEnds(options[key], key, nested);
    return {
      ...customClass,
      name,
      isSequential,
      layers: specs.map((spec) => this.#renumbered(spec, nested)),
      inputs: ends("input_layers"),
      outputs: ends("output_layers"),
    };
  }

  #checkSize(numLayers: number): void {
    const { nodes } = this.#limits;
    this.#numLayers += numLayers;
    // The caller's limit also applies to descriptions.
    const most = nodes === DEFAULT_LIMITS.nodes ? MOST_LAYERS : nodes;
    if (this.#numLayers <= most) return;
    const limit = ["nodes", most] as const;
    throw beyondLimit(this.#source, limit, `${this.#numLayers} layers`);
  }

  /** The inputs or outputs of a model, with names if it has records of them. */
  #namedEnds(value: unknown, key: string, nested: Nested): NamedTensorId[] {
    const isNamed = holdsRecord(value);
    const found = this.#ends(value).map(({ path, tensor }) => ({
      name: isNamed ? path.join("/") : undefined,
      tensor: this.#fromOutput(tensor, nested),
    }));
    if (found.length > 0) return found;
    return this.#fail(`a model must have ${key}`, value);
  }

  #layer(json: unknown, level: number): LayerSpec {
    const object = this.#object(json, "a layer");
    const {
      class_name: className,
      config,
      module,
      registered_name: registered,
    } = object;
    if (typeof className !== "string") {
      this.#fail("a layer must have a class_name", className);
    }
    const options = Array.isArray(config)
      ? {}
      : mapValues(this.#object(config ?? {}, className), withoutArray);
    const name = object.name ?? options.name;
    if (typeof name !== "string" || name === "") {
      this.#fail(`a layer of class "${className}" must have a name`, name);
    }
    const { inner, timeAxes } = withinTime({ className, config: options });
    const nodes = object.inbound_nodes;
    return {
      name,
      className,
      module: typeof module === "string" ? module : undefined,
      registeredName: typeof registered === "string" ? registered : undefined,
      options,
      model: isModel(inner)
        ? this.model(
          { class_name: inner.className, config: inner.config },
          level + 1,
        )
        : undefined,
      ...(timeAxes > 0 && isModel(inner) ? { timeAxes } : {}),
      calls: Array.isArray(nodes)
        ? nodes.map((node) => this.#call(node, className))
        : [],
    };
  }

  #call(node: unknown, className: string): CallSpec {
    if (!Array.isArray(node) && this.#major === 2) { // a record of tensors
      const entries = Object.values(
        this.#object(node, "a call"),
      ) as unknown[][];
      return {
        positional: [{
          record: mapValues(node as Json, (entry) => this.#input(entry)),
        }],
        named: this.#record(entries[0]?.[3] ?? {}),
      };
    }
    if (!Array.isArray(node)) { // Keras 3
      const { args, kwargs } = this.#object(node, "a call");
      return {
        positional: (args as unknown[] ?? []).map((arg) => this.#argument(arg)),
        named: this.#record(kwargs ?? {}),
      };
    }
    // Keras 2: a list of tensors, or for an operation one tensor without the list.
    const isOne = typeof node[0] === "string";
    const tensors: unknown[] = isOne ? [node] : node;
    const positional = tensors.map((tensor) => this.#input(tensor));
    const first = tensors[0] as unknown[] | undefined;
    const named = this.#record(first?.[3] ?? {});
    return className === "TFOpLambda" && !isOne
      ? { positional: [{ list: positional }], named }
      : { positional, named };
  }

  /** An input in Keras 2: `[layer, call, output, …]`, or a constant. */
  #input(entry: unknown): StoredArgument {
    if (Array.isArray(entry)) {
      if (entry[0] === "_CONSTANT_VALUE") return { value: entry[2] };
      const tensor = this.#triple(entry.slice(0, 3));
      if (tensor !== undefined) return { tensor };
      if (entry.every(Array.isArray)) { // a list among the inputs, as of sizes
        return listOf(entry.map((inner) => this.#input(inner)));
      }
    }
    return this.#fail("a call must be on tensors of layers", entry);
  }

  #record(kwargs: unknown): Record<string, StoredArgument> {
    return mapValues(
      this.#object(kwargs, "keyword arguments"),
      (value) => this.#argument(value),
    );
  }

  #argument(value: unknown): StoredArgument {
    if (Array.isArray(value)) {
      const tensor = this.#triple(value);
      if (tensor !== undefined) return { tensor };
      return listOf(value.map((inner) => this.#argument(inner)));
    }
    if (typeof value !== "object" || value === null) return { value };
    const { class_name: className, config } = value as Json;
    if (className === undefined) {
      const record = this.#record(value);
      const isPlain = Object.values(record).every((inner) => "value" in inner);
      return isPlain ? { value } : { record };
    }
    if (className !== "__keras_tensor__") return { value };
    const history = (config as Json | undefined)?.keras_history;
    const tensor = Array.isArray(history) ? this.#triple(history) : undefined;
    if (tensor === undefined) {
      this.#fail("a tensor must name its layer", history);
    }
    return { tensor };
  }

  /**
   * `[layer, call, output]`; a list of numbers after a string is something
   * else.
   */
  #triple(value: readonly unknown[]): TensorId | undefined {
    const [layer, call, index] = value;
    const isTriple = (value.length === 3 || value.length === 4) &&
      typeof layer === "string" && Number.isInteger(call) &&
      Number.isInteger(index);
    return isTriple
      ? { layer, call: call as number, index: index as number }
      : undefined;
  }

  /** Inputs or outputs: one triple, a list of them, or a record, which Keras sorts. */
  #ends(value: unknown, path: readonly string[] = []): PathAndTensor[] {
    if (Array.isArray(value)) {
      const tensor = this.#triple(value);
      if (tensor !== undefined) return [{ path, tensor }];
      return value.flatMap((inner, i) =>
        this.#ends(inner, value.length === 1 ? path : [...path, String(i)])
      );
    }
    const record = this.#object(value, "inputs and outputs");
    return sortedKeys(record).flatMap((key) =>
      this.#ends(record[key], [...path, key])
    );
  }

  /**
   * Keras 2 counts the calls of a nested model from 1: its creation is call 0.
   */
  #fromCall(tensor: TensorId, nested: Nested): TensorId {
    const shift = this.#major === 2 && nested.has(tensor.layer) ? 1 : 0;
    return { ...tensor, call: tensor.call - shift };
  }

  /** In the list of outputs Keras 3 counts a nested Functional from 1, too. */
  #fromOutput(tensor: TensorId, nested: Nested): TensorId {
    const kind = nested.get(tensor.layer);
    const shift = kind === undefined
      ? 0
      : this.#major === 2 || kind === "Functional"
      ? 1
      : 0;
    return { ...tensor, call: tensor.call - shift };
  }

  #renumbered(spec: LayerSpec, nested: Nested): LayerSpec {
    const renumber = (argument: StoredArgument): StoredArgument => {
      if ("tensor" in argument) {
        return { tensor: this.#fromCall(argument.tensor, nested) };
      }
      if ("list" in argument) return { list: argument.list.map(renumber) };
      return "record" in argument
        ? { record: mapValues(argument.record, renumber) }
        : argument;
    };
    const calls = spec.calls.map(({ positional, named }) => ({
      positional: positional.map(renumber),
      named: mapValues(named, renumber),
    }));
    return { ...spec, calls };
  }

  #checkNames(specs: readonly LayerSpec[]): void {
    const seen = new Set<string>();
    for (const { name } of specs) {
      if (seen.has(name)) this.#fail("names of layers must differ", name);
      seen.add(name);
    }
  }

  #object(value: unknown, what: string): Json {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Json;
    }
    return this.#fail(`${what} must be an object`, value);
  }

  #fail(rule: string, value: unknown, advice?: string): never {
    const hint = advice === undefined ? "" : `; ${advice}`;
    const text = `${rule}: current value is ${quote(value)}${hint}`;
    throw new ModelFormatError(this.#source, text);
  }
}

/** Nested models by name, with their class. */
type Nested = ReadonlyMap<string, "Sequential" | "Functional">;

function nestedModels(specs: readonly LayerSpec[]): Nested {
  return new Map(
    specs.filter(({ model, timeAxes }) =>
      model !== undefined && timeAxes === undefined
    ).map(({ name, model }) => [
      name,
      model!.isSequential ? "Sequential" : "Functional",
    ]),
  );
}

/**
 * The values of an array of NumPy, as Keras 2.2 wrote options such as the slope of
 * a LeakyReLU.
 */
function withoutArray(option: unknown): unknown {
  const isArray = typeof option === "object" && option !== null &&
    "type" in option && option.type === "ndarray" && "value" in option;
  return isArray ? option.value : option;
}

/** A list of arguments; one of values alone is a value. */
function listOf(list: readonly StoredArgument[]): StoredArgument {
  const values = list.flatMap((inner) => "value" in inner ? [inner.value] : []);
  return values.length === list.length ? { value: values } : { list };
}

/** A tensor, with its keys and indices in a structure. */
interface PathAndTensor {
  readonly path: readonly string[];
  readonly tensor: TensorId;
}

/** A Sequential: each layer is called on the previous one. */
/** Whether layers are listed without calls, as a subclass of Sequential does. */
function isChain({ layers, input_layers: inputs }: Json): boolean {
  return inputs === undefined && Array.isArray(layers) &&
    layers.every((layer) => layer?.inbound_nodes === undefined);
}

function chain(name: string, specs: readonly LayerSpec[]): ModelSpec {
  const isInput = ({ className }: LayerSpec) => className === "InputLayer";
  const input = specs.find(isInput)?.name ?? `${specs[0]?.name}_input`;
  let last: TensorId = { layer: input, call: 0, index: 0 };
  const layers = specs.filter((spec) => !isInput(spec)).map((spec) => {
    const call: CallSpec = { positional: [{ tensor: last }], named: {} };
    last = { layer: spec.name, call: 0, index: 0 };
    return { ...spec, calls: [call] };
  });
  return {
    name,
    isSequential: true,
    layers: [...specs.filter(isInput), ...layers],
    inputs: [{ name: undefined, tensor: { layer: input, call: 0, index: 0 } }],
    outputs: [{ name: undefined, tensor: last }],
  };
}

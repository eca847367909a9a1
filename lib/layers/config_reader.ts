import { calledAgain, cannot, checkOneOf, nearestNames } from "../check.ts";
import { ConfigError } from "./_checks.ts";
import { namesInPart, weightsOfPart } from "./_parts.ts";
import { activationNamed } from "./activations.ts";
import {
  customFunction,
  type CustomTable,
  findCustom,
  isFactory,
} from "./custom_objects.ts";
import { checkedActivation } from "./custom_results.ts";
import type {
  Activation,
  Dialect,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";

/** Options that affect training, building or display, but not the results. */
const NO_MEANING =
  /^(name|trainable|dtype|dtype_policy|batch_shape|batch_input_shape|input_shape|input_dim|input_length|build_config|compile_config|registered_name|module|shared_object_id|seed|seed_generator|implementation|autocast|optional|activity_regularizer|force_generator|rng_type)$|_(initializer|regularizer|constraint)$/;

/** Options of a Lambda layer that a passed function replaces. */
const OF_LAMBDA =
  /^(function|function_type|module|output_shape|output_shape_type|output_shape_module)$/;

/** Creates the layers that a config wraps. */
export type FactoryOf = (
  className: string,
  path: string,
  registeredName?: string,
) => LayerFactory;

/** The arguments of a reader. */
export interface ReaderParts {
  /** The layer's name or path, for messages. */
  readonly name: string;
  readonly className: string;
  /** The class in the file, if an alias replaces it. */
  readonly storedClass?: string | undefined;
  /** Its name with the package, if the file has it. */
  readonly registeredName?: string | undefined;
  readonly dialect: Dialect;
  readonly options: Readonly<Record<string, unknown>>;
  /** Finds the factory of a wrapped layer. */
  readonly factoryOf: FactoryOf;
  /** Custom activations, aliases among them. */
  readonly customObjects?: CustomTable | undefined;
}

/** The one implementation of {@linkcode LayerConfig}. */
export class ConfigReader implements LayerConfig {
  readonly name: string;
  readonly dialect: Dialect;
  readonly #parts: ReaderParts;
  readonly #read = new Set<string>();
  /** A wrapped layer whose state Keras carries from call to call. */
  #stateful: string | undefined;

  constructor(parts: ReaderParts) {
    this.name = parts.name;
    this.dialect = parts.dialect;
    this.#parts = parts;
  }

  number(key: string, fallback?: number): number {
    const value = this.#value(key, fallback);
    if (typeof value === "number") return value;
    throw this.#wrong(key, "be a number", value);
  }

  boolean(key: string, fallback?: boolean): boolean {
    const value = this.#value(key, fallback);
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "be true or false", value);
  }

  string(key: string, fallback?: string): string {
    const value = this.#value(key, fallback);
    if (typeof value === "string") return value;
    throw this.#wrong(key, "be a string", value);
  }

  oneOf<S extends string>(
    key: string,
    allowed: readonly S[],
    fallback?: S,
  ): S {
    const value = this.string(key, fallback);
    return checkOneOf(value, this.#action(), key, allowed);
  }

  ints(
    key: string,
    length: number,
    fallback?: number | readonly number[],
  ): readonly number[] {
    const value = this.#value(key, fallback);
    const list = Array.isArray(value) ? value : Array(length).fill(value);
    if (list.length === length && list.every(Number.isSafeInteger)) return list;
    throw this.#wrong(key, `be ${length} whole numbers, or one for all`, value);
  }

  activation(key: string): Activation {
    const value = this.raw(key);
    if (isLayerObject(value) && !isFunctionObject(value)) {
      return this.#activationLayer(key, value);
    }
    const name = isFunctionObject(value) ? value.config : value;
    if (name === null || name === undefined) return (_ops, x) => x;
    if (typeof name === "string") {
      const { customObjects = {} } = this.#parts;
      const entry = findCustom(customObjects, name);
      if (typeof entry === "function") {
        if (!isFactory(entry)) {
          return checkedActivation(entry as Activation, name);
        }
        const rule = `be a custom function of two parameters, (ops, x) => …`;
        throw this.#wrong(key, rule, `${name}, of fewer`);
      }
      const known = activationNamed(entry ?? name, this.dialect);
      if (known !== undefined) return known;
      throw this.#wrong(
        key,
        "be an activation of Keras",
        name,
        `pass it as customObjects: { ${JSON.stringify(name)}: (ops, x) => … }`,
      );
    }
    throw this.#wrong(key, "be an activation of Keras", name);
  }

  /** An activation that is written as a layer, such as `LeakyReLU(0.2)`. */
  #activationLayer(key: string, value: LayerObject): Activation {
    const layer = this.#nested(key, value);
    if (layer.weights.length > 0) {
      throw this.#wrong(key, "be a layer without weights", value.class_name);
    }
    const context = { masks: [undefined], args: {} };
    return (ops, x) => {
      const outputs = layer.call(ops, [x], {}, context);
      if (outputs.length === 1) return outputs[0]!;
      throw this.#wrong(key, "be a layer with one output", value.class_name);
    };
  }

  layer(key: string): Layer {
    const value = this.raw(key);
    if (isLayerObject(value)) return this.#nested(key, value);
    throw this.#wrong(key, "be a layer", value);
  }

  /**
   * Several wrapped layers under one key, such as the cells of stacked cells.
   */
  layerList(key: string): Layer[] {
    const value = this.raw(key);
    if (!Array.isArray(value) || !value.every(isLayerObject)) {
      throw this.#wrong(key, "be a list of layers", value);
    }
    return value.map((inner) => this.#nested(key, inner));
  }

  #nested(key: string, value: LayerObject): Layer {
    const name = `${this.name}/${key}`;
    const layer = readLayer({
      name,
      className: value.class_name,
      dialect: this.dialect,
      options: value.config ?? {},
      factoryOf: this.#parts.factoryOf,
      customObjects: this.#parts.customObjects,
      registeredName: value.registered_name,
    });
    if (layer.keepsState) this.#stateful = name;
    return layer;
  }

  /**
   * A built-in layer inside a custom one. Its weights are named `key/…`; it
   * reads them from those of the outer layer.
   */
  build(
    kind: string,
    options: Readonly<Record<string, unknown>>,
    key: string,
  ): Layer {
    if (typeof key !== "string" || key === "") {
      const rule = `the key of a layer that it builds must be a string`;
      throw new ConfigError(cannot(this.#action(), rule, key));
    }
    const config = { name: key, ...options };
    const layer = this.#nested(key, { "class_name": kind, config });
    return {
      ...layer,
      weights: namesInPart(key, layer.weights),
      call: (ops, inputs, weights, context) =>
        layer.call(ops, inputs, weightsOfPart(weights, key), context),
    };
  }

  raw(key: string): unknown {
    this.#read.add(key);
    return this.#parts.options[key];
  }

  /** Whether the config has an option. */
  has(key: string): boolean {
    return this.#parts.options[key] !== undefined;
  }

  /**
   * Refuses options that were not read.
   *
   * @throws {TypeError} If an unread option that may change values is not at
   * its default.
   */
  checkAllRead(): void {
    const isLambda = this.#parts.className === "Lambda";
    const unread = Object.entries(this.#parts.options).filter(([key, value]) =>
      !this.#read.has(key) && !NO_MEANING.test(key) && !isNothing(value) &&
      !(isLambda && OF_LAMBDA.test(key))
    );
    if (unread.length === 0) return;
    const keys = unread.map(([key]) => `"${key}"`);
    const isOne = unread.length === 1;
    throw new TypeError(
      cannot(
        this.#action(),
        isOne
          ? `option ${keys[0]} must be a known one`
          : `options ${keys.join(", ")} must be known ones`,
        isOne ? unread[0]![1] : JSON.stringify(Object.fromEntries(unread)),
        this.#unreadHint(unread.map(([key]) => key)),
      ),
    );
  }

  /** How a custom object gets the options; none for operations. */
  #unreadHint(keys: readonly string[]): string | undefined {
    const { className, storedClass, registeredName, customObjects } =
      this.#parts;
    if (customObjects === undefined) return undefined;
    const reads = `config.raw("${keys[0]}")`;
    if (storedClass !== undefined) {
      return `pass customObjects: { ${
        asKey(storedClass)
      }: (config) => … }, which reads it by ${reads}, instead of the alias`;
    }
    if (className === "Lambda" && keys.includes("arguments")) {
      const names = Object.keys(this.raw("arguments") as object).join(", ");
      return `pass customObjects: { ${
        asKey(this.name)
      }: (ops, x, { ${names} }) => … }`;
    }
    return customFunction(customObjects, className, registeredName) ===
        undefined
      ? `if the class is not of Keras, pass customObjects: { ${
        asKey(className)
      }: (config) => … }`
      : `read it by ${reads}`;
  }

  /**
   * Refuses a wrapper that calls a stateful layer in another way than once, as
   * TimeDistributed does, once for each time step: where the state is then
   * carried is not known. A custom one must say that it is stateful.
   *
   * @param layer The layer that was made.
   * @throws {TypeError} If it wraps a stateful layer, and is not stateful.
   */
  checkState({ keepsState }: Layer): void {
    if (this.#stateful === undefined || keepsState) return;
    const { customObjects = {}, className, registeredName } = this.#parts;
    const custom = customFunction(customObjects, className, registeredName);
    if (custom === undefined) throw calledAgain(this.#stateful);
    const rule = `"keepsState" must be true, as it wraps a stateful layer`;
    const hint =
      `return { weights, call, keepsState: true } if it calls "${this.#stateful}" once`;
    throw new ConfigError(cannot(this.#action(), rule, keepsState, hint));
  }

  #value(key: string, fallback: unknown): unknown {
    const value = this.raw(key);
    if (value !== undefined && value !== null) return value;
    if (fallback !== undefined) return fallback;
    const near = nearestNames(key, Object.keys(this.#parts.options), 1);
    const hint = near.length > 0 ? ` (found "${near[0]}")` : "";
    throw this.#wrong(key, `be there${hint}`, value);
  }

  #wrong(
    key: string,
    rule: string,
    value: unknown,
    advice?: string,
  ): TypeError {
    return new ConfigError(
      cannot(this.#action(), `"${key}" must ${rule}`, value, advice),
    );
  }

  #action(): string {
    return `read layer "${this.name}" (${this.#parts.className})`;
  }
}

/**
 * Reads one layer's config completely.
 *
 * @param parts Class, options, and the lookup of factories.
 * @returns The layer.
 * @throws {TypeError} If an option is missing, invalid or unknown.
 */
export function readLayer(parts: ReaderParts): Layer {
  const policy = policyName(parts.options.dtype);
  if (!isKnownPolicy(policy)) {
    const action = `read layer "${parts.name}" (${parts.className})`;
    const rule = '"dtype" must be an element type of Keras';
    throw new TypeError(cannot(action, rule, policy));
  }
  const reader = new ConfigReader(parts);
  const { factoryOf, className, name, registeredName } = parts;
  const layer = factoryOf(className, name, registeredName)(reader);
  reader.checkAllRead();
  reader.checkState(layer);
  return layer;
}

/**
 * The name of a policy of element types, or of one type.
 *
 * @param dtype As written by Keras: a name, an object, or nothing.
 * @returns The name; the default if there is none.
 */
export function policyName(dtype: unknown): string {
  const { config } = isLayerObject(dtype) ? dtype : {};
  return String((isLayerObject(dtype) ? config?.name : dtype) ?? "float32");
}

/** Types, mixed policies, and policies of quantised layers. */
const POLICIES =
  /^(float(16|32|64)|bfloat16|mixed_b?float16|u?int(8|16|32|64)|bool|string|complex(64|128)|_infer|infer|.+_from_.+)$/;

/**
 * Whether Keras has a policy or an element type of this name.
 *
 * @param name The name.
 * @returns True if it has.
 */
export function isKnownPolicy(name: string): boolean {
  return POLICIES.test(name);
}

/** Formats a name as an object key in JavaScript. */
export function asKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** A layer as Keras writes it. */
export interface LayerObject {
  // deno-lint-ignore camelcase -- Keras' key
  readonly class_name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly module?: string;
  // deno-lint-ignore camelcase -- Keras' key
  readonly registered_name?: string;
}

/**
 * Whether a value is a serialised layer or other object of Keras.
 *
 * @param value Any value of a config.
 * @returns True if it names its class.
 */
export function isLayerObject(value: unknown): value is LayerObject {
  return typeof value === "object" && value !== null && "class_name" in value &&
    typeof value.class_name === "string";
}

/**
 * Keras 3 serialises functions like this; names of built-in functions are
 * known.
 */
function isFunctionObject(
  value: unknown,
): value is { class_name: "function"; config: unknown } {
  return isLayerObject(value) && value.class_name === "function";
}

/**
 * The name of an activation that is serialised as a name or as a function.
 *
 * @param value The option.
 * @returns The name; undefined for a layer or null.
 */
export function activationName(value: unknown): string | undefined {
  const name = isFunctionObject(value) ? value.config : value;
  return typeof name === "string" ? name : undefined;
}

/** Values that Keras writes for options that are off. */
function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === false ||
    (typeof value === "object" && Object.keys(value).length === 0);
}

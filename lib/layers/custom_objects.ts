/**
 * Custom objects: layers, activations and operations that Keras does not have,
 * and aliases of those that it has. An entry is a layer, an activation or
 * an operation by its use in the model.
 *
 * @module
 */
import { cannot, isPlainObject } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { constantArray, isWrittenArray } from "./constant_values.ts";
import { customOps, twiceAtFirst } from "./custom_ops.ts";
import { checkedFactory, tensorsOf } from "./custom_results.ts";
import type {
  Activation,
  CallContext,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";

/**
 * A custom activation, over {@linkcode Ops}.
 *
 * @category Custom layers
 */
export type CustomActivation = Activation;

/**
 * A custom operation, over {@linkcode Ops}. It receives the positional
 * arguments, then the keyword arguments together with the operation's options.
 * Tensor arguments are values of the engine. It has two or three parameters: a
 * function with one parameter is a layer factory. Parameters with default
 * values count, and a rest parameter counts as several.
 *
 * @category Custom layers
 */
export type CustomOperation = <T>(
  ops: Ops<T>,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
) => T | T[];

/**
 * A function for a `Lambda` layer, over {@linkcode Ops}: of its input, or of
 * the list of its inputs. The layer's `arguments` are the third parameter.
 *
 * @category Custom layers
 */
export type CustomLambda =
  | (<T>(
    ops: Ops<T>,
    x: T,
    named: Readonly<Record<string, unknown>>,
  ) => T | T[])
  | (<T>(
    ops: Ops<T>,
    inputs: readonly T[],
    named: Readonly<Record<string, unknown>>,
  ) => T | T[]);

/**
 * A custom object: a layer factory, an activation `(ops, x)`, an operation
 * `(ops, args, kwargs)`, a function for a `Lambda` layer `(ops, x, named)`, or
 * the name of a built-in one.
 *
 * @category Custom layers
 */
export type CustomObject =
  | LayerFactory
  | CustomActivation
  | CustomOperation
  | CustomLambda
  | string;

/**
 * Custom objects by name, with or without the package: `Twice`, `my>Twice`.
 *
 * @category Custom layers
 */
export type CustomTable = Readonly<Record<string, CustomObject>>;

/**
 * Joins both ways to pass custom objects.
 *
 * @param objects `customObjects`.
 * @param layers `customLayers`.
 * @returns One table.
 * @throws {TypeError} If one is not a plain object, an entry is neither a function
 * nor a string, or two entries differ.
 */
export function customTable(
  objects: CustomTable,
  layers: CustomTable,
): CustomTable {
  for (const [name, table] of Object.entries({ objects, layers })) {
    if (isPlainObject(table)) continue;
    const option = name === "objects" ? "customObjects" : "customLayers";
    const rule = `"${option}" must be an object of functions and names`;
    throw new TypeError(cannot("load model", rule, table));
  }
  for (const [name, entry] of Object.entries({ ...objects, ...layers })) {
    if (typeof entry !== "function" && typeof entry !== "string") {
      const rule =
        `custom object "${name}" must be a function, or the name of a known class`;
      throw new TypeError(cannot("load model", rule, entry));
    }
    checkKind(entry, name);
    if (Object.hasOwn(objects, name) && objects[name] !== entry) {
      const rule =
        `"${name}" must be in customObjects or in customLayers, not in both`;
      throw new TypeError(cannot("load model", rule, name));
    }
  }
  return { ...objects, ...layers };
}

/** Checks that a function is no class, and computes at once. */
function checkKind(entry: CustomObject, name: string): void {
  if (typeof entry === "string") return;
  const kind = Object.prototype.toString.call(entry).slice(8, -1);
  const isClass = /^class\b/.test(Function.prototype.toString.call(entry));
  if (kind === "Function" && !isClass) return;
  const rule = `custom object "${name}" must be a function over ops, not ${
    isClass ? "a class" : "an async function or a generator"
  }`;
  const hint = isClass
    ? "write it as (config) => ({ weights, call }), or build the model with TF.js and pass it to fromLayersModel()"
    : "write it without async and yield, and read files before";
  throw new TypeError(cannot("load model", rule, entry, hint));
}

/** Comments and strings of JavaScript, which may contain brackets. */
const NO_CODE =
  /\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g;

/**
 * Whether a function is a layer factory, where a function over `ops` is allowed
 * too: it has at most one parameter. Those with default values count, and a
 * rest parameter counts as several; `length` has neither.
 *
 * @param entry The custom object.
 * @returns Whether it is.
 */
export function isFactory(
  entry: (...args: never[]) => unknown,
): entry is LayerFactory {
  if (entry.length > 1) return false;
  const code = Function.prototype.toString.call(entry).replace(NO_CODE, "");
  const isBare = /^[\w$\s]+=>/.test(code);
  let depth = 0;
  for (
    const [mark] of isBare ? [] : code.matchAll(/[([{}\])]|,(?!\s*\))|\.{3}/g)
  ) {
    if ("([{".includes(mark)) depth++;
    else if (")]}".includes(mark)) depth--;
    else if (depth === 1) return false; // a second parameter, or the rest
    if (depth === 0) return true;
  }
  return true;
}

/**
 * Finds a custom object by name.
 *
 * @param table The custom objects.
 * @param name The name of a class or function, with or without its package.
 * @param registeredName Its name with the package, if the file has it.
 * @returns The entry, or undefined.
 */
export function findCustom(
  table: CustomTable,
  name: string,
  registeredName?: string,
): CustomObject | undefined {
  const wanted = registeredName?.includes(">") ? registeredName : name;
  const entry = (key: string) =>
    Object.hasOwn(table, key) ? table[key] : undefined;
  const exact = entry(wanted) ?? entry(name) ?? entry(withoutPackage(wanted));
  if (exact !== undefined || wanted.includes(">")) return exact;
  // The file has no package: the single entry of that name.
  const keys = Object.keys(table).filter((key) => withoutPackage(key) === name);
  return keys.length === 1 ? table[keys[0]!] : undefined;
}

/** Whether any custom object is a function, not an alias. */
export function holdsFunctions(table: CustomTable): boolean {
  return Object.values(table).some((entry) => typeof entry === "function");
}

/** Finds a custom function by name; undefined for an alias. */
export function customFunction(
  table: CustomTable,
  name: string,
  registeredName?: string,
): Exclude<CustomObject, string> | undefined {
  const entry = findCustom(table, name, registeredName);
  return typeof entry === "function" ? entry : undefined;
}

function withoutPackage(name: string): string {
  return name.slice(name.lastIndexOf(">") + 1);
}

/** Options of every operation, without effect. */
const COMMON = /^(name|trainable|dtype|function|args|kwargs)$/;

/**
 * Creates the factory of a custom operation as a graph node.
 *
 * @param entry The operation, or a layer factory, which reads the keyword
 * arguments from `context.args`.
 * @param options The operation's options in the file.
 * @returns The factory.
 */
export function customOperation(
  entry: Exclude<CustomObject, string>,
  options: Readonly<Record<string, unknown>>,
): LayerFactory {
  return (config) => {
    for (const key of Object.keys(options)) config.raw(key);
    const args = (config.raw("args") ?? []) as readonly unknown[];
    const kwargs = {
      ...Object.fromEntries(
        Object.entries(options).filter(([key]) => !COMMON.test(key)),
      ),
      ...(config.raw("kwargs") ?? {}) as Record<string, unknown>,
    };
    return isFactory(entry)
      ? onNamedArguments(
        checkedFactory(entry, config.name),
        config,
        args,
        kwargs,
      )
      : onArguments(entry as CustomOperation, config.name, args, kwargs);
  };
}

function onArguments(
  compute: CustomOperation,
  name: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Layer {
  return {
    weights: [],
    masks: () => [],
    call: twiceAtFirst(<T>(ops: Ops<T>, inputs: readonly T[]) => {
      const bind = (value: unknown) => bound(value, ops, inputs, name);
      const [values, named] = [args.map(bind), mapValues(kwargs, bind)];
      const checked = customOps(ops, values, named);
      const result: unknown = compute(checked, values, named);
      const rule = "it must return a tensor, or a list of tensors";
      const action = `call custom operation "${name}"`;
      return tensorsOf(checked, result, action, rule) as T[];
    }),
  };
}

/**
 * Calls a layer with the positional inputs, and passes other arguments in the
 * context.
 */
function onNamedArguments(
  factory: LayerFactory,
  config: LayerConfig,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Layer {
  const layer = factory(config);
  if (layer.weights.length > 0) {
    throw new TypeError(
      cannot(
        `read operation "${config.name}"`,
        "a custom operation must have no weights",
        layer.weights,
      ),
    );
  }
  return {
    ...layer,
    call<T>(ops: Ops<T>, inputs: readonly T[]) {
      const bind = (value: unknown) => bound(value, ops, inputs, config.name);
      const tensors = args.flat().map(bind);
      const context = { masks: [], args: mapValues(kwargs, bind) };
      return layer.call(ops, tensors as T[], {}, context as never);
    },
  };
}

function mapValues(
  record: Readonly<Record<string, unknown>>,
  change: (value: unknown) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(record);
  return Object.fromEntries(entries.map(([key, x]) => [key, change(x)]));
}

/** Converts the tensors and arrays of an argument to values of the engine. */
function bound<T>(
  value: unknown,
  ops: Ops<T>,
  inputs: readonly T[],
  name: string,
): unknown {
  if (Array.isArray(value)) {
    return value.map((inner) => bound(inner, ops, inputs, name));
  }
  if (isWrittenArray(value)) return ops.constant(constantArray(value, name));
  const isInput = typeof value === "object" && value !== null &&
    "input" in value && typeof value.input === "number";
  return isInput ? inputs[(value as { input: number }).input] : value;
}

/**
 * Wraps a layer that is called on constants in addition to its inputs.
 *
 * @param layer The layer.
 * @param slots Its arguments, in order: indices of inputs, and arrays.
 * @param name The layer's name, for messages.
 * @returns The layer, called only on the inputs.
 */
function withConstantInputs(
  layer: Layer,
  slots: readonly unknown[],
  name: string,
): Layer {
  const all = <T>(ops: Ops<T>, inputs: readonly T[]) =>
    slots.map((slot) =>
      typeof slot === "number"
        ? inputs[slot]!
        : ops.constant(constantArray(slot, name))
    );
  const masksOf = <M>(masks: readonly M[]) =>
    slots.map((slot) => typeof slot === "number" ? masks[slot] : undefined);
  const masks = layer.masks?.bind(layer);
  return {
    ...layer,
    call: (ops, inputs, weights, context) =>
      layer.call(ops, all(ops, inputs), weights, {
        ...context,
        masks: masksOf(context.masks),
      }),
    ...(masks === undefined ? {} : {
      masks: (ops, inputs, context) =>
        masks(ops, all(ops, inputs), {
          ...context,
          masks: masksOf(context.masks),
        }),
    } as Pick<Layer, "masks">),
  };
}

/**
 * Wraps a layer that is called with arrays as named arguments, such as an
 * `attention_mask` that is the same for all samples.
 *
 * @param layer The layer.
 * @param named Its named arguments; those that are no arrays are unchanged.
 * @param name The layer's name, for messages.
 * @returns The layer, called without the arrays.
 */
export function withConstantArguments(
  layer: Layer,
  named: Readonly<Record<string, unknown>>,
  name: string,
): Layer {
  const arrays = Object.entries(named).filter(([, value]) =>
    isWrittenArray(value)
  );
  if (arrays.length === 0) return layer;
  const withArrays = <T>(ops: Ops<T>, context: CallContext<T>) => {
    const made = arrays.map(([key, value]) =>
      [key, ops.constant(constantArray(value, name))] as const
    );
    return {
      ...context,
      args: { ...context.args, ...Object.fromEntries(made) },
    };
  };
  const masks = layer.masks?.bind(layer);
  return {
    ...layer,
    call: (ops, inputs, weights, context) =>
      layer.call(ops, inputs, weights, withArrays(ops, context)),
    ...(masks === undefined ? {} : {
      masks: (ops, inputs, context) =>
        masks(ops, inputs, withArrays(ops, context)),
    } as Pick<Layer, "masks">),
  };
}

/**
 * Wraps a layer that is called on arrays of the file in addition to tensors.
 *
 * @param layer The layer.
 * @param positional Its positional arguments, with tensors as `{ input }`.
 * @param named Its named arguments.
 * @param name The layer's name, for messages.
 * @returns The layer itself if there are no arrays.
 */
export function withConstants(
  layer: Layer,
  positional: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  name: string,
): Layer {
  const slots = positional.flat(Infinity).flatMap((argument): unknown[] => {
    if (isWrittenArray(argument)) return [argument];
    const isInput = typeof argument === "object" && argument !== null &&
      "input" in argument;
    return isInput ? [argument.input] : [];
  });
  const whole = withConstantArguments(layer, named, name);
  return slots.some(isWrittenArray)
    ? withConstantInputs(whole, slots, name)
    : whole;
}

/**
 * Lambda layers over custom functions. The code in a file is never run: a
 * function of the caller replaces it.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { activationNamed } from "./activations.ts";
import { activationName, asKey } from "./config_reader.ts";
import { customOps, twiceAtFirst } from "./custom_ops.ts";
import { type CustomTable, findCustom, isFactory } from "./custom_objects.ts";
import { checkedFactory, tensorsOf } from "./custom_results.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/** A function for a Lambda layer, of one input or of several. */
type LambdaFunction = <T>(
  ops: Ops<T>,
  x: T | readonly T[],
  named: Readonly<Record<string, unknown>>,
) => T | T[];

/**
 * Finds the custom object of a Lambda layer: by its function's name, by the
 * layer's name or the end of its path, or by the class.
 *
 * @param table The custom objects.
 * @param path The layer's path.
 * @param value The layer's function as the file has it.
 * @returns The entry; undefined if there is none. The name of an activation
 * becomes its function.
 * @throws {TypeError} If an entry is another name.
 */
export function lambdaEntry(
  table: CustomTable,
  path: string,
  value: unknown,
): LayerFactory | LambdaFunction | undefined {
  const called = activationName(value);
  const parts = path.split("/");
  const names = parts.map((_, i) => parts.slice(i).join("/"));
  const keys = [...called === undefined ? [] : [called], ...names, "Lambda"];
  const key = keys.find((key) => findCustom(table, key) !== undefined);
  const entry = key === undefined ? undefined : findCustom(table, key);
  if (typeof entry !== "string") return entry as LambdaFunction | undefined;
  const activation = activationNamed(entry, 3);
  if (activation !== undefined) return (ops, x) => activation(ops, x as never);
  if (key === called) return undefined; // an alias of a function by its name
  const rule =
    `custom object "${key}" of a Lambda layer must be a function, or the name of an activation`;
  const hint = `pass customObjects: { ${asKey(key!)}: (ops, x) => … }`;
  throw new TypeError(cannot("load model", rule, entry, hint));
}

/**
 * Creates a Lambda layer of a custom object.
 *
 * @param entry The function, or a layer factory, which has one parameter.
 * @param config The layer's config.
 * @returns The layer.
 */
export function customLambda(
  entry: LayerFactory | LambdaFunction,
  config: LayerConfig,
): Layer {
  if (isFactory(entry)) return checkedFactory(entry, "Lambda")(config);
  const stored = (config.raw("arguments") ?? {}) as Record<string, unknown>;
  const action = `call layer "${config.name}"`;
  const rule = "the function of a Lambda layer must return a tensor, or a list";
  return {
    weights: [],
    masks: () => [undefined],
    call: twiceAtFirst(<T>(ops: Ops<T>, inputs: readonly T[]) => {
      const x = inputs.length === 1 ? inputs[0]! : inputs;
      const checked = customOps(ops, inputs);
      const named = watched(stored, entry.length > 2);
      const result = (entry as LambdaFunction)(checked, x, ...named.passed);
      named.check(action);
      return tensorsOf(checked, result, action, rule) as T[];
    }),
  };
}

/**
 * The arguments of a Lambda layer for its function, which must read some: they
 * are passed if there are any, or if it has a third parameter without a default
 * value.
 */
function watched(stored: Readonly<Record<string, unknown>>, hasThird: boolean) {
  const names = Object.keys(stored);
  let isRead = hasThird || names.length === 0;
  const read = new Proxy(stored, {
    get(_, key) {
      isRead = true;
      return Reflect.get(stored, key);
    },
  });
  return {
    passed: (hasThird || names.length > 0 ? [read] : []) as [never],
    check(action: string) {
      if (isRead) return;
      const rule = "its function must read the arguments of the layer";
      const hint = `take them as the third parameter: (ops, x, { ${
        names.join(", ")
      } }) => …`;
      throw new TypeError(cannot(action, rule, JSON.stringify(stored), hint));
    },
  };
}

/**
 * Lambda layers over custom functions. The code in a file is never run: a
 * function of the caller replaces it.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { activationName } from "./config_reader.ts";
import { customOps } from "./custom_ops.ts";
import { type CustomTable, findCustom } from "./custom_objects.ts";
import { checkedFactory, tensorsOf } from "./custom_results.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * A function for a Lambda layer: of its input, or of the list of its inputs;
 * the layer's `arguments` are the third parameter.
 */
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
 * @returns The entry; undefined if there is none, or only an alias.
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
  const entries = keys.map((key) => findCustom(table, key));
  return entries.find((entry) => typeof entry === "function") as
    | LambdaFunction
    | undefined;
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
  if (entry.length <= 1) {
    return checkedFactory(entry as LayerFactory, "Lambda")(config);
  }
  const named = entry.length === 2 ? {} : config.raw("arguments") ?? {};
  const action = `call layer "${config.name}"`;
  const rule = "the function of a Lambda layer must return a tensor, or a list";
  return {
    weights: [],
    masks: () => [undefined],
    call<T>(ops: Ops<T>, inputs: readonly T[]) {
      const x = inputs.length === 1 ? inputs[0]! : inputs;
      const compute = entry as LambdaFunction;
      const result = compute(customOps(ops), x, named as never);
      return tensorsOf(result, action, rule) as T[];
    },
  };
}

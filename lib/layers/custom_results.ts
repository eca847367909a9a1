/**
 * Checks the results of custom functions where they are called, so that the
 * error names the function.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { errorText } from "../errors.ts";
import type { Ops } from "../ops/ops.ts";
import { ConfigError } from "./_checks.ts";
import { customOps, isTensor, shownList } from "./custom_ops.ts";
import type { Activation, Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * Wraps a custom function on elements, to check that it returns a tensor.
 *
 * @param activation The caller's function.
 * @param name Its name in the file.
 * @returns The function with checks.
 */
export function checkedActivation(
  activation: Activation,
  name: string,
): Activation {
  return (ops, x) => {
    const [value] = tensorsOf(
      activation(customOps(ops), x),
      `call custom function "${name}"`,
      "it must return one tensor for (ops, x)",
      1,
    );
    return value as typeof x;
  };
}

/**
 * Wraps a custom factory, to check that it returns a layer whose call returns
 * tensors.
 *
 * @param factory The caller's function.
 * @param name The class or function in the file.
 * @returns The function with checks.
 */
export function checkedFactory(
  factory: LayerFactory,
  name: string,
): LayerFactory {
  return (config) => {
    const reading = `read layer "${config.name}"`;
    if (factory.length > 1) {
      const rule = `custom object "${name}" must be a layer, (config) => …`;
      const found = `a function of ${factory.length} parameters`;
      throw new TypeError(cannot(reading, rule, found));
    }
    const hint = name === "Lambda"
      ? "a function for a Lambda layer has two parameters, (ops, x) => …"
      : "weights is a list of names, call a function";
    const layer = called(factory, config, name, hint);
    if (!isLayer(layer)) {
      const rule = `custom object "${name}" must return { weights, call }`;
      throw new TypeError(cannot(reading, rule, layer, hint));
    }
    const action = `call layer "${config.name}"`;
    return {
      ...layer,
      call<T>(ops: Ops<T>, ...rest: never[]) {
        const rule = `custom layer "${name}" must return a list of tensors`;
        const call = layer.call.bind(layer) as unknown as (
          ops: Ops<T>,
          ...rest: never[]
        ) => unknown;
        const outputs = call(customOps(ops), ...rest);
        if (!Array.isArray(outputs) || outputs.length === 0) {
          throw new TypeError(cannot(action, rule, shownList(outputs)));
        }
        return tensorsOf(outputs, action, rule) as T[];
      },
    } as Layer;
  };
}

function called(
  factory: LayerFactory,
  config: LayerConfig,
  name: string,
  hint: string,
): unknown {
  try {
    return factory(config);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new TypeError(
      `Cannot read layer "${config.name}" as custom object "${name}" throws ` +
        `for its config: ${
          errorText(cause)
        }; it must return { weights, call }: ${hint}`,
      { cause },
    );
  }
}

/**
 * Checks the result of a custom function, and returns it as a list of tensors.
 *
 * @param result A tensor, or some.
 * @param action The action, for messages.
 * @param rule What it must return.
 * @param count Required number of tensors; default: any.
 * @returns The tensors.
 * @throws {TypeError} If one is not a tensor of the engine.
 */
export function tensorsOf(
  result: unknown,
  action: string,
  rule: string,
  count?: number,
): unknown[] {
  const list = Array.isArray(result) ? result : [result];
  const isRight = list.length > 0 && list.every(isTensor) &&
    (count === undefined || list.length === count);
  if (isRight) return list;
  const hint = "return what a member of ops gives, as ops.tanh(x)";
  throw new TypeError(cannot(action, rule, shownList(result), hint));
}

function isLayer(value: unknown): value is Layer {
  if (typeof value !== "object" || value === null) return false;
  const { weights, call } = value as Partial<Layer>;
  return typeof call === "function" && Array.isArray(weights) &&
    weights.every((name) => typeof name === "string");
}

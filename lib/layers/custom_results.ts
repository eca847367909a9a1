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
import {
  customOps,
  isTensorOf,
  knownWhenRead,
  shownList,
  twiceAtFirst,
} from "./custom_ops.ts";
import type {
  Activation,
  CallContext,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";

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
  return twiceAtFirst<Activation>((raw, x) => {
    const ops = customOps(raw, x);
    const [value] = tensorsOf(
      ops,
      activation(ops, x),
      `call custom function "${name}"`,
      "it must return one tensor for (ops, x)",
      1,
    );
    return value as typeof x;
  });
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
      const hint =
        "write (config) => ({ weights: [], call: (ops, [x]) => [x] })";
      throw new TypeError(cannot(reading, rule, found, hint));
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
      call: twiceAtFirst(<T>(
        raw: Ops<T>,
        inputs: readonly T[],
        weights: Readonly<Record<string, T>>,
        context: CallContext<T>,
      ) => {
        const ops = customOps(raw, inputs, weights);
        const known = knownContext(ops, context);
        const outputs: unknown = layer.call(ops, inputs, weights, known);
        const rule = `custom layer "${name}" must return a list of tensors`;
        if (Array.isArray(outputs)) {
          return tensorsOf(ops, outputs, action, rule) as T[];
        }
        const hint = isTensorOf(ops, outputs)
          ? "return it in a list, as [x]"
          : hintForResult(outputs);
        const shown = shownList(ops, outputs);
        throw new TypeError(cannot(action, rule, shown, hint));
      }),
      ...layer.masks === undefined ? {} : { masks: checkedMasks(layer, name) },
    };
  };
}

/**
 * A context whose tensors are known to the operations. Keras 3 stores the mask
 * of the input as an argument, which is read as either.
 */
function knownContext<T>(
  ops: Ops<T>,
  context: CallContext<T>,
): CallContext<T> {
  const { args, masks, argMasks } = context;
  customOps(ops, masks, argMasks);
  const known = { ...context, args: knownWhenRead(ops, args) };
  if (!Object.hasOwn(args, "mask")) return known;
  const all = [...masks];
  const get = () => known.args.mask as T | undefined ?? masks[0];
  Object.defineProperty(all, 0, { get, enumerable: true });
  return { ...known, masks: all };
}

/** Masks of a custom layer: one for each output that has one. */
function checkedMasks(
  layer: Layer,
  name: string,
): NonNullable<Layer["masks"]> {
  return <T>(
    raw: Ops<T>,
    inputs: readonly T[],
    context: CallContext<T>,
  ) => {
    const ops = customOps(raw, inputs);
    const known = knownContext(ops, context);
    const masks: unknown = layer.masks!(ops, inputs, known);
    const isRight = Array.isArray(masks) &&
      masks.every((mask) => mask === undefined || isTensorOf(ops, mask));
    if (isRight) return masks as (T | undefined)[];
    const rule =
      `masks of custom layer "${name}" must return a list of tensors or undefined`;
    const hint = "return [undefined] for no mask";
    throw new TypeError(
      cannot("compute masks", rule, shownList(ops, masks), hint),
    );
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
 * @param ops The operations that it was called with.
 * @param result A tensor, or some.
 * @param action The action, for messages.
 * @param rule What it must return.
 * @param count Required number of tensors; default: any.
 * @returns The tensors.
 * @throws {TypeError} If one is not a tensor of the call.
 */
export function tensorsOf(
  ops: object,
  result: unknown,
  action: string,
  rule: string,
  count?: number,
): unknown[] {
  const list = Array.isArray(result) ? result : [result];
  const areTensors = list.length > 0 &&
    list.every((item) => isTensorOf(ops, item));
  const isRight = count === undefined || list.length === count;
  if (areTensors && isRight) return list;
  const hint = areTensors ? "return one of them" : hintForResult(result);
  throw new TypeError(cannot(action, rule, shownList(ops, result), hint));
}

/** What to return instead of a value that is no tensor of the call. */
function hintForResult(result: unknown): string {
  if (result instanceof Promise) {
    return "write the function without async, as ops compute at once";
  }
  return "return what a member of ops gives, as ops.tanh(x)";
}

function isLayer(value: unknown): value is Layer {
  if (typeof value !== "object" || value === null) return false;
  const { weights, call } = value as Partial<Layer>;
  return typeof call === "function" && Array.isArray(weights) &&
    weights.every((name) => typeof name === "string");
}

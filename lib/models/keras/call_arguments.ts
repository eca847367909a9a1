/**
 * The call arguments of layers and nested models.
 *
 * @module
 */
import { cannot, quote } from "../../check.ts";
import { isWrittenArray } from "../../layers/constant_values.ts";
import type { Dialect } from "../../layers/layer.ts";
import type { CallArgument } from "../graph/graph.ts";
import type {
  CallSpec,
  ModelSpec,
  StoredArgument,
  TensorId,
} from "./keras_topology.ts";
import { sortedKeys } from "./records.ts";

/**
 * Finds the first positional value that cannot be dropped: one that is set, or
 * one that is not set but has a tensor after it. Layers receive their tensors
 * as a list, so dropping it would shift the following tensors.
 *
 * @param positional The arguments of a call; lists are flattened.
 * @returns The value; undefined if there is none.
 */
export function valueByPosition(
  positional: readonly StoredArgument[],
): { readonly value: unknown } | undefined {
  const row = positional.flatMap(flat);
  const last = row.findLastIndex(isTensor);
  const found = row.find((argument, i) =>
    "value" in argument && !isTensor(argument) &&
    (i < last || !isOff(argument.value))
  );
  return found as { readonly value: unknown } | undefined;
}

/** A tensor of the graph, or an array in the file. */
function isTensor(argument: StoredArgument): boolean {
  return "tensor" in argument ||
    "value" in argument && isWrittenArray(argument.value);
}

function flat(argument: StoredArgument): StoredArgument[] {
  if ("record" in argument) return Object.values(argument.record).flatMap(flat);
  return "list" in argument ? argument.list.flatMap(flat) : [argument];
}

function isOff(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return value === null || value === undefined || value === false;
  }
  return Object.values(value).every(isOff);
}

/**
 * The tensors that a nested model is called on, in the order of its inputs:
 * records by key, other arguments by position.
 *
 * @param model The nested model.
 * @param call The call.
 * @returns The tensors, or the rule that the call violates.
 */
export function modelFeeds(
  { inputs }: ModelSpec,
  { positional, named }: CallSpec,
): readonly TensorId[] | { readonly rule: string; readonly value: unknown } {
  // Keras 3 writes the mask of the inputs, which is implicit here.
  const { inputs: byName, training: _training, mask: _mask, ...others } = named;
  const structures = byName === undefined ? positional : [byName];
  const surplus = Object.keys(others).filter((key) =>
    !isOffArgument(others[key]!)
  );
  if (surplus.length > 0) {
    return { rule: "must be called on its inputs alone", value: surplus };
  }
  const found = structures.flatMap((structure) => [...leaves(structure, [])]);
  if (!structures.some(holdsRecord)) {
    return found.length === inputs.length
      ? found.map(({ tensor }) => tensor)
      : {
        rule: `must be called on ${inputs.length} tensors`,
        value: found.length,
      };
  }
  const names = inputs.map(({ name, tensor }) => name ?? tensor.layer);
  const byPath = new Map(found.map(({ path, tensor }) => [path, tensor]));
  const fits = byPath.size === names.length &&
    names.every((name) => byPath.has(name));
  return fits ? names.map((name) => byPath.get(name)!) : {
    rule: `must be called on a record of ${names.map(quote).join(", ")}`,
    value: [...byPath.keys()],
  };
}

function* leaves(
  argument: StoredArgument,
  path: readonly string[],
): Generator<{ path: string; tensor: TensorId }> {
  if ("tensor" in argument) {
    yield { path: path.join("/"), tensor: argument.tensor };
  } else if ("list" in argument) {
    const { list } = argument;
    for (const [i, inner] of list.entries()) {
      yield* leaves(inner, list.length === 1 ? path : [...path, String(i)]);
    }
  } else if ("record" in argument) {
    for (const key of sortedKeys(argument.record)) {
      yield* leaves(argument.record[key]!, [...path, key]);
    }
  }
}

function holdsRecord(argument: StoredArgument): boolean {
  return "record" in argument ||
    "list" in argument && argument.list.some(holdsRecord);
}

/** Whether an argument is not set: null, false, or a list of only these. */
export function isOffArgument(argument: StoredArgument): boolean {
  return "value" in argument && isOff(argument.value);
}

/**
 * Keyword arguments of a layer's call, without those that are not set.
 *
 * @param name The layer, for messages.
 * @param named The arguments, with tensors as input indices.
 * @param dialect The writer of the call.
 * @returns The arguments; those of a list are named `key[0]`, `key[1]`, …
 * @throws {TypeError} If one is neither a tensor nor a plain value.
 */
export function callArguments(
  name: string,
  named: Readonly<Record<string, unknown>>,
  dialect: Dialect,
): Record<string, CallArgument> {
  const args: Record<string, CallArgument> = {};
  for (const [key, value] of Object.entries(named)) {
    if (value === null || value === undefined || value === false) continue;
    if (isWrittenArray(value)) continue; // `withConstantArguments` adds it
    if (isInput(value)) args[key] = value;
    else if (Array.isArray(value) && value.every(isInput)) {
      value.forEach((inner, i) => args[`${key}[${i}]`] = inner);
    } else if (key === "training") {
      checkTraining(name, dialect);
    } else if (/^(number|boolean|string)$/.test(typeof value)) {
      args[key] = { value: value as number | boolean | string };
    } else {
      const rule = `argument "${key}" must be a tensor, a number or text`;
      throw new TypeError(cannot(`call layer "${name}"`, rule, value));
    }
  }
  return args;
}

const WITHOUT_IT = "save a copy without it in Python: " +
  `copy = tf_keras.models.model_from_json(model.to_json().replace('"training": true', '"training": false')); ` +
  'copy.set_weights(model.get_weights()); copy.save("model.keras")';

/**
 * Refuses a call with `training=True` if it changes results: Keras 3 overrides
 * the argument in `predict`, Keras 2 does not.
 *
 * @param name The layer, for messages.
 * @param dialect The writer of the call.
 * @throws {TypeError} If the writer is not Keras 3.
 */
export function checkTraining(name: string, dialect: Dialect): void {
  if (dialect === 3) return;
  const rule = "it must not be called with training=True";
  throw new TypeError(cannot(`call layer "${name}"`, rule, true, WITHOUT_IT));
}

/**
 * Whether an argument is a tensor, as an input index.
 *
 * @param value Any argument.
 * @returns True for `{ input }`.
 */
export function isInput(value: unknown): value is { input: number } {
  return typeof value === "object" && value !== null && "input" in value;
}

/**
 * Whether the arguments of a call contain other values than tensors.
 *
 * @param value Nested arguments.
 * @returns True if they contain a number, a string or an array of the file.
 */
export function holdsValue(value: unknown): boolean {
  if (isInput(value) || value === null || value === undefined) return false;
  if (isWrittenArray(value) || typeof value !== "object") return true;
  return Object.values(value).some(holdsValue);
}

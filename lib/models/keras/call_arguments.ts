/**
 * What a layer is called with by position.
 *
 * A layer takes its tensors in a row, so a value between them has no place: to
 * drop it would change what it means, or where the tensors after it stand.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { isWrittenArray } from "../../layers/constant_values.ts";
import type {
  Argument,
  CallSpec,
  ModelSpec,
  TensorId,
} from "./keras_topology.ts";
import { sortedKeys } from "./keras_topology.ts";

/**
 * The first value by position that a row of tensors cannot stand for: one that
 * is on, or one that is off with a tensor after it.
 *
 * @param positional The arguments of a call; lists count as what is in them.
 * @returns The value; undefined where there is none.
 */
export function valueByPosition(
  positional: readonly Argument[],
): { readonly value: unknown } | undefined {
  const row = positional.flatMap(flat);
  const last = row.findLastIndex(isTensor);
  const found = row.find((argument, i) =>
    "value" in argument && !isTensor(argument) &&
    (i < last || !isOff(argument.value))
  );
  return found as { readonly value: unknown } | undefined;
}

/** A tensor of the graph, or an array that the file holds. */
function isTensor(argument: Argument): boolean {
  return "tensor" in argument ||
    "value" in argument && isWrittenArray(argument.value);
}

function flat(argument: Argument): Argument[] {
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
 * The tensors that a nested model is called on, in the order of its inputs: a
 * record goes by its keys, anything else by position.
 *
 * @param model The nested model.
 * @param call The call.
 * @returns The tensors; or the rule that the call breaks.
 */
export function modelFeeds(
  { inputs }: ModelSpec,
  { positional, named }: CallSpec,
): readonly TensorId[] | { readonly rule: string; readonly value: unknown } {
  // Keras 3 writes the mask of the inputs, which comes with them here.
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
  argument: Argument,
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

function holdsRecord(argument: Argument): boolean {
  return "record" in argument ||
    "list" in argument && argument.list.some(holdsRecord);
}

/** Whether an argument says no more than none: null, false, or all in it is. */
export function isOffArgument(argument: Argument): boolean {
  return "value" in argument && isOff(argument.value);
}

/**
 * Readers of keyword arguments of calls.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { wrongCall } from "./_checks.ts";
import type { CallContext } from "./layer.ts";

/**
 * Reads a tensor argument.
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @param key The argument.
 * @returns The tensor, or undefined if it was not passed.
 * @throws {TypeError} If it is a plain value.
 */
export function tensorArgument<T>(
  name: string,
  { args }: CallContext<T>,
  key: string,
): T | undefined {
  const value = args[key];
  if (value === undefined) return undefined;
  if (!/^(number|boolean|string)$/.test(typeof value)) return value as T;
  throw wrongCall(name, `"${key}" must be a tensor`, value);
}

/**
 * Reads the arguments of a list, `key[0]`, `key[1]`, …
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @param key The argument.
 * @param count The number of entries.
 * @returns The tensors that were passed.
 * @throws {TypeError} If one is a plain value.
 */
export function listArgument<T>(
  name: string,
  context: CallContext<T>,
  key: string,
  count: number,
): T[] {
  return Array.from({ length: count }, (_, i) => `${key}[${i}]`)
    .map((entry) => tensorArgument(name, context, entry))
    .filter((entry) => entry !== undefined);
}

/**
 * The mask of a call: the argument, or else that of the first input.
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @returns The mask, or undefined if there is none.
 * @throws {TypeError} If the argument is a plain value.
 */
export function maskArgument<T>(
  name: string,
  context: CallContext<T>,
): T | undefined {
  return tensorArgument(name, context, "mask") ?? context.masks[0];
}

/**
 * Reads a boolean argument.
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @param key The argument.
 * @returns Its value; false if it was not passed.
 * @throws {TypeError} If it is not a boolean.
 */
export function flagArgument<T>(
  name: string,
  { args }: CallContext<T>,
  key: string,
): boolean {
  const value = args[key] ?? false;
  if (typeof value === "boolean") return value;
  throw wrongCall(name, `"${key}" must be true or false`, value);
}

/**
 * Converts a mask to booleans; numbers other than 0 are true.
 *
 * @param ops The engine's operations.
 * @param mask A mask of any type.
 * @returns The mask.
 */
export function asBooleans<T>(ops: Ops<T>, mask: T): T {
  if (ops.dtype(mask) === "bool") return mask;
  return ops.logicalNot(ops.equal(ops.float(mask), ops.constant(0)));
}

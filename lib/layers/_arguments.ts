/**
 * Keyword arguments of calls, read with their type.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { CallContext } from "./layer.ts";

/**
 * A tensor among the keyword arguments.
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @param key The argument.
 * @returns The tensor, or undefined where it was not given.
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
  throw new TypeError(
    cannot(`call layer "${name}"`, `"${key}" must be a tensor`, value),
  );
}

/**
 * A switch among the keyword arguments.
 *
 * @param name The layer, for messages.
 * @param context The call.
 * @param key The argument.
 * @returns Whether it is on; off where it was not given.
 * @throws {TypeError} If it is no boolean.
 */
export function flagArgument<T>(
  name: string,
  { args }: CallContext<T>,
  key: string,
): boolean {
  const value = args[key] ?? false;
  if (typeof value === "boolean") return value;
  throw new TypeError(
    cannot(`call layer "${name}"`, `"${key}" must be true or false`, value),
  );
}

/**
 * A mask as booleans; numbers count where they are not 0.
 *
 * @param ops The engine's operations.
 * @param mask A mask of any type.
 * @returns The mask.
 */
export function asBooleans<T>(ops: Ops<T>, mask: T): T {
  if (ops.dtype(mask) === "bool") return mask;
  return ops.logicalNot(ops.equal(ops.float(mask), ops.constant(0)));
}

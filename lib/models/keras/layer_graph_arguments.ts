/**
 * What a layer is called with by position.
 *
 * A layer takes its tensors in a row, so a value between them has no place: to
 * drop it would change what it means, or where the tensors after it stand.
 *
 * @module
 */
import type { Argument } from "./keras_topology.ts";

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
  const last = row.findLastIndex((argument) => "tensor" in argument);
  const found = row.find((argument, i) =>
    "value" in argument && (i < last || !isOff(argument.value))
  );
  return found as { readonly value: unknown } | undefined;
}

function flat(argument: Argument): Argument[] {
  return "list" in argument ? argument.list.flatMap(flat) : [argument];
}

function isOff(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return value === null || value === undefined || value === false;
  }
  return Object.keys(value).length === 0;
}

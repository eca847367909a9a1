/**
 * Element types of results: whatever is joined takes the type that holds both,
 * in the order bool, int32, float32. There are no weak types: a number given as
 * such is a float32.
 *
 * Booleans that are computed with count as int32.
 *
 * @module
 */
import type { OpsType } from "./ops.ts";

const ORDER: readonly OpsType[] = ["bool", "int32", "float32"];

/**
 * The type that holds values of all these types.
 *
 * @param types One type or more.
 * @returns The widest of them.
 */
export function promoted(...types: readonly OpsType[]): OpsType {
  return ORDER[Math.max(...types.map((type) => ORDER.indexOf(type)))]!;
}

/**
 * The type in which values of these types are computed with.
 *
 * @param types One type or more.
 * @returns The widest of them, int32 at the least.
 */
export function arithmetic(...types: readonly OpsType[]): OpsType {
  return promoted("int32", ...types);
}

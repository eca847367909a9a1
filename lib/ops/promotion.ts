/**
 * Type promotion: the result of two types is the wider one, in the order bool,
 * int32, float32. There are no weak types: a plain number is a float32.
 *
 * In arithmetic, booleans count as int32.
 *
 * @module
 */
import type { OpsType } from "./ops.ts";

const ORDER: readonly OpsType[] = ["bool", "int32", "float32"];

/**
 * The widest of some types.
 *
 * @param types One or more types.
 * @returns The widest of them.
 */
export function promoted(...types: readonly OpsType[]): OpsType {
  return ORDER[Math.max(...types.map((type) => ORDER.indexOf(type)))]!;
}

/**
 * The type for arithmetic with values of these types.
 *
 * @param types One or more types.
 * @returns The widest of them, at least int32.
 */
export function arithmetic(...types: readonly OpsType[]): OpsType {
  return promoted("int32", ...types);
}

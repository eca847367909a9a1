import type { OpsType } from "../../../ops/ops.ts";
import { type OnnxGraph, type OnnxType, TYPE_NUMBERS } from "./onnx_graph.ts";

/** A value of a graph that is being recorded. */
export interface OnnxValue {
  /** Its name in the graph. */
  readonly name: string;
  /** Sizes; null if unknown before the run. */
  readonly shape: readonly (number | null)[];
  /** Element type. */
  readonly dtype: OpsType;
  /** Its value, if it is a constant number. */
  readonly number?: number;
}

/**
 * The type in which a value is fed to a graph, and the type of the computation,
 * by its element type.
 */
export const FEED_TYPES: Readonly<Record<string, [OnnxType, OpsType]>> = {
  float32: ["float32", "float32"],
  float64: ["float64", "float32"],
  int32: ["int32", "int32"],
  int64: ["int64", "int32"],
  uint8: ["uint8", "int32"],
  bool: ["bool", "bool"],
};

/** Creates a value. */
export function named(
  name: string,
  { shape, dtype }: Pick<OnnxValue, "shape" | "dtype">,
): OnnxValue {
  return { name, shape, dtype };
}

/**
 * Casts a value to an element type.
 *
 * @param graph The graph to record in.
 * @param name The value's name.
 * @param type The element type.
 * @returns The name of the value in that type.
 */
export function castTo(
  graph: OnnxGraph,
  name: string,
  type: OnnxType,
): string {
  return graph.node("Cast", [name], { to: TYPE_NUMBERS[type] });
}

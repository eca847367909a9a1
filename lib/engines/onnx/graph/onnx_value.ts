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

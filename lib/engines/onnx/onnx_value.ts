import type { OpsType } from "../../ops/ops.ts";
import type { OnnxGraph, OnnxType } from "./onnx_graph.ts";

/** A value of a graph that is being recorded. */
export interface OnnxValue {
  /** Its name in the graph. */
  readonly name: string;
  /** Sizes; null where they are not known before the run. */
  readonly shape: readonly (number | null)[];
  /** Element type. */
  readonly dtype: OpsType;
  /** Its value, where it is a constant number. */
  readonly number?: number;
}

/** A value under its name. */
export function named(
  name: string,
  { shape, dtype }: Pick<OnnxValue, "shape" | "dtype">,
): OnnxValue {
  return { name, shape, dtype };
}

/** Numbers of the element types, as `Cast` takes them. */
const CAST_TO: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/**
 * A value in another element type.
 *
 * @param graph Where to record it.
 * @param name The value's name.
 * @param type The type wanted.
 * @returns The name of the value in that type.
 */
export function castTo(
  graph: OnnxGraph,
  name: string,
  type: OnnxType,
): string {
  return graph.node("Cast", [name], { to: CAST_TO[type] });
}

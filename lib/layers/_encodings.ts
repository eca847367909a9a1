import type { Ops } from "../ops/ops.ts";
import { wrongOption } from "./_checks.ts";
import type { LayerConfig } from "./layer.ts";

/**
 * Encodes integers as one-hot rows, or as the maximum or sum of these rows over
 * axis 1.
 *
 * @param ops The engine's operations.
 * @param x The integers; one that is out of range gives a row of zeros.
 * @param size Number of classes.
 * @param mode The encoding.
 * @param config The layer's config, for messages.
 * @returns The rows.
 */
export function encoded<T>(
  ops: Ops<T>,
  x: T,
  size: number,
  mode: "multi_hot" | "binary" | "one_hot" | "count",
  config: LayerConfig,
): T {
  const shape = ops.shape(x);
  if (mode === "one_hot") {
    const isColumn = shape.length > 1 && shape.at(-1) === 1;
    return ops.oneHot(isColumn ? ops.squeeze(x, shape.length - 1) : x, size);
  }
  if (shape.length < 2) {
    throw wrongOption(config, "output_mode", 'be "one_hot" for inputs [N]');
  }
  const rows = ops.oneHot(x, size);
  return mode === "count"
    ? ops.sum(rows, { axis: 1 })
    : ops.max(rows, { axis: 1 });
}

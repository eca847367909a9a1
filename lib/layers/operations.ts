/**
 * Raw operations that stand as nodes in functional models: `x * 2`,
 * `ops.relu(x)`, `x[:, 0]`. Keras 3 names them by class (`Multiply`), Keras 2
 * by function (`tf.math.multiply`).
 *
 * @module
 */
import type { LayerFactory } from "./layer.ts";

/** Factories by name. */
export const OPERATIONS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({});

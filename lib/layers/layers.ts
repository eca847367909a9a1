/**
 * The layers of Keras that we know, by class name: one frozen table, a family
 * a file.
 *
 * @module
 */
import { ACTIVATION_LAYERS } from "./activation_layers.ts";
import { CORE_LAYERS } from "./core.ts";
import type { LayerFactory } from "./layer.ts";

/** Factories by class name. */
export const LAYERS: Readonly<Record<string, LayerFactory>> = Object.freeze({
  ...ACTIVATION_LAYERS,
  ...CORE_LAYERS,
});

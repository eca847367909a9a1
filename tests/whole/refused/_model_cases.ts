import { dense, type Json, layer } from "../../support/keras_spec.ts";
import {
  type Bytes,
  DENSE_WEIGHTS,
  type Files,
  kerasOf,
  LISTED,
  modelJsonOf,
  modelOf,
  on,
} from "../../support/model_files.ts";
import type { OpenedCase, RefusedCase } from "./_input.ts";

/** The model's input, where models list it. */
export const X = ["x", 0, 0];

/** A model as `.keras`, and the same as `model.json`. */
export function both(
  what: string,
  config: Json,
  ...says: string[]
): RefusedCase[] {
  const hasDense = JSON.stringify(config).includes('"Dense"');
  const weights = hasDense ? DENSE_WEIGHTS : {};
  const [listed, bytes] = hasDense ? [LISTED, 24] as const : [[], 0] as const;
  return [
    { what, file: () => kerasOf(config, weights), says },
    {
      what: `${what}, in model.json`,
      name: "model.json",
      file: () => modelJsonOf(config, listed, ["weights.bin"], bytes),
      says,
    },
  ];
}

/** A layer on the model's input. */
export function one(className: string, config: Json = {}, name = "l"): Json {
  return modelOf(layer(name, className, config, on("x")));
}

/** The model of one Dense layer with other options. */
export function denseWith(options: Json): Json {
  const json = dense("d", 2, on("x"));
  return modelOf({ ...json, config: { ...json.config as Json, ...options } });
}

/** A file that opens. */
export function opened(what: string, file: () => Bytes | Files): OpenedCase {
  return { what, file };
}

import { checkInteger, checkOptions } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { MOST_JSON } from "../../formats/loose_json.ts";

/**
 * Limits for the size of a model: a few bytes can describe a model that fills
 * all memory.
 *
 * @category Models
 */
export interface ModelLimits {
  /**
   * Number of layers or operations, including those of nested models and
   * functions for each call.
   *
   * @default {100_000}
   */
  readonly nodes?: number;
  /**
   * Nesting depth of models, graphs and functions.
   *
   * @default {64}
   */
  readonly nesting?: number;
  /**
   * Size of a tensor for one sample, in bytes.
   *
   * @default {2_147_483_648}
   */
  readonly tensorBytes?: number;
  /**
   * Size of the description of a Keras model, in bytes. It holds the values of
   * constant initializers, such as those of an Embedding. A `model.json` is one
   * as a whole; its default is four times as large.
   *
   * @default {16_777_216}
   */
  readonly configBytes?: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Required<ModelLimits> = Object.freeze({
  nodes: 100_000,
  nesting: 64,
  tensorBytes: 2 ** 31,
  configBytes: MOST_JSON,
});

const ACTION = "set limits";

/**
 * Checks limits, and sets defaults.
 *
 * @param limits The caller's limits.
 * @returns All limits.
 * @throws {TypeError} If a limit is unknown.
 * @throws {RangeError} If one is not a positive integer.
 */
export function checkLimits(limits: ModelLimits = {}): Required<ModelLimits> {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof ModelLimits)[];
  checkOptions(limits, ACTION, names);
  const all: Record<keyof ModelLimits, number> = { ...DEFAULT_LIMITS };
  for (const name of names) {
    all[name] = checkInteger(limits[name] ?? all[name], ACTION, name);
  }
  return Object.freeze(all);
}

/**
 * Creates the error for a model that exceeds a limit.
 *
 * @param source The file.
 * @param limit The limit, and its value.
 * @param what What exceeds it.
 * @returns The error.
 */
export function beyondLimit(
  source: string,
  [name, value]: readonly [
    name: Exclude<keyof ModelLimits, "configBytes">,
    value: number,
  ],
  what: string,
): ModelFormatError {
  const rule = {
    nodes: `it must become at most ${value} nodes`,
    nesting: `it must nest at most ${value} deep`,
    tensorBytes: `its tensors must have at most ${value} bytes for a sample`,
  }[name];
  return new ModelFormatError(
    source,
    `${rule}: current value is more, by ${what}; if you trust it, pass limits: { ${name}: … }`,
  );
}

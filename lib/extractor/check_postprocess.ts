import {
  cannot,
  checkAwaited,
  isPlainObject,
  nearestNames,
  quote,
} from "../check.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import { flatten } from "../postprocess/flatten.ts";
import { gramStatistics } from "../postprocess/gram_statistics.ts";
import { half } from "../postprocess/half.ts";
import { normalize } from "../postprocess/normalize.ts";
import { pool } from "../postprocess/pool.ts";
import { isBuiltInStep } from "../postprocess/step.ts";
import type { Postprocess } from "../types.ts";
import { featureNames } from "./feature_targets.ts";
import type { PostprocessSteps } from "./settings.ts";

const ACTION = "set postprocess";

/** The functions that make built-in steps. */
export const FACTORIES: readonly { readonly name: string }[] = [
  ...[pool, flatten, normalize, half, gramStatistics],
];

/**
 * Checks and copies postprocessing steps.
 *
 * @param steps The steps, or one record of steps by layer.
 * @param layers The selected layers.
 * @returns The steps in the form of the settings, frozen.
 * @throws {TypeError} If a step is invalid, or a layer of a record is not
 * selected.
 */
export function checkPostprocess(
  steps: readonly unknown[],
  layers: readonly GraphNode[],
): PostprocessSteps {
  const [first] = steps;
  checkAwaited(first, ACTION, "a step");
  // Entries of other objects would be ignored silently.
  const isByLayer = isPlainObject(first) && !isBuiltInStep(first);
  if (steps.length !== 1 || !isByLayer) {
    const postprocess = Object.freeze(steps.map(checkStep));
    return { postprocess, postprocessByName: undefined };
  }
  const byLayer = new Map<string, readonly Postprocess[]>();
  for (const [name, value] of Object.entries(first)) {
    byLayer.set(name, Object.freeze([value].flat().map(checkStep)));
  }
  const checked = { postprocess: [], postprocessByName: byLayer };
  checkStepNames(checked, layers, ACTION);
  return checked;
}

/**
 * Checks that steps by layer belong to selected layers: other steps would never
 * run.
 *
 * @param steps The settings of postprocessing.
 * @param layers The selected layers.
 * @param action The action, for messages.
 * @throws {TypeError} If steps belong to another layer.
 */
export function checkStepNames(
  { postprocessByName }: PostprocessSteps,
  layers: readonly GraphNode[],
  action: string,
): void {
  if (postprocessByName === undefined) return;
  const known = new Set(
    layers.flatMap((node) => [node.row.name, ...featureNames(node)]),
  );
  for (const name of postprocessByName.keys()) {
    if (known.has(name)) continue;
    const near = nearestNames(name, [...known]).map((n) => `"${n}"`);
    const hint = known.size === 0
      ? "select it by .layers([…]) before"
      : near.length > 0
      ? `nearest names are ${near.join(", ")}`
      : action === ACTION
      ? `selected are ${[...known].slice(0, 8).map(quote).join(", ")}`
      : "call .postprocess() before, which removes the steps";
    const rule = "each layer of the record must be among the selected ones";
    throw new TypeError(cannot(action, rule, name, hint));
  }
}

function checkStep(step: unknown): Postprocess {
  checkAwaited(step, ACTION, "a step");
  const factory = FACTORIES.find((make) => make === step);
  const isCustom = typeof step === "function" && factory === undefined;
  if (isCustom || isBuiltInStep(step)) return step as Postprocess;
  const names = FACTORIES.map(({ name }) => `${name}()`);
  const rule = "a step must be a function, or come from " +
    `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  const hint = Array.isArray(step)
    ? "pass the steps one after another, not as an array"
    : factory !== undefined
    ? `call it, as in .postprocess(${
      factory === pool ? 'pool("mean")' : `${factory.name}()`
    })`
    : undefined;
  throw new TypeError(cannot(ACTION, rule, step, hint));
}

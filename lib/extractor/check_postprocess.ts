import { cannot, checkAwaited, nearestNames } from "../check.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import { isBuiltInStep } from "../postprocess/step.ts";
import type { Postprocess } from "../types.ts";
import { featureNames } from "./feature_targets.ts";
import type { Steps } from "./settings.ts";

const ACTION = "set postprocess";

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
): Steps {
  const [first] = steps;
  checkAwaited(first, ACTION, "a step");
  if (steps.length !== 1 || !isRecord(first)) {
    const postprocess = Object.freeze(steps.map(checkStep));
    return { postprocess, postprocessByName: undefined };
  }
  const byLayer = new Map<string, readonly Postprocess[]>();
  for (const [name, value] of Object.entries(first)) {
    byLayer.set(name, Object.freeze([value].flat().map(checkStep)));
  }
  const checked = { postprocess: [], postprocessByName: byLayer };
  checkNames(checked, layers, ACTION);
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
export function checkNames(
  { postprocessByName }: Steps,
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
      : near.length === 0
      ? "call .postprocess() before, which removes the steps"
      : `nearest names are ${near.join(", ")}`;
    const rule = "each layer of the record must be among the selected ones";
    throw new TypeError(cannot(action, rule, name, hint));
  }
}

/**
 * Whether a value is a plain object: entries of other objects would be ignored
 * silently.
 */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  return !isBuiltInStep(value as Postprocess) &&
    (parent === null || parent === Object.prototype);
}

function checkStep(step: unknown): Postprocess {
  checkAwaited(step, ACTION, "a step");
  const isStep = typeof step === "function" ||
    (typeof step === "object" && step !== null &&
      isBuiltInStep(step as Postprocess));
  if (isStep) return step as Postprocess;
  const rule = "a step must be a function, or come from pool(), flatten(), " +
    "normalize(), half() or gramStatistics()";
  const hint = Array.isArray(step)
    ? "pass the steps one after another, not as an array"
    : undefined;
  throw new TypeError(cannot(ACTION, rule, step, hint));
}

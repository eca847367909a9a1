import { cannot, checkAwaited, nearestNames } from "../check.ts";
import { isGivenStep } from "../postprocess/step.ts";
import type { Postprocess } from "../types.ts";
import type { Settings } from "./settings.ts";

const ACTION = "set postprocess";

/**
 * Checks postprocessings and copies them.
 *
 * @param steps What came: steps, or one record of steps by layer.
 * @param layers Names of the layers that are asked for.
 * @returns The steps as settings hold them, frozen.
 * @throws {TypeError} If a step is none, or a layer of a record was not asked for.
 */
export function checkPostprocess(
  steps: readonly unknown[],
  layers: readonly string[],
): Settings["postprocess"] {
  const [first] = steps;
  checkAwaited(first, ACTION, "a step");
  const isRecord = steps.length === 1 && typeof first === "object" &&
    first !== null && !isGivenStep(first as Postprocess);
  if (!isRecord) return Object.freeze(steps.map(checkStep));
  const byLayer = new Map<string, readonly Postprocess[]>();
  for (const [name, value] of Object.entries(first)) {
    if (!layers.includes(name)) {
      const near = nearestNames(name, layers).map((n) => `"${n}"`).join(", ");
      throw new TypeError(
        cannot(
          ACTION,
          "each layer of the record must be among those asked for",
          name,
          near === ""
            ? "call .layers([…]) before"
            : `nearest names are ${near}`,
        ),
      );
    }
    byLayer.set(name, Object.freeze([value].flat().map(checkStep)));
  }
  return byLayer;
}

function checkStep(step: unknown): Postprocess {
  const isStep = typeof step === "function" ||
    (typeof step === "object" && step !== null &&
      isGivenStep(step as Postprocess));
  if (isStep) return step as Postprocess;
  throw new TypeError(
    cannot(
      ACTION,
      "a step must be a function, or come from pool(), flatten(), normalize(), half() or gramStatistics()",
      step,
    ),
  );
}

import type * as tf from "@tensorflow/tfjs";
import { cannot } from "../../check.ts";
import { errorText } from "../../errors.ts";
import type { FeatureTarget } from "../program.ts";

/**
 * Runs the custom postprocessing functions of one feature, and checks their
 * results. Must be called inside `tf.tidy`.
 *
 * @param feature The feature after the built-in steps.
 * @param target The feature's layer and steps.
 * @returns The last result; the feature itself if there are no steps.
 * @throws {Error} If a step throws; its error is the cause.
 * @throws {TypeError} If a step does not return a tensor, or changes the number
 * of rows.
 */
export function customSteps(
  feature: tf.Tensor,
  { custom, name }: Pick<FeatureTarget, "custom" | "name">,
): tf.Tensor {
  const rows = feature.shape[0];
  return custom.reduce((value, step) => {
    const result = called(step, value, name);
    if (isTensor(result) && result.rank > 0 && result.shape[0] === rows) {
      return result;
    }
    const isPromise = result instanceof Promise;
    if (isPromise) result.catch(() => {}); // reported by the error below
    throw new TypeError(
      cannot(
        `postprocess layer "${name}"`,
        `${nameOf(step)} must return a tensor of ${rows} rows`,
        isTensor(result) ? result.shape : result,
        isPromise ? "make it synchronous" : undefined,
      ),
    );
  }, feature);
}

type CustomStep = FeatureTarget["custom"][number];

function called(step: CustomStep, value: tf.Tensor, layer: string): unknown {
  try {
    return step(value.clone()); // a step may dispose of its input
  } catch (cause) {
    const text = errorText(cause);
    throw new Error(
      `Cannot postprocess layer "${layer}" as ${nameOf(step)} throws: ${text}`,
      { cause },
    );
  }
}

function isTensor(value: unknown): value is tf.Tensor {
  return typeof value === "object" && value !== null && "dataId" in value &&
    "isDisposed" in value && value.isDisposed === false;
}

function nameOf({ name }: CustomStep): string {
  return name === "" ? "its function" : `"${name}"`;
}

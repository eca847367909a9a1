/**
 * Given postprocessings: a feature to a smaller feature, over
 * {@linkcode Ops}, so that every engine runs them and a large map never leaves
 * it.
 *
 * A step sees only what it must: the value, where the channels of a map stand,
 * and the layer's name for its messages.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { BuiltInPostprocess, FeatureSpec, Postprocess } from "../types.ts";

/** What a step is told of the feature that it gets. */
export interface StepContext {
  /** The layer's name. */
  readonly layer: string;
  /** Where the channels of the feature stand, where that is known. */
  readonly channels: "first" | "last" | undefined;
}

/** A step that every engine can run. */
export interface BuiltInStep extends BuiltInPostprocess {
  /** What it leaves; undefined where it leaves the form as it was. */
  readonly form?: FeatureSpec["form"];
  /** Element type in which the feature is read back. */
  readonly readAs?: "float16";
  /** Whether the channels stand where they stood. */
  readonly keepsChannels: boolean;
  /** Computes it. */
  apply<T>(ops: Ops<T>, feature: T, context: StepContext): T;
}

const given = new WeakSet<object>();

/**
 * Makes a step known as one of ours, frozen.
 *
 * @param step The step.
 * @returns The same step.
 */
export function builtInStep(step: BuiltInStep): BuiltInStep {
  given.add(step);
  return Object.freeze(step);
}

/**
 * Whether a postprocessing is one of ours, rather than a user's function.
 *
 * @param step Any postprocessing.
 * @returns Whether it was made by {@linkcode builtInStep}.
 */
export function isBuiltInStep(step: Postprocess): step is BuiltInStep {
  return given.has(step);
}

/**
 * Built-in postprocessing: a feature to a smaller feature, over
 * {@linkcode Ops}, so that every engine runs them and a large map never leaves
 * it.
 *
 * A step sees only what it must: the value, which axis of a feature map holds the channels,
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
  /** Which axis of the feature holds the channels, if known. */
  readonly channels: "first" | "last" | undefined;
}

/** A step that every engine can run. */
export interface BuiltInStep extends BuiltInPostprocess {
  /** What it leaves; undefined where it leaves the form as it was. */
  readonly form?: FeatureSpec["form"];
  /** Element type in which the feature is read back. */
  readonly readAs?: "float16";
  /** Whether the channels keep their axis. */
  readonly keepsChannels: boolean;
  /** Computes it. */
  apply<T>(ops: Ops<T>, feature: T, context: StepContext): T;
}

const builtIn = new WeakSet<object>();

/**
 * Makes a step known as built-in, and freezes it.
 *
 * @param step The step.
 * @returns The same step.
 */
export function builtInStep(step: BuiltInStep): BuiltInStep {
  builtIn.add(step);
  return Object.freeze(step);
}

/**
 * Whether a postprocessing is built-in, rather than a user's function.
 *
 * @param step Any postprocessing.
 * @returns Whether it was made by {@linkcode builtInStep}.
 */
export function isBuiltInStep(step: Postprocess): step is BuiltInStep {
  return builtIn.has(step);
}

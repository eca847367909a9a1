/**
 * Built-in postprocessing: a function from a feature to a smaller feature, over
 * {@linkcode Ops}, so that every engine can run it and large feature maps are
 * not read back.
 *
 * A step receives the value, the channel axis of a feature map, and the layer's
 * name for messages.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { BuiltInPostprocess, FeatureSpec } from "../types.ts";

/** Information for a step about its feature. */
export interface StepContext {
  /** The layer's name. */
  readonly layer: string;
  /** The channel axis of the feature, if known. */
  readonly channels: "first" | "last" | undefined;
}

/** A step that every engine can run. */
export interface BuiltInStep extends BuiltInPostprocess {
  /** The form of its result; undefined if unchanged. */
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
 * Marks a step as built-in, and freezes it.
 *
 * @param step The step.
 * @returns The same step.
 */
export function builtInStep(step: BuiltInStep): BuiltInStep {
  builtIn.add(step);
  return Object.freeze(step);
}

/**
 * Whether a postprocessing is a built-in step, not a custom function.
 *
 * @param step Any value.
 * @returns Whether it was made by {@linkcode builtInStep}.
 */
export function isBuiltInStep(step: unknown): step is BuiltInStep {
  return builtIn.has(step as object);
}

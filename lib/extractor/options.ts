/**
 * Options of an extractor's settings.
 *
 * @module
 */
import type { RunOptions } from "../types.ts";

/** Settings of {@linkcode FeatureExtractor.perturb}. */
export interface PerturbOptions {
  /** Length of the step on each input value, in its unit. Finite and >= 0. */
  readonly epsilon: number;
  /** Softmax temperature `T`. Finite and > 0. @default {1} */
  readonly temperature?: number;
}

/** Settings of {@linkcode FeatureExtractor.engine}. */
export interface EngineOptions {
  /**
   * Where TF.js computes; with `"auto"`, it chooses TF.js.
   *
   * @default {what is fastest and right}
   */
  readonly backend?: "wasm" | "cpu" | "webgpu";
  /**
   * On how many threads the native engine computes.
   *
   * @default {as many as the process may use at once}
   */
  readonly threads?: number;
}

/** Settings of {@linkcode FeatureExtractor.fitReact}. */
export interface FitReactOptions extends RunOptions {
  /** Share of the activations below the threshold, in (0, 1). @default {0.9} */
  readonly quantile?: number;
}

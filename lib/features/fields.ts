/**
 * The data of a feature set, without methods.
 *
 * @module
 */
import type {
  FeatureArray,
  FeatureSource,
  FeatureSpec,
  LinearHead,
  NdArray,
  OutputActivation,
} from "../types.ts";

/** The typed arrays of features. */
export type FeatureData = Float32Array | Float16Array | Int32Array;

/** The fields of a {@linkcode FeatureSet}; undefined counts as absent. */
export interface FeatureSetFields {
  /** `L` arrays `[N, …]`. */
  readonly features: readonly FeatureArray[];
  /** Names of the `L` features. */
  readonly layerNames: readonly string[];
  /** Descriptions of the `L` features. */
  readonly specs: readonly FeatureSpec[];
  /** `[N, D]`, the input of the head. */
  readonly penultimate?: NdArray | undefined;
  /** `[N, C]`, before softmax or sigmoid. */
  readonly logits?: NdArray | undefined;
  /** `[N]`, class indices. */
  readonly labels?: NdArray<Int32Array> | undefined;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[] | undefined;
  /** `N` ids. */
  readonly ids: ArrayLike<string | number>;
  /** Weights of a linear head. */
  readonly head?: LinearHead | undefined;
  /** The activation after the logits in the model. */
  readonly activation?: OutputActivation | undefined;
  /** Indices of the rows whose inputs are not finite, ascending. */
  readonly nonFinite: ArrayLike<number>;
  /** The model and settings that made the arrays. */
  readonly source?: FeatureSource | undefined;
}

/**
 * The arrays for {@linkcode featureSet}: each is optional, but at least one is
 * required.
 *
 * @category Feature sets
 */
export interface FeatureSetArrays {
  /** One array `[N, …]` per layer; float32, float16 or int32. */
  readonly features?: readonly FeatureArray[] | undefined;
  /** One name per layer; default `"feature0"`, `"feature1"`, … */
  readonly layerNames?: readonly string[] | undefined;
  /** `[N, D]`, the input of the head. */
  readonly penultimate?: NdArray | undefined;
  /** `[N, C]`, before softmax or sigmoid. */
  readonly logits?: NdArray | undefined;
  /** `N` class indices. */
  readonly labels?: NdArray<Int32Array> | ArrayLike<number> | undefined;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[] | undefined;
  /** `N` ids; default: indices from 0. */
  readonly ids?: ArrayLike<string | number> | undefined;
  /** Weights of a linear head, `[D, C]` and `[C]`. */
  readonly head?: LinearHead | undefined;
  /** The activation after the logits in the model. */
  readonly activation?: OutputActivation | undefined;
  /** The model and settings that made the arrays. */
  readonly source?: FeatureSource | undefined;
}

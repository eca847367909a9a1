/**
 * What a feature set holds, without what it does.
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

/** The typed arrays that a feature may be kept in. */
export type FeatureData = Float32Array | Float16Array | Int32Array;

/** The fields of a {@linkcode FeatureSet}; undefined counts as absent. */
export interface FeatureSetFields {
  /** `L` arrays `[N, …]`. */
  readonly features: readonly FeatureArray[];
  /** Names of the `L` features. */
  readonly layerNames: readonly string[];
  /** What each of the `L` features is. */
  readonly specs: readonly FeatureSpec[];
  /** `[N, D]`, what feeds the head. */
  readonly penultimate?: NdArray | undefined;
  /** `[N, C]`, before softmax or sigmoid. */
  readonly logits?: NdArray | undefined;
  /** `[N]`, class indices. */
  readonly labels?: NdArray<Int32Array> | undefined;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[] | undefined;
  /** `N` identities. */
  readonly ids: ArrayLike<string | number>;
  /** Weights of a linear head. */
  readonly head?: LinearHead | undefined;
  /** What the logits go through in the model. */
  readonly activation?: OutputActivation | undefined;
  /** Rows whose inputs are not finite, ascending. */
  readonly nonFinite: ArrayLike<number>;
  /** What made the arrays. */
  readonly source?: FeatureSource | undefined;
}

/**
 * What {@linkcode featureSet} takes: every array is optional, but not all of them.
 *
 * @category Feature sets
 */
export interface FeatureSetArrays {
  /** One array `[N, …]` a layer; float32, float16 or int32. */
  readonly features?: readonly FeatureArray[] | undefined;
  /** One name a layer; default `"feature0"`, `"feature1"`, … */
  readonly layerNames?: readonly string[] | undefined;
  /** `[N, D]`, what feeds the head. */
  readonly penultimate?: NdArray | undefined;
  /** `[N, C]`, before softmax or sigmoid. */
  readonly logits?: NdArray | undefined;
  /** `N` class indices. */
  readonly labels?: NdArray<Int32Array> | ArrayLike<number> | undefined;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[] | undefined;
  /** `N` identities; default: positions from 0. */
  readonly ids?: ArrayLike<string | number> | undefined;
  /** Weights of a linear head, `[D, C]` and `[C]`. */
  readonly head?: LinearHead | undefined;
  /** What the logits go through in the model. */
  readonly activation?: OutputActivation | undefined;
  /** What made the arrays. */
  readonly source?: FeatureSource | undefined;
}

/**
 * The definition of a detector, without the parts common to all detectors:
 * name, settings, the parts of a feature set that it uses, how it learns a
 * state, and how it scores with it.
 *
 * {@linkcode defineDetector} adds reading of sets and streams, checks of
 * inputs, progress, calibration and files.
 *
 * @module
 */
import type { Explanation, FeatureSpec, NdArray, WorkPacer } from "../types.ts";

/**
 * Rows of numbers, one row per sample.
 *
 * @category Detectors
 */
export interface SampleMatrix {
  /** `rows * columns` numbers, row-major. */
  readonly data: Float32Array | Float64Array;
  /** Number of samples. */
  readonly rows: number;
  /** Number of values per sample. */
  readonly columns: number;
}

/**
 * A block of samples for a detector. Reading a property that it does not use
 * throws.
 *
 * @category Detectors
 */
export interface SampleBlock {
  /** Number of samples. */
  readonly rows: number;
  /** Index of the first sample in this pass. */
  readonly firstRow: number;
  /** Features of the one layer that the detector uses; all finite. */
  readonly features: SampleMatrix;
  /**
   * Sizes of a sample's feature, `[D]` unless the detector accepts feature
   * maps.
   */
  readonly featureShape: readonly number[];
  /**
   * The description of the feature, if known; undefined for the penultimate.
   */
  readonly featureSpec: FeatureSpec | undefined;
  /** Logits, all finite; those of one sigmoid `z` are two classes, `[0, z]`. */
  readonly logits: SampleMatrix;
  /** Class indices, at least 0; only in a fit. */
  readonly labels: Int32Array;
  /** The samples' ids. */
  readonly ids: readonly (string | number)[];
}

/**
 * The parts of a feature set that a detector uses.
 *
 * @category Detectors
 */
export interface DetectorUses {
  /**
   * The features of one layer, `[N, D]`: the penultimate, otherwise the only
   * feature. With `"head"` it must be the input of the head, or have its width;
   * with `"maps"` feature maps are accepted too.
   */
  readonly features?: "layer" | "head" | "maps";
  /** The logits: of mutually exclusive classes, or any. */
  readonly logits?: "classes" | "any";
  /** Whether a fit needs labels. */
  readonly labels?: boolean;
  /** Whether a fit needs the head's weights. */
  readonly head?: boolean;
}

/**
 * The fitted state: named arrays, which are saved unchanged.
 *
 * @category Detectors
 */
export type DetectorState = Readonly<
  Record<string, NdArray<Float64Array | Float32Array | Int32Array | Uint8Array>>
>;

/**
 * A setting of a detector, as in a file.
 *
 * @category Detectors
 */
export type DetectorSetting =
  | number
  | string
  | boolean
  | readonly DetectorSetting[]
  | { readonly [name: string]: DetectorSetting };

/**
 * Known samples, as read by a fit.
 *
 * @category Detectors
 */
export interface KnownSamples {
  /** Reads all samples in order, in blocks. Can be called again. */
  blocks(): AsyncIterable<SampleBlock>;
  /**
   * The head's weights in float64, `[D, C]` and `[C]`; throws if the detector
   * does not use it.
   */
  head(): Promise<{
    readonly kernel: SampleMatrix;
    readonly bias: Float64Array;
  }>;
  /** Yields the thread during long work, and aborts it. */
  readonly pacer: WorkPacer;
  /** The action, for messages, such as `fit mahalanobis()`. */
  readonly action: string;
}

/**
 * Scores blocks of samples with a state.
 *
 * @category Detectors
 */
export interface BlockScorer {
  /**
   * Scores samples, each independently.
   *
   * @param block The samples.
   * @returns One number per sample, higher for more out-of-distribution.
   */
  score(block: SampleBlock): Float64Array | Promise<Float64Array>;
  /**
   * Scores samples of the fit, each as if it were held out. Without this
   * method, detectors are refitted if needed.
   *
   * @param block Samples of the fit, in their order.
   * @returns One number per sample.
   */
  scoreLeftOut?(block: SampleBlock): Float64Array | Promise<Float64Array>;
  /**
   * Explains the score of the first sample of a block.
   *
   * @param block One sample.
   * @returns The class, neighbours or terms.
   */
  explain?(
    block: SampleBlock,
  ): ExplanationParts | Promise<ExplanationParts>;
  /** Frees the resources of {@linkcode DetectorDefinition.open}. */
  close?(): Promise<void>;
}

/**
 * A detector's explanation of one score.
 *
 * @category Detectors
 */
export type ExplanationParts = Omit<
  Explanation,
  "score" | "id" | "className"
>;

/**
 * Context for scoring.
 *
 * @category Detectors
 */
export interface ScoringContext {
  /** Yields the thread during long work, and aborts it. */
  readonly pacer: WorkPacer;
  /** Number of samples to score, if known. */
  readonly samples: number | undefined;
}

/**
 * The definition of a detector, for {@linkcode defineDetector}.
 *
 * @category Detectors
 */
export interface DetectorDefinition {
  /** The name of the detector and of its factory. */
  readonly name: string;
  /** The options of the factory, which are saved. */
  readonly settings?: Readonly<Record<string, DetectorSetting>>;
  /** The parts of a feature set that it uses. */
  readonly uses: DetectorUses;
  /**
   * Whether a row of logits that is not finite has score NaN: then rows are
   * checked only if a score is NaN. Only for detectors of logits.
   *
   * @default {false}
   */
  readonly flagsNonFinite?: boolean;
  /** Number of passes of a fit over the samples, for progress. @default {1} */
  readonly passes?: number;
  /**
   * Learns from known samples. Default: the detector needs no fit.
   *
   * @param known The samples.
   * @returns Named arrays.
   */
  fit?(known: KnownSamples): Promise<DetectorState>;
  /**
   * Prepares scoring.
   *
   * @param state The fitted or loaded state; it must not be changed.
   * @param context Context for scoring.
   * @returns The object that scores blocks.
   */
  open(
    state: DetectorState,
    context: ScoringContext,
  ): BlockScorer | Promise<BlockScorer>;
}

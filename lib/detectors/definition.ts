/**
 * What one detector is, without what all of them share: a name, settings, what
 * it uses of a feature set, how it learns a state, and how it scores with it.
 *
 * Reading sets and streams, checks of what comes in, progress, calibration and
 * files are not its business: {@linkcode defineDetector} adds them.
 *
 * @module
 */
import type { Explanation, FeatureSpec, NdArray, WorkPacer } from "../types.ts";

/**
 * Rows of numbers, one row a sample.
 *
 * @category Detectors
 */
export interface SampleMatrix {
  /** `rows * columns` numbers, row after row. */
  readonly data: Float32Array | Float64Array;
  /** How many samples. */
  readonly rows: number;
  /** How many numbers a sample has. */
  readonly columns: number;
}

/**
 * Some of the samples, as a detector sees them. What it does not use is not
 * there, and reading it throws.
 *
 * @category Detectors
 */
export interface SampleBlock {
  /** How many samples. */
  readonly rows: number;
  /** The number of the first among all samples of this pass. */
  readonly firstRow: number;
  /** Features of the one layer that the detector uses; all finite. */
  readonly features: SampleMatrix;
  /** Sizes of a sample's feature, `[D]` unless the detector takes feature maps. */
  readonly featureShape: readonly number[];
  /** What the feature is, as far as the set knows; undefined for the penultimate. */
  readonly featureSpec: FeatureSpec | undefined;
  /** Logits, all finite; those of one sigmoid `z` are two classes, `[0, z]`. */
  readonly logits: SampleMatrix;
  /** Class indices, at least 0; only in a fit. */
  readonly labels: Int32Array;
  /** The samples' identities. */
  readonly ids: readonly (string | number)[];
}

/**
 * What a detector uses of a feature set.
 *
 * @category Detectors
 */
export interface DetectorUses {
  /**
   * The features of one layer, `[N, D]`: the penultimate, or else the one
   * feature. `"head"` says that they must be what feeds the head, or of its
   * width; `"maps"` that feature maps are welcome too.
   */
  readonly features?: "layer" | "head" | "maps";
  /** The logits: of classes that exclude each other, or any. */
  readonly logits?: "classes" | "any";
  /** Whether a fit needs labels. */
  readonly labels?: boolean;
  /** Whether a fit needs the head's weights. */
  readonly head?: boolean;
}

/**
 * What a fit learned: named arrays. They are saved as they are.
 *
 * @category Detectors
 */
export type DetectorState = Readonly<
  Record<string, NdArray<Float64Array | Float32Array | Int32Array | Uint8Array>>
>;

/**
 * A setting of a detector, as it stands in a file.
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
 * Known samples, as a fit reads them.
 *
 * @category Detectors
 */
export interface KnownSamples {
  /** Reads all samples in order, some at a time. Can be called again. */
  blocks(): AsyncIterable<SampleBlock>;
  /** The head's weights in float64, `[D, C]` and `[C]`; throws where the detector does not use it. */
  head(): Promise<{
    readonly kernel: SampleMatrix;
    readonly bias: Float64Array;
  }>;
  /** Gives the thread back during long work, and stops it. */
  readonly pacer: WorkPacer;
  /** What is to be done, for messages, as `fit mahalanobis()`. */
  readonly action: string;
}

/**
 * Scores blocks of samples with a state.
 *
 * @category Detectors
 */
export interface BlockScorer {
  /**
   * Scores samples, each by itself.
   *
   * @param block The samples.
   * @returns One number a sample, higher for more out-of-distribution.
   */
  score(block: SampleBlock): Float64Array | Promise<Float64Array>;
  /**
   * Scores samples of the fit, each as if it had not been fitted on. Without it,
   * detectors are fitted anew where that is needed.
   *
   * @param block Samples of the fit, in their order.
   * @returns One number a sample.
   */
  scoreLeftOut?(block: SampleBlock): Float64Array | Promise<Float64Array>;
  /**
   * Says what the score of the first sample of a block comes from.
   *
   * @param block One sample.
   * @returns The class, neighbours or terms.
   */
  explain?(
    block: SampleBlock,
  ): ExplanationParts | Promise<ExplanationParts>;
  /** Frees what {@linkcode DetectorDefinition.open} made. */
  close?(): Promise<void>;
}

/**
 * What a detector says of one score.
 *
 * @category Detectors
 */
export type ExplanationParts = Omit<
  Explanation,
  "score" | "id" | "className"
>;

/**
 * How scores will be computed.
 *
 * @category Detectors
 */
export interface ScoringContext {
  /** Gives the thread back during long work, and stops it. */
  readonly pacer: WorkPacer;
  /** How many samples will be scored, where that is known. */
  readonly samples: number | undefined;
}

/**
 * What {@linkcode defineDetector} makes a detector of.
 *
 * @category Detectors
 */
export interface DetectorDefinition {
  /** The name of the detector and of its factory. */
  readonly name: string;
  /** The options that the factory was called with; they are saved. */
  readonly settings?: Readonly<Record<string, DetectorSetting>>;
  /** What it uses of a feature set. */
  readonly uses: DetectorUses;
  /**
   * Whether a row of logits that is not finite gets the score NaN: then it is
   * looked for only where a score is NaN. Of detectors of logits alone.
   *
   * @default {false}
   */
  readonly flagsNonFinite?: boolean;
  /** How often a fit reads the samples, for progress. @default {1} */
  readonly passes?: number;
  /**
   * Learns from known samples. Without it, the detector needs no fit.
   *
   * @param known The samples.
   * @returns Named arrays.
   */
  fit?(known: KnownSamples): Promise<DetectorState>;
  /**
   * Prepares scoring.
   *
   * @param state What the fit gave, or what was loaded; it must not be changed.
   * @param context How scores will be computed.
   * @returns What scores blocks.
   */
  open(
    state: DetectorState,
    context: ScoringContext,
  ): BlockScorer | Promise<BlockScorer>;
}

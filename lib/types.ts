/**
 * The interfaces that the stages hand to each other: arrays, feature sets,
 * models as a user sees them, data, and what a run reports.
 *
 * Nothing here computes. A stage takes one of these and gives another; which
 * stage may know which other is said in `tests/architecture_test.ts`.
 *
 * Letters: `N` samples, `C` classes, `D` feature units, `L` layers.
 *
 * @module
 */
import type { tf } from "./tf.ts";

// ---- arrays ----

/**
 * Element types of an {@linkcode NdArray}.
 *
 * @category Data
 */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "int32"
  | "int64"
  | "uint8"
  | "bool";

/**
 * A dense array on the host, in row-major order.
 *
 * @category Data
 */
export interface NdArray<T extends ArrayBufferView = Float32Array> {
  /** The values; as many as the product of {@linkcode shape}. */
  readonly data: T;
  /** Sizes of the axes, `[]` for a scalar. */
  readonly shape: readonly number[];
  /** Element type; says how to read {@linkcode data}. */
  readonly dtype: DType;
}

/**
 * An array as a layer's output is kept: float32, float16 after `half()`, int32.
 *
 * @category Feature sets
 */
export type FeatureArray = NdArray<Float32Array | Float16Array | Int32Array>;

// ---- feature sets ----

/**
 * What one feature is.
 *
 * @category Feature sets
 */
export interface FeatureSpec {
  /** The layer's name or path. */
  readonly name: string;
  /** Where the channels of a map stand, where that is known. */
  readonly channels?: "first" | "last";
  /** What the postprocessing left: the layer's output, pooled, Gram statistics, or the result of a custom function. */
  readonly form: "raw" | "pooled" | "gram" | "own";
}

/**
 * A linear head: `logits = penultimate · kernel + bias`.
 *
 * @category Feature sets
 */
export interface LinearHead {
  /** Weights, `[D, C]`. */
  readonly kernel: NdArray;
  /** Offsets, `[C]`; zeros where the layer has none. */
  readonly bias: NdArray;
}

/**
 * What the logits go through in the user's model.
 *
 * @category Feature sets
 */
export type OutputActivation = "softmax" | "sigmoid" | "none";

/**
 * Says what made a feature set, so that a scorer, a cache or a resumed file can
 * refuse another's.
 *
 * @category Feature sets
 */
export interface FeatureSource {
  /** SHA-256, in hex, over graph and weight values, not over a file's bytes. */
  readonly model: string;
  /** Resolved layers, input, head, shaping, perturbation, postprocessing, as canonical JSON. */
  readonly settings: string;
}

/**
 * Settings of pooling.
 *
 * @category Postprocessing
 */
export interface PoolOptions {
  /** Where the channels stand; default: what the layer says, otherwise it is asked for. */
  readonly channels?: "first" | "last";
}

/**
 * What came out of a model over a dataset, on the host.
 *
 * Shows itself in a notebook and in the console. Immutable: the methods give
 * new sets, which share arrays with this one where they can.
 *
 * @category Feature sets
 */
export interface FeatureSet {
  /** `L` arrays `[N, …]`, in the order asked; empty where no layer was asked for. */
  readonly features: readonly FeatureArray[];
  /** Names of the `L` features. */
  readonly layerNames: readonly string[];
  /** What each of the `L` features is. */
  readonly specs: readonly FeatureSpec[];
  /** `[N, D]`, what feeds the head; where `.penultimate()` requested it. Before any shaping, unless it is `{ shaped: true }`. */
  readonly penultimate?: NdArray;
  /** `[N, C]`, before softmax or sigmoid; undefined where the model has none. */
  readonly logits?: NdArray;
  /** `[N]`, class indices; undefined where the dataset has none. */
  readonly labels?: NdArray<Int32Array>;
  /** `C` names, where the dataset knows them. */
  readonly classNames?: readonly string[];
  /** `N` identities: the dataset's own (paths, row numbers), otherwise positions from 0. */
  readonly ids: ArrayLike<string | number>;
  /**
   * The head's weights, where the head is linear: a copy, which no engine and
   * no model computes with. All sets of one session hold the same arrays.
   */
  readonly head?: LinearHead;
  /** What the logits go through in the user's model. */
  readonly activation?: OutputActivation;
  /** Rows whose inputs held NaN or an infinity, ascending. */
  readonly nonFinite: ArrayLike<number>;
  /** What made this set; undefined for sets made from arrays at hand. */
  readonly source?: FeatureSource;
  /**
   * One feature by its layer's name. Does not copy.
   *
   * @param name A name of {@linkcode layerNames}.
   * @returns The feature, `[N, …]`.
   * @throws {RangeError} If no feature has that name.
   */
  layer(name: string): FeatureArray;
  /**
   * Some of the rows, in the order given. Copies them.
   *
   * @param rows Row numbers, or a function that says which rows to keep.
   * @returns A set of as many samples as rows were given.
   * @throws {RangeError} If a row does not exist.
   */
  select(rows: ArrayLike<number> | ((row: number) => boolean)): FeatureSet;
  /**
   * Pools features that are maps, `[N, H, W, D]` or `[N, T, D]` to `[N, D]`;
   * others stay as they are.
   *
   * @param kind Mean or maximum over the spatial positions or time steps.
   * @param options Where the channels stand, if the set does not say.
   * @returns A set in which no feature is a map.
   * @throws {TypeError} If the axis of the channels is not known.
   */
  pooled(kind: "mean" | "max", options?: PoolOptions): FeatureSet;
  /**
   * Copies into TF.js tensors, float32 and int32. The caller disposes of them.
   *
   * @returns One tensor a feature; logits and labels where there are any.
   */
  tensors(): {
    features: tf.Tensor[];
    logits?: tf.Tensor;
    labels?: tf.Tensor;
  };
}

// ---- feature sets in files and in streams ----

/**
 * Features in files, opened: they are read as they are used.
 *
 * @category Feature sets
 */
export interface StoredFeatures extends AsyncDisposable {
  /** How many samples there are. */
  readonly samples: number;
  /** What each of the features is. */
  readonly specs: readonly FeatureSpec[];
  /** Names of the classes, by label, where they are known. */
  readonly classNames?: readonly string[];
  /** What made them, where that is known. */
  readonly source?: FeatureSource;
  /** Samples that the dataset left out, and why. */
  readonly skipped?: readonly SkippedSample[];
  /**
   * Reads the samples in order, some at a time.
   *
   * @param options How many samples a set holds.
   * @returns Sets, one after the other; their arrays are the reader's to keep.
   */
  stream(options?: { readonly batch?: number }): AsyncIterable<FeatureSet>;
  /**
   * Reads everything.
   *
   * @returns One set of all samples.
   */
  load(): Promise<FeatureSet>;
  /**
   * Closes the files.
   *
   * @returns When it is done.
   */
  close(): Promise<void>;
}

/**
 * Features as detectors take them: a set in memory, features in files, or a
 * function that gives a stream of sets. The function is called, and its stream
 * read, as often as the work needs.
 *
 * @category Detectors
 */
export type FeatureInput =
  | FeatureSet
  | StoredFeatures
  | (() => AsyncIterable<FeatureSet>);

// ---- long work ----

/**
 * Gives the thread back now and then during long work, and stops it.
 *
 * @category Detectors
 */
export interface WorkPacer {
  /** Throws if the run was stopped. */
  check(): void;
  /**
   * Lets timers, signals and drawing go on, if they were kept waiting; cheap otherwise.
   *
   * @returns When they had their turn.
   * @throws {DOMException} If the run was stopped.
   */
  rest(): Promise<void>;
  /**
   * Does work that is synchronous and cut into steps, with pauses between them.
   *
   * @param steps The work.
   * @returns What the work gives.
   */
  drive<R>(steps: Generator<void, R>): Promise<R>;
  /**
   * Waits for work that goes on elsewhere, unless the run is stopped first.
   *
   * @param work The work.
   * @returns What the work gives.
   */
  race<R>(work: Promise<R>): Promise<R>;
}

// ---- detectors ----

/**
 * Learns what known samples look like. It has no state: two fits of one
 * detector do not touch each other.
 *
 * @category Detectors
 */
export interface Detector {
  /** The name of its factory, as `deepKnn`. */
  readonly name: string;
  /**
   * Learns from known samples.
   *
   * @param known Features of samples that the model knows, as its training set.
   * @param options Signal, progress.
   * @returns What scores other samples.
   */
  fit(known: FeatureInput, options?: RunOptions): Promise<Scorer>;
}

/**
 * Scores samples: the higher the score, the more out-of-distribution.
 *
 * @category Detectors
 */
export interface Scorer {
  /** The name of its detector. */
  readonly name: string;
  /**
   * Scores samples, each by itself.
   *
   * @param features Features of the samples, from the same model and layer as those of the fit.
   * @param options Signal, progress.
   * @returns `N` finite scores.
   */
  score(features: FeatureInput, options?: RunOptions): Promise<Float64Array>;
  /**
   * Measures on known samples above which score a sample is unknown.
   *
   * @param known Known samples that were not fitted on, or their scores, `[N]`
   * numbers.
   * @param options Which share of the known is to pass.
   * @returns A scorer that decides.
   * @throws {TypeError} If the samples are not as {@linkcode Scorer.score} takes
   * them, or an option is of the wrong type.
   * @throws {RangeError} If `tpr` is not in `(0, 1)`, there are fewer than
   * `1 / (1 - tpr)` samples, or a score is NaN.
   */
  calibrate(
    known: FeatureInput | ArrayLike<number>,
    options?: CalibrateOptions,
  ): Promise<DecidingScorer>;
  /**
   * Says what a sample's score comes from.
   *
   * @param features The sample's set.
   * @param row Its row in the set, from 0.
   * @returns The score, with the class, the neighbours or the terms that caused it.
   */
  explain(features: FeatureInput, row: number): Promise<Explanation>;
  /**
   * Writes a safetensors file, which `loadScorer` opens. A file that is there
   * is replaced.
   *
   * @param target Path or `file:` URL.
   * @returns When it is written.
   */
  save(target: string | URL): Promise<void>;
}

/**
 * Settings of {@linkcode Scorer.calibrate}.
 *
 * @category Detectors
 */
export interface CalibrateOptions extends RunOptions {
  /**
   * The share of known samples that is to count as known, in `(0, 1)`.
   *
   * @default {0.95}
   */
  readonly tpr?: number;
}

/**
 * A scorer that was calibrated, and so says which samples are unknown.
 *
 * @category Detectors
 */
export interface DecidingScorer extends Scorer {
  /** The share of known samples that counts as known, in `(0, 1)`. */
  readonly tpr: number;
  /** A sample is unknown if its score is above this. */
  readonly threshold: number;
  /** What makes the decisions less sure, as calibration on samples of the fit. */
  readonly warnings: readonly string[];
  /**
   * Scores samples and says which are unknown.
   *
   * @param features Features of the samples.
   * @param options Signal, progress.
   * @returns Scores, decisions and p-values.
   */
  decide(features: FeatureInput, options?: RunOptions): Promise<Decisions>;
}

/**
 * Which samples are unknown.
 *
 * @category Detectors
 */
export interface Decisions {
  /** `[N]`, higher is more out-of-distribution. */
  readonly scores: Float64Array;
  /** `[N]`, 1 where the score is above the threshold, otherwise 0. */
  readonly unknown: Uint8Array;
  /**
   * `[N]`, in `(0, 1]`: how likely a known sample is to score as high. A sample
   * is unknown exactly where this is at most `1 - tpr`.
   */
  readonly pValues: Float64Array;
}

/**
 * What a score comes from. Which parts there are depends on the detector.
 *
 * @category Detectors
 */
export interface Explanation {
  /** The sample's score. */
  readonly score: number;
  /** The sample's identity. */
  readonly id: string | number;
  /** The class that caused the score: a label, or an index of the logits. */
  readonly class?: number;
  /** Its name, where the set of the fit or this one has names. */
  readonly className?: string;
  /** The samples of the fit that caused the score, nearest first. */
  readonly neighbors?: readonly {
    readonly id: string | number;
    readonly distance: number;
  }[];
  /** Parts of the score by name, as the two terms of `vim`. */
  readonly terms?: Readonly<Record<string, number>>;
}

/**
 * A detector that needs no fit: it scores at once, and its `fit` gives itself.
 *
 * @category Detectors
 */
export type FitFreeDetector = Detector & Scorer;

// ---- models, as a user sees them ----

/**
 * What is known of a tensor before anything runs.
 *
 * @category Models
 */
export interface TensorSpec {
  /** The tensor's name: an input's, an output's, or its layer's. */
  readonly name: string;
  /** Sizes; null where any size goes, as for the batch. */
  readonly shape: readonly (number | null)[];
  /** Element type. */
  readonly dtype: DType | "string";
  /** Where the channels stand, where the layer knows. */
  readonly channels?: "first" | "last";
  /**
   * Which axis of an input is the batch; null for an input without one, which is
   * given once, the same for all samples.
   *
   * @default {0}
   */
  readonly batchAxis?: number | null;
}

/**
 * One call of one layer, a row of the layer table.
 *
 * @category Models
 */
export interface LayerRow {
  /** Name; a path for nested layers, `"backbone/conv1"`; `"name:1"` for the second call. */
  readonly name: string;
  /** Keras' own index; undefined for nested layers, later calls, and Keras 3's raw operations. */
  readonly index?: number;
  /** Keras class, or operation. */
  readonly kind: string;
  /** The layer's options, or the operation's attributes. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What it gives. */
  readonly outputs: readonly TensorSpec[];
  /** How many numbers its weights hold. */
  readonly numParameters: number;
  /** Names of the rows that feed it. */
  readonly inbound: readonly string[];
}

/**
 * A layer's weights by name, in Keras' order, nested ones under their path. Shows itself.
 *
 * @category Models
 */
export type Weights = Readonly<Record<string, NdArray>>;

/**
 * File formats, and `memory` for a model that the caller had.
 *
 * @category Models
 */
export type ModelFormat =
  | "keras"
  | "keras-h5"
  | "tfjs-layers"
  | "tfjs-graph"
  | "onnx"
  | "memory";

/**
 * Settings of {@linkcode Model.findLayer}.
 *
 * @category Models
 */
export interface FindLayerOptions {
  /** Steps along the model's list from the layer found. @default {0} */
  readonly offset?: number;
}

/**
 * A read-only graph of named layers.
 *
 * It never changes what it was made from. Shows itself as a table.
 *
 * @category Models
 */
export interface Model extends AsyncDisposable {
  /** The model's own name. */
  readonly name: string;
  /** Where it came from. */
  readonly format: ModelFormat;
  /** What it takes. */
  readonly inputs: readonly TensorSpec[];
  /** What it gives. */
  readonly outputs: readonly TensorSpec[];
  /** Every layer in the model's order; nested models are followed by what is in them. */
  readonly layers: readonly LayerRow[];
  /**
   * Finds one layer.
   *
   * @param id Exact name or path, or an index as in Python.
   * @param options Steps to go on from there.
   * @returns Its row.
   * @throws {LayerNotFoundError} If there is none.
   */
  findLayer(id: string | number, options?: FindLayerOptions): LayerRow;
  /**
   * Copies a layer's weights to the host.
   *
   * @param id Exact name or path, or an index as in Python.
   * @returns The weights by name; empty for a layer without any.
   * @throws {LayerNotFoundError} If there is none.
   */
  getWeights(id: string | number): Promise<Weights>;
  /**
   * Frees what {@linkcode loadModel} made, never what the caller had.
   *
   * @returns When it is done.
   */
  close(): Promise<void>;
}

// ---- data ----

/**
 * A tensor of TF.js or an array on the host; `dtype` may be left out where the
 * class of `data` says it.
 *
 * @category Data
 */
export type TensorLike =
  | tf.Tensor
  | NdArray<ArrayBufferView>
  | Omit<NdArray<ArrayBufferView>, "dtype">;

/**
 * Texts of a model that takes strings: one a sample, `[N]`, or `[N, K]`.
 *
 * @category Data
 */
export type Texts = readonly string[] | readonly (readonly string[])[];

/**
 * One tensor, one for each input in order, or one for each input by name; texts
 * for inputs that take strings.
 *
 * @category Data
 */
export type Inputs =
  | TensorLike
  | Texts
  | readonly (TensorLike | Texts)[]
  | Readonly<Record<string, TensorLike | Texts>>;

/**
 * Class indices `[N]` or `[N, 1]`, or one-hot rows `[N, C]`.
 *
 * @category Data
 */
export type Labels = TensorLike | ArrayLike<number>;

/**
 * A sample that was left out, because its file cannot be read.
 *
 * @category Data
 */
export interface SkippedSample {
  /** Its identity, as a path. */
  readonly id: string;
  /** Why, in one sentence. */
  readonly reason: string;
}

/**
 * Samples, with labels and identities where there are any.
 *
 * @category Data
 */
export type Batch =
  | Inputs
  | readonly [Inputs, Labels]
  | {
    /** The inputs. */
    readonly xs: Inputs;
    /**
     * Class indices, or names of classes. Names get the index that they have in
     * `classNames`; without it, classes are the names of the whole dataset in
     * sorted order (by code point, as in Python).
     */
    readonly ys?: Labels | readonly string[];
    /** The dataset's own identities. */
    readonly ids?: ArrayLike<string | number>;
    /** Names of the classes, by label. */
    readonly classNames?: readonly string[];
    /**
     * Samples that belong here and were left out. Together with its rows they
     * are the samples of the source that the batch covers. If all were left
     * out, `xs` may be undefined.
     */
    readonly skipped?: readonly SkippedSample[];
  }
  | {
    /** Nothing could be read. */
    readonly xs?: undefined;
    /** The samples that were left out. */
    readonly skipped: readonly SkippedSample[];
  };

/**
 * What is asked of a {@linkcode DataSource}.
 *
 * @category Data
 */
export interface WantedBatches {
  /** Samples in a batch; the last one may hold fewer. */
  readonly size: number;
  /** The first sample, from 0. */
  readonly start: number;
  /** What the model takes. */
  readonly inputs: readonly TensorSpec[];
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/**
 * A dataset that knows itself. Any object of this shape is one.
 *
 * @category Data
 */
export interface DataSource {
  /** Samples in all, where that is known; those that will be skipped count. */
  readonly length?: number;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[];
  /**
   * Finds out what takes time to know: after it, {@linkcode length} and
   * {@linkcode classNames} are what they will be. A second call costs nothing.
   * Runs await it before anything else.
   *
   * @param signal Stops it.
   */
  prepare?(signal?: AbortSignal): Promise<void>;
  /**
   * Reads samples in order. Batch `i` covers the samples from
   * `start + i * size` on; samples that were skipped make it shorter, and do not
   * move the others.
   *
   * @param wanted How many at once, from where on, and for which inputs.
   * @returns The batches.
   */
  batches(wanted: WantedBatches): AsyncIterable<Batch>;
  /**
   * Identity of the contents; without it, no cache and no resume.
   *
   * @returns The same string for the same contents.
   */
  fingerprint?(): Promise<string>;
  /**
   * Reads samples by their ids, in this order, as to look at them.
   *
   * @param ids Ids that its batches carry.
   * @param inputs What they are read for; default: as the source has them.
   * @returns The samples, one row an id.
   */
  samples?(
    ids: readonly (string | number)[],
    inputs?: readonly TensorSpec[],
  ): Promise<Batch>;
}

/**
 * Whatever `predict` takes. An array is never an iterable of batches.
 *
 * @category Data
 */
export type Dataset =
  | Batch
  | DataSource
  | (Iterable<Batch> & { readonly length?: never })
  | AsyncIterable<Batch>
  | tf.data.Dataset<tf.TensorContainer>;

// ---- running ----

/**
 * How far a run is.
 *
 * @category Extraction
 */
export interface Progress {
  /** Samples done. */
  readonly samples: number;
  /** Samples in all, where that is known. */
  readonly total?: number;
  /** Samples a second since the run began. */
  readonly samplesPerSecond: number;
  /** Samples that a source left out so far, if there are any. */
  readonly skipped?: readonly SkippedSample[];
}

/**
 * Settings of a run over a dataset.
 *
 * @category Extraction
 */
export interface RunOptions {
  /**
   * Stops the run, the opening of its session too: the promise rejects at once.
   * A native call that is in flight cannot be stopped. It ends unseen in its
   * thread, which keeps the process alive until then, for ever if the model
   * holds a loop without end: `Deno.exit()` leaves at once.
   */
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Whether to show the bar; default: in a notebook and on a terminal (stderr). */
  readonly progress?: boolean;
}

/**
 * What `predictTensor` gives. The caller disposes of the tensors.
 *
 * @category Extraction
 */
export interface TensorFeatures {
  /** One tensor a layer, in the order asked. */
  readonly features: tf.Tensor[];
  /** `[N, C]`; undefined where the model has none. */
  readonly logits?: tf.Tensor;
}

/**
 * What `predictTensor` takes: one tensor, one for each input in order, or by name.
 *
 * @category Extraction
 */
export type TensorInputs =
  | tf.Tensor
  | tf.Tensor[]
  | Record<string, tf.Tensor>;

/**
 * The three ways to run: over a dataset, batch by batch, over one tensor.
 *
 * @category Extraction
 */
export interface Runs {
  /**
   * Runs over a dataset and holds the results on the host.
   *
   * @param dataset Tensors, arrays, pairs with labels, sources, iterables of batches.
   * @param options Signal, progress.
   * @returns Features, logits, labels and ids of all samples. The arrays are
   * the caller's to keep and to change: each has memory of its own.
   */
  predict(dataset: Dataset, options?: RunOptions): Promise<FeatureSet>;
  /**
   * Runs over a dataset and holds one batch.
   *
   * @param dataset As for `predict`.
   * @param options Signal, progress.
   * @returns One set a batch; their arrays are the reader's to keep.
   */
  stream(dataset: Dataset, options?: RunOptions): AsyncIterable<FeatureSet>;
  /**
   * Runs over tensors at hand, in one batch.
   *
   * @param inputs One tensor, one for each input in order, or by name. They stay the caller's.
   * @returns Tensors, which the caller disposes of, each by itself.
   */
  predictTensor(inputs: TensorInputs): Promise<TensorFeatures>;
}

/**
 * A postprocessing that every engine can run; made by `pool`, `flatten`, …
 *
 * @category Postprocessing
 */
export interface BuiltInPostprocess {
  /** What it is called in plans and in {@linkcode FeatureSource.settings}. */
  readonly name: string;
}

/**
 * What is done to a feature right after the forward pass. Built-in steps run
 * inside the engine; a custom function, from a tensor to a tensor of as many
 * rows, runs after them.
 *
 * @category Postprocessing
 */
export type Postprocess =
  | BuiltInPostprocess
  | ((feature: tf.Tensor) => tf.Tensor);

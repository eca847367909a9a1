/**
 * The interfaces between the stages: arrays, feature sets, models, data, and
 * progress reports.
 *
 * This file contains types only. Each stage converts one of these types to
 * another; `tests/architecture_test.ts` lists which stage may import which.
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
  /** Element type of {@linkcode data}. */
  readonly dtype: DType;
}

/**
 * An array that holds the output of a layer: float32, float16 after `half()`,
 * int32.
 *
 * @category Feature sets
 */
export type FeatureArray = NdArray<Float32Array | Float16Array | Int32Array>;

// ---- feature sets ----

/**
 * Description of one feature.
 *
 * @category Feature sets
 */
export interface FeatureSpec {
  /** The layer's name or path. */
  readonly name: string;
  /** Position of the channel axis of a feature map, if known. */
  readonly channels?: "first" | "last";
  /**
   * What the values are after postprocessing: the output of the layer, pooled
   * values, Gram statistics, or the result of a custom function.
   */
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
  /** Biases, `[C]`; zeros if the layer has none. */
  readonly bias: NdArray;
}

/**
 * The activation after the logits in the user's model.
 *
 * @category Feature sets
 */
export type OutputActivation = "softmax" | "sigmoid" | "none";

/**
 * Identifies the model and settings that made a feature set. Scorers, caches
 * and resumed files refuse sets of another source.
 *
 * @category Feature sets
 */
export interface FeatureSource {
  /** SHA-256, in hex, of graph and weight values, not of the file's bytes. */
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
  /**
   * Position of the channel axis; default: that of the layer. Required if the
   * layer does not know it.
   */
  readonly channels?: "first" | "last";
}

/**
 * The outputs of a model over a dataset, on the host.
 *
 * Shows itself in a notebook and in the console. Immutable: the methods return
 * new sets, which share arrays with this one where possible.
 *
 * @category Feature sets
 */
export interface FeatureSet {
  /**
   * `L` arrays `[N, …]`, in the requested order; empty if no layer was
   * selected.
   */
  readonly features: readonly FeatureArray[];
  /** Names of the `L` features. */
  readonly layerNames: readonly string[];
  /** Descriptions of the `L` features. */
  readonly specs: readonly FeatureSpec[];
  /** `[N, D]`, the input of the head; where `.penultimate()` requested it. Before any shaping, unless it is `{ shaped: true }`. */
  readonly penultimate?: NdArray;
  /** `[N, C]`, before softmax or sigmoid; undefined if the model has none. */
  readonly logits?: NdArray;
  /** `[N]`, class indices; undefined if the dataset has none. */
  readonly labels?: NdArray<Int32Array>;
  /** `C` class names, if the dataset knows them. */
  readonly classNames?: readonly string[];
  /**
   * `N` sample ids: those of the dataset (paths, row numbers), otherwise
   * indices from 0.
   */
  readonly ids: ArrayLike<string | number>;
  /**
   * A copy of the head's weights, if the head is linear. All sets of one
   * session share these arrays; no engine or model uses them.
   */
  readonly head?: LinearHead;
  /** The activation after the logits in the user's model. */
  readonly activation?: OutputActivation;
  /** Indices of the rows whose inputs contain NaN or an infinity, ascending. */
  readonly nonFinite: ArrayLike<number>;
  /**
   * The model and settings that made this set; undefined for sets made from
   * plain arrays.
   */
  readonly source?: FeatureSource;
  /**
   * Returns one feature by its layer's name, without copying.
   *
   * @param name A name of {@linkcode layerNames}.
   * @returns The feature, `[N, …]`.
   * @throws {RangeError} If no feature has that name.
   */
  layer(name: string): FeatureArray;
  /**
   * Selects rows, in the order of `rows`. Copies them.
   *
   * @param rows Row indices, or a predicate that selects the rows to keep.
   * @returns A set with one sample for each selected row.
   * @throws {RangeError} If a row does not exist.
   */
  select(rows: ArrayLike<number> | ((row: number) => boolean)): FeatureSet;
  /**
   * Pools feature maps, `[N, H, W, D]` or `[N, T, D]`, to `[N, D]`; other
   * features are unchanged.
   *
   * @param kind Mean or maximum over the spatial positions or time steps.
   * @param options Position of the channel axis, if the set does not contain
   * it.
   * @returns A set without feature maps.
   * @throws {TypeError} If the channel axis is unknown.
   */
  pooled(kind: "mean" | "max", options?: PoolOptions): FeatureSet;
  /**
   * Copies into TF.js tensors, float32 and int32. The caller disposes of them.
   *
   * @returns One tensor per feature; logits and labels if there are any.
   */
  tensors(): {
    features: tf.Tensor[];
    logits?: tf.Tensor;
    labels?: tf.Tensor;
  };
}

// ---- feature sets in files and in streams ----

/**
 * Opened feature files, which are read on demand.
 *
 * @category Feature sets
 */
export interface StoredFeatures extends AsyncDisposable {
  /** Number of samples. */
  readonly samples: number;
  /** Descriptions of the features. */
  readonly specs: readonly FeatureSpec[];
  /** Names of the classes, by label, if known. */
  readonly classNames?: readonly string[];
  /** The model and settings that made them, if known. */
  readonly source?: FeatureSource;
  /** Samples that the dataset skipped, and why. */
  readonly skipped?: readonly SkippedSample[];
  /**
   * Reads the samples in order, in several sets.
   *
   * @param options Number of samples per set.
   * @returns The sets, in order; the caller owns their arrays.
   */
  stream(options?: { readonly batch?: number }): AsyncIterable<FeatureSet>;
  /**
   * Reads all samples.
   *
   * @returns One set of all samples.
   */
  load(): Promise<FeatureSet>;
  /**
   * Closes the files.
   *
   * @returns A promise that resolves when done.
   */
  close(): Promise<void>;
}

/**
 * Features as detectors accept them: a set in memory, feature files, or a
 * function that returns a stream of sets. The function is called again for each
 * pass over the data.
 *
 * @category Detectors
 */
export type FeatureInput =
  | FeatureSet
  | StoredFeatures
  | (() => AsyncIterable<FeatureSet>);

// ---- long work ----

/**
 * Yields the thread at intervals during long work, and aborts the work.
 *
 * @category Detectors
 */
export interface WorkPacer {
  /** Throws if the run was aborted. */
  check(): void;
  /**
   * Yields to timers, signals and rendering if enough time has passed; cheap
   * otherwise.
   *
   * @returns A promise that resolves when the work may go on.
   * @throws {DOMException} If the run was aborted.
   */
  rest(): Promise<void>;
  /**
   * Runs synchronous work that is divided into steps, with pauses between them.
   *
   * @param steps The work.
   * @returns The result of the work.
   */
  drive<R>(steps: Generator<void, R>): Promise<R>;
  /**
   * Waits for work elsewhere, unless the run is aborted first.
   *
   * @param work The work.
   * @returns The result of the work.
   */
  race<R>(work: Promise<R>): Promise<R>;
}

// ---- detectors ----

/**
 * Learns what known samples look like. It has no state: fits of one detector
 * are independent of each other.
 *
 * @category Detectors
 */
export interface Detector {
  /** The name of its factory, such as `deepKnn`. */
  readonly name: string;
  /**
   * Learns from known samples.
   *
   * @param known Features of in-distribution samples, such as the training set.
   * @param options Signal, progress.
   * @returns The fitted scorer.
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
   * Scores samples, each independently of the others.
   *
   * @param features Features of the samples, from the same model and layer as those of the fit.
   * @param options Signal, progress.
   * @returns `N` finite scores.
   */
  score(features: FeatureInput, options?: RunOptions): Promise<Float64Array>;
  /**
   * Determines the threshold above which a score means unknown, from known
   * samples.
   *
   * @param known Known samples that were not fitted on, or their scores, `[N]`
   * numbers.
   * @param options The fraction of known samples to accept.
   * @returns A scorer with a threshold.
   * @throws {TypeError} If the samples are not as {@linkcode Scorer.score} accepts
   * them, or an option is of the wrong type.
   * @throws {RangeError} If `tpr` is not in `(0, 1)`, there are fewer than
   * `1 / (1 - tpr)` samples, or a score is NaN.
   */
  calibrate(
    known: FeatureInput | ArrayLike<number>,
    options?: CalibrateOptions,
  ): Promise<DecidingScorer>;
  /**
   * Explains the score of one sample.
   *
   * @param features The set that contains the sample.
   * @param row Index of its row in the set, from 0.
   * @returns The score, with the class, the neighbours or the terms that caused it.
   */
  explain(features: FeatureInput, row: number): Promise<Explanation>;
  /**
   * Writes a safetensors file, which `loadScorer` opens. A file that is there
   * is replaced.
   *
   * @param target Path or `file:` URL.
   * @returns A promise that resolves when the file is written.
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
   * The fraction of known samples to accept as known, in `(0, 1)`.
   *
   * @default {0.95}
   */
  readonly tpr?: number;
}

/**
 * A calibrated scorer, which also decides which samples are unknown.
 *
 * @category Detectors
 */
export interface DecidingScorer extends Scorer {
  /** The fraction of known samples accepted as known, in `(0, 1)`. */
  readonly tpr: number;
  /** A sample is unknown if its score is above this. */
  readonly threshold: number;
  /**
   * Reasons why the decisions are less reliable, such as calibration on samples
   * of the fit.
   */
  readonly warnings: readonly string[];
  /**
   * Scores samples and decides which are unknown.
   *
   * @param features Features of the samples.
   * @param options Signal, progress.
   * @returns Scores, decisions and p-values.
   * @throws {TypeError} If the samples are not as {@linkcode Scorer.score} accepts
   * them, or were extracted with another model or other settings than those of
   * the calibration, such as another perturbation.
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
   * `[N]`, in `(0, 1]`: the probability that a known sample scores as high. A
   * sample is unknown exactly if this is at most `1 - tpr`.
   */
  readonly pValues: Float64Array;
}

/**
 * Explanation of a score. Which properties are set depends on the detector.
 *
 * @category Detectors
 */
export interface Explanation {
  /** The sample's score. */
  readonly score: number;
  /** The sample's id. */
  readonly id: string | number;
  /** The class that caused the score: a label, or an index of the logits. */
  readonly class?: number;
  /** The name of that class, if the set of the fit or this set has names. */
  readonly className?: string;
  /** The samples of the fit that caused the score, nearest first. */
  readonly neighbors?: readonly {
    readonly id: string | number;
    readonly distance: number;
  }[];
  /** Terms of the score by name, such as the two terms of `vim`. */
  readonly terms?: Readonly<Record<string, number>>;
}

/**
 * A detector that needs no fit: it is a scorer too, and its `fit` returns
 * itself.
 *
 * @category Detectors
 */
export type FitFreeDetector = Detector & Scorer;

// ---- models, as a user sees them ----

/**
 * Name, shape and type of a tensor, known before the model runs.
 *
 * @category Models
 */
export interface TensorSpec {
  /** The name of the input, output or layer. */
  readonly name: string;
  /** Sizes; null where any size is accepted, such as for the batch. */
  readonly shape: readonly (number | null)[];
  /** Element type. */
  readonly dtype: DType | "string";
  /** Position of the channel axis, if the layer knows it. */
  readonly channels?: "first" | "last";
  /**
   * The batch axis of an input; null for an input without one, which is passed
   * once for all samples.
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
  /** Its outputs. */
  readonly outputs: readonly TensorSpec[];
  /** Number of values in its weights. */
  readonly numParameters: number;
  /** Names of the rows that are its inputs. */
  readonly inbound: readonly string[];
}

/**
 * A layer's weights by name, in Keras' order, nested ones under their path. Shows itself.
 *
 * @category Models
 */
export type Weights = Readonly<Record<string, NdArray>>;

/**
 * File formats, and `memory` for a model that the caller passed.
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
  /** Offset along the model's list, from the layer found. @default {0} */
  readonly offset?: number;
}

/**
 * A read-only graph of named layers.
 *
 * The object it was made from is never changed. Shows itself as a table.
 *
 * @category Models
 */
export interface Model extends AsyncDisposable {
  /** The name of the model. */
  readonly name: string;
  /** The format it was loaded from. */
  readonly format: ModelFormat;
  /** Its inputs. */
  readonly inputs: readonly TensorSpec[];
  /** Its outputs. */
  readonly outputs: readonly TensorSpec[];
  /**
   * All layers in the model's order; a nested model is followed by its layers.
   */
  readonly layers: readonly LayerRow[];
  /**
   * Finds one layer.
   *
   * @param id Exact name or path, or an index as in Python (`-1` is the last).
   * @param options Offset from that layer.
   * @returns Its row.
   * @throws {LayerNotFoundError} If no layer matches.
   */
  findLayer(id: string | number, options?: FindLayerOptions): LayerRow;
  /**
   * Copies a layer's weights to the host.
   *
   * @param id Exact name or path, or an index as in Python (`-1` is the last).
   * @returns The weights by name; empty for a layer without any.
   * @throws {LayerNotFoundError} If no layer matches.
   */
  getWeights(id: string | number): Promise<Weights>;
  /**
   * Frees what {@linkcode loadModel} created, never what the caller passed.
   *
   * @returns A promise that resolves when done.
   */
  close(): Promise<void>;
}

// ---- data ----

/**
 * A tensor of TF.js or an array on the host; `dtype` may be omitted if the
 * class of `data` implies it.
 *
 * @category Data
 */
export type TensorLike =
  | tf.Tensor
  | NdArray<ArrayBufferView>
  | Omit<NdArray<ArrayBufferView>, "dtype">;

/**
 * Strings, for a model with string inputs: one per sample, `[N]`, or `[N, K]`.
 *
 * @category Data
 */
export type Texts = readonly string[] | readonly (readonly string[])[];

/**
 * One tensor, one for each input in order, or one for each input by name;
 * strings for string inputs. Those of a model with nested inputs are nested
 * alike, or named by path, as in `{ "image/left": x }`.
 *
 * @category Data
 */
export type Inputs =
  | TensorLike
  | Texts
  | readonly Inputs[]
  | { readonly [name: string]: Inputs };

/**
 * Class indices `[N]` or `[N, 1]`, or one-hot rows `[N, C]`.
 *
 * @category Data
 */
export type Labels = TensorLike | ArrayLike<number>;

/**
 * A sample that was skipped because its file cannot be read.
 *
 * @category Data
 */
export interface SkippedSample {
  /** Its id, such as a path. */
  readonly id: string;
  /** The reason, in one sentence. */
  readonly reason: string;
}

/**
 * Samples, with labels and ids if there are any.
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
     * Class indices or class names. A name is mapped to its index in
     * `classNames`; without `classNames`, the classes are the names in the
     * whole dataset, sorted by code point as in Python.
     */
    readonly ys?: Labels | readonly string[];
    /** The ids from the dataset. */
    readonly ids?: ArrayLike<string | number>;
    /** Names of the classes, by label. */
    readonly classNames?: readonly string[];
    /**
     * Samples of this batch that were skipped. The rows and the skipped samples
     * together are the samples of the source that the batch covers. If all were
     * skipped, `xs` may be undefined.
     */
    readonly skipped?: readonly SkippedSample[];
  }
  | {
    /** No sample could be read. */
    readonly xs?: undefined;
    /** The samples that were skipped. */
    readonly skipped: readonly SkippedSample[];
  };

/**
 * A request to a {@linkcode DataSource}.
 *
 * @category Data
 */
export interface WantedBatches {
  /** Number of samples per batch; the last batch may be smaller. */
  readonly size: number;
  /** Index of the first sample, from 0. */
  readonly start: number;
  /** The model's inputs. */
  readonly inputs: readonly TensorSpec[];
  /** Aborts the reading. */
  readonly signal?: AbortSignal;
}

/**
 * A dataset with a known length, class names and fingerprint. Any object of
 * this shape is accepted.
 *
 * @category Data
 */
export interface DataSource {
  /** Total number of samples, if known; skipped samples count. */
  readonly length?: number;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[];
  /**
   * Determines what takes time, so that {@linkcode length} and
   * {@linkcode classNames} are final. Further calls cost nothing. Each run
   * awaits it first.
   *
   * @param signal Aborts it.
   */
  prepare?(signal?: AbortSignal): Promise<void>;
  /**
   * Reads samples in order. Batch `i` covers the samples from
   * `start + i * size` on; skipped samples make it shorter and do not shift the
   * others.
   *
   * @param wanted Batch size, first sample, and the model's inputs.
   * @returns The batches.
   */
  batches(wanted: WantedBatches): AsyncIterable<Batch>;
  /**
   * A fingerprint of the contents. Caching and resuming require it.
   *
   * @returns A string that is equal for equal contents.
   */
  fingerprint?(): Promise<string>;
  /**
   * Reads samples by their ids, in this order, for example to display them.
   *
   * @param ids Ids from its batches.
   * @param inputs The inputs to convert them for; default: as stored.
   * @returns The samples, one row per id.
   */
  samples?(
    ids: readonly (string | number)[],
    inputs?: readonly TensorSpec[],
  ): Promise<Batch>;
}

/**
 * All datasets that `predict` accepts. An array is never an iterable of
 * batches.
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
 * Progress of a run.
 *
 * @category Extraction
 */
export interface Progress {
  /** Number of finished samples. */
  readonly samples: number;
  /** Total number of samples, if known. */
  readonly total?: number;
  /** Samples per second since the start of the run. */
  readonly samplesPerSecond: number;
  /** Samples that a source skipped so far, if any. */
  readonly skipped?: readonly SkippedSample[];
}

/**
 * Settings of a run over a dataset.
 *
 * @category Extraction
 */
export interface RunOptions {
  /**
   * Aborts the run, or the opening of its session: the promise rejects
   * immediately. A native run in this process ends at the next operator. One in
   * a worker (on a device, or of a longer run) cannot be stopped: it keeps the
   * process alive until it ends, and forever if the model contains an endless
   * loop; `Deno.exit()` ends the process.
   */
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Whether to show a progress bar; default: in a notebook and on a terminal (stderr). */
  readonly progress?: boolean;
}

/**
 * The result of `predictTensor`. The caller disposes of the tensors.
 *
 * @category Extraction
 */
export interface TensorFeatures {
  /** One tensor per layer, in the requested order. */
  readonly features: tf.Tensor[];
  /** `[N, C]`; undefined if the model has none. */
  readonly logits?: tf.Tensor;
}

/**
 * The inputs of `predictTensor`: one tensor, one for each input in order, or by
 * name.
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
   * @returns Features, logits, labels and ids of all samples. The caller owns
   * the arrays and may change them: they share no memory.
   */
  predict(dataset: Dataset, options?: RunOptions): Promise<FeatureSet>;
  /**
   * Runs over a dataset and yields one set per batch; only one batch is in
   * memory.
   *
   * @param dataset As for `predict`.
   * @param options Signal, progress.
   * @returns One set per batch; the caller owns their arrays.
   */
  stream(dataset: Dataset, options?: RunOptions): AsyncIterable<FeatureSet>;
  /**
   * Runs over tensors, in one batch.
   *
   * @param inputs One tensor, one for each input in order, or by name. They are
   * not disposed.
   * @returns Tensors; the caller disposes of each of them.
   */
  predictTensor(inputs: TensorInputs): Promise<TensorFeatures>;
}

/**
 * A postprocessing that every engine can run; made by `pool`, `flatten`, …
 *
 * @category Postprocessing
 */
export interface BuiltInPostprocess {
  /** Its name in plans and in {@linkcode FeatureSource.settings}. */
  readonly name: string;
}

/**
 * A postprocessing of a feature right after the forward pass. Built-in steps
 * run inside the engine. Custom functions run after them; each maps a tensor to
 * a tensor with the same number of rows.
 *
 * @category Postprocessing
 */
export type Postprocess =
  | BuiltInPostprocess
  | ((feature: tf.Tensor) => tf.Tensor);

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
  /** `[N, D]`, what feeds the head, before any shaping; where `.penultimate()` asked for it. */
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
 * Samples, with labels and identities where there are any.
 *
 * @category Data
 */
export type Batch =
  | Inputs
  | readonly [Inputs, Labels]
  | {
    readonly xs: Inputs;
    readonly ys?: Labels;
    readonly ids?: ArrayLike<string | number>;
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
  /** Samples in all, where that is known. */
  readonly length?: number;
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[];
  /**
   * Reads samples in order.
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

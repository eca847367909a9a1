/**
 * Sonde opens a trained Keras model without Python, takes out what any of its
 * layers computes over a whole dataset, and shows features and weights in
 * notebooks on the Deno kernel.
 *
 * Think of three nouns. A **model** is a read-only graph of named layers, from
 * {@linkcode loadModel} or a TF.js model in memory. A
 * {@linkcode FeatureExtractor} is a model with settings; it never changes, and
 * every setting gives a new one. A {@linkcode FeatureSet} is what came out, on
 * the host: features, logits, labels.
 *
 * ```ts
 * import { FeatureExtractor, show, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] }),
 *     tf.layers.dense({ units: 3, activation: "softmax" }),
 *   ],
 * });
 * const set = await new FeatureExtractor(model).layers([-2]).predict(tf.ones([10, 4]));
 * await show(set);
 * assert.deepEqual(set.features[0]?.shape, [10, 8]);
 * ```
 *
 * @module
 */

// What is first on the page of `deno doc --html`
export { FeatureExtractor } from "./lib/extractor/feature_extractor.ts";

export {
  loadModel,
  type LoadModelOptions,
  type ModelLimits,
} from "./lib/models/load_model.ts";

// Models
export { fromLayersModel } from "./lib/models/tfjs/from_layers_model.ts";
export { fromGraphModel } from "./lib/models/tfjs/from_graph_model.ts";
export type {
  FindLayerOptions,
  LayerRow,
  Model,
  ModelFormat,
  TensorSpec,
  Weights,
} from "./lib/types.ts";
export type { LayerId } from "./lib/models/graph/find_layers.ts";

// Extraction
export type {
  EngineOptions,
  FitReactOptions,
  PenultimateOptions,
  PerturbOptions,
} from "./lib/extractor/feature_extractor.ts";
export type { OpenExtractor } from "./lib/extractor/open_extractor.ts";
export type { Plan } from "./lib/extractor/plan.ts";
export type {
  Progress,
  RunOptions,
  Runs,
  TensorFeatures,
  TensorInputs,
} from "./lib/types.ts";
export type { AshOptions } from "./lib/shaping/ash.ts";
export type { PercentileOptions } from "./lib/shaping/percentile.ts";
export {
  type IndexOffset,
  KerasFeatureExtractor,
  type KerasFeatureExtractorOptions,
  type PostprocFns,
} from "./lib/extractor/keras_feature_extractor.ts";

// Feature sets
export { featureSet } from "./lib/features/feature_set.ts";
export type { FeatureSetArrays } from "./lib/features/fields.ts";
export { concatFeatures } from "./lib/features/concat_features.ts";
export type {
  FeatureArray,
  FeatureSet,
  FeatureSource,
  FeatureSpec,
  LinearHead,
  OutputActivation,
} from "./lib/types.ts";

// Postprocessing
export { pool } from "./lib/postprocess/pool.ts";
export { flatten } from "./lib/postprocess/flatten.ts";
export {
  normalize,
  type NormalizeOptions,
} from "./lib/postprocess/normalize.ts";
export { half } from "./lib/postprocess/half.ts";
export {
  type GramOptions,
  gramStatistics,
} from "./lib/postprocess/gram_statistics.ts";
export type {
  BuiltInPostprocess,
  PoolOptions,
  Postprocess,
} from "./lib/types.ts";

// Notebook
export { notebook, type NotebookOptions } from "./lib/display/notebook.ts";
export { show, type ShowOptions } from "./lib/display/show.ts";

// Figures
export type { Figure, FigureOptions } from "./lib/display/figure.ts";
export {
  figureGrid,
  type FigureGridOptions,
} from "./lib/display/figure_grid.ts";
export {
  featureMaps,
  type FeatureMapsOptions,
} from "./lib/features/feature_maps.ts";
export {
  heatMap,
  type HeatMapOptions,
  type Matrix,
} from "./lib/features/heat_map.ts";
export { kernels, type KernelsOptions } from "./lib/models/graph/kernels.ts";
export {
  projection,
  type ProjectionOptions,
} from "./lib/features/projection.ts";

// Metrics
export {
  type ConfusionMatrix,
  confusionMatrix,
} from "./lib/metrics/confusion_matrix.ts";
export { scoreHistogram } from "./lib/metrics/score_histogram.ts";

// Data
export type {
  Batch,
  Dataset,
  DataSource,
  DType,
  Inputs,
  Labels,
  NdArray,
  TensorLike,
  Texts,
  WantedBatches,
} from "./lib/types.ts";

// Errors
export {
  LayerNotFoundError,
  ModelFormatError,
  UnsupportedByEngineError,
} from "./lib/errors.ts";

// One TF.js for everyone
export { tf } from "./lib/tf.ts";

// Custom layers
export type {
  Activation,
  CallContext,
  Dialect,
  HostComputation,
  HostValues,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./lib/layers/layer.ts";
export type {
  CustomActivation,
  CustomObject,
  CustomOperation,
  CustomTable,
} from "./lib/layers/custom_objects.ts";
export type {
  ConvOptions,
  ConvTransposeOptions,
  OpsType,
  PoolingOptions,
  Recurrence,
  ReduceOptions,
  ScanStep,
  SliceRange,
} from "./lib/ops/ops.ts";
export type { Ops } from "./lib/ops/ops.ts";

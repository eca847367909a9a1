/**
 * Sonde opens trained Keras, TensorFlow.js and ONNX models without Python,
 * extracts the outputs of layers over a whole dataset, shows them in notebooks
 * on the Deno kernel, and scores inputs that are unlike the training data.
 *
 * - A {@linkcode Model} is a read-only graph of named layers, from
 *   {@linkcode loadModel} or a TF.js model in memory.
 * - A {@linkcode FeatureExtractor} is a model with settings. It is immutable:
 *   every setting returns a new one.
 * - A {@linkcode FeatureSet} holds the results on the host: features, logits,
 *   labels.
 * - A {@linkcode Detector} is fitted on a feature set, and returns a
 *   {@linkcode Scorer}: the higher the score, the more out-of-distribution.
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
 * const extractor = new FeatureExtractor(model).layers([-2]);
 * const set = await extractor.predict(tf.ones([10, 4]));
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
} from "./lib/extractor/load_model.ts";

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
  CacheOptions,
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

// Files of features
export { openFeatures } from "./lib/store/open_features.ts";
export { saveFeatures, type SaveOptions } from "./lib/store/save_features.ts";
export type { FileFormat } from "./lib/store/target.ts";
export type { Written } from "./lib/store/written.ts";
export { clearCache } from "./lib/store/feature_cache.ts";
export { mergeFeatures } from "./lib/store/merge_features.ts";
export type { WriteOptions } from "./lib/extractor/write_dataset.ts";

// Feature sets
export { featureSet } from "./lib/features/feature_set.ts";
export type { FeatureSetArrays } from "./lib/features/fields.ts";
export {
  nearest,
  type NearestOptions,
  type Neighbors,
} from "./lib/features/nearest.ts";
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
export { show } from "./lib/display/show.ts";
export type { ShowOptions } from "./lib/display/view.ts";

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
export { imageGrid, type ImageGridOptions } from "./lib/features/image_grid.ts";
export { kernels, type KernelsOptions } from "./lib/models/graph/kernels.ts";
export {
  projection,
  type ProjectionOptions,
} from "./lib/features/projection.ts";

// Detectors
export { msp } from "./lib/detectors/msp.ts";
export { maxLogit } from "./lib/detectors/max_logit.ts";
export { entropy } from "./lib/detectors/entropy.ts";
export { energy, type EnergyOptions } from "./lib/detectors/energy.ts";
export { gen, type GenOptions } from "./lib/detectors/gen.ts";
export { odin, type OdinOptions } from "./lib/detectors/odin.ts";
export { mahalanobis } from "./lib/detectors/mahalanobis.ts";
export { rmds } from "./lib/detectors/rmds.ts";
export { mdsPlusPlus } from "./lib/detectors/mds_plus_plus.ts";
export type { CovarianceOptions } from "./lib/detectors/class_gaussians.ts";
export { deepKnn, type DeepKnnOptions } from "./lib/detectors/deep_knn.ts";
export { vim } from "./lib/detectors/vim.ts";
export { residual } from "./lib/detectors/residual.ts";
export type { SubspaceOptions } from "./lib/detectors/subspace.ts";
export { she, type SheOptions } from "./lib/detectors/she.ts";
export { klMatching } from "./lib/detectors/kl_matching.ts";
export { dice, type DiceOptions } from "./lib/detectors/dice.ts";
export { fdbd } from "./lib/detectors/fdbd.ts";
export { gradNorm } from "./lib/detectors/grad_norm.ts";
export { perLayer, type PerLayerOptions } from "./lib/detectors/per_layer.ts";
export type { AggregateName } from "./lib/detectors/aggregates.ts";
export { fitTemperature } from "./lib/detectors/fit_temperature.ts";
export { gmm, type GmmOptions } from "./lib/detectors/gmm.ts";
export { gram, type GramDetectorOptions } from "./lib/detectors/gram.ts";
export { lts } from "./lib/detectors/lts.ts";
export { nci, type NciOptions } from "./lib/detectors/nci.ts";
export { neco, type NecoOptions } from "./lib/detectors/neco.ts";
export { nnGuide, type NnGuideOptions } from "./lib/detectors/nn_guide.ts";
export { openMax, type OpenMaxOptions } from "./lib/detectors/open_max.ts";
export { pnml } from "./lib/detectors/pnml.ts";
export { relation, type RelationOptions } from "./lib/detectors/relation.ts";
export { type DetectorName, DETECTORS } from "./lib/detectors/detectors.ts";
export {
  loadScorer,
  type LoadScorerOptions,
} from "./lib/detectors/load_scorer.ts";
export { defineDetector } from "./lib/detectors/define_detector.ts";
export type {
  BlockScorer,
  DetectorDefinition,
  DetectorSetting,
  DetectorState,
  DetectorUses,
  ExplanationParts,
  KnownSamples,
  SampleBlock,
  SampleMatrix,
  ScoringContext,
} from "./lib/detectors/definition.ts";
export type {
  CalibrateOptions,
  DecidingScorer,
  Decisions,
  Detector,
  Explanation,
  FeatureInput,
  FitFreeDetector,
  Scorer,
  StoredFeatures,
  WorkPacer,
} from "./lib/types.ts";

// Metrics
export { auroc } from "./lib/metrics/auroc.ts";
export { aupr } from "./lib/metrics/aupr.ts";
export { fprAtTpr, type FprAtTprOptions } from "./lib/metrics/fpr_at_tpr.ts";
export { detectionError } from "./lib/metrics/detection_error.ts";
export { type RocCurve, rocCurve } from "./lib/metrics/roc_curve.ts";
export { type PrCurve, prCurve } from "./lib/metrics/pr_curve.ts";
export {
  type Interval,
  type OodMetrics,
  oodMetrics,
  type OodMetricsOptions,
} from "./lib/metrics/ood_metrics.ts";
export type { PositiveSide, Scores } from "./lib/metrics/scores.ts";
export { accuracy } from "./lib/metrics/accuracy.ts";
export {
  calibrationError,
  type CalibrationErrorOptions,
} from "./lib/metrics/calibration_error.ts";
export {
  type ConfusionMatrix,
  confusionMatrix,
} from "./lib/metrics/confusion_matrix.ts";
export {
  scoreHistogram,
  type ScoreHistogramOptions,
} from "./lib/metrics/score_histogram.ts";
export { rocFigure } from "./lib/metrics/roc_figure.ts";

// Evaluation
export {
  benchmark,
  type BenchmarkEntry,
  type BenchmarkOptions,
} from "./lib/evaluation/benchmark.ts";
export type {
  BenchmarkRow,
  BenchmarkTable,
  FailedRow,
  MeasuredRow,
} from "./lib/evaluation/benchmark_table.ts";
export { recommend, type Recommendation } from "./lib/evaluation/recommend.ts";

// Data
export {
  imageFolder,
  type ImageFolderOptions,
  type ImageSource,
} from "./lib/datasets/image_folder.ts";
export {
  query,
  type QueryOptions,
  table,
  type TableFileOptions,
} from "./lib/datasets/table.ts";
export {
  npyFile,
  npzFile,
  type NpzOptions,
} from "./lib/datasets/numpy_files.ts";
export { arrowTable } from "./lib/datasets/arrow_table.ts";
export type {
  NamedInputs,
  TableOptions,
} from "./lib/datasets/table_options.ts";
export type { ImageOptions } from "./lib/datasets/image_input.ts";
export type { ImageFit, PreprocessMode } from "./lib/datasets/fit_image.ts";
export type { ColorMode } from "./lib/formats/pixels.ts";
export type {
  SampleOptions,
  SplitOptions,
} from "./lib/datasets/sample_rows.ts";
export type {
  Batch,
  Dataset,
  DataSource,
  DType,
  Inputs,
  Labels,
  NdArray,
  SkippedSample,
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
  CustomLambda,
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

/**
 * Raw operations that are nodes in functional models, such as `x * 2`,
 * `ops.relu(x)` or `x[:, 0]`: one frozen table, with one file per family.
 *
 * Keras 3 names them by class (`Multiply`) and keeps options in the config;
 * Keras 2 names them by function (`tf.math.multiply`) and passes everything as
 * arguments.
 *
 * @module
 */
import { ELEMENTWISE_OPERATIONS } from "./elementwise_operations.ts";
import { ELIMINATION_OPERATIONS } from "./elimination_operations.ts";
import { IMAGE_OPERATIONS } from "./image_operations.ts";
import { INDEXING_OPERATIONS } from "./indexing_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { LINEAR_OPERATIONS } from "./linear_operations.ts";
import { NEURAL_OPERATIONS } from "./neural_operations.ts";
import { ORDER_OPERATIONS } from "./order_operations.ts";
import { QUANTILE_OPERATIONS } from "./quantile_operations.ts";
import { REDUCTION_OPERATIONS } from "./reduction_operations.ts";
import { SHAPE_OPERATIONS } from "./shape_operations.ts";
import { STRING_OPERATIONS } from "./string_operations.ts";
import { FILTER_OPERATIONS } from "./filter_operations.ts";
import { INTEGER_OPERATIONS } from "./integer_operations.ts";
import { LOSS_OPERATIONS } from "./loss_operations.ts";
import { SEGMENT_OPERATIONS } from "./segment_operations.ts";
import { SERIES_OPERATIONS } from "./series_operations.ts";
import { WARP_OPERATIONS } from "./warp_operations.ts";
import { WINDOW_OPERATIONS } from "./window_operations.ts";
import { TF_ARRAYS } from "./tf_arrays.ts";
import { TF_IMAGES } from "./tf_images.ts";
import { TF_CONVOLUTIONS } from "./tf_convolutions.ts";
import { TF_INDEXING } from "./tf_indexing.ts";
import { TF_MATH } from "./tf_math.ts";
import { TF_SCORES } from "./tf_scores.ts";
import { TF_OPERATIONS } from "./tf_operations.ts";
import { TF_SIZES } from "./tf_sizes.ts";

/** Factories by name. */
export const OPERATIONS: FactoryTable = Object.freeze({
  ...ELEMENTWISE_OPERATIONS,
  ...ELIMINATION_OPERATIONS,
  ...IMAGE_OPERATIONS,
  ...INDEXING_OPERATIONS,
  ...LINEAR_OPERATIONS,
  ...NEURAL_OPERATIONS,
  ...ORDER_OPERATIONS,
  ...QUANTILE_OPERATIONS,
  ...REDUCTION_OPERATIONS,
  ...SHAPE_OPERATIONS,
  ...STRING_OPERATIONS,
  ...FILTER_OPERATIONS,
  ...INTEGER_OPERATIONS,
  ...LOSS_OPERATIONS,
  ...SEGMENT_OPERATIONS,
  ...SERIES_OPERATIONS,
  ...WARP_OPERATIONS,
  ...WINDOW_OPERATIONS,
  ...TF_ARRAYS,
  ...TF_IMAGES,
  ...TF_CONVOLUTIONS,
  ...TF_INDEXING,
  ...TF_MATH,
  ...TF_SCORES,
  ...TF_OPERATIONS,
  ...TF_SIZES,
});

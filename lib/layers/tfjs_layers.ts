/**
 * The built-in layers of the families that TF.js has too, by class name. A
 * model in memory needs no others, and every import loads these.
 *
 * @module
 */
import { ACTIVATION_LAYERS } from "./activation_layers.ts";
import { CONVOLUTION_LAYERS } from "./convolutions.ts";
import { CONV_RECURRENT_LAYERS } from "./conv_recurrent.ts";
import { CORE_LAYERS } from "./core.ts";
import { DEPTHWISE_CONVOLUTION_LAYERS } from "./depthwise_convolutions.ts";
import { EMBEDDING_LAYERS } from "./embeddings.ts";
import { GLOBAL_POOLING_LAYERS } from "./global_pooling.ts";
import type { FactoryTable } from "./layer.ts";
import { MERGING_LAYERS } from "./merging.ts";
import { NORMALIZATION_LAYERS } from "./normalization.ts";
import { PADDING_AND_CROPPING_LAYERS } from "./padding_and_cropping.ts";
import { POOLING_LAYERS } from "./pooling.ts";
import { PREPROCESSING_LAYERS } from "./preprocessing.ts";
import { RECURRENT_LAYERS } from "./recurrent.ts";
import { CELL_LAYERS } from "./recurrent_cells.ts";
import { REGULARIZATION_LAYERS } from "./regularization.ts";
import { RESHAPING_LAYERS } from "./reshaping.ts";
import { TRANSPOSED_CONVOLUTION_LAYERS } from "./transposed_convolutions.ts";
import { UP_SAMPLING_LAYERS } from "./up_sampling.ts";
import { WRAPPER_LAYERS } from "./wrappers.ts";

/** Factories by class name. */
export const TFJS_LAYERS: FactoryTable = Object.freeze({
  ...ACTIVATION_LAYERS,
  ...CELL_LAYERS,
  ...CONVOLUTION_LAYERS,
  ...CONV_RECURRENT_LAYERS,
  ...CORE_LAYERS,
  ...DEPTHWISE_CONVOLUTION_LAYERS,
  ...EMBEDDING_LAYERS,
  ...GLOBAL_POOLING_LAYERS,
  ...MERGING_LAYERS,
  ...NORMALIZATION_LAYERS,
  ...PADDING_AND_CROPPING_LAYERS,
  ...POOLING_LAYERS,
  ...PREPROCESSING_LAYERS,
  ...RECURRENT_LAYERS,
  ...REGULARIZATION_LAYERS,
  ...RESHAPING_LAYERS,
  ...TRANSPOSED_CONVOLUTION_LAYERS,
  ...UP_SAMPLING_LAYERS,
  ...WRAPPER_LAYERS,
});

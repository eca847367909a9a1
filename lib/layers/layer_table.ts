/**
 * The built-in layers of Keras, by class name: one frozen table, with one file
 * per family.
 *
 * @module
 */
import { ACTIVATION_LAYERS } from "./activation_layers.ts";
import { ADAPTIVE_POOLING_LAYERS } from "./adaptive_pooling.ts";
import { APPLICATION_LAYERS } from "./application_layers.ts";
import { ATTENTION_LAYERS } from "./attention.ts";

import { CONVOLUTION_LAYERS } from "./convolutions.ts";
import { CONV_RECURRENT_LAYERS } from "./conv_recurrent.ts";
import { CORE_LAYERS } from "./core.ts";
import { CUDNN_LAYERS } from "./cudnn.ts";
import { DEPTHWISE_CONVOLUTION_LAYERS } from "./depthwise_convolutions.ts";
import { EMBEDDING_LAYERS } from "./embeddings.ts";
import { GLOBAL_POOLING_LAYERS } from "./global_pooling.ts";
import { MERGING_LAYERS } from "./merging.ts";
import { MULTI_HEAD_ATTENTION_LAYERS } from "./multi_head_attention.ts";
import { NORMALIZATION_LAYERS } from "./normalization.ts";
import { IMAGE_LAYERS } from "./images.ts";
import { PADDING_AND_CROPPING_LAYERS } from "./padding_and_cropping.ts";
import { POOLING_LAYERS } from "./pooling.ts";
import { PREPROCESSING_LAYERS } from "./preprocessing.ts";
import { RECURRENT_LAYERS } from "./recurrent.ts";
import { CELL_LAYERS } from "./recurrent_cells.ts";
import { REGULARIZATION_LAYERS } from "./regularization.ts";
import { RESHAPING_LAYERS } from "./reshaping.ts";
import { SPECTROGRAM_LAYERS } from "./spectrograms.ts";
import { TEXT_LAYERS } from "./text.ts";
import { TRANSPOSED_CONVOLUTION_LAYERS } from "./transposed_convolutions.ts";
import { UP_SAMPLING_LAYERS } from "./up_sampling.ts";
import { WRAPPER_LAYERS } from "./wrappers.ts";
import type { LayerFactory } from "./layer.ts";

/** Factories by class name. */
export const LAYERS: Readonly<Record<string, LayerFactory>> = Object.freeze({
  ...ACTIVATION_LAYERS,
  ...ADAPTIVE_POOLING_LAYERS,
  ...APPLICATION_LAYERS,
  ...ATTENTION_LAYERS,
  ...PADDING_AND_CROPPING_LAYERS,
  ...CELL_LAYERS,
  ...CONVOLUTION_LAYERS,
  ...CONV_RECURRENT_LAYERS,
  ...CORE_LAYERS,
  ...CUDNN_LAYERS,
  ...DEPTHWISE_CONVOLUTION_LAYERS,
  ...EMBEDDING_LAYERS,
  ...GLOBAL_POOLING_LAYERS,
  ...MERGING_LAYERS,
  ...MULTI_HEAD_ATTENTION_LAYERS,
  ...NORMALIZATION_LAYERS,
  ...IMAGE_LAYERS,
  ...POOLING_LAYERS,
  ...PREPROCESSING_LAYERS,
  ...RECURRENT_LAYERS,
  ...REGULARIZATION_LAYERS,
  ...RESHAPING_LAYERS,
  ...SPECTROGRAM_LAYERS,
  ...TEXT_LAYERS,
  ...TRANSPOSED_CONVOLUTION_LAYERS,
  ...UP_SAMPLING_LAYERS,
  ...WRAPPER_LAYERS,
});

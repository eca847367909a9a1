/**
 * The built-in layers of Keras, by class name: one frozen table, with one file
 * per family.
 *
 * @module
 */
import { ADAPTIVE_POOLING_LAYERS } from "./adaptive_pooling.ts";
import { APPLICATION_LAYERS } from "./application_layers.ts";
import { ATTENTION_LAYERS } from "./attention.ts";
import { CROSSING_LAYERS } from "./crossing.ts";
import { CUDNN_LAYERS } from "./cudnn.ts";
import { IMAGE_LAYERS } from "./images.ts";
import type { FactoryTable } from "./layer.ts";
import { MULTI_HEAD_ATTENTION_LAYERS } from "./multi_head_attention.ts";
import { SPECTROGRAM_LAYERS } from "./spectrograms.ts";
import { TEXT_LAYERS } from "./text.ts";
import { TFJS_LAYERS } from "./tfjs_layers.ts";

/** Factories by class name. */
export const LAYERS: FactoryTable = Object.freeze({
  ...TFJS_LAYERS,
  ...ADAPTIVE_POOLING_LAYERS,
  ...APPLICATION_LAYERS,
  ...ATTENTION_LAYERS,
  ...CROSSING_LAYERS,
  ...CUDNN_LAYERS,
  ...IMAGE_LAYERS,
  ...MULTI_HEAD_ATTENTION_LAYERS,
  ...SPECTROGRAM_LAYERS,
  ...TEXT_LAYERS,
});

/**
 * Keras' own files: the description of the model, and its weights in place.
 *
 * @module
 */
import type { KerasWeights } from "./keras_weights.ts";

/** An open file of Keras. */
export interface KerasFile {
  /** What it is. */
  readonly format: "keras" | "keras-h5";
  /** The file, as a path or URL, or what it came as; for messages. */
  readonly source: string;
  /** The version of Keras that wrote it, as it stands there. */
  readonly kerasVersion: string;
  /** Keras' major version, after which options are read. */
  readonly major: 2 | 3;
  /** The model's object with `class_name` and `config`. */
  readonly config: unknown;
  /** The weights; they can be read until {@linkcode close}. */
  readonly weights: KerasWeights;
  /** Closes the file. Weights that were read stay. */
  close(): void;
}

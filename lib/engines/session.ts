/**
 * An engine opens a program as a session, which holds the weights. A session
 * runs batches of arrays; closing it frees the resources of the engine.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { NdArray } from "../types.ts";
import type { Pacer } from "../formats/pacer.ts";
import type { RunOutputs } from "./program.ts";

/** An open program. */
export interface Session extends AsyncDisposable {
  /**
   * Maximum number of batches in flight: 1 if this thread computes, more if
   * another thread does and should not wait for the next batch.
   */
  readonly maxInFlight: number;
  /**
   * Number of batches to pass in one run, to reduce overhead; it may change
   * between runs. Default: one.
   *
   * @param batchSize Samples per batch.
   */
  batchesAtOnce?(batchSize: number): number;
  /**
   * Runs some samples.
   *
   * The caller owns the returned arrays, and may keep, change or transfer them.
   * Each has a separate buffer: a tensor that is requested under several names
   * (as a feature and as the logits, or as two features) is copied for each.
   * The session keeps no reference to them. This is the only definition of who
   * owns the arrays of an engine.
   *
   * @param inputs One array for each feed, only read. If several runs may be in
   * flight, they are read before the promise is returned.
   * @param pacer Aborts the run.
   * @param samples Range of the samples, and size of micro-batches.
   * @returns Features, logits and penultimate, owned by the caller.
   */
  run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    samples?: RunSamples,
  ): Promise<RunOutputs>;
  /**
   * The same from tensors to tensors, without reading back: for a TF.js engine,
   * while its backend is current. The inputs are not disposed. The caller
   * disposes of each returned tensor; two outputs of the same tensor of the
   * model are separate handles, as from `tf.clone`.
   */
  runTensors?(
    inputs: readonly tf.Tensor[],
    pacer: Pacer,
  ): Promise<TensorOutputs>;
  /** Frees the resources of the engine; a second call does nothing. */
  close(): Promise<void>;
}

/** The range of samples of a run. */
export interface RunSamples {
  /** Index of the first sample, for messages. @default {0} */
  readonly first?: number;
  /** Size of micro-batches. @default {all} */
  readonly batchSize?: number;
}

/** The results of one batch, as tensors. */
export interface TensorOutputs {
  readonly features: readonly tf.Tensor[];
  readonly logits?: tf.Tensor;
}

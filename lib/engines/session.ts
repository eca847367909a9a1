/**
 * An engine opens a program and gives a session: the program made ready, with
 * its weights where they are needed. Arrays go in, arrays come out, batch by
 * batch; what the engine holds is freed when the session is closed.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { NdArray } from "../types.ts";
import type { Pacer } from "../math/pacer.ts";
import type { RunOutputs } from "./program.ts";

/** A program that is ready to run. */
export interface Session extends AsyncDisposable {
  /**
   * How many batches may be under way at once: 1 where this thread computes,
   * more where another one does and should not wait for the next batch.
   */
  readonly maxInFlight: number;
  /**
   * How many batches should be handed over in one run, so that handing over
   * costs little; it may change as runs are seen. Without it, one.
   *
   * @param batchSize Samples in a batch.
   */
  batchesAtOnce?(batchSize: number): number;
  /**
   * Runs some samples.
   *
   * The arrays that come belong to the caller, who may keep, change or transfer
   * them. Each has a buffer that no other result has: a tensor of the model
   * that is wanted under several names (as a feature and as the logits, as two
   * features) is copied for each. The session keeps none of them, and never
   * writes into one again. Nothing else in this library says who owns an array
   * of an engine.
   *
   * @param inputs One array for each feed, only read. Where several runs may
   * be in flight, they are read before the promise is returned.
   * @param pacer Stops the run.
   * @param samples Which they are, and how many are computed at once.
   * @returns Features, logits and penultimate, the caller's own.
   */
  run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    samples?: RunSamples,
  ): Promise<RunOutputs>;
  /**
   * The same from tensors to tensors, where nothing is read back: on an engine
   * of TF.js, while its backend is the current one. Those passed in stay the
   * caller's. Those that come are the caller's to dispose of, one by one:
   * where two are of one tensor of the model, they are two handles to the same
   * values, as `tf.clone` gives them.
   */
  runTensors?(
    inputs: readonly tf.Tensor[],
    pacer: Pacer,
  ): Promise<TensorOutputs>;
  /** Frees what the engine holds; a second time does nothing. */
  close(): Promise<void>;
}

/** Which samples of a dataset are run. */
export interface RunSamples {
  /** The number of the first, for messages. @default {0} */
  readonly first?: number;
  /** How many are computed at once. @default {all} */
  readonly batchSize?: number;
}

/** What one batch gives, in tensors. */
export interface TensorOutputs {
  readonly features: readonly tf.Tensor[];
  readonly logits?: tf.Tensor;
}

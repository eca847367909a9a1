/**
 * An engine opens a program and gives a session: the program made ready, with
 * its weights where they are needed. Arrays go in, arrays come out, batch by
 * batch; what the engine holds is freed when the session is closed.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { NdArray } from "../types.ts";
import type { Pacer } from "./pacer.ts";
import type { RunOutputs } from "./program.ts";

/** A program that is ready to run. */
export interface Session extends AsyncDisposable {
  /**
   * How many batches may be under way at once: 1 where this thread computes,
   * more where another one does and should not wait for the next batch.
   */
  readonly mostUnderWay: number;
  /**
   * Runs one batch.
   *
   * @param inputs One array for each feed, only read. Where several batches may
   * be under way, they are read before the promise is returned.
   * @param pacer Stops the run.
   * @param what What the batch is called in messages, as "samples 0 to 63".
   */
  run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    what?: string,
  ): Promise<RunOutputs>;
  /**
   * The same from tensors to tensors, where nothing is read back: on an engine
   * of TF.js, while its backend is the current one. Those given stay the
   * caller's, as those that come are.
   */
  runTensors?(
    inputs: readonly tf.Tensor[],
    pacer: Pacer,
  ): Promise<TensorOutputs>;
  /** Frees what the engine holds; a second time does nothing. */
  close(): Promise<void>;
}

/** What one batch gives, in tensors. */
export interface TensorOutputs {
  readonly features: readonly tf.Tensor[];
  readonly logits?: tf.Tensor;
}

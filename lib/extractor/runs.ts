import type { tf } from "../tf.ts";
import type {
  Dataset,
  FeatureSet,
  RunOptions,
  TensorFeatures,
} from "../types.ts";

/** What `predictTensor` takes: one tensor, one for each input in order, or by name. */
export type TensorInputs =
  | tf.Tensor
  | tf.Tensor[]
  | Record<string, tf.Tensor>;

/** The three ways to run: over a dataset, batch by batch, over one tensor. */
export interface Runs {
  /**
   * Runs over a dataset and holds the results on the host.
   *
   * @param dataset Tensors, arrays, pairs with labels, sources, iterables of batches.
   * @param options Signal, progress.
   * @returns Features, logits, labels and ids of all samples. The arrays are
   * the caller's to keep and to change: each has memory of its own.
   */
  predict(dataset: Dataset, options?: RunOptions): Promise<FeatureSet>;
  /**
   * Runs over a dataset and holds one batch.
   *
   * @param dataset As for `predict`.
   * @param options Signal, progress.
   * @returns One set a batch; their arrays are the reader's to keep.
   */
  stream(dataset: Dataset, options?: RunOptions): AsyncIterable<FeatureSet>;
  /**
   * Runs over tensors at hand, in one batch.
   *
   * @param inputs One tensor, one for each input in order, or by name. They stay the caller's.
   * @returns Tensors, which the caller disposes of, each by itself.
   */
  predictTensor(inputs: TensorInputs): Promise<TensorFeatures>;
}

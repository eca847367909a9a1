import type { NdArray, SkippedSample, TensorSpec } from "../types.ts";
import type { StringArray } from "./string_array.ts";

/**
 * Samples on the host, in the format of the engines. Inputs may share memory
 * with the caller's arrays: they must not be changed or transferred, and are
 * valid until the next batch is requested. Labels and ids are copies.
 */
export interface HostBatch {
  /**
   * One for each input, in the model's order and in the input's element type;
   * `[rows, …]`, or with the batch axis of its spec.
   */
  readonly inputs: readonly (NdArray<ArrayBufferView> | StringArray)[];
  /** Class indices, `[rows]`. */
  readonly labels?: Int32Array;
  /** The ids from the dataset, `[rows]`. */
  readonly ids?: readonly (string | number)[];
  /** Names of the classes, if the batch has them. */
  readonly classNames?: readonly string[];
  /** Number of samples. */
  readonly rows: number;
  /** Indices of rows whose inputs contain NaN or an infinity, ascending. */
  readonly nonFinite: readonly number[];
  /** Where in the dataset it ends: number of samples read and skipped. */
  readonly end: number;
  /** Number of samples skipped until then in this run. */
  readonly numSkipped: number;
  /**
   * Lets the source use the memory of the inputs for a later batch. May be
   * called once, when they are not needed any more.
   */
  readonly release?: () => void;
}

/** The plan of reading a dataset. */
export interface BatchPlan {
  /** Total number of samples, if known; then it is exact. */
  readonly length?: number;
  /**
   * Names of the classes, if known; for an iterable, after a batch was read.
   */
  readonly classNames?: readonly string[] | undefined;
  /** Samples skipped so far. */
  readonly skipped?: readonly SkippedSample[] | undefined;
  /** Number of samples to compute at once, if several batches are joined. */
  readonly batchSize?: number;
  /** The batches, read on demand. */
  readonly batches: AsyncIterable<HostBatch>;
}

/** Options for reading a dataset. */
export interface WantedHostBatches {
  /** Samples per batch, for arrays and sources; the last may have fewer. */
  readonly size: number;
  /**
   * Returns the number of batches to join; called before each with the index of
   * its first sample. Default: one.
   */
  readonly atOnce?: ((start: number) => number) | undefined;
  /** The model's inputs. */
  readonly inputs: readonly TensorSpec[];
  /** The range of samples, for arrays and sources; default: all. */
  readonly range?: SampleRange | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** A range of samples of a dataset. */
export interface SampleRange {
  /** Index of the first. */
  readonly start: number;
  /** Index after the last; default: the end of the dataset. */
  readonly end?: number | undefined;
}

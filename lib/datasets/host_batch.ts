import type { NdArray, SkippedSample, TensorSpec } from "../types.ts";
import type { TextArray } from "./texts.ts";

/**
 * Samples on the host, as the engines take them. Inputs may share memory with
 * what the caller holds: they are read only, must not be transferred, and are
 * good until the next batch is requested. Labels and ids are copies.
 */
export interface HostBatch {
  /**
   * One for each input, in the model's order and in the input's element type;
   * `[rows, …]`, or as the batch axis of its spec says.
   */
  readonly inputs: readonly (NdArray<ArrayBufferView> | TextArray)[];
  /** Class indices, `[rows]`. */
  readonly labels?: Int32Array;
  /** The dataset's own identities, `[rows]`. */
  readonly ids?: readonly (string | number)[];
  /** Names of the classes, where the batch carries them. */
  readonly classNames?: readonly string[];
  /** How many samples there are. */
  readonly rows: number;
  /** Rows of this batch whose inputs held NaN or an infinity, ascending. */
  readonly nonFinite: readonly number[];
  /** How far in the dataset it ends: samples read and left out, counted from 0. */
  readonly end: number;
  /** How many samples were left out until then, of those that this run read. */
  readonly numSkipped: number;
}

/** What a dataset will give. */
export interface BatchPlan {
  /** Samples in all, where that is known; then exactly as many come. */
  readonly length?: number;
  /** Names of the classes, where the dataset knows them; of an iterable, once a batch was read. */
  readonly classNames?: readonly string[] | undefined;
  /** Samples that were left out so far. */
  readonly skipped?: readonly SkippedSample[] | undefined;
  /** Samples that are to be computed at once, where several batches may come as one. */
  readonly batchSize?: number;
  /** The batches; none is read before it is requested. */
  readonly batches: AsyncIterable<HostBatch>;
}

/** What is wanted of a dataset. */
export interface WantedHostBatches {
  /** Samples in a batch that is cut here; the last may hold fewer. */
  readonly size: number;
  /**
   * How many of them are cut at once, as one; called before each with the
   * position of its first sample. Without it, one.
   */
  readonly atOnce?: ((start: number) => number) | undefined;
  /** What the model takes. */
  readonly inputs: readonly TensorSpec[];
  /** Which samples of arrays and sources are read; default: all. */
  readonly range?: SampleRange | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** Samples of a dataset, by their positions. */
export interface SampleRange {
  /** The first. */
  readonly start: number;
  /** The one after the last; default: the dataset's end. */
  readonly end?: number | undefined;
}

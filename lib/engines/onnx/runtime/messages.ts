/**
 * The messages between the calling thread and a worker. The worker answers in
 * the order of the requests. It has one session at a time: what is opened up to
 * a "close". After that it is as it was when it started.
 *
 * @module
 */
import type { NdArray } from "../../../types.ts";
import type { DeviceName } from "./device.ts";

/** A model in the format of ONNX. */
export interface ModelBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Weights that are not part of the bytes, by the paths in them. */
  readonly externalData: readonly {
    readonly path: string;
    readonly data: Uint8Array;
  }[];
  /** Names of nodes that devices must leave to the processor. */
  readonly onCpu?: readonly string[];
}

/** Which samples of a dataset are run. */
export interface SampleRange {
  /** The number of the first, for messages. @default {0} */
  readonly first?: number;
  /** How many are computed at once. @default {all} */
  readonly batchSize?: number;
}

/** A request to the worker. */
export type WorkerRequest =
  | {
    readonly kind: "open";
    readonly model: ModelBytes;
    readonly threads: number;
    /** Whether products of 8-bit integers must be exact. */
    readonly exactProducts?: boolean | undefined;
    /** Where it computes. */
    readonly device?: DeviceName | undefined;
    /** For a later stage: which outputs of earlier ones go into its inputs. */
    readonly from?: Readonly<Record<string, string>> | undefined;
  }
  | {
    readonly kind: "run";
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
    /** Which outputs to return. @default {those of the last stage} */
    readonly wanted?: readonly string[] | undefined;
    readonly samples?: SampleRange | undefined;
    /** An output that is not returned: where it holds NaN, none is. */
    readonly nanOutput?: string | undefined;
  }
  | { readonly kind: "close" };

/** An answer of the worker. */
export type WorkerReply =
  | {
    readonly kind: "closed";
    /** Whether the worker has the runtime, and can take another session. */
    readonly isLoaded: boolean;
  }
  | { readonly kind: "opened"; readonly outputs: readonly OnnxOutput[] }
  | {
    readonly kind: "results";
    readonly results: Readonly<Record<string, OnnxResult>>;
    /** The memory of the inputs, for later batches. */
    readonly spare: readonly ArrayBuffer[];
  }
  | {
    /** The NaN output holds NaN: the batch must be run on an exact graph. */
    readonly kind: "nan";
    /** The inputs. */
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
  }
  | {
    readonly kind: "failed";
    /** The first line of the message of the runtime. */
    readonly message: string;
    /** The samples on which it fails, if they are not all. */
    readonly samples?: string | undefined;
  };

/** The values of an input. */
export interface OnnxFeed {
  /** Its element type, as the runtime names it. */
  readonly type: string;
  readonly array: NdArray<ArrayBufferView>;
}

/** The values of an output. */
export interface OnnxResult {
  readonly data:
    | Float32Array<ArrayBuffer>
    | Int32Array<ArrayBuffer>
    | Float16Array<ArrayBuffer>
    | Uint8Array<ArrayBuffer>;
  readonly shape: readonly number[];
  /**
   * Its element type, as the runtime names it. Types that recorded graphs do not
   * use come in typed arrays of their own, whatever the type of `data` is.
   */
  readonly type: string;
}

/** What is known of an output before it is run. */
export interface OnnxOutput {
  readonly name: string;
  /** Its element type; undefined if it is not a tensor. */
  readonly type: string | undefined;
  /** Sizes, null where not known; empty too where not even their number is. */
  readonly shape: readonly (number | null)[];
}

/**
 * A message as it is posted. What a worker of `node:worker_threads` gets, and
 * what comes of it, is looked through for ports, element by element: 4 MB of an
 * array take 200 ms. A map is not looked into: 0.3 ms (Deno 2.9.6).
 */
export type Envelope<M> = ReadonlyMap<"message", M>;

/**
 * Puts a message into an envelope.
 *
 * @param message The message; not copied.
 * @returns The envelope, to be posted.
 */
export function enveloped<M>(message: M): Envelope<M> {
  return new Map([["message", message]]);
}

/**
 * Takes a message out of its envelope.
 *
 * @param envelope What was posted.
 * @returns The message.
 */
export function messageIn<M>(envelope: Envelope<M>): M {
  return envelope.get("message")!;
}

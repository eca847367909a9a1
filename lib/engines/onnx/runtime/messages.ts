/**
 * The messages between the calling thread and a worker. The worker answers in
 * the order of the requests. It has one session at a time, which ends with
 * "close" and leaves no state.
 *
 * @module
 */
import type { NdArray } from "../../../types.ts";
import type { DeviceName } from "./device.ts";

/** A model in the format of ONNX. */
export interface ModelBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** External weights, by their paths in the bytes. */
  readonly externalData: readonly {
    readonly path: string;
    readonly data: Uint8Array;
  }[];
  /** Names of nodes that must run on the processor. */
  readonly onCpu?: readonly string[];
}

/** The range of samples of a run. */
export interface RunRange {
  /** Index of the first sample, for messages. @default {0} */
  readonly first?: number;
  /** Size of micro-batches. @default {all} */
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
    readonly spins?: boolean | undefined;
    /** Where it computes. */
    readonly device?: DeviceName | undefined;
    /** For a later stage: the outputs of earlier stages that are its inputs. */
    readonly from?: Readonly<Record<string, string>> | undefined;
  }
  | {
    readonly kind: "run";
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
    /** The outputs to return. @default {those of the last stage} */
    readonly wanted?: readonly string[] | undefined;
    readonly samples?: RunRange | undefined;
    /**
     * An output that is not returned: if it contains NaN, no outputs are
     * returned.
     */
    readonly nanOutput?: string | undefined;
  }
  | { readonly kind: "close" };

/** An answer of the worker. */
export type WorkerReply =
  | {
    readonly kind: "closed";
    /**
     * Why the worker could not load the runtime; undefined if it did, and can
     * open another session.
     */
    readonly obstacle: string | undefined;
  }
  | { readonly kind: "opened"; readonly outputs: readonly OnnxOutput[] }
  | {
    readonly kind: "results";
    readonly results: Readonly<Record<string, OnnxResult>>;
    /** The buffers of the inputs, for reuse by later batches. */
    readonly spare: readonly ArrayBuffer[];
  }
  | {
    /** The NaN output contains NaN: the batch must be run on an exact graph. */
    readonly kind: "nan";
    /** The inputs. */
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
  }
  | {
    readonly kind: "failed";
    /** The first line of the message of the runtime. */
    readonly message: string;
    /** The samples on which it fails, if not all. */
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
   * Its element type, as the runtime names it. Types that recorded graphs do
   * not use have other typed arrays than the type of `data` says.
   */
  readonly type: string;
}

/** Type and shape of an output, known before a run. */
export interface OnnxOutput {
  readonly name: string;
  /** Its element type; undefined if it is not a tensor. */
  readonly type: string | undefined;
  /** Sizes, null if unknown; also empty if the rank is unknown. */
  readonly shape: readonly (number | null)[];
}

/**
 * A message in the form that is posted. `node:worker_threads` searches messages
 * for ports, element by element: an array of 4 MB takes 200 ms. A `Map` is not
 * searched: 0.3 ms (Deno 2.9.6).
 */
export type Envelope<M> = ReadonlyMap<"message", M>;

/**
 * Wraps a message in an envelope.
 *
 * @param message The message; not copied.
 * @returns The envelope, for `postMessage`.
 */
export function enveloped<M>(message: M): Envelope<M> {
  return new Map([["message", message]]);
}

/**
 * Unwraps a message.
 *
 * @param envelope The posted envelope.
 * @returns The message.
 */
export function messageIn<M>(envelope: Envelope<M>): M {
  return envelope.get("message")!;
}

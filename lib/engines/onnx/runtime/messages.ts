/**
 * The messages between the calling thread and a worker. The worker answers in
 * the order of the requests. It has one session at a time: what is opened up to
 * a "close". After that it is as it was when it started.
 *
 * @module
 */
import type { NdArray } from "../../../types.ts";
import type { RunSamples } from "../../session.ts";
import type { EncodedModel } from "../graph/encode_model.ts";
import type { OnnxType } from "../graph/onnx_graph.ts";

/** What the worker is asked. */
export type WorkerRequest =
  | {
    readonly kind: "open";
    readonly model: EncodedModel;
    readonly threads: number;
    /** For a graph after another: which outputs go into its inputs. */
    readonly from?: Readonly<Record<string, string>> | undefined;
  }
  | {
    readonly kind: "run";
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
    /** Which outputs to give; all of the last graph, unless said. */
    readonly wanted?: readonly string[] | undefined;
    readonly samples?: RunSamples | undefined;
    /** An output that is not given: where it holds NaN, none is. */
    readonly doubt?: string | undefined;
  }
  | { readonly kind: "close" };

/** What it answers. */
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
    /** The memory of what was fed, for the next batches. */
    readonly spare: readonly ArrayBuffer[];
  }
  | {
    /** What was fed must be computed again, in another way. */
    readonly kind: "doubtful";
    /** What was fed. */
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
  }
  | {
    readonly kind: "failed";
    /** The first line of what the runtime says. */
    readonly said: string;
    /** The samples with which it fails, where they are fewer than were given. */
    readonly samples?: string | undefined;
  };

/** What goes into one input. */
export interface OnnxFeed {
  readonly type: OnnxType;
  readonly array: NdArray<ArrayBufferView>;
}

/** What comes out of one output. */
export interface OnnxResult {
  readonly data:
    | Float32Array<ArrayBuffer>
    | Int32Array<ArrayBuffer>
    | Float16Array<ArrayBuffer>
    | Uint8Array<ArrayBuffer>;
  readonly shape: readonly number[];
  /**
   * Its element type, as the runtime has it. Those that graphs of ours do not
   * give come in the typed array of their own, whatever `data` says.
   */
  readonly type: string;
}

/** What is known of an output before it is run. */
export interface OnnxOutput {
  readonly name: string;
  /** Its element type; undefined where it is no tensor. */
  readonly type: string | undefined;
  /** Sizes, null where not known; empty too where not even their number is. */
  readonly shape: readonly (number | null)[];
}

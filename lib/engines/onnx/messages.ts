/**
 * What the calling thread and the worker of one session say to each other. The
 * worker answers in the order in which it is asked.
 *
 * @module
 */
import type { NdArray } from "../../types.ts";
import type { EncodedModel } from "./encode_model.ts";
import type { OnnxType } from "./onnx_graph.ts";

/** What the worker is asked. */
export type WorkerRequest =
  | {
    readonly kind: "open";
    readonly model: EncodedModel;
    readonly threads: number;
  }
  | {
    readonly kind: "run";
    readonly feeds: Readonly<Record<string, OnnxFeed>>;
  }
  | { readonly kind: "close" };

/** What it answers. */
export type WorkerReply =
  | { readonly kind: "done" }
  | {
    readonly kind: "results";
    readonly results: Readonly<Record<string, OnnxResult>>;
  }
  /** The first line of what the runtime says. */
  | { readonly kind: "failed"; readonly said: string };

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
}

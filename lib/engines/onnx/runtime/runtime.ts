/**
 * ONNX Runtime: loaded when it is first used, and what we take from it. A run
 * keeps the thread that it is called on, which is why sessions live in a
 * worker of their own.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../../errors.ts";
import { type EncodedModel, encodeModel } from "../graph/encode_model.ts";
import type { OnnxFeed, OnnxResult } from "./messages.ts";
import type { OnnxGraph } from "../graph/onnx_graph.ts";
import { Stages } from "./stages.ts";

/** A graph that is ready to run. */
export interface OpenGraph {
  /**
   * Runs it.
   *
   * @param feeds Values of all inputs, by name; only read, and only before
   * this returns its promise.
   * @param what What they are called in messages.
   * @returns Values of all outputs, by name; booleans as bytes. Ours to keep.
   */
  run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    what?: string,
  ): Promise<Readonly<Record<string, OnnxResult>>>;
  /** Frees it. */
  close(): Promise<void>;
}

/**
 * Why ONNX Runtime cannot be had here, if it cannot.
 *
 * @param asks Whether the user may be asked for a permission.
 * @returns What is in the way; undefined where it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  if (!asks) {
    const missing = await missingPermission();
    if (missing !== undefined) return missing;
  }
  try {
    await import("onnxruntime-node");
  } catch (cause) {
    return `ONNX Runtime cannot be loaded: ${messageOf(cause)}`;
  }
}

/** The first permission that is not there; those for parts of the disk count where ours lie. */
async function missingPermission(): Promise<string | undefined> {
  const lib = new URL("../../../", import.meta.url);
  const isOnDisk = lib.protocol === "file:";
  // From a registry, names of packages are resolved where they are imported only.
  const runtime = isOnDisk ? import.meta.resolve("onnxruntime-node") : "";
  const ffi = runtime.startsWith("file:")
    ? { name: "ffi", path: new URL("..", runtime) } as const
    : { name: "ffi" } as const;
  if (!await isGranted(ffi)) {
    return "ONNX Runtime needs the permission --allow-ffi";
  }
  // A worker's modules are read as files where ours are files.
  if (!isOnDisk) return undefined;
  if (await isGranted({ name: "read", path: lib })) return undefined;
  const folder = decodeURIComponent(lib.pathname);
  return `the thread of ONNX Runtime needs the permission --allow-read=${folder}`;
}

async function isGranted(
  permission: Deno.FfiPermissionDescriptor | Deno.ReadPermissionDescriptor,
): Promise<boolean> {
  return (await Deno.permissions.query(permission)).state === "granted";
}

/**
 * Hands a model to ONNX Runtime, in this thread.
 *
 * @param model The model; its weights are copied.
 * @param threads How many it computes on.
 * @returns It, ready to run.
 * @throws {Error} The runtime's own, if it is not there or refuses the model.
 */
export async function openModel(
  model: EncodedModel,
  threads: number,
): Promise<OpenGraph> {
  const stages = new Stages();
  await stages.add(model, { threads });
  return {
    run: (feeds) => stages.run(feeds),
    close: () => stages.close(),
  };
}

/**
 * Hands a graph to ONNX Runtime, in this thread.
 *
 * @param graph The outermost graph.
 * @returns It, ready to run.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the graph.
 */
export async function openGraph(graph: OnnxGraph): Promise<OpenGraph> {
  const open = await explained(
    "open the model",
    () => openModel(encodeModel(graph), defaultThreads()),
  );
  return {
    run: (feeds, what = "the batch") =>
      explained(`run ${what}`, () => open.run(feeds)),
    close: () => open.close(),
  };
}

/**
 * How many threads compute, unless it is said.
 *
 * @returns As many as this process may use at once. The runtime's own choice
 * is the machine's cores, which are more in most containers.
 */
export function defaultThreads(): number {
  return navigator.hardwareConcurrency;
}

/**
 * The error for what the runtime says.
 *
 * @param what What was to be done.
 * @param said What it says.
 * @param cause The error, if it came in this thread.
 * @returns The error, to be thrown.
 */
export function refusedByRuntime(
  what: string,
  said: string,
  cause?: unknown,
): UnsupportedByEngineError {
  const rule = `its runtime says "${said}"; use .engine("tfjs")`;
  const error = new UnsupportedByEngineError(what, "onnx", rule);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/**
 * The part of an error that is worth a message.
 *
 * @param cause What was thrown.
 * @returns Its first line.
 */
export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!;
}

async function explained<R>(what: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    throw refusedByRuntime(what, messageOf(cause), cause);
  }
}

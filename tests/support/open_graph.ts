/**
 * A graph on ONNX Runtime in this thread, for tests of one graph.
 *
 * @module
 */
import {
  type EncodedModel,
  encodeModel,
} from "../../lib/engines/onnx/graph/encode_model.ts";
import type { OnnxGraph } from "../../lib/engines/onnx/graph/onnx_graph.ts";
import type {
  OnnxFeed,
  OnnxResult,
} from "../../lib/engines/onnx/runtime/messages.ts";
import type { DeviceName } from "../../lib/engines/onnx/runtime/device.ts";
import { cBinding } from "../../lib/engines/onnx/runtime/c_library.ts";
import { loadNodeBinding } from "../../lib/engines/onnx/runtime/node_binding.ts";
import { Pipeline } from "../../lib/engines/onnx/runtime/pipeline.ts";

/** A graph that is ready to run. */
export interface OpenGraph {
  /** Runs it on values of all inputs, by name. */
  run(
    feeds: Readonly<Record<string, OnnxFeed>>,
  ): Promise<Readonly<Record<string, OnnxResult>>>;
  /** Frees it. */
  close(): Promise<void>;
}

/** Opens a graph. */
export async function openGraph(
  graph: OnnxGraph,
  device: DeviceName = "cpu",
): Promise<OpenGraph> {
  return await openModel(encodeModel(graph), 1, device);
}

/** Opens a model. */
export async function openModel(
  model: EncodedModel,
  threads = 1,
  device: DeviceName = "cpu",
): Promise<OpenGraph> {
  const binding = device === "cpu" ? await cBinding() : undefined;
  const pipeline = new Pipeline(
    binding === undefined ? loadNodeBinding() : Promise.resolve(binding),
  );
  await pipeline.add(model, { threads, device });
  return {
    run: (feeds) => pipeline.run(feeds),
    close: () => pipeline.close(),
  };
}

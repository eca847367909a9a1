/**
 * Small graphs on the native runtime, in a worker.
 *
 * @module
 */
import type { OnnxGraph, OnnxType } from "../engines/onnx/graph/onnx_graph.ts";
import type { WorkPacer } from "../types.ts";

/** Options of the native runtime. */
export interface LinalgOptions {
  /** Yields the thread at intervals, and aborts. */
  readonly pacer?: WorkPacer | undefined;
  /**
   * `false` for the plain version. @default {if the runtime can be loaded
   * without a permission prompt}
   */
  readonly native?: boolean | undefined;
}

/** Values of an input or output. */
export interface NativeArray {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

/** An open graph. */
export interface NativeGraph {
  /**
   * Runs the graph. Concurrent runs are queued.
   *
   * @param inputs Values of the inputs, in order; only read, and only before
   * this returns its promise.
   * @returns Values of the outputs, in their order.
   */
  run(inputs: readonly NativeArray[]): Promise<NativeArray[]>;
  /** Frees it. */
  close(): Promise<void>;
}

const TYPES = new Map<unknown, "float32" | "float64" | "int32">([
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int32Array, "int32"],
]);

/**
 * Whether products should go to the native runtime.
 *
 * @param options The caller's choice.
 * @returns True if the runtime can be loaded without a permission prompt.
 */
export async function hasNative({ native }: LinalgOptions): Promise<boolean> {
  if (native === false) return false;
  const { missingRuntime } = await import(
    "../engines/onnx/runtime/missing_runtime.ts"
  );
  return await missingRuntime(false) === undefined;
}

/**
 * Opens a graph on the native runtime.
 *
 * @param build Adds operators to the graph, and returns names and types of its
 * outputs.
 * @param options Signal.
 * @returns The graph; close it.
 */
export async function openNative(
  build: (graph: OnnxGraph) => readonly (readonly [string, OnnxType])[],
  { pacer, transferable = [] }: LinalgOptions & {
    /** Constants that may be transferred; they are empty afterwards. */
    readonly transferable?: Iterable<ArrayBufferView>;
  } = {},
): Promise<NativeGraph> {
  // The runtime and its graphs are imported on demand.
  const [
    { OnnxGraph },
    { encodeModel },
    { openPipeline, openWorkerLink },
    { defaultThreads },
  ] = await Promise.all([
    import("../engines/onnx/graph/onnx_graph.ts"),
    import("../engines/onnx/graph/encode_model.ts"),
    import("../engines/onnx/runtime/open_pipeline.ts"),
    import("../engines/onnx/runtime/runtime.ts"),
  ]);
  const graph = new OnnxGraph();
  const results = build(graph);
  const outputs = results.map(([name, type]) =>
    graph.output("result", name, type)
  );
  const inputs = graph.inputs.map(({ name }) => name);
  pacer?.check();
  const model = encodeModel(graph);
  const pipeline = await openPipeline(model, {
    threads: defaultThreads(),
    // The calling thread prepares the next rows meanwhile: in a fit of ViM on
    // 50,000 x 512, spinning took 0.5 of 2.5 s of processor time.
    spins: false,
    link: await openWorkerLink(),
    transferable,
  });
  return {
    async run(arrays) {
      const feeds = Object.fromEntries(
        arrays.map(({ data, shape }, i) => {
          const dtype = TYPES.get(data.constructor)!;
          return [inputs[i]!, { type: dtype, array: { data, shape, dtype } }];
        }),
      );
      const running = pipeline.run(feeds, "a product", { wanted: outputs });
      const found = await (pacer === undefined ? running : pacer.race(running));
      return outputs.map((name) => found[name] as unknown as NativeArray);
    },
    close: () => pipeline.close(),
  };
}

/**
 * The NaN fallback.
 *
 * Some operators of ONNX Runtime do not propagate NaN, such as the maximum over
 * a window. A recording has a check for each, which costs more than the
 * operator. So sessions run a fast graph without these checks, with an
 * additional output that is NaN if a check would have found NaN. Only then the
 * batch is run again on an exact graph, which has the checks and is opened on
 * demand.
 *
 * @module
 */
import { type OnnxGraph, ROWS } from "./graph/onnx_graph.ts";
import type { OnnxFeed, OnnxResult } from "./runtime/messages.ts";
import type { RuntimePipeline } from "./runtime/open_pipeline.ts";
import type { RunSettings } from "./runtime/pipeline.ts";

/**
 * Records the value that tells whether the results of a fast graph are correct.
 *
 * @param graph The graph, with all its checks.
 * @param feed The name of an input, `[N, …]`.
 * @returns The name of the value, `[N]`: one repeated number, which is NaN if
 * the indicator of a check is; undefined if there are no checks.
 */
export function recordNaNOutput(
  graph: OnnxGraph,
  feed: string | undefined,
): string | undefined {
  const { nanChecks } = graph;
  if (nanChecks.length === 0 || feed === undefined) return undefined;
  // A row of an indicator may not be a sample: layers merge other axes into it.
  const sum = nanChecks
    .map(({ indicator }) =>
      graph.node("ReduceSum", [indicator], { keepdims: 0 })
    )
    .reduce((a, b) => graph.node("Add", [a, b]));
  const rows = graph.node("Shape", [feed], { start: 0, end: 1 });
  return graph.node("Expand", [sum, rows]);
}

/**
 * Makes a graph fast by removing its checks.
 *
 * @param graph The graph; it is changed.
 * @param nanOutput The value of {@linkcode recordNaNOutput}, which becomes an
 * output. Without it, all checks are kept.
 */
export function skipNaNChecks(
  graph: OnnxGraph,
  nanOutput: string | undefined,
): void {
  if (nanOutput === undefined) return;
  for (const { checked, unchecked } of graph.nanChecks) {
    // Only the check uses the unchecked value, so that it can have the name of
    // the checked one. An Identity instead would keep the runtime from
    // cancelling transposes around it: half the speed on the digits network.
    const maker = graph.makerOf(unchecked)!;
    graph.replace(graph.makerOf(checked)!);
    graph.replace(maker, { ...maker, outputs: [checked] });
  }
  graph.outputs.push({ name: nanOutput, type: "float32", shape: [ROWS] });
}

/** Runs batches again on the exact graph. */
export class NaNFallback {
  readonly #open: () => Promise<RuntimePipeline>;
  #exact: Promise<RuntimePipeline> | undefined;
  #isClosed = false;

  /**
   * Creates the fallback; opens nothing yet.
   *
   * @param open Opens the exact graph.
   */
  constructor(open: () => Promise<RuntimePipeline>) {
    this.#open = open;
  }

  /**
   * Runs a batch.
   *
   * @param feeds The inputs, by the names of the fast graph.
   * @param what Name of the samples in messages.
   * @param settings The range of samples.
   * @returns The outputs, by the names of the fast graph.
   */
  async run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    what: string,
    settings: RunSettings,
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    const exact = await (this.#exact ??= this.#opened());
    return await exact.run(feeds, what, settings);
  }

  async #opened(): Promise<RuntimePipeline> {
    const graph = await this.#open();
    if (this.#isClosed) await graph.close();
    return graph;
  }

  /** Frees the exact graph, if it was opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#exact?.then((graph) => graph.close(), () => {});
  }
}

import { sizeOf } from "../../check.ts";
import { letGo } from "../../math/let_go.ts";
import type { GraphNode } from "../../models/graph/graph.ts";
import type { Program } from "../program.ts";
import { readWeights } from "../tfjs/run_built_in.ts";
import { type HalfOutput, halveOutput } from "./rewrites/half_outputs.ts";
import { type OnnxGraph, ROWS } from "./graph/onnx_graph.ts";
import {
  builtInCall,
  type RecordedProgram,
  type RecordOptions,
  recordProgram,
} from "./record_program.ts";

/** A program as the runtime takes it. */
export interface ReadyProgram {
  readonly recorded: RecordedProgram;
  /** The nodes that run, in order. */
  readonly nodes: readonly GraphNode[];
  /** For each feature, where it is read as float16. */
  readonly halves: readonly (HalfOutput | undefined)[];
  /** What goes in and out for each sample, where that is known and can be cut. */
  readonly bytesPerRow: number | undefined;
  /** What its constants take, in bytes. */
  readonly weightBytes: number;
  /** Arrays of its constants that nobody else needs. */
  readonly given: readonly ArrayBufferView[];
}

/**
 * Reads the weights of a program, and records it.
 *
 * @param program What is to be computed.
 * @param options Whether results may be in doubt.
 * @returns The program, to be opened.
 * @throws {UnsupportedByEngineError} If our own layers do not compute a node.
 */
export async function makeReady(
  program: Program,
  options?: RecordOptions,
): Promise<ReadyProgram> {
  const { nodes } = program.schedule;
  const weights = await readWeights(nodes, builtInCall);
  const recorded = recordProgram(program, nodes, weights, options);
  const { graph, outputs } = recorded;
  const halves = program.features.map(({ readAs }, i) =>
    readAs === undefined
      ? undefined
      : halveOutput(graph, outputs.features[i]!.name)
  );
  graph.dropUnused();
  const { constants } = graph;
  const kept = new Set(constants.map(({ data }) => data.buffer));
  const arrays = [...weights.values()].map(({ data }) => data);
  for (const array of arrays) if (!kept.has(array.buffer)) letGo(array);
  const own = constants.filter(({ isOwn }) => isOwn).map(({ data }) => data);
  const given = [...arrays, ...own];
  const bytesPerRow = bytesPerRowOf(graph);
  const sizes = constants.map(({ data }) => data.byteLength);
  const weightBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return { recorded, nodes, halves, bytesPerRow, weightBytes, given };
}

/** What crosses the graph's border for each sample; undefined where it cannot be cut. */
function bytesPerRowOf(
  { inputs, outputs }: OnnxGraph,
): number | undefined {
  let bytes = 0;
  for (const { shape = [], type } of [...inputs, ...outputs]) {
    const [rows, ...sizes] = shape;
    const isKnown = sizes.every((size) => typeof size === "number");
    if (rows !== ROWS || !isKnown || type === "float16") return undefined;
    bytes += 4 * sizeOf(sizes);
  }
  return bytes;
}

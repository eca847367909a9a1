import { UnsupportedByEngineError } from "../../errors.ts";
import { callLayer, type Masked } from "../../layers/call_layer.ts";
import {
  type BuiltInCall,
  type GraphNode,
  type Ref,
  refKey,
  type WeightSource,
} from "../../models/graph/graph.ts";
import { builtInFormOf } from "../../models/graph/graph.ts";
import type { OpsType } from "../../ops/ops.ts";
import type { NdArray, TensorSpec } from "../../types.ts";
import {
  computeOutputs,
  type HeadValues,
  type OutputValues,
  type Program,
} from "../program.ts";
import type { Feed } from "../schedule.ts";
import { foldScales } from "./rewrites/fold_scales.ts";
import { OnnxGraph, type OnnxType, ROWS } from "./graph/onnx_graph.ts";
import { OnnxOps } from "./graph/onnx_ops.ts";
import { castTo, type OnnxValue } from "./graph/onnx_value.ts";

/** A program as a graph. */
export interface RecordedProgram {
  readonly graph: OnnxGraph;
  /** Names of the inputs, in the order of the program's feeds. */
  readonly feeds: readonly FeedPort[];
  /** The outputs; their names are those of the graph's outputs. */
  readonly outputs: OutputValues<OnnxValue>;
  /** One more, `[N]`: NaN where the others may be wrong. */
  readonly doubt?: string;
  /** Bytes of a row of the largest value, of those of known sizes. */
  readonly bytesOfLargest: number;
}

/** Settings of {@linkcode recordProgram}. */
export interface RecordOptions {
  /**
   * Whether results may be in doubt where values are NaN, and say so: this is
   * quicker than to get them right each time. @default {false}
   */
  readonly hasDoubts?: boolean;
}

/** An input of the graph. */
export interface FeedPort {
  readonly name: string;
  readonly type: OnnxType;
}

/** Types in which an input is fed, and that in which it is computed with. */
const FEED_TYPES: Readonly<Record<string, [OnnxType, OpsType]>> = {
  float32: ["float32", "float32"],
  float64: ["float64", "float32"],
  int32: ["int32", "int32"],
  int64: ["int64", "int32"],
  uint8: ["uint8", "int32"],
  bool: ["bool", "bool"],
};

/**
 * Records a program: its layers, then what is made of the wanted tensors.
 *
 * @param program What is to be computed.
 * @param nodes The nodes that run, in order.
 * @param weights Values of their weights.
 * @param options Whether results may be in doubt.
 * @returns The graph.
 * @throws {UnsupportedByEngineError} If our own layers do not compute a node.
 */
export function recordProgram(
  program: Program,
  nodes: readonly GraphNode[],
  weights: ReadonlyMap<WeightSource, NdArray>,
  { hasDoubts = false }: RecordOptions = {},
): RecordedProgram {
  const graph = new OnnxGraph();
  if (hasDoubts) graph.doubts = [];
  const ops = new OnnxOps(graph);
  const values = new Map<string, Masked<OnnxValue>>();
  const feeds = recordFeeds(graph, program.feeds, values);
  const sources = new Map<WeightSource, OnnxValue>();
  for (const [source, value] of weights) {
    graph.setScope(source.name);
    sources.set(source, ops.constant(value));
  }
  for (const node of nodes) {
    graph.setScope(node.row.name);
    recordNode(ops, node, sources, values);
  }
  graph.setScope("");
  const valueOf = (ref: Ref) => values.get(refKey(ref))!.value;
  const head = headOf(ops, program);
  const outputs = computeOutputs(ops, program, valueOf, head);
  const { bytesOfLargest } = ops;
  const recorded = {
    graph,
    feeds,
    outputs: bordered(graph, outputs),
    bytesOfLargest,
  };
  const doubt = recordDoubt(graph, feeds);
  foldScales(graph);
  return doubt === undefined ? recorded : { ...recorded, doubt };
}

/** One number, the same in all rows, which is NaN where some doubt is. */
function recordDoubt(
  graph: OnnxGraph,
  [feed]: readonly FeedPort[],
): string | undefined {
  const { doubts = [] } = graph;
  if (doubts.length === 0 || feed === undefined) return undefined;
  // A row of theirs need not be a sample: layers fold other axes into it.
  const sum = doubts
    .map((name) => graph.node("ReduceSum", [name], { keepdims: 0 }))
    .reduce((a, b) => graph.node("Add", [a, b]));
  const rows = graph.node("Shape", [feed.name], { start: 0, end: 1 });
  const all = graph.node("Expand", [sum, rows]);
  return graph.output("doubt", all, "float32", [ROWS]);
}

/**
 * Finds the first node that cannot be recorded, without reading any weights.
 *
 * @param feeds What goes in.
 * @param nodes The nodes that run, in order.
 * @returns What is in the way, naming the node; undefined where nothing is.
 */
export function findUnrecordable(
  feeds: readonly Feed[],
  nodes: readonly GraphNode[],
): string | undefined {
  const graph = new OnnxGraph();
  const ops = new OnnxOps(graph);
  const values = new Map<string, Masked<OnnxValue>>();
  const odd = feeds.find(({ spec }) => FEED_TYPES[spec.dtype] === undefined);
  if (odd) return `input "${odd.spec.name}" holds ${odd.spec.dtype}`;
  recordFeeds(graph, feeds, values);
  const sources = new Map<WeightSource, OnnxValue>();
  for (const node of nodes) {
    const { name, kind } = node.row;
    const form = builtInFormOf(node);
    if ("obstacle" in form) return `"${name}" (${kind}) ${form.obstacle}`;
    for (const source of form.call.sources) {
      const { shape } = source;
      const empty = { data: new Float32Array(), shape, dtype: "float32" };
      if (!sources.has(source)) {
        sources.set(source, ops.constant(empty as NdArray));
      }
    }
    try {
      recordNode(ops, node, sources, values);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return `"${name}" (${kind}) cannot be recorded: ${text}`;
    }
  }
}

function recordFeeds(
  graph: OnnxGraph,
  feeds: readonly Feed[],
  values: Map<string, Masked<OnnxValue>>,
): FeedPort[] {
  return feeds.map(({ ref, spec }) => {
    const { port, value } = feed(graph, spec);
    values.set(refKey(ref), { value, mask: undefined });
    return port;
  });
}

function feed(
  graph: OnnxGraph,
  { name, shape, dtype }: TensorSpec,
): { port: FeedPort; value: OnnxValue } {
  const types = FEED_TYPES[dtype];
  if (types === undefined) {
    throw new UnsupportedByEngineError(
      `feed input "${name}"`,
      "onnx",
      `it must hold numbers or booleans, and it holds ${dtype}`,
    );
  }
  const [type, computed] = types;
  const sizes = [null, ...shape.slice(1)]; // any number of rows
  const input = graph.input(name, type, [ROWS, ...sizes.slice(1)]);
  const value = {
    name: type === computed ? input : castTo(graph, input, computed),
    shape: sizes,
    dtype: computed,
  };
  return { port: { name: input, type }, value };
}

/** Calls one layer over names instead of values. */
function recordNode(
  ops: OnnxOps,
  node: GraphNode,
  weights: ReadonlyMap<WeightSource, OnnxValue>,
  values: Map<string, Masked<OnnxValue>>,
): void {
  const { layer, numInputs, args, sources, unmasked } = builtInCall(node);
  const fed = node.inputs.map((ref, i) => {
    const { value, mask } = values.get(refKey(ref))!;
    return { value, mask: unmasked?.includes(i) ? undefined : mask };
  });
  const outputs = callLayer<OnnxValue>(ops, {
    layer,
    inputs: fed.slice(0, numInputs),
    weights: Object.fromEntries(
      sources.map((source) => [source.name, weights.get(source)!]),
    ),
    args: Object.fromEntries(
      Object.entries(args).map(([key, arg]) => [
        key,
        "input" in arg ? fed[arg.input]!.value : arg.value,
      ]),
    ),
    argMasks: Object.fromEntries(
      Object.entries(args).flatMap(([key, arg]) =>
        "input" in arg ? [[key, fed[arg.input]!.mask]] : []
      ),
    ),
  });
  outputs.forEach((output, index) =>
    values.set(refKey({ node, index }), output)
  );
}

/**
 * How our own layers compute a node.
 *
 * @param node A node that runs.
 * @returns Their call.
 * @throws {UnsupportedByEngineError} If they do not.
 */
export function builtInCall(node: GraphNode): BuiltInCall {
  const form = builtInFormOf(node);
  if ("call" in form) return form.call;
  const { name, kind } = node.row;
  throw new UnsupportedByEngineError(
    `run layer "${name}" (${kind})`,
    "onnx",
    `it must be one of our own layers, and it ${form.obstacle}; use .engine("tfjs")`,
  );
}

/** The head's weights, where the logits must be computed from the penultimate. */
function headOf(
  ops: OnnxOps,
  { logits }: Program,
): HeadValues<OnnxValue> | undefined {
  if (logits?.head === undefined) return undefined;
  if (logits.direct !== undefined && logits.shaping === undefined) {
    return undefined;
  }
  const { kernel, bias } = logits.head.weights;
  return { kernel: ops.constant(kernel), bias: ops.constant(bias) };
}

/** Makes the outputs those of the graph. */
function bordered(
  graph: OnnxGraph,
  { features, logits, penultimate, scale }: OutputValues<OnnxValue>,
): OutputValues<OnnxValue> {
  const output = (stem: string, { name, shape, dtype }: OnnxValue) => ({
    name: graph.output(stem, name, dtype, [ROWS, ...shape.slice(1)]),
    shape,
    dtype,
  });
  return {
    features: features.map((feature) => output("feature", feature)),
    ...(logits ? { logits: output("logits", logits) } : {}),
    ...(penultimate ? { penultimate: output("penultimate", penultimate) } : {}),
    ...(scale ? { scale: output("scale", scale) } : {}),
  };
}

/**
 * A program recorded as an ONNX graph. It is recorded once: the choice of the
 * engine, opening, the NaN fallback and export all use the same recording.
 *
 * A recording contains no weights. They are read each time a model is encoded,
 * and belong to that model.
 *
 * @module
 */
import { sizeOf } from "../../check.ts";
import { errorText } from "../../errors.ts";
import type { Masked } from "../../layers/call_layer.ts";
import type { Pacer } from "../../formats/pacer.ts";
import { releaseMemory } from "../../math/release_memory.ts";
import {
  type BuiltInCall,
  builtInFormOf,
  type GraphNode,
  type Ref,
  refKey,
  type WeightSource,
} from "../../models/graph/graph.ts";
import { sampleOps, type SampleValue } from "../../ops/sample_ops.ts";
import { areApart } from "../../ops/samples.ts";
import type { TensorSpec } from "../../types.ts";
import { callNode, readNodeWeights } from "../call_node.ts";
import {
  computeOutputs,
  type HeadValues,
  mapOutputs,
  type OutputValues,
  type Program,
  usesHead,
  wantedRefs,
} from "../program.ts";
import { type EncodedModel, encodeModel } from "./graph/encode_model.ts";
import { fastKinds } from "./graph/device_nodes.ts";
import { OnnxGraph, type OnnxType, ROWS } from "./graph/onnx_graph.ts";
import { OnnxOps } from "./graph/onnx_ops.ts";
import { castTo, FEED_TYPES, type OnnxValue } from "./graph/onnx_value.ts";
import { recordNaNOutput, skipNaNChecks } from "./nan_fallback.ts";
import { foldScales } from "./rewrites/fold_scales.ts";
import { type HalfOutput, halveOutput } from "./rewrites/half_outputs.ts";

/** An input of the graph. */
export interface FeedPort {
  readonly name: string;
  readonly type: OnnxType;
}

/** The outputs of a recorded program. */
export interface RecordedOutputs {
  /** Names, shapes and element types of the program's results. */
  readonly values: OutputValues<OnnxValue>;
  /** For each feature, its outputs in float16, if read as float16. */
  readonly halves: readonly (HalfOutput | undefined)[];
  /** An output `[N]` of the fast graph: NaN if its results may be wrong. */
  readonly nanOutput: string | undefined;
  /**
   * Bytes of inputs and outputs per sample; undefined if the batch cannot be
   * split.
   */
  readonly bytesPerRow: number | undefined;
}

/** A copy of a recorded graph, with the values of its weights. */
export interface FilledGraph {
  readonly graph: OnnxGraph;
  readonly outputs: RecordedOutputs;
  /** Values of the weights, owned by the copy. */
  readonly arrays: readonly Float32Array[];
}

/** A model that the runtime can open. */
export interface FilledModel {
  readonly model: EncodedModel;
  /** Arrays of the model that may be transferred. */
  readonly transferable: readonly ArrayBufferView[];
  /** Size of the constants. */
  readonly weightBytes: number;
}

/**
 * Why the steps of a program cannot be recorded, if so.
 *
 * @param program The program.
 * @returns The obstacle; undefined if there is none.
 */
export function stepObstacle(
  { perturbation, features }: Program,
): string | undefined {
  if (perturbation !== undefined) return "perturb() needs gradients";
  const custom = features.find(({ custom }) => custom.length > 0);
  return custom && `a function of the caller's postprocesses "${custom.name}"`;
}

/**
 * Records a program.
 *
 * @param program The program. Its weights are not read.
 * @returns The recording, or the obstacle, which names the node.
 */
export function record(
  program: Program,
): Recording | { readonly obstacle: string } {
  const { feeds, schedule } = program;
  const obstacle = stepObstacle(program);
  if (obstacle !== undefined) return { obstacle };
  const other = feeds.find(({ spec }) => FEED_TYPES[spec.dtype] === undefined);
  if (other !== undefined) {
    const { name, dtype } = other.spec;
    return { obstacle: `input "${name}" holds ${dtype}` };
  }
  const recording = new Recording(program);
  for (const node of schedule.nodes) {
    const { name, kind } = node.row;
    const form = builtInFormOf(node);
    if ("obstacle" in form) {
      return { obstacle: `"${name}" (${kind}) ${form.obstacle}` };
    }
    try {
      recording.add(node, form.call);
    } catch (error) {
      const text = errorText(error);
      return { obstacle: `"${name}" (${kind}) cannot be recorded: ${text}` };
    }
  }
  return recording;
}

/** A program as an ONNX graph. */
export class Recording {
  /** The recorded program. */
  readonly program: Program;
  /** The inputs, in the order of the program's feeds. */
  readonly feeds: readonly FeedPort[];
  readonly #graph = new OnnxGraph();
  readonly #ops = new OnnxOps(this.#graph);
  readonly #values = new Map<string, Masked<OnnxValue>>();
  readonly #weights = new Map<WeightSource, OnnxValue>();
  readonly #calls = new Map<GraphNode, BuiltInCall>();
  #outputs: RecordedOutputs | undefined;

  /** Records the inputs; {@linkcode record} adds the layers. */
  constructor(program: Program) {
    this.program = program;
    this.feeds = program.feeds.map(({ ref, spec }) => {
      const { batch = null } = program.rows;
      const { port, value } = recordFeed(this.#graph, spec, batch);
      this.#values.set(refKey(ref), { value, mask: undefined });
      return port;
    });
  }

  /**
   * Records a node.
   *
   * @param node The node; its inputs must have been recorded.
   * @param call Its call of a built-in layer.
   */
  add(node: GraphNode, call: BuiltInCall): void {
    const graph = this.#graph;
    this.#calls.set(node, call);
    for (const source of call.sources) {
      if (this.#weights.has(source)) continue;
      graph.setScope(source.name);
      const { shape } = source;
      const name = graph.emptyConstant(shape);
      this.#weights.set(source, { name, shape, dtype: "float32" });
    }
    graph.setScope(node.row.name);
    const outputs = callNode(
      this.#ops,
      node,
      call,
      (source) => this.#weights.get(source)!,
      (key) => this.#values.get(key)!,
    );
    outputs.forEach((output, index) =>
      this.#values.set(refKey({ node, index }), output)
    );
  }

  /** Maximum number of bytes per row, over values of known sizes. */
  get bytesOfLargest(): number {
    return this.#ops.bytesOfLargest;
  }

  /** Number of multiplications per sample, over operations of known sizes. */
  get multiplicationsPerRow(): number {
    return this.#ops.multiplicationsPerRow;
  }

  /** The type of each operator of the layers, in the fast graph. */
  get kinds(): readonly string[] {
    const wanted = wantedRefs(this.program).map((ref) =>
      this.#values.get(refKey(ref))!.value.name
    );
    return fastKinds(this.#graph, wanted);
  }

  /** Size of all weights, in bytes. */
  get weightBytes(): number {
    const sizes = [...this.#weights.keys()].map(({ shape }) => sizeOf(shape));
    return 4 * sizes.reduce((sum, size) => sum + size, 0);
  }

  /**
   * The outputs. They are recorded on first access, when the weights of the
   * head are known.
   */
  get outputs(): RecordedOutputs {
    return this.#outputs ??= this.#recordOutputs();
  }

  #recordOutputs(): RecordedOutputs {
    const graph = this.#graph;
    graph.setScope("");
    const computed = computeOutputs(
      this.#ops,
      this.program,
      (ref: Ref) => this.#values.get(refKey(ref))!.value,
      this.#head(),
    );
    const apart = outputsApart(this.program);
    const values = mapOutputs(computed, ({ name, shape, dtype }, stem, i) => ({
      name: graph.output(
        stem,
        name,
        dtype,
        [apart[i] ? this.program.rows.batch ?? ROWS : null, ...shape.slice(1)],
      ),
      shape,
      dtype,
    }));
    const halves = this.program.features.map(({ readAs }, i) =>
      readAs === undefined
        ? undefined
        : halveOutput(graph, values.features[i]!.name)
    );
    const bytesPerRow = this.program.rows.batch === undefined
      ? bytesPerRowOf(graph)
      : undefined;
    const nanOutput = recordNaNOutput(graph, this.feeds[0]?.name);
    return { values, halves, nanOutput, bytesPerRow };
  }

  /** Weights of the head, if the logits are computed from the penultimate. */
  #head(): HeadValues<OnnxValue> | undefined {
    if (!usesHead(this.program)) return undefined;
    const { kernel, bias } = this.program.logits!.head!.weights;
    return {
      kernel: this.#ops.constant(kernel),
      bias: this.#ops.constant(bias),
    };
  }

  /**
   * Reads the weights, and creates a graph that can be changed and encoded.
   *
   * @param pacer Yields the thread at intervals, and aborts.
   * @returns The graph, exact for NaN too.
   * @throws {RangeError} If a weight must be finite and is not.
   */
  async filled(pacer?: Pacer): Promise<FilledGraph> {
    const { nodes } = this.program.schedule;
    const { outputs } = this; // recorded before the graph is copied
    const callOf = (node: GraphNode) => this.#calls.get(node);
    const host = await readNodeWeights(nodes, callOf, pacer);
    const values = new Map<string, Float32Array>();
    for (const [source, { data }] of host) {
      const floats = data instanceof Float32Array
        ? data
        : Float32Array.from(data);
      values.set(this.#weights.get(source)!.name, floats);
    }
    const graph = this.#graph.withValues(values);
    return { graph, outputs, arrays: [...values.values()] };
  }

  /**
   * Reads the weights, and encodes the model that a session runs.
   *
   * @param kind `fast`: results may be wrong if a value is NaN; the NaN output
   * then is NaN. `exact`: results are always correct, and there is no NaN
   * output.
   * @param pacer Yields the thread at intervals, and aborts.
   * @returns The model.
   * @throws {RangeError} If a weight must be finite and is not.
   */
  async encode(
    kind: "fast" | "exact",
    pacer?: Pacer,
  ): Promise<FilledModel> {
    const { graph, outputs, arrays } = await this.filled(pacer);
    await pacer?.rest();
    if (kind === "fast") skipNaNChecks(graph, outputs.nanOutput);
    foldScales(graph);
    graph.dropUnused();
    const { constants } = graph;
    const kept = new Set(constants.map(({ data }) => data.buffer));
    for (const array of arrays) {
      if (!kept.has(array.buffer)) releaseMemory(array);
    }
    const made = constants.filter(({ isTransferable }) => isTransferable).map((
      { data },
    ) => data);
    const sizes = constants.map(({ data }) => data.byteLength);
    return {
      model: encodeModel(graph),
      transferable: [...arrays, ...made],
      weightBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    };
  }
}

function recordFeed(
  graph: OnnxGraph,
  { name, shape, dtype }: TensorSpec,
  batch: number | null,
): { port: FeedPort; value: OnnxValue } {
  const [type, computed] = FEED_TYPES[dtype]!;
  const sizes = shape.slice(1);
  const input = graph.input(name, type, [batch ?? ROWS, ...sizes]);
  const value = {
    name: type === computed ? input : castTo(graph, input, computed),
    shape: [batch, ...sizes],
    dtype: computed,
  };
  return { port: { name: input, type }, value };
}

/**
 * Whether each row of an output depends on one sample alone, in the order of
 * the outputs.
 */
function outputsApart(program: Program): boolean[] {
  const unknown = { dtype: "float32", samples: null } as const;
  const outputs = computeOutputs<SampleValue>(
    sampleOps(program.rows.batch),
    program,
    program.rows.valueOf,
    {
      kernel: { ...unknown, shape: [null, null] },
      bias: { ...unknown, shape: [null] },
    },
  );
  const apart: boolean[] = [];
  mapOutputs(outputs, ({ samples }) => apart.push(areApart(samples)));
  return apart;
}

/**
 * Bytes of all inputs and outputs per sample; undefined if the batch cannot be
 * split.
 */
function bytesPerRowOf({ inputs, outputs }: OnnxGraph): number | undefined {
  let bytes = 0;
  for (const { shape = [], type } of [...inputs, ...outputs]) {
    const [rows, ...sizes] = shape;
    const isKnown = sizes.every((size) => typeof size === "number");
    if (rows !== ROWS || !isKnown || type === "float16") return undefined;
    bytes += 4 * sizeOf(sizes);
  }
  return bytes;
}

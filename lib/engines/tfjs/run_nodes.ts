/**
 * Runs the nodes of a schedule on TF.js tensors, one by one.
 *
 * A generator, so that its caller may yield the thread between two nodes, or
 * run it to the end under a gradient. It owns the tensors that it creates: each
 * is disposed after its last use, and all if the generator ends early.
 *
 * Layers in memory are called as TF.js' own executor calls them, so that the
 * results equal the caller's `predict`: arguments of a call such as `training`
 * are ignored, and a mask is passed to every later layer, even after a layer
 * that ends masks. TF.js does that in the order in which layers run; here it
 * follows the graph, so that the output of a layer does not depend on which
 * others are requested.
 *
 * Tensors kept between two nodes are independent of any scope that the caller
 * opens or ends meanwhile.
 *
 * @module
 */
import { tf } from "../../tf.ts";
import { cannot, quote } from "../../check.ts";
import { errorText, UnsupportedByEngineError } from "../../errors.ts";
import {
  type BuiltInCall,
  type GraphNode,
  type NodeCall,
  type RawRuntime,
  type Ref,
  refKey,
} from "../../models/graph/graph.ts";
import type { Feed, Schedule } from "../schedule.ts";
import { tensorHandle, tidied } from "./tensor_handle.ts";
import { runBuiltIn, type UploadedWeights } from "./run_built_in.ts";
import { checkWasmMemory, ExhaustedHeap, heapFault } from "./wasm_memory.ts";

/** The inputs of a run. */
export interface NodeRun {
  readonly schedule: Schedule;
  readonly feeds: readonly Feed[];
  readonly wanted: readonly Ref[];
  readonly runtime: RawRuntime | undefined;
  readonly backend: string;
  /**
   * The call of a built-in layer for a node; undefined for a layer in memory.
   */
  readonly callOf: (node: GraphNode) => BuiltInCall | undefined;
  /** Weights of the nodes with built-in layers. */
  readonly weights: UploadedWeights;
}

/** Values of the requested tensors; the receiver disposes of them. */
export type Values = Map<string, tf.Tensor>;

/** A mask of TF.js; null if none is passed on. */
type Mask = tf.Tensor | null;

/** Values and masks of one run. */
interface State {
  readonly values: Values;
  /** Masks of tensors. */
  readonly masks: Values;
  /** The mask that was passed to the layer of a tensor. */
  readonly passedMasks: Map<string, Mask>;
}

/**
 * The inputs by the keys of their tensors.
 *
 * @param feeds The feeds.
 * @param inputs A tensor for each.
 * @returns A new map of the same tensors.
 */
export function fedValues(
  feeds: readonly Feed[],
  inputs: readonly tf.Tensor[],
): Values {
  return new Map(feeds.map(({ ref }, i) => [refKey(ref), inputs[i]!]));
}

/**
 * Runs the nodes.
 *
 * @param run The run.
 * @param inputs One tensor for each feed; not disposed.
 * @returns Values of only the requested tensors.
 */
export function* runNodes(
  run: NodeRun,
  inputs: readonly tf.Tensor[],
): Generator<void, Values> {
  const values = fedValues(run.feeds, inputs);
  const state: State = { values, masks: new Map(), passedMasks: new Map() };
  let isDone = false;
  try {
    const { nodes, releases } = run.schedule;
    const isRaw = nodes.some(({ call }) => call.kind === "raw");
    if (isRaw) runRaw(run, values);
    for (const [step, node] of isRaw ? [] : nodes.entries()) {
      if (run.backend === "wasm") checkWasmMemory(node, inputs[0]!.shape[0]!);
      runNode(node, run, state);
      for (const key of releases[step]!) release(key, values, inputs);
      yield;
    }
    const wanted = wantedOf(run, values, inputs);
    isDone = true;
    return wanted;
  } finally {
    for (const mask of state.masks.values()) mask.dispose();
    const kept = new Set(isDone ? run.wanted.map(refKey) : []);
    for (const key of [...values.keys()]) {
      if (!kept.has(key)) release(key, values, inputs);
    }
  }
}

/** Runs one node, and adds its name to errors. */
function runNode(
  node: GraphNode,
  { backend, callOf, weights }: NodeRun,
  state: State,
): void {
  try {
    const call = callOf(node);
    if (call === undefined) runMemory(node, state);
    else runBuiltIn(node, call, weights, state.values, state.masks);
  } catch (cause) {
    throw explained(
      backend === "wasm" ? heapFault(cause) : cause,
      node,
      backend,
    );
  }
}

function release(
  key: string,
  values: Values,
  inputs: readonly tf.Tensor[],
): void {
  const tensor = values.get(key);
  if (tensor === undefined) return;
  values.delete(key);
  if (!inputs.includes(tensor)) tensor.dispose();
}

/** Clones requested tensors that are inputs, which the caller owns. */
function wantedOf(
  { wanted }: NodeRun,
  values: Values,
  inputs: readonly tf.Tensor[],
): Values {
  return new Map(wanted.map((ref) => {
    const key = refKey(ref);
    const value = values.get(key)!;
    return [key, inputs.includes(value) ? tf.keep(value.clone()) : value];
  }));
}

/** Calls one layer object. */
function runMemory(
  node: GraphNode,
  { values, masks, passedMasks }: State,
): void {
  const { layer } = node.call as NodeCall & { kind: "inMemory" };
  const keys = node.inputs.map(refKey);
  const inputs = keys.map((key) => values.get(key)!);
  const inputMasks = keys.map((key) => masks.get(key) ?? null);
  const mask = inputMasks.some((mask) => mask !== null)
    ? inputMasks[0]!
    : keys.map((key) => passedMasks.get(key)).find((mask) =>
      mask !== undefined
    );
  const made = callLayer(layer, inputs, inputMasks, mask);
  made.outputs.forEach((output, index) => {
    const key = refKey({ node, index });
    values.set(key, output);
    if (mask !== undefined) passedMasks.set(key, mask);
  });
  made.masks.forEach((mask, index) => masks.set(refKey({ node, index }), mask));
}

function callLayer(
  layer: tf.layers.Layer,
  inputs: tf.Tensor[],
  inputMasks: Mask[],
  mask: Mask | undefined,
): { outputs: tf.Tensor[]; masks: tf.Tensor[] } {
  return tidied(layer.name, () => {
    const args = mask === undefined ? {} : { mask };
    const result = layer.apply(
      inputs,
      args as Parameters<typeof layer.apply>[1],
    );
    const outputs = [result].flat() as tf.Tensor[];
    const wrong = outputs.find((output) => !(output instanceof tf.Tensor));
    if (wrong !== undefined) {
      throw new TypeError(
        `its call must return tensors, and returns ${quote(wrong)}`,
      );
    }
    const next = layer.supportsMasking
      ? [layer.computeMask(inputs, inputMasks as tf.Tensor[]) as Mask | Mask[]]
        .flat()[0]
      : undefined;
    return {
      outputs: outputs.map(tensorHandle),
      // As in TF.js, the first mask applies to all outputs.
      masks: next ? outputs.map(() => tensorHandle(next)) : [],
    };
  });
}

/** Runs a graph model as a whole: TF.js can feed and fetch any node. */
function runRaw({ feeds, wanted, runtime }: NodeRun, values: Values): void {
  const { byName, fetched } = rawCall(feeds, wanted, values);
  if (fetched.length === 0) return;
  const results = runtime!.execute(byName, fetched.map(nameOf));
  keepFetched(fetched, results, values);
}

/**
 * Adds the results of a graph model to the values of a run.
 *
 * @param fetched The requested tensors.
 * @param results The results, in that order.
 * @param values The destination.
 */
export function keepFetched(
  fetched: readonly Ref[],
  results: readonly tf.Tensor[],
  values: Values,
): void {
  fetched.forEach((ref, i) => {
    const result: tf.Tensor | undefined = results[i];
    if (result === undefined) {
      tf.dispose([...results]);
      throw new TypeError(
        cannot(
          `run operation "${ref.node.row.name}"`,
          `it must have an output ${ref.index}`,
          undefined,
        ),
      );
    }
    values.set(refKey(ref), tf.keep(result));
  });
}

/** The feeds and fetches of a graph model. */
export function rawCall(
  feeds: readonly Feed[],
  wanted: readonly Ref[],
  values: Values,
): { byName: tf.NamedTensorMap; fetched: Ref[] } {
  const byName = Object.fromEntries(
    feeds.map(({ ref }) => [nameOf(ref), values.get(refKey(ref))!]),
  );
  return { byName, fetched: wanted.filter((ref) => !values.has(refKey(ref))) };
}

/**
 * Computes the sizes of tensors of a graph model. Must be called inside
 * `tf.tidy`.
 *
 * @param run The run of the graph.
 * @param inputs One tensor for each feed.
 * @param refs The tensors.
 * @returns Their sizes.
 */
export function rawShapes(
  { feeds, runtime }: Pick<NodeRun, "feeds" | "runtime">,
  inputs: readonly tf.Tensor[],
  refs: readonly Ref[],
): (readonly number[])[] {
  const { byName } = rawCall(feeds, [], fedValues(feeds, inputs));
  return runtime!.execute(byName, refs.map(nameOf)).map(({ shape }) => shape);
}

/** Name of a tensor in a graph model. */
export function nameOf({ node, index }: Ref): string {
  return index === 0 ? node.row.name : `${node.row.name}:${index}`;
}

/** Creates the error of a layer, with its name and advice. */
function explained(cause: unknown, node: GraphNode, backend: string): Error {
  if (cause instanceof ExhaustedHeap) return cause;
  const text = errorText(cause);
  const { name, kind } = node.row;
  const kernel = /Kernel '(\w+)' not registered/.exec(text)?.[1];
  if (kernel !== undefined) {
    const rule = `its backend must have kernel "${kernel}"`;
    const hint = '; use .engine("tfjs", { backend: "cpu" })';
    return new UnsupportedByEngineError(
      `run layer "${name}"`,
      `tfjs:${backend}`,
      backend === "cpu" ? rule : rule + hint,
    );
  }
  return new Error(`Cannot run layer "${name}" (${kind}): ${text}`, { cause });
}

/**
 * Checks that TF.js computes what an operation of a graph means.
 *
 * @param node The operation's node, or any other.
 * @throws {UnsupportedByEngineError} If it computes something else.
 */
export function checkOperation({ row, call }: GraphNode): void {
  if (call.kind !== "raw" || call.obstacle === undefined) return;
  throw new UnsupportedByEngineError(
    "run model",
    "tfjs",
    `operation "${row.name}" (${row.kind}) must ${call.obstacle}; save the Keras model itself, as .keras or .h5`,
  );
}

/** Operations that give a list of tensors or a table, by its number. */
const HANDLES =
  /^(TensorArray(Scatter|Split|Write)?V3|TensorList(Reserve|Resize|FromTensor|PushBack|SetItem|Scatter.*|Split)|EmptyTensorList|HashTable(V2)?)$/;

/**
 * Checks that TF.js can return a tensor: no list of tensors, and not what a loop
 * computes several times.
 *
 * @param ref The tensor.
 * @throws {UnsupportedByEngineError} If it cannot.
 */
export function checkFetch({ node: { row, call } }: Ref): void {
  if (call.kind !== "raw") return;
  const rule = HANDLES.test(row.kind)
    ? "return a tensor, and not a list of tensors or a table"
    : call.isInLoop === true
    ? "not be inside a loop, which computes it several times"
    : undefined;
  if (rule === undefined) return;
  throw new UnsupportedByEngineError(
    `take layer "${row.name}"`,
    "tfjs",
    `operation "${row.name}" (${row.kind}) must ${rule}`,
  );
}

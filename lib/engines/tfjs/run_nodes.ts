/**
 * Runs the nodes of a schedule on TF.js tensors, one after another.
 *
 * A generator, so that whoever drives it may give the thread back between two
 * nodes, or run it to the end under a gradient. It owns the tensors that it
 * makes: each goes when its last user has run, and all go if it is left early.
 *
 * Layers in memory are called as TF.js' own executor calls them, so that the
 * numbers are those of the caller's `predict`: arguments of a call such as
 * `training` do not count, and a mask, once there was one, is handed to every
 * layer after it, also past one that ends masks. TF.js does that in the order
 * in which layers run; here it goes along the graph, so that what a layer gives
 * does not hang on which others are requested.
 *
 * What is kept between two nodes is out of reach of any scope that the caller
 * may open or end meanwhile.
 *
 * @module
 */
import { tf } from "../../tf.ts";
import { cannot, quote } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
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
import { checkWasmRoom } from "./wasm_room.ts";

/** What a run goes by. */
export interface NodeRun {
  readonly schedule: Schedule;
  readonly feeds: readonly Feed[];
  readonly wanted: readonly Ref[];
  readonly runtime: RawRuntime | undefined;
  readonly backend: string;
  /** How a built-in layer computes a node; undefined for a layer in memory. */
  readonly callOf: (node: GraphNode) => BuiltInCall | undefined;
  /** Weights of the nodes that built-in layers compute. */
  readonly weights: UploadedWeights;
}

/** Values of the wanted tensors; whoever gets them disposes of them. */
export type Values = Map<string, tf.Tensor>;

/** What TF.js calls a mask; null where it hands none on. */
type Mask = tf.Tensor | null;

/** Values and masks of one run. */
interface State {
  readonly values: Values;
  /** Masks of tensors. */
  readonly masks: Values;
  /** The mask that was handed to the layer that gave a tensor. */
  readonly handed: Map<string, Mask>;
}

/**
 * Runs the nodes.
 *
 * @param run What to run.
 * @param inputs One tensor for each feed; they stay the caller's.
 * @returns Values of the wanted tensors, and of nothing else.
 */
export function* runNodes(
  run: NodeRun,
  inputs: readonly tf.Tensor[],
): Generator<void, Values> {
  const values: Values = new Map();
  const state: State = { values, masks: new Map(), handed: new Map() };
  run.feeds.forEach(({ ref }, i) => values.set(refKey(ref), inputs[i]!));
  let isDone = false;
  try {
    const { nodes, releases } = run.schedule;
    const foreign = nodes.some(({ call }) => call.kind === "raw");
    if (foreign) runForeign(run, values);
    for (const [step, node] of foreign ? [] : nodes.entries()) {
      if (run.backend === "wasm") checkWasmRoom(node, inputs[0]!.shape[0]!);
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

/** Runs one node that computes, with its name on every error. */
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
    throw explained(cause, node, backend);
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

/** A wanted tensor that is an input is cloned: it stays the caller's. */
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
  { values, masks, handed }: State,
): void {
  const { layer } = node.call as NodeCall & { kind: "inMemory" };
  const keys = node.inputs.map(refKey);
  const inputs = keys.map((key) => values.get(key)!);
  const inputMasks = keys.map((key) => masks.get(key) ?? null);
  const mask = inputMasks.some((mask) => mask !== null)
    ? inputMasks[0]!
    : keys.map((key) => handed.get(key)).find((mask) => mask !== undefined);
  const made = callLayer(layer, inputs, inputMasks, mask);
  made.outputs.forEach((output, index) => {
    const key = refKey({ node, index });
    values.set(key, output);
    if (mask !== undefined) handed.set(key, mask);
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
    const odd = outputs.find((output) => !(output instanceof tf.Tensor));
    if (odd !== undefined) {
      throw new TypeError(
        `its call must give tensors, and gives ${quote(odd)}`,
      );
    }
    const next = layer.supportsMasking
      ? [layer.computeMask(inputs, inputMasks as tf.Tensor[]) as Mask | Mask[]]
        .flat()[0]
      : undefined;
    return {
      outputs: outputs.map(tensorHandle),
      // As in TF.js, the first mask represents all outputs.
      masks: next ? outputs.map(() => tensorHandle(next)) : [],
    };
  });
}

/** TF.js runs a graph as a whole, and lets any node be fed or fetched. */
function runForeign({ feeds, wanted, runtime }: NodeRun, values: Values): void {
  const { byName, fetched } = rawCall(feeds, wanted, values);
  if (fetched.length === 0) return;
  const results = runtime!.execute(byName, fetched.map(nameOf));
  keepFetched(fetched, results, values);
}

/**
 * Takes what a graph gave as values of a run.
 *
 * @param fetched What was requested.
 * @param results What came, in that order.
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

/** What a graph is fed and requested. */
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

/** Name of a tensor in a graph model. */
export function nameOf({ node, index }: Ref): string {
  return index === 0 ? node.row.name : `${node.row.name}:${index}`;
}

/** An error of a layer with the layer's name, and with what a user can do. */
function explained(cause: unknown, node: GraphNode, backend: string): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
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

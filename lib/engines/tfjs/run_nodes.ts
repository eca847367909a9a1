/**
 * Runs the nodes of a schedule on TF.js tensors, one after another.
 *
 * A generator, so that whoever drives it may give the thread back between two
 * nodes, or run it to the end under a gradient. It owns the tensors that it
 * makes: each goes when its last user has run, and all go if it is left early.
 *
 * Layers in memory are called as TF.js' own executor calls them, masks
 * included. One thing differs: TF.js hands a mask, once there is one, to every
 * later layer; here it goes where the graph says.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedByEngineError } from "../../errors.ts";
import {
  type ForeignRuntime,
  type GraphNode,
  type NodeCall,
  type Ref,
  refKey,
} from "../../models/graph.ts";
import type { Feed } from "../program.ts";
import type { Schedule } from "../schedule.ts";
import { type NodeWeights, runOurs } from "./run_ours.ts";

/** What a run goes by. */
export interface NodeRun {
  readonly schedule: Schedule;
  readonly feeds: readonly Feed[];
  readonly wanted: readonly Ref[];
  readonly runtime: ForeignRuntime | undefined;
  readonly backend: string;
  /** Weights of nodes that are ours. */
  readonly weights: NodeWeights;
}

/** Values of the wanted tensors; whoever gets them disposes of them. */
export type Values = Map<string, tf.Tensor>;

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
  const masks: Values = new Map();
  run.feeds.forEach(({ ref }, i) => values.set(refKey(ref), inputs[i]!));
  let isDone = false;
  try {
    const { nodes, releases } = run.schedule;
    const foreign = nodes.some(({ call }) => call.kind === "foreign");
    if (foreign) runForeign(run, values);
    for (const [step, node] of foreign ? [] : nodes.entries()) {
      runNode(node, run, values, masks);
      for (const key of releases[step]!) release(key, values, inputs);
      yield;
    }
    isDone = true;
    return wantedOf(run, values, inputs);
  } finally {
    tf.dispose([...masks.values()]);
    const kept = new Set(isDone ? run.wanted.map(refKey) : []);
    for (const key of [...values.keys()]) {
      if (!kept.has(key)) release(key, values, inputs);
    }
  }
}

/** Runs one node that computes, with its name on every error. */
function runNode(
  node: GraphNode,
  { backend, weights }: NodeRun,
  values: Values,
  masks: Values,
): void {
  try {
    if (node.call.kind === "ours") runOurs(node, weights, values, masks);
    else runMemory(node, values, masks);
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
    return [key, inputs.includes(value) ? value.clone() : value];
  }));
}

/** Calls one layer object. */
function runMemory(
  node: GraphNode,
  values: Values,
  masks: Values,
): void {
  const { layer, args } = node.call as NodeCall & { kind: "memory" };
  const inputs = node.inputs.map((ref) => values.get(refKey(ref))!);
  const inputMasks = node.inputs.map((ref) => masks.get(refKey(ref)) ?? null);
  const hasMask = inputMasks.some((mask) => mask !== null);
  const made = callLayer(layer, inputs, inputMasks, {
    ...args,
    ...(hasMask ? { mask: inputMasks[0] } : {}),
  });
  made.outputs.forEach((output, index) =>
    values.set(refKey({ node, index }), output)
  );
  made.masks.forEach((mask, index) => masks.set(refKey({ node, index }), mask));
}

type Mask = tf.Tensor | null;

function callLayer(
  layer: tf.layers.Layer,
  inputs: tf.Tensor[],
  inputMasks: Mask[],
  args: Record<string, unknown>,
): { outputs: tf.Tensor[]; masks: tf.Tensor[] } {
  return tf.tidy(() => {
    const result = layer.apply(
      inputs,
      args as Parameters<typeof layer.apply>[1],
    );
    const outputs = [result].flat() as tf.Tensor[];
    if (!layer.supportsMasking) return { outputs, masks: [] };
    const found = layer.computeMask(inputs, inputMasks as tf.Tensor[]) as
      | Mask
      | Mask[];
    const mask = [found].flat()[0];
    // A layer may hand on the very mask that it got: each owner has its own.
    const masks = mask ? outputs.map(() => mask.clone()) : [];
    return { outputs, masks };
  });
}

/** TF.js runs a graph as a whole, and lets any node be fed or fetched. */
function runForeign({ feeds, wanted, runtime }: NodeRun, values: Values): void {
  const { byName, fetched } = foreignCall(feeds, wanted, values);
  if (fetched.length === 0) return;
  const results = runtime!.execute(byName, fetched.map(nameOf));
  fetched.forEach((ref, i) => values.set(refKey(ref), results[i]!));
}

/** What a graph is fed and asked for. */
export function foreignCall(
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
    return new UnsupportedByEngineError(
      `run layer "${name}"`,
      `tfjs:${backend}`,
      `its backend must have kernel "${kernel}"; use .engine("tfjs", { backend: "cpu" })`,
    );
  }
  return new Error(`Cannot run layer "${name}" (${kind}): ${text}`, { cause });
}

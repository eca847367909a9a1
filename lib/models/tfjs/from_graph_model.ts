/**
 * Converts a `tf.GraphModel` to a graph of its operations.
 *
 * TF.js runs a graph model as a whole, and can fetch and feed any node by name;
 * this module only creates nodes for the operations, with their inputs.
 * Constants and placeholders are not layers; constants are the weights of the
 * operations that use them.
 *
 * @module
 */
import type { tf } from "../../tf.ts";
import { cannot, checkNoOptions, sizeOf } from "../../check.ts";
import type { Model, ModelFormat } from "../../types.ts";
import {
  type GraphFunctions,
  type GraphNode,
  makeRow,
  type NodeCall,
  type RawRuntime,
  type Ref,
} from "../graph/graph.ts";
import {
  GraphSpecs,
  indexIn,
  nodeName,
  type Operation,
} from "./graph_specs.ts";
import { inOrder } from "../graph/in_order.ts";
import { unreadAttribute } from "./unread_attributes.ts";
import { ModelGraph } from "../graph/model_graph.ts";

/** The used members of TF.js' graph executor, which has no public types. */
interface Executor {
  readonly graph: {
    readonly nodes: Readonly<Record<string, Operation>>;
    readonly inputs: readonly Operation[];
    readonly outputs: readonly Operation[];
    /** The bodies of loops and branches. */
    readonly functions?: Readonly<
      Record<string, { readonly nodes: Readonly<Record<string, Operation>> }>
    >;
  };
  readonly weightMap: tf.NamedTensorMap | Record<string, tf.Tensor[]>;
}

interface Draft extends GraphNode {
  inputs: readonly Ref[];
}

/**
 * Creates a model from a `tf.GraphModel`.
 *
 * Its layers are the graph's operations, in topological order, without
 * constants and placeholders. The graph model is not changed, and closing the
 * result does not free it.
 *
 * @category Models
 * @param model A graph model of this TF.js, or of another copy of the same
 * major version.
 * @returns The model, as a graph of named operations.
 * @throws {TypeError} If it is not such a model, is disposed, or has no
 * operations.
 *
 * @example Operations by name
 * ```ts
 * import { fromGraphModel, loadModel, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * assert.equal(typeof fromGraphModel, "function");
 * assert.throws(() => fromGraphModel(tf.sequential() as unknown as tf.GraphModel), TypeError);
 * ```
 */
export function fromGraphModel(model: tf.GraphModel): Model {
  checkNoOptions(arguments, "open model", "fromGraphModel(model)", 1);
  return operationsGraph(model, "memory", () => {}).model;
}

/**
 * The same, for a model created by a loader.
 *
 * @param model The model.
 * @param format Its source format.
 * @param dispose Frees the resources of the loader.
 * @returns The graph.
 */
export function operationsGraph(
  model: tf.GraphModel,
  format: ModelFormat,
  dispose: () => void,
): ModelGraph {
  const executor = executorOf(model);
  const { graph } = executor;
  const operations = orderedIn(graph);
  const drafts = new Map<string, Draft>();
  const topLevel: Draft[] = [];
  const specs = new GraphSpecs(model);
  const depths = loopDepths(operations);
  for (const operation of operations) {
    if (operation.op === "Const") continue;
    // A placeholder with a default value that is no input of the model has it.
    const isInput = operation.op.startsWith("Placeholder") &&
      (operation.inputs.length === 0 || graph.inputs.includes(operation));
    const index = isInput ? undefined : topLevel.length;
    const draft = draftOf(operation, executor, drafts, index, specs);
    if (depths.get(operation)! > 0) {
      Object.assign(draft.call, { isInLoop: true });
    }
    if (!isInput) topLevel.push(draft);
    drafts.set(operation.name, draft);
  }
  if (topLevel.length === 0) {
    throw new TypeError(
      cannot("open model", "a graph model must have operations", []),
    );
  }
  const nodes = [...drafts.values()];
  nodes.forEach((node, id) => Object.assign(node, { id }));
  return new ModelGraph({
    name: "graph",
    format,
    nodes,
    topLevel,
    inputs: graph.inputs.map(({ name }) => ({
      node: drafts.get(name)!,
      index: 0,
    })),
    outputs: outputsOf(executor, drafts, specs),
    runtime: runtimeOf(model, operations),
    whyUnusable: () => {
      const weights = Object.values(executor.weightMap).flat();
      return weights.some((one) => one.isDisposed) ? "disposed" : undefined;
    },
    dispose,
  });
}

/** The operations, each after its inputs. */
function orderedIn({ nodes }: Executor["graph"]): Operation[] {
  return inOrder(
    Object.values(nodes),
    // Only loops of control flow lead back, through this operation.
    ({ inputs }) => inputs.filter(({ op }) => op !== "NextIteration"),
    ({ name }) => {
      const rule = "no operation may depend on itself";
      throw new TypeError(cannot("open model", rule, name));
    },
  );
}

/** In how many loops of control flow each operation is, of those in order. */
function loopDepths(operations: readonly Operation[]): Map<Operation, number> {
  const depths = new Map<Operation, number>();
  for (const operation of operations) {
    const around = operation.inputs.map((input) => depths.get(input) ?? 0);
    const change = { Enter: 1, Exit: -1 }[operation.op] ?? 0;
    depths.set(operation, Math.max(0, Math.max(0, ...around) + change));
  }
  return depths;
}

/**
 * The outputs: TF.js stores their operations, the signature which of the
 * operations' outputs they are.
 */
function outputsOf(
  { graph }: Executor,
  drafts: ReadonlyMap<string, Draft>,
  specs: GraphSpecs,
): Ref[] {
  const named = specs.outputNames.map((name): Ref[] => {
    const node = drafts.get(nodeName(name));
    return node === undefined ? [] : [{ node, index: indexIn(name) }];
  });
  if (named.length > 0 && named.every(({ length }) => length === 1)) {
    return named.flat();
  }
  return graph.outputs.flatMap(({ name }) => {
    const node = drafts.get(name);
    return node === undefined ? [] : [{ node, index: 0 }];
  });
}

function executorOf(model: tf.GraphModel): Executor {
  const { executor } = model as unknown as { executor?: Executor };
  if (executor?.graph?.nodes === undefined) {
    throw new TypeError(
      cannot(
        "open model",
        "it must be a tf.GraphModel that is loaded and intact",
        model,
      ),
    );
  }
  return executor;
}

function draftOf(
  operation: Operation,
  executor: Executor,
  drafts: ReadonlyMap<string, Draft>,
  index: number | undefined,
  specs: GraphSpecs,
): Draft {
  const constants = constantsOf(operation, executor);
  const inputs = operation.inputs.flatMap((source, position) => {
    const node = drafts.get(source.name);
    if (node === undefined || constants.has(position)) return [];
    return [{
      node,
      index: outputIndex(operation.inputNames[position]!, source),
    }];
  });
  const weights = (): { name: string; value: tf.Tensor }[] =>
    [...constants].map(([position, tensor]) => ({
      name: operation.inputs[position]!.name,
      value: tensor(),
    })).filter(({ value }) => value.dtype === "float32"); // not shapes and axes
  const outputs = index === undefined
    ? [specs.input(operation)]
    : specs.outputs(operation);
  const call: NodeCall = index === undefined
    ? { kind: "input", spec: outputs[0]! }
    : {
      kind: "raw",
      constants,
      ...obstacleOf(operation, executor),
      ...functionsOf(operation, executor),
    };
  const row = makeRow({
    name: operation.name,
    index,
    kind: operation.op,
    config: attributes(operation),
    outputs,
    numParameters: weights().reduce(
      (sum, { value }) => sum + sizeOf(value.shape),
      0,
    ),
    inbound: inputs.map(({ node }) => node.row.name),
  });
  return { id: 0, row, isListed: index !== undefined, inputs, call, weights };
}

function obstacleOf(
  operation: Operation,
  { graph: { functions = {} } }: Executor,
): { obstacle?: string } {
  const called = callsFunctions(operation, functions)
    ? Object.values(functions).flatMap(({ nodes }) => Object.values(nodes))
    : [];
  const [obstacle] = [operation, ...called].flatMap((each) =>
    unreadAttribute(each) ?? []
  );
  return obstacle === undefined ? {} : { obstacle };
}

/**
 * The functions that an operation calls: all of the graph, as they may call each
 * other.
 */
function functionsOf(
  operation: Operation,
  { graph: { nodes, functions = {} }, weightMap }: Executor,
): { functions?: GraphFunctions } {
  if (!callsFunctions(operation, functions)) return {};
  const meaning = Object.entries(functions).map(([name, { nodes }]) => [
    name,
    Object.values(nodes).map((operation) => [
      operation.name,
      operation.op,
      operation.inputNames,
      attributes(operation),
    ]),
  ]);
  const constants = Object.entries(weightMap)
    .filter(([name]) => !Object.hasOwn(nodes, name))
    .flatMap(([, tensors]) => [tensors].flat().map((tensor) => () => tensor));
  return { functions: { meaning, constants } };
}

function callsFunctions(
  { attrParams }: Operation,
  functions: Readonly<Record<string, unknown>>,
): boolean {
  return Object.values(attrParams).some(({ value }) =>
    typeof value === "string" && Object.hasOwn(functions, value)
  );
}

function attributes({ attrParams }: Operation): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attrParams).map(([key, { value }]) => [key, value])
      .filter(([, value]) => value !== undefined),
  );
}

/** Arguments that are constants, also behind an identity. */
function constantsOf(
  { inputs }: Operation,
  { weightMap }: Executor,
): Map<number, () => tf.Tensor> {
  const constants = new Map<number, () => tf.Tensor>();
  for (const [position, input] of inputs.entries()) {
    let source = input;
    while (source.op === "Identity" && source.inputs.length === 1) {
      source = source.inputs[0]!;
    }
    const tensors = source.op === "Const" ? weightMap[source.name] : undefined;
    if (tensors !== undefined) {
      constants.set(position, () => [tensors].flat()[0]!);
    }
  }
  return constants;
}

/**
 * `name:1` is the second output; the colon may be followed by an output name.
 */
function outputIndex(reference: string, source: Operation): number {
  const tail = reference.slice(reference.lastIndexOf(":") + 1);
  const named = reference.includes(":") ? source.outputs?.indexOf(tail) : -1;
  return named === undefined || named < 0 ? indexIn(reference) : named;
}

/** Operations that may be asynchronous. */
const ASYNC = new Set(["control", "dynamic", "hash_table"]);

function runtimeOf(
  model: tf.GraphModel,
  operations: readonly Operation[],
): RawRuntime {
  return {
    isAsync: operations.some(({ category, op }) =>
      ASYNC.has(category ?? "") && !/^(NoOp|Placeholder\w*)$/.test(op)
    ),
    execute: (feeds, fetches) =>
      [model.execute({ ...feeds }, [...fetches])].flat(),
    executeAsync: async (feeds, fetches) =>
      [await model.executeAsync({ ...feeds }, [...fetches])].flat(),
  };
}

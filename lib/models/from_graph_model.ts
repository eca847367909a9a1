/**
 * From a `tf.GraphModel` to a graph of its operations.
 *
 * TF.js runs a graph model as a whole and lets any node be fetched or fed by
 * name, so the operations stay its own: here they only become nodes that can
 * be found, with what feeds them. Constants and placeholders are no layers;
 * constants are the weights of the operations that take them.
 *
 * @module
 */
import type { tf } from "../tf.ts";
import { cannot } from "../check.ts";
import type { LayerRow, Model, ModelFormat, TensorSpec } from "../types.ts";
import type {
  ForeignRuntime,
  GraphNode,
  NamedWeight,
  NodeCall,
  Ref,
} from "./graph.ts";
import { ModelGraph } from "./model_graph.ts";

/** What is read of TF.js' own graph; it has no public types. */
interface Operation {
  readonly name: string;
  readonly op: string;
  readonly category?: string;
  readonly inputNames: readonly string[];
  readonly inputs: readonly Operation[];
  readonly attrParams: Readonly<
    Record<string, { readonly value?: unknown }>
  >;
  readonly rawAttrs?: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly string[];
}
interface Executor {
  readonly graph: {
    readonly nodes: Readonly<Record<string, Operation>>;
    readonly inputs: readonly Operation[];
    readonly outputs: readonly Operation[];
  };
  readonly weightMap: tf.NamedTensorMap | Record<string, tf.Tensor[]>;
}

/** What a signature says of a tensor. */
interface SignatureTensor {
  readonly name?: string;
  readonly dtype?: string | number;
  readonly tensorShape?: {
    readonly unknownRank?: boolean;
    readonly dim?: readonly { readonly size?: string | number }[];
  };
}

interface Draft extends GraphNode {
  inputs: readonly Ref[];
}

/**
 * Makes a model of a `tf.GraphModel`.
 *
 * Its layers are the graph's operations, in an order in which each comes after
 * what feeds it, without constants and placeholders. The model given is not
 * changed, and closing what is returned frees nothing of it.
 *
 * @param model A graph model of this TF.js, or of another copy of the same
 * major version.
 * @returns The model, as a graph of named operations.
 * @throws {TypeError} If it is no such model, is disposed of, or has no operations.
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
  return operationsGraph(model, "memory", () => {});
}

/**
 * The same, for a model that a loader made.
 *
 * @param model The model.
 * @param format Where it came from.
 * @param dispose Frees what the loader made.
 * @returns The graph.
 */
export function operationsGraph(
  model: tf.GraphModel,
  format: ModelFormat,
  dispose: () => void,
): ModelGraph {
  const executor = executorOf(model);
  const { graph } = executor;
  const operations = inOrder(graph.nodes);
  const drafts = new Map<string, Draft>();
  const topLevel: Draft[] = [];
  const shapes = outputShapes(model);
  for (const operation of operations) {
    if (operation.op === "Const") continue;
    const isInput = operation.op.startsWith("Placeholder");
    const spec = isInput ? inputSpec(operation, model) : undefined;
    const index = topLevel.length;
    const draft = draftOf(operation, executor, drafts, index, spec, shapes);
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
  const refs = (list: readonly Operation[]) =>
    list.map(({ name }) => ({ node: drafts.get(name)!, index: 0 }));
  return new ModelGraph({
    name: "graph",
    format,
    nodes,
    topLevel,
    inputs: refs(graph.inputs),
    outputs: refs(graph.outputs.filter(({ name }) => drafts.has(name))),
    runtime: runtimeOf(model, operations),
    whyUnusable: () =>
      Object.values(executor.weightMap).flat().some(({ isDisposed }) =>
          isDisposed
        )
        ? "disposed"
        : undefined,
    dispose,
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

/** Each after what feeds it; within that, as in the file. */
function inOrder(nodes: Readonly<Record<string, Operation>>): Operation[] {
  const ordered: Operation[] = [];
  const done = new Set<Operation>();
  for (const root of Object.values(nodes)) {
    const stack = [root];
    const open = new Set<Operation>();
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      const waiting = at.inputs.filter((input) =>
        !done.has(input) && !open.has(input)
      );
      if (done.has(at) || open.has(at) || waiting.length === 0) {
        stack.pop();
        if (!done.has(at)) ordered.push(at);
        done.add(at);
        continue;
      }
      open.add(at); // a loop of control flow comes back here
      stack.push(...waiting.toReversed());
    }
  }
  return ordered;
}

function draftOf(
  operation: Operation,
  executor: Executor,
  drafts: ReadonlyMap<string, Draft>,
  index: number,
  input: TensorSpec | undefined,
  shapes: ReadonlyMap<string, TensorSpec>,
): Draft {
  const constants = constantsOf(operation, executor);
  const inputs = operation.inputs.flatMap((source, place) => {
    const node = drafts.get(source.name);
    if (node === undefined || constants.has(place)) return [];
    return [{ node, index: outputIndex(operation.inputNames[place]!, source) }];
  });
  const weights = (): NamedWeight[] =>
    [...constants].map(([place, tensor]) => ({
      name: operation.inputs[place]!.name,
      value: tensor(),
    }));
  const call: NodeCall = input === undefined
    ? { kind: "foreign", constants }
    : { kind: "input", spec: input };
  const row: LayerRow = Object.freeze({
    name: operation.name,
    ...(input === undefined ? { index } : {}),
    kind: operation.op,
    config: Object.freeze(attributes(operation)),
    outputs: Object.freeze(outputSpecs(operation, input, shapes)),
    numParameters: [...constants.values()].reduce(
      (sum, tensor) => sum + tensor().size,
      0,
    ),
    inbound: Object.freeze(inputs.map(({ node }) => node.row.name)),
  });
  return { id: 0, row, isListed: input === undefined, inputs, call, weights };
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
  for (const [place, input] of inputs.entries()) {
    let source = input;
    while (source.op === "Identity" && source.inputs.length === 1) {
      source = source.inputs[0]!;
    }
    const tensors = source.op === "Const" ? weightMap[source.name] : undefined;
    if (tensors !== undefined) {
      constants.set(place, () => [tensors].flat()[0]!);
    }
  }
  return constants;
}

/** `name:1` is the second output; a name after the colon stands for its place. */
function outputIndex(reference: string, source: Operation): number {
  const tail = reference.slice(reference.lastIndexOf(":") + 1);
  if (!reference.includes(":")) return 0;
  const named = source.outputs?.indexOf(tail) ?? -1;
  if (named >= 0) return named;
  return /^\d+$/.test(tail) ? Number(tail) : 0;
}

function inputSpec(operation: Operation, model: tf.GraphModel): TensorSpec {
  const known = model.inputs.find(({ name }) =>
    name.replace(/:\d+$/, "") === operation.name
  );
  const dtype = known?.dtype === "int32" || known?.dtype === "bool" ||
      known?.dtype === "string"
    ? known.dtype
    : "float32";
  const shape = (known?.shape ?? []).map((size) => size < 0 ? null : size);
  return Object.freeze({
    name: operation.name,
    shape: Object.freeze(shape),
    dtype,
  });
}

/** The model's signature says what its outputs are; little else does. */
function outputShapes(model: tf.GraphModel): Map<string, TensorSpec> {
  const { outputs = {} } = model.modelSignature as {
    outputs?: Record<string, SignatureTensor>;
  };
  const specs = Object.values(outputs).flatMap(
    ({ name, dtype, tensorShape }) => {
      const { dim, unknownRank } = tensorShape ?? {};
      if (name === undefined || dim === undefined || unknownRank) return [];
      const node = name.replace(/:\d+$/, "");
      const spec: TensorSpec = Object.freeze({
        name: node,
        shape: Object.freeze(dim.map(({ size }) => sizeOrNull(size))),
        dtype: dtype === "DT_INT32" ? "int32" : "float32",
      });
      return [[node, spec] as const];
    },
  );
  return new Map(specs);
}

function sizeOrNull(size: string | number | undefined): number | null {
  return size === undefined || Number(size) < 0 ? null : Number(size);
}

/** What the converter left of shapes; most operations carry none. */
function outputSpecs(
  operation: Operation,
  input: TensorSpec | undefined,
  shapes: ReadonlyMap<string, TensorSpec>,
): TensorSpec[] {
  if (input !== undefined) return [input];
  const known = shapes.get(operation.name);
  if (known !== undefined) return [known];
  const raw = operation.rawAttrs?._output_shapes as
    | {
      list?: {
        shape?: { unknownRank?: boolean; dim?: { size?: string | number }[] }[];
      };
    }
    | undefined;
  const channels = operation.attrParams.dataFormat?.value === "NHWC"
    ? { channels: "last" as const }
    : {};
  return (raw?.list?.shape ?? []).filter(({ unknownRank }) => !unknownRank)
    .map(({ dim = [] }) =>
      Object.freeze({
        name: operation.name,
        shape: Object.freeze(dim.map(({ size }) => sizeOrNull(size))),
        dtype: "float32",
        ...channels,
      })
    );
}

/** Operations that may give a promise. */
const ASYNC = new Set(["control", "dynamic", "hash_table"]);

function runtimeOf(
  model: tf.GraphModel,
  operations: readonly Operation[],
): ForeignRuntime {
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

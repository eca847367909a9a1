/**
 * A model as a graph: nodes, and references to what they give.
 *
 * A node is one call of one layer. It is of one of five kinds: an input; an
 * alias, whose outputs are those of other nodes (a nested model's row, or its
 * inner inputs); a layer of our own; a layer object in memory, which TF.js
 * calls as it is, and other engines as a layer of our own; or an operation that
 * only its own runtime can run. Nested models are flattened: their nodes
 * stand in the same graph under a path, so that every
 * layer can be reached from every other.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { HostComputation, Layer } from "../../layers/layer.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { LayerRow, NdArray, TensorSpec } from "../../types.ts";

/** One output of one node. */
export interface Ref {
  readonly node: GraphNode;
  readonly index: number;
}

/** One call of one layer. */
export interface GraphNode {
  /** Number in the graph, from 0. */
  readonly id: number;
  /** What a user sees of it. */
  readonly row: LayerRow;
  /** Whether it has a row in the layer table. */
  readonly isListed: boolean;
  /** What it is called on. */
  readonly inputs: readonly Ref[];
  /**
   * Where the channels of its maps stand, if known though their shape is not.
   */
  readonly channels?: "first" | "last";
  /** Whether it gives the same whatever the model is fed: it hangs on constants alone. */
  readonly isConstant?: boolean;
  /** How it is computed. */
  readonly call: NodeCall;
  /** Its weights as they are now, in Keras' order; not to be disposed of. */
  readonly weights: () => readonly NamedWeight[];
}

/** A weight of a layer. */
export interface NamedWeight {
  readonly name: string;
  readonly value: WeightValue;
}

/** Where a weight's values are: in TF.js, or in a file. */
export type WeightValue = tf.Tensor | WeightSource;

/** A weight on the host, read when it is needed. */
export interface WeightSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether a program that holds it must not run with NaN or infinities in it. */
  readonly mustBeFinite?: boolean;
  /** False for numbers that are no parameters, as those of a shape. */
  readonly isParameter?: boolean;
  /** Its bytes as they are stored, where they tell it from others better than its values. */
  readonly storedBytes?: (() => Uint8Array) | undefined;
  /** Reads it: the same values each time, in an array that is the reader's own. */
  readonly read: () => Promise<NdArray>;
}

/** A keyword argument of a call: a value, or the number of an input of the node. */
export type CallArgument =
  | { readonly input: number }
  | { readonly value: number | boolean | string | undefined };

/** How layers of our own compute a node. */
export interface BuiltInCall {
  readonly layer: Layer;
  /** Values among the arguments of the call, which tell it from other calls. */
  readonly meaning?: unknown;
  /** How many of the node's inputs are positional; the others are arguments. */
  readonly numInputs: number;
  readonly args: Readonly<Record<string, CallArgument>>;
  /** Indices of the node's inputs whose mask a call before it took away. */
  readonly unmasked?: readonly number[];
  readonly sources: readonly WeightSource[];
}

/** What our own layers make of a node, or why they cannot compute it. */
export type BuiltInForm =
  | { readonly call: BuiltInCall }
  | { readonly obstacle: string };

/** An operation of an ONNX file. */
export interface OnnxCall {
  readonly operation: OnnxOperation;
  /** All tensors that it takes, those of graphs within it too; empty for one left out. */
  readonly takes: readonly string[];
  /** What gives each of these; undefined for constants and what is left out. */
  readonly givers: readonly (Ref | undefined)[];
  /** The version of its operators: it decides what their attributes mean. */
  readonly version: number;
  /** What its operator means besides its name and attributes: domain, version, a function's body. */
  readonly meaning: string;
}

/** How a node is computed. */
export type NodeCall =
  | {
    readonly kind: "input";
    readonly spec: TensorSpec;
    /** What the host computes it from; undefined for an input of the model. */
    readonly host?: {
      readonly from: Ref;
      readonly computation: HostComputation;
    };
  }
  | { readonly kind: "alias"; readonly outputs: readonly Ref[] }
  | {
    readonly kind: "inMemory";
    readonly layer: tf.layers.Layer;
    /** How built-in layers compute the node, with its options as they are now. */
    readonly builtInForm: (node: GraphNode) => BuiltInForm;
    /**
     * The built-in layer of its class and options, for what is known about it.
     */
    readonly builtInLayer: () => Layer | undefined;
    /** Path of the nested model that holds it; `""` at the top. */
    readonly within: string;
    /** Whether the class is one of TF.js' own, whose meaning is known. */
    readonly isOwnClass: boolean;
  }
  | BuiltInCall & {
    readonly kind: "builtIn";
    /** Whether the class is a built-in one, and not one that the caller passed. */
    readonly isOwnClass: boolean;
  }
  | {
    readonly kind: "raw";
    /** Constants among the operation's arguments, by their index. */
    readonly constants: ReadonlyMap<number, () => WeightValue>;
    /** What it is in its ONNX file, if it is of one, and not of a graph of TF.js. */
    readonly onnx?: OnnxCall;
  };

/** Runs raw operations. */
export interface RawRuntime {
  /** Whether some node needs the asynchronous way, as control flow does. */
  readonly isAsync: boolean;
  /**
   * Computes some outputs from others, which need not be the model's inputs.
   *
   * @param feeds Tensors by the name of the output that they represent.
   * @param fetches Names of the outputs wanted.
   * @returns New tensors, in the order of `fetches`.
   */
  execute(feeds: tf.NamedTensorMap, fetches: readonly string[]): tf.Tensor[];
  /** The same, for graphs with control flow. */
  executeAsync(
    feeds: tf.NamedTensorMap,
    fetches: readonly string[],
  ): Promise<tf.Tensor[]>;
}

/**
 * Follows aliases to the node that computes.
 *
 * @param ref Any reference.
 * @returns The reference to the same tensor at its origin.
 */
export function origin(ref: Ref): Ref {
  let at = ref;
  while (at.node.call.kind === "alias") at = at.node.call.outputs[at.index]!;
  return at;
}

/**
 * Identity of a tensor in the graph, for maps.
 *
 * @param ref Any reference.
 * @returns The same text for the same tensor.
 */
export function refKey(ref: Ref): string {
  const { node, index } = origin(ref);
  return `${node.id}:${index}`;
}

/**
 * What is known of a tensor.
 *
 * @param ref Any reference.
 * @returns Its spec; undefined if the graph says nothing of it.
 */
export function specOf(ref: Ref): TensorSpec | undefined {
  return ref.node.row.outputs[ref.index] ??
    origin(ref).node.row.outputs[origin(ref).index];
}

/**
 * How our own layers compute a node, for engines that run nothing else.
 *
 * @param node Any node that computes.
 * @returns Their call, with its options as they are now; or what is in the way,
 * to be said of the node.
 */
export function builtInFormOf(node: GraphNode): BuiltInForm {
  const { call } = node;
  if (call.kind === "builtIn") return { call };
  if (call.kind === "inMemory") return call.builtInForm(node);
  const isOfFile = call.kind === "raw" && call.onnx !== undefined;
  return {
    obstacle: isOfFile
      ? "is an operation of an ONNX file, which is run as it stands"
      : "is an operation of TF.js",
  };
}

/**
 * The layer behind a node, for what is known about it without running it.
 *
 * @param node Any node.
 * @returns The layer; undefined if the node's class is a custom one of TF.js,
 * or no layer.
 */
export function builtInLayerOf({ call }: GraphNode): Layer | undefined {
  if (call.kind === "builtIn") return call.layer;
  return call.kind === "inMemory" && call.isOwnClass
    ? call.builtInLayer()
    : undefined;
}

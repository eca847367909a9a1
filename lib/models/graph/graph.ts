/**
 * A model as a graph: nodes, and references to their outputs.
 *
 * A node is one call of one layer. There are five kinds: an input; an alias,
 * whose outputs are those of other nodes (a nested model's row, or its inner
 * inputs); a built-in layer; a layer object in memory, which TF.js calls
 * directly, and other engines as a built-in layer; or a raw operation that only
 * its own runtime can run. Nested models are flattened: their nodes are in the
 * same graph under a path.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { HostComputation, Layer } from "../../layers/layer.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { ShapeValue } from "../../ops/shape_ops.ts";
import type { LayerRow, NdArray, TensorSpec } from "../../types.ts";

/** One output of one node. */
export interface Ref {
  readonly node: GraphNode;
  readonly index: number;
}

/** One call of one layer. */
export interface GraphNode {
  /** Index in the graph, from 0. */
  readonly id: number;
  /** Its row in the layer table. */
  readonly row: LayerRow;
  /** Whether it has a row in the layer table. */
  readonly isListed: boolean;
  /** Its inputs. */
  readonly inputs: readonly Ref[];
  /**
   * The channel axis of its feature maps, if known without their shape.
   */
  readonly channels?: "first" | "last";
  /** Whether it depends only on constants. */
  readonly isConstant?: boolean;
  /** Its computation. */
  readonly call: NodeCall;
  /** Its current weights, in Keras' order; must not be disposed. */
  readonly weights: () => readonly NamedWeight[];
}

/** A weight of a layer. */
export interface NamedWeight {
  readonly name: string;
  readonly value: WeightValue;
}

/** A weight with its storage: a TF.js variable, or a file. */
export type WeightValue = tf.Tensor | WeightSource;

/** A weight on the host, read on demand. */
export interface WeightSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether a program must not run if it contains NaN or infinities. */
  readonly mustBeFinite?: boolean;
  /** False for numbers that are not parameters, such as a shape. */
  readonly isParameter?: boolean;
  /** Its stored bytes, if they identify it better than its values. */
  readonly storedBytes?: (() => Uint8Array) | undefined;
  /** Bytes that identify values that `read` does not support. */
  readonly identity?: (() => Uint8Array) | undefined;
  /** Reads the values, into a new array each time. */
  readonly read: () => Promise<NdArray>;
}

/**
 * A keyword argument of a call: a value, or the index of an input of the node.
 */
export type CallArgument =
  | { readonly input: number }
  | { readonly value: number | boolean | string | undefined };

/** The call of a built-in layer for a node. */
export interface BuiltInCall {
  readonly layer: Layer;
  /**
   * Values among the arguments of the call, which distinguish it from other
   * calls.
   */
  readonly meaning?: readonly [
    positional: readonly unknown[],
    named: Readonly<Record<string, unknown>>,
  ];
  /**
   * Number of positional inputs of the node; the others are keyword arguments.
   */
  readonly numInputs: number;
  readonly args: Readonly<Record<string, CallArgument>>;
  /** Indices of the node's inputs whose mask an earlier call removed. */
  readonly unmasked?: readonly number[];
  readonly sources: readonly WeightSource[];
}

/** The call of a built-in layer, or why there is none. */
export type BuiltInForm =
  | { readonly call: BuiltInCall }
  | { readonly obstacle: string };

/** An operation of an ONNX file. */
export interface OnnxCall {
  readonly operation: OnnxOperation;
  /**
   * All tensors that it uses, including those of subgraphs; empty for an
   * omitted one.
   */
  readonly operands: readonly string[];
  /**
   * The source of each of these; undefined for constants and omitted inputs.
   */
  readonly producers: readonly (Ref | undefined)[];
  /** Its opset, which determines the meaning of attributes. */
  readonly version: number;
  /** What else defines its operator: domain, version, function body. */
  readonly meaning: string;
  /** Its first input as floats, if that is quantised. */
  readonly dequantised?: Ref;
}

/** The functions of a TF.js graph, such as the bodies of loops. */
export interface GraphFunctions {
  /** Their operations; equal functions have equal ones. */
  readonly meaning: unknown;
  /** Their constants. */
  readonly constants: readonly (() => WeightValue)[];
}

/** The computation of a node. */
export type NodeCall =
  | {
    readonly kind: "input";
    readonly spec: TensorSpec;
    /**
     * The inputs from which the host computes it; undefined for an input of the
     * model.
     */
    readonly host?: {
      readonly from: readonly Ref[];
      readonly computation: HostComputation;
    };
  }
  | { readonly kind: "alias"; readonly outputs: readonly Ref[] }
  | {
    readonly kind: "inMemory";
    readonly layer: tf.layers.Layer;
    /** The call of a built-in layer for the node, with its current options. */
    readonly builtInForm: (node: GraphNode) => BuiltInForm;
    /**
     * The built-in layer of its class and options, for its properties.
     */
    readonly builtInLayer: () => Layer | undefined;
    /** Path of the nested model that contains it; `""` at the top. */
    readonly within: string;
    /** Whether the class is a TF.js class with known meaning. */
    readonly isBuiltInClass: boolean;
  }
  | BuiltInCall & {
    readonly kind: "builtIn";
    /** Whether the class is built-in, not custom. */
    readonly isBuiltInClass: boolean;
  }
  | {
    readonly kind: "raw";
    /** Constants among the operation's arguments, by index. */
    readonly constants: ReadonlyMap<number, () => WeightValue>;
    /** The operation of the ONNX file; undefined for a TF.js graph. */
    readonly onnx?: OnnxCall;
    /** What the operation must be instead, for TF.js to compute it. */
    readonly obstacle?: string;
    /** Whether it is inside a loop, which computes it several times. */
    readonly isInLoop?: boolean;
    /** The functions of the graph that it calls. */
    readonly functions?: GraphFunctions;
  };

/** Runs raw operations. */
export interface RawRuntime {
  /** Whether a node needs asynchronous execution, such as control flow. */
  readonly isAsync: boolean;
  /**
   * Computes some tensors from others, which may be inner tensors.
   *
   * @param feeds Tensors by the name of the output that they represent.
   * @param fetches Names of the requested outputs.
   * @returns New tensors, in the order of `fetches`.
   */
  execute(feeds: tf.NamedTensorMap, fetches: readonly string[]): tf.Tensor[];
  /** The same, asynchronously, for graphs with control flow. */
  executeAsync(
    feeds: tf.NamedTensorMap,
    fetches: readonly string[],
  ): Promise<tf.Tensor[]>;
}

/**
 * Follows aliases to the node that computes a tensor.
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
 * @returns The same string for the same tensor.
 */
export function refKey(ref: Ref): string {
  const { node, index } = origin(ref);
  return `${node.id}:${index}`;
}

/**
 * Creates a spec.
 *
 * @param name The tensor's name.
 * @param shape Its sizes; copied.
 * @param dtype Its element type.
 * @param channels Its channel axis, if known.
 * @returns The spec, frozen.
 */
export function tensorSpec(
  name: string,
  shape: readonly (number | null)[],
  dtype: TensorSpec["dtype"],
  channels?: "first" | "last",
): TensorSpec {
  return Object.freeze({
    name,
    shape: Object.freeze([...shape]),
    dtype,
    ...(channels === undefined ? {} : { channels }),
  });
}

/**
 * The spec of a tensor.
 *
 * @param ref Any reference.
 * @returns Its spec; undefined if unknown.
 */
export function specOf(ref: Ref): TensorSpec | undefined {
  return ref.node.row.outputs[ref.index] ??
    origin(ref).node.row.outputs[origin(ref).index];
}

/**
 * The call of a built-in layer for a node, for engines that run only these.
 *
 * @param node Any node that computes.
 * @returns The call, with the current options; or the obstacle, for a message
 * about the node.
 */
export function builtInFormOf(node: GraphNode): BuiltInForm {
  const { call } = node;
  if (call.kind === "builtIn") return { call };
  if (call.kind === "inMemory") return call.builtInForm(node);
  const isOfFile = call.kind === "raw" && call.onnx !== undefined;
  return {
    obstacle: isOfFile
      ? "is an operation of an ONNX file, which only ONNX Runtime runs"
      : "is an operation of TF.js",
  };
}

/**
 * Converts the spec of a tensor to a value of `ShapeOps`.
 *
 * @param spec Its sizes and element type.
 * @returns The sizes, and the element type of engines.
 */
export function shapeValue(
  { shape, dtype }: Pick<TensorSpec, "shape" | "dtype">,
): ShapeValue {
  const isKept = dtype === "int32" || dtype === "bool";
  return { shape, dtype: isKept ? dtype : "float32" };
}

/** Values of the row of a node; optional ones have defaults. */
export interface RowParts {
  readonly name: string;
  /** Its index in Keras' own list, if it is there. */
  readonly index?: number | undefined;
  readonly kind: string;
  readonly config?: LayerRow["config"];
  readonly outputs: readonly TensorSpec[];
  /** @default {0} */
  readonly numParameters?: number;
  /** Names of the nodes before it. */
  readonly inbound?: readonly string[];
}

/**
 * Creates the row of a node.
 *
 * @param parts Its values, which are copied.
 * @returns The row, frozen.
 */
export function makeRow(
  { name, index, kind, config = {}, outputs, numParameters = 0, inbound = [] }:
    RowParts,
): LayerRow {
  return Object.freeze({
    name,
    ...(index === undefined ? {} : { index }),
    kind,
    config: Object.freeze({ ...config }),
    outputs: Object.freeze([...outputs]),
    numParameters,
    inbound: Object.freeze([...inbound]),
  });
}

/**
 * The built-in layer of a node, for its properties.
 *
 * @param node Any node.
 * @returns The layer; undefined for a custom TF.js class, or a node that is not
 * a layer.
 */
export function builtInLayerOf({ call }: GraphNode): Layer | undefined {
  if (call.kind === "builtIn") return call.layer;
  return call.kind === "inMemory" && call.isBuiltInClass
    ? call.builtInLayer()
    : undefined;
}

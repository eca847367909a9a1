/**
 * Facts about operators of ONNX: those that compute element by element, from
 * which shapes, the axis of the samples and the growth of tensors follow, the
 * channel axes, and what is in their subgraphs.
 *
 * @module
 */
import type {
  OnnxFunction,
  OnnxGraphPart,
  OnnxOperation,
} from "../../formats/onnx_model.ts";
import type { OnnxTensor } from "../../formats/onnx_tensor.ts";
import { type ChannelAxis, layerChannels } from "./channels.ts";

/** Operators whose output has the shape of their first input. */
export const UNARY: readonly string[] = [
  ...["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil"],
  ...["Celu", "Clip", "Cos", "Cosh", "Dropout", "Elu", "Erf", "Exp", "Floor"],
  ...["Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN"],
  ...["LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round"],
  ...["Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus"],
  ...["Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu"],
];

/** Operators whose inputs are broadcast together. */
export const BROADCASTING: readonly string[] = [
  ...["Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less"],
  ...["LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "PRelu"],
  ...["Sub", "Sum", "Where", "Xor"],
];

/** Operators that return a boolean for each element. */
export const PREDICATES: ReadonlySet<string> = new Set([
  ...["And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less"],
  ...["LessOrEqual", "Not", "Or", "Xor"],
]);

/** Operators whose results differ from run to run, in ONNX and TensorFlow. */
export const RANDOM = /^(Random|Bernoulli|Multinomial|TruncatedNormal)/;

/** Operators whose feature maps are channels first, by their definition. */
const FIRST = new Set([
  ...["Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv"],
  ...["MaxPool", "AveragePool", "LpPool", "MaxUnpool", "MaxRoiPool"],
  ...["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "RoiAlign"],
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization"],
  ...["LRN", "DepthToSpace", "SpaceToDepth", "Upsample", "GridSample"],
]);

/** Operators that keep the order of the axes. */
const KEPT = new Set([
  ...[...UNARY, ...BROADCASTING, "Concat", "Pad", "Resize"],
  ...["QuantizeLinear", "DequantizeLinear"],
]);

/**
 * The channel axis of the output of an operation.
 *
 * @param kind The operation's name, in the default ONNX domain.
 * @param inputs The channel axes of its inputs, without constants.
 * @returns "first" or "last"; undefined if unknown.
 */
export function onnxChannels(
  kind: string,
  inputs: readonly ChannelAxis[],
): ChannelAxis {
  const channels = FIRST.has(kind) ? { channels: "first" as const } : {};
  return layerChannels({ ...channels, keepsAxes: KEPT.has(kind) }, inputs);
}

/**
 * The subgraphs of an operation: bodies of loops, and branches.
 *
 * @param node The operation.
 * @returns Its graphs, without those in them.
 */
export function graphsIn(
  { attributes }: Pick<OnnxOperation, "attributes">,
): OnnxGraphPart[] {
  return [...attributes.values()].flatMap((value) =>
    typeof value === "object" && "graph" in value ? [value.graph] : []
  );
}

/**
 * The tensor of a Constant of ONNX.
 *
 * @param node The operation.
 * @returns Its value, with the name of its output; undefined for other
 * operations, and for values that are no tensor.
 */
export function constantTensor(
  { kind, domain, attributes, outputs: [name = ""] }: OnnxOperation,
): OnnxTensor | undefined {
  const value = attributes.get("value");
  const isTensor = kind === "Constant" && domain === "" &&
    typeof value === "object" && "tensor" in value;
  return isTensor ? { ...value.tensor, name } : undefined;
}

/**
 * All subgraphs of an operation.
 *
 * @param node The operation.
 * @returns Its graphs, and those in them.
 */
export function* graphsWithin(
  node: OnnxOperation,
): Generator<OnnxGraphPart, void> {
  for (const graph of graphsIn(node)) {
    yield graph;
    for (const inner of graph.nodes) yield* graphsWithin(inner);
  }
}

/**
 * The functions that an operation calls: none, or one; several if they are
 * overloads.
 *
 * @param node The operation.
 * @param functions The functions of the file.
 * @returns The functions.
 */
export function functionsOf(
  { kind, domain }: Pick<OnnxOperation, "kind" | "domain">,
  functions: readonly OnnxFunction[],
): OnnxFunction[] {
  return functions.filter((each) =>
    each.name === kind && each.domain === domain
  );
}

/**
 * Operations, with all in their subgraphs and in the functions that they call.
 *
 * @param nodes The operations.
 * @param functions Functions to look into, each once.
 * @returns The operations, each before those in it.
 */
export function* operationsWithin(
  nodes: readonly OnnxOperation[],
  functions: readonly OnnxFunction[] = [],
  seen: Set<OnnxFunction> = new Set(),
): Generator<OnnxOperation, void> {
  for (const node of nodes) {
    yield node;
    for (const { nodes } of graphsIn(node)) {
      yield* operationsWithin(nodes, functions, seen);
    }
    for (const called of functionsOf(node, functions)) {
      if (seen.has(called)) continue;
      yield* operationsWithin(called.nodes, functions, seen.add(called));
    }
  }
}

/**
 * Names of the tensors of some operations, and of those in their subgraphs.
 *
 * @param nodes The operations.
 * @returns The names, and the empty one if a tensor is omitted.
 */
export function tensorNames(nodes: readonly OnnxOperation[]): Set<string> {
  const names = new Set<string>();
  for (const node of operationsWithin(nodes)) {
    for (const name of [...node.inputs, ...node.outputs]) names.add(name);
    for (const { inputs, outputs, constants, sparse } of graphsIn(node)) {
      const tensors = sparse.map(({ values }) => values);
      for (
        const { name } of [...inputs, ...outputs, ...constants, ...tensors]
      ) {
        names.add(name);
      }
    }
  }
  return names;
}

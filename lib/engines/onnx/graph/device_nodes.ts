/**
 * Finds the operators of a graph that a device does not support. They run on
 * the processor, node by node, with copies in both directions.
 *
 * @module
 */
import type { OnnxGraph, OnnxNode } from "./onnx_graph.ts";

/**
 * Operators with a kernel in the WebGPU provider of ONNX Runtime 1.27, in opset
 * 21. Found by opening a graph of each with the fallback to the processor
 * disabled; those of Microsoft's domain by the classes in the library.
 */
const ON_WEBGPU: ReadonlySet<string> = new Set([
  ...["Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin"],
  ...["Asinh", "Atan", "Atanh", "BatchNormalization", "Cast", "Ceil", "Clip"],
  ...["Concat", "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum"],
  ...["DepthToSpace", "DequantizeLinear", "Div", "Einsum", "Elu", "Equal"],
  ...["Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "GatherElements"],
  ...["GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool"],
  ...["Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity"],
  ...["If", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less"],
  ...["LessOrEqual", "Log", "LpNormalization", "LSTM", "MatMul", "MaxPool"],
  ...["Mish", "Mul", "Neg", "Not", "Pad", "Pow", "Range", "Reciprocal"],
  ...["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax"],
  ...["ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"],
  ...["ReduceSumSquare", "Relu", "Reshape", "Resize", "ScatterElements"],
  ...["ScatterND", "Sigmoid", "Sin", "Sinh", "Slice", "Softmax", "Softplus"],
  ...["Split", "Sqrt", "Squeeze", "Sub", "Tan", "Tanh", "ThresholdedRelu"],
  ...["Tile", "TopK", "Transpose", "Unsqueeze", "Where"],
  ...["Attention", "BiasAdd", "BiasGelu", "BiasSplitGelu", "FastGelu"],
  ...["FusedConv", "GroupQueryAttention", "MatMulNBits", "MultiHeadAttention"],
  ...["QuickGelu", "RotaryEmbedding", "SkipLayerNormalization"],
]);

/**
 * Operators that are not listed: the runtime runs those of shapes always on the
 * processor, and removes the others.
 */
const UNLISTED: ReadonlySet<string> = new Set([
  ...["Shape", "Size", "ConstantOfShape", "Constant", "Dropout"],
]);

/**
 * The operators that run on the processor instead of the device.
 *
 * @param kinds The kinds of all operators that run.
 * @param device The device.
 * @returns Each kind with its count, as "Max (3)", in alphabetic order;
 * undefined for devices without a list.
 */
export function kindsOnCpu(
  kinds: Iterable<string>,
  device: string,
): readonly string[] | undefined {
  if (device !== "webgpu") return undefined;
  const counts = new Map<string, number>();
  for (const kind of kinds) {
    if (ON_WEBGPU.has(kind) || UNLISTED.has(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return Object.freeze(
    [...counts].map(([kind, count]) => `${kind} (${count})`).sort(),
  );
}

/**
 * Nodes that a device accepts but then fails on, so that they must be assigned
 * to the processor by name: WebGPU supports transposed convolutions of one and
 * two spatial axes only.
 *
 * @param graph The graph.
 * @returns Their first outputs, which are their names in the model.
 */
export function nodesToKeep(
  graph: OnnxGraph,
): readonly string[] {
  return graph.nodes
    .filter(({ operator, inputs }) =>
      operator === "ConvTranspose" &&
      (graph.constantOf(inputs[1]!)?.shape.length ?? 0) > 4
    )
    .map(({ outputs }) => outputs[0]!);
}

/**
 * The operator types of a recorded graph, without those of NaN checks.
 *
 * @param graph The graph.
 * @param wanted Names of the computed values.
 * @returns One type for each node; transposed convolutions on the processor are
 * not distinguished.
 */
export function fastKinds(
  graph: OnnxGraph,
  wanted: readonly string[],
): readonly string[] {
  const before = new Map(
    graph.nanChecks.map(({ checked, unchecked }) => [checked, unchecked]),
  );
  const seen = new Set<OnnxNode>();
  const queue = [...wanted];
  while (queue.length > 0) {
    const name = queue.pop()!;
    const node = graph.makerOf(before.get(name) ?? name);
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    queue.push(...node.inputs);
  }
  return [...seen].map(({ operator }) => operator);
}

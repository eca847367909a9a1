/**
 * Facts about operators of ONNX: those that compute element by element, from
 * which shapes, the axis of the samples and the growth of tensors follow, and
 * the channel axes.
 *
 * @module
 */
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

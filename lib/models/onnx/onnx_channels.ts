/** The channel axis of ONNX feature maps. */
type Channels = "first" | "last" | undefined;

/** Operations whose feature maps are channels first, by their definition. */
const FIRST = new Set([
  ...["Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv"],
  ...["MaxPool", "AveragePool", "LpPool", "MaxUnpool", "MaxRoiPool"],
  ...["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "RoiAlign"],
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization"],
  ...["LRN", "DepthToSpace", "SpaceToDepth", "Upsample", "GridSample"],
]);

/** Operations that keep the order of the axes. */
const KEPT = new Set([
  ...["Abs", "Add", "Cast", "Ceil", "Celu", "Clip", "Div", "Dropout", "Elu"],
  ...["Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity"],
  ...["LeakyRelu", "Log", "Max", "Mean", "Min", "Mish", "Mul", "Neg"],
  ...["PRelu", "Pad", "Pow", "QuantizeLinear", "DequantizeLinear"],
  ...["Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign"],
  ...["Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh"],
  ...["ThresholdedRelu", "Where", "Resize", "Concat"],
]);

/**
 * The channel axis of the output of an ONNX operation.
 *
 * @param kind The operation's name, in the default ONNX domain.
 * @param inputs The channel axes of its inputs, without constants.
 * @returns "first" or "last"; undefined if unknown.
 */
export function onnxChannels(
  kind: string,
  inputs: readonly Channels[],
): Channels {
  if (FIRST.has(kind)) return "first";
  if (!KEPT.has(kind) || inputs.length === 0) return undefined;
  return inputs.every((channels) => channels === inputs[0])
    ? inputs[0]
    : undefined;
}

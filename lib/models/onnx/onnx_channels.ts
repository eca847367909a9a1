/** Where the channels of a map stand. */
type Channels = "first" | "last" | undefined;

/** Operations whose maps have their channels first, as ONNX says of them. */
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
 * Where the channels stand in what an operation of ONNX gives.
 *
 * @param kind The operation's name, one of ONNX' own domain.
 * @param inputs Where they stand in what it takes, constants left out.
 * @returns "first" or "last", where that is known.
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

/**
 * One-layer models of TF.js, of each of its classes, which TF.js saves and this
 * library opens.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { oneLayer, type TfjsCase } from "./tfjs_case.ts";

const MAP = [6, 5, 4];
const STEPS = [5, 3];

const ACTIVATIONS = [
  ...["elu", "hardSigmoid", "linear", "relu", "relu6", "selu", "sigmoid"],
  ...["softmax", "softplus", "softsign", "tanh", "swish", "mish", "gelu"],
  "gelu_new",
];

const CONV = { filters: 3, name: "layer" };

/** One class each, over its options. */
export const LAYER_CASES: readonly TfjsCase[] = [
  ...ACTIVATIONS.map((activation) =>
    oneLayer(
      `Activation ${activation}`,
      [[3, 4]],
      (l) => l.activation({ activation: activation as "relu" }),
    )
  ),
  ...ACTIVATIONS.map((activation) =>
    oneLayer(
      `Dense ${activation}`,
      [[4]],
      (l) => l.dense({ units: 3, activation: activation as "relu" }),
    )
  ),
  oneLayer(
    "Dense without bias",
    [[2, 4]],
    (l) => l.dense({ units: 3, useBias: false }),
  ),
  oneLayer("ELU", [[4]], (l) => l.elu()),
  oneLayer("LeakyReLU", [[4]], (l) => l.leakyReLU()),
  oneLayer("LeakyReLU 0.1", [[4]], (l) => l.leakyReLU({ alpha: 0.1 })),
  oneLayer("ThresholdedReLU", [[4]], (l) => l.thresholdedReLU({ theta: 0.7 })),
  oneLayer("ThresholdedReLU of 1", [[4]], (l) => l.thresholdedReLU()),
  oneLayer("PReLU", [MAP], (l) => l.prelu({})),
  oneLayer("PReLU shared", [MAP], (l) => l.prelu({ sharedAxes: [1, 2] })),
  oneLayer("ReLU", [[4]], (l) => l.reLU()),
  oneLayer("ReLU below 1", [[4]], (l) => l.reLU({ maxValue: 1 })),
  oneLayer("Softmax", [[4]], (l) => l.softmax()),
  oneLayer(
    "Softmax over all",
    [[3, 4]],
    (l) => l.softmax({ axis: [1, 2] as never }),
  ),
  oneLayer(
    "Conv1D",
    [[7, 3]],
    (l) => l.conv1d({ ...CONV, kernelSize: 3, strides: 2, padding: "same" }),
  ),
  oneLayer(
    "Conv1D dilated",
    [[7, 3]],
    (l) =>
      l.conv1d({ ...CONV, kernelSize: 2, dilationRate: 2, activation: "relu" }),
  ),
  oneLayer(
    "Conv2D",
    [MAP],
    (l) => l.conv2d({ ...CONV, kernelSize: [2, 3], strides: [2, 1] }),
  ),
  oneLayer(
    "Conv2D same",
    [MAP],
    (l) => l.conv2d({ ...CONV, kernelSize: 4, strides: 3, padding: "same" }),
  ),
  oneLayer(
    "Conv2D dilated",
    [MAP],
    (l) =>
      l.conv2d({ ...CONV, kernelSize: 2, dilationRate: 2, useBias: false }),
  ),
  oneLayer(
    "Conv2D channels first",
    [[4, 6, 5]],
    (l) => l.conv2d({ ...CONV, kernelSize: 2, dataFormat: "channelsFirst" }),
  ),
  oneLayer(
    "Conv3D",
    [[4, 5, 4, 2]],
    (l) => l.conv3d({ ...CONV, kernelSize: 2, strides: 2 }),
  ),
  oneLayer(
    "Conv3D same",
    [[4, 5, 4, 2]],
    (l) => l.conv3d({ ...CONV, kernelSize: [2, 3, 2], padding: "same" }),
  ),
  oneLayer(
    "Conv2DTranspose",
    [MAP],
    (l) => l.conv2dTranspose({ ...CONV, kernelSize: 3, strides: 2 }),
  ),
  oneLayer("Conv2DTranspose same", [MAP], (l) =>
    l.conv2dTranspose({
      ...CONV,
      kernelSize: 2,
      strides: 3,
      padding: "same",
    })),
  oneLayer(
    "Conv3DTranspose",
    [[2, 3, 2, 2]],
    (l) => l.conv3dTranspose({ ...CONV, kernelSize: 2, strides: 2 }),
  ),
  oneLayer(
    "DepthwiseConv2D",
    [MAP],
    (l) =>
      l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
  ),
  oneLayer(
    "DepthwiseConv2D by 2",
    [MAP],
    (l) => l.depthwiseConv2d({ kernelSize: 2, strides: 2 }),
  ),
  oneLayer(
    "DepthwiseConv2D dilated",
    [MAP],
    (l) => l.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 }),
  ),
  oneLayer(
    "SeparableConv2D",
    [MAP],
    (l) => l.separableConv2d({ ...CONV, kernelSize: 3, useBias: false }),
  ),
  oneLayer("SeparableConv2D same", [MAP], (l) =>
    l.separableConv2d({
      ...CONV,
      kernelSize: 2,
      strides: 2,
      padding: "same",
      activation: "tanh",
    })),
  oneLayer(
    "Cropping2D",
    [MAP],
    (l) => l.cropping2D({ cropping: [[1, 0], [2, 1]] }),
  ),
  oneLayer("UpSampling2D", [MAP], (l) => l.upSampling2d({ size: [2, 3] })),
  oneLayer(
    "UpSampling2D bilinear",
    [MAP],
    (l) => l.upSampling2d({ size: [2, 3], interpolation: "bilinear" }),
  ),
  oneLayer(
    "ZeroPadding2D",
    [MAP],
    (l) => l.zeroPadding2d({ padding: [[1, 0], [0, 2]] }),
  ),
  oneLayer("ZeroPadding2D of 2", [MAP], (l) => l.zeroPadding2d({ padding: 2 })),
  ...(["same", "valid"] as const).flatMap((padding) => [
    oneLayer(
      `AveragePooling1D ${padding}`,
      [[7, 3]],
      (l) => l.averagePooling1d({ poolSize: 3, strides: 2, padding }),
    ),
    oneLayer(
      `MaxPooling1D ${padding}`,
      [[7, 3]],
      (l) => l.maxPooling1d({ poolSize: 2, padding }),
    ),
    oneLayer(
      `AveragePooling2D ${padding}`,
      [MAP],
      (l) => l.averagePooling2d({ poolSize: [2, 3], strides: 2, padding }),
    ),
    oneLayer(
      `MaxPooling2D ${padding}`,
      [MAP],
      (l) => l.maxPooling2d({ poolSize: 3, strides: [1, 2], padding }),
    ),
    oneLayer(
      `AveragePooling3D ${padding}`,
      [[4, 5, 4, 2]],
      (l) => l.averagePooling3d({ poolSize: 2, strides: 2, padding }),
    ),
    oneLayer(
      `MaxPooling3D ${padding}`,
      [[4, 5, 4, 2]],
      (l) =>
        l.maxPooling3d({ poolSize: [2, 2, 2], strides: [1, 2, 2], padding }),
    ),
  ]),
  oneLayer(
    "GlobalAveragePooling1D",
    [STEPS],
    (l) => l.globalAveragePooling1d({}),
  ),
  oneLayer(
    "GlobalAveragePooling2D",
    [MAP],
    (l) => l.globalAveragePooling2d({}),
  ),
  oneLayer(
    "GlobalAveragePooling2D channels first",
    [MAP],
    (l) => l.globalAveragePooling2d({ dataFormat: "channelsFirst" }),
  ),
  oneLayer("GlobalMaxPooling1D", [STEPS], (l) => l.globalMaxPooling1d({})),
  oneLayer("GlobalMaxPooling2D", [MAP], (l) => l.globalMaxPooling2d({})),
  oneLayer(
    "BatchNormalization",
    [MAP],
    (l) => l.batchNormalization({ epsilon: 0.01 }),
  ),
  oneLayer(
    "BatchNormalization plain",
    [[4]],
    (l) => l.batchNormalization({ scale: false, center: false }),
  ),
  oneLayer(
    "BatchNormalization axis 1",
    [MAP],
    (l) => l.batchNormalization({ axis: 1 }),
  ),
  oneLayer(
    "BatchNormalization axis 1 of steps",
    [STEPS],
    (l) => l.batchNormalization({ axis: 1 }),
  ),
  oneLayer("LayerNormalization", [MAP], (l) => l.layerNormalization()),
  oneLayer(
    "LayerNormalization axes",
    [MAP],
    (l) => l.layerNormalization({ axis: [1, 3], epsilon: 0.1, center: false }),
  ),
  ...(["add", "average", "maximum", "minimum", "multiply"] as const).flatMap((
    kind,
  ) => [
    oneLayer(kind, [STEPS, STEPS, STEPS], (l) => l[kind]()),
    oneLayer(`${kind} of other ranks`, [STEPS, [3]], (l) => l[kind]()),
  ]),
  oneLayer("Concatenate", [STEPS, [5, 2]], (l) => l.concatenate()),
  oneLayer(
    "Concatenate axis 1",
    [STEPS, [2, 3]],
    (l) => l.concatenate({ axis: 1 }),
  ),
  oneLayer("Dot", [[4], [4]], (l) => l.dot({ axes: -1 })),
  oneLayer(
    "Dot of steps",
    [STEPS, [4, 3]],
    (l) => l.dot({ axes: [2, 2], normalize: true }),
  ),
  oneLayer(
    "Dot normalised",
    [[4], [4]],
    (l) => l.dot({ axes: 1, normalize: true }),
  ),
  oneLayer("Flatten", [MAP], (l) => l.flatten()),
  oneLayer(
    "Flatten channels first",
    [MAP],
    (l) => l.flatten({ dataFormat: "channelsFirst" }),
  ),
  oneLayer("Permute", [MAP], (l) => l.permute({ dims: [3, 1, 2] })),
  oneLayer("RepeatVector", [[4]], (l) => l.repeatVector({ n: 3 })),
  oneLayer("Reshape", [MAP], (l) => l.reshape({ targetShape: [5, -1] })),
  oneLayer("Dropout", [[4]], (l) => l.dropout({ rate: 0.5 })),
  oneLayer("AlphaDropout", [[4]], (l) => l.alphaDropout({ rate: 0.5 })),
  oneLayer("GaussianDropout", [[4]], (l) => l.gaussianDropout({ rate: 0.5 })),
  oneLayer("GaussianNoise", [[4]], (l) => l.gaussianNoise({ stddev: 1 })),
  oneLayer(
    "SpatialDropout1D",
    [STEPS],
    (l) => l.spatialDropout1d({ rate: 0.5 }),
  ),
  oneLayer("Rescaling", [MAP], (l) => l.rescaling({ scale: 0.5, offset: 2 })),
  ...["SimpleRNN", "GRU", "LSTM"].flatMap((kind) => {
    const make = (l: typeof tf.layers, more = {}) => {
      const options = { units: 4, name: "layer", ...more };
      if (kind === "GRU") return l.gru(options);
      return kind === "LSTM" ? l.lstm(options) : l.simpleRNN(options);
    };
    return [
      oneLayer(kind, [STEPS], (l) => make(l)),
      oneLayer(
        `${kind} of sequences`,
        [STEPS],
        (l) => make(l, { returnSequences: true, goBackwards: true }),
      ),
      oneLayer(
        `${kind} with states`,
        [STEPS],
        (l) => make(l, { returnState: true, useBias: false }),
      ),
      oneLayer(`${kind} with activations`, [STEPS], (l) =>
        make(l, {
          activation: "relu",
          ...(kind === "SimpleRNN" ? {} : { recurrentActivation: "sigmoid" }),
        })),
      ...(["concat", "sum", "mul", "ave"] as const).map((mergeMode) =>
        oneLayer(
          `Bidirectional ${kind} ${mergeMode}`,
          [STEPS],
          (l) =>
            l.bidirectional({
              layer: make(l, {
                returnSequences: mergeMode !== "sum",
              }) as tf.RNN,
              mergeMode,
            }),
        )
      ),
    ];
  }),
  oneLayer("RNN of cells", [STEPS], (l) =>
    l.rnn({
      cell: [l.lstmCell({ units: 3 }), l.gruCell({ units: 2 })] as never,
    })),
  oneLayer("RNN of stacked cells", [STEPS], (l) =>
    l.rnn({
      cell: l.stackedRNNCells({
        cells: [l.simpleRNNCell({ units: 3 }), l.simpleRNNCell({ units: 2 })],
      }) as never,
      returnSequences: true,
    })),
  oneLayer(
    "RNN of one cell",
    [STEPS],
    (l) => l.rnn({ cell: l.gruCell({ units: 3 }) }),
  ),
  oneLayer(
    "ConvLSTM2D",
    [[3, 5, 4, 2]],
    (l) => l.convLstm2d({ filters: 2, kernelSize: 2, returnSequences: true }),
  ),
  oneLayer(
    "ConvLSTM2D same",
    [[3, 5, 4, 2]],
    (l) => l.convLstm2d({ filters: 2, kernelSize: 3, padding: "same" }),
  ),
  oneLayer(
    "TimeDistributed Dense",
    [STEPS],
    (l) => l.timeDistributed({ layer: l.dense({ units: 2 }) }),
  ),
  oneLayer(
    "TimeDistributed Conv2D",
    [[2, 5, 4, 3]],
    (l) =>
      l.timeDistributed({ layer: l.conv2d({ filters: 2, kernelSize: 2 }) }),
  ),
];

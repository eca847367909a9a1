/**
 * Models of one layer of TF.js, of every class that it has, to be saved by it
 * and opened by us.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "../../lib/math/seeded_random.ts";

type L = tf.layers.Layer;
type Layers = typeof tf.layers;

/** A model, made anew at each call, and what goes in. */
export interface TfjsCase {
  readonly name: string;
  readonly build: () => tf.LayersModel;
  /** Inputs of the model, three rows each. */
  readonly inputs: () => tf.Tensor[];
}

/** Rows of every input. */
export const ROWS = 3;

/**
 * Random numbers from -2 to 2, with exact zeros among them.
 *
 * @param shape The shape of one row.
 * @param seed What they are drawn by.
 * @returns Three rows.
 */
export function values(shape: readonly number[], seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const size = shape.reduce((product, n) => product * n, ROWS);
  const data = Float32Array.from(
    { length: size },
    () => random() < 0.1 ? 0 : 4 * random() - 2,
  );
  return tf.tensor(data, [ROWS, ...shape]);
}

/**
 * Gives every weight a value that is not what it begins with.
 *
 * @param model The model.
 * @returns The same model.
 */
export function randomised(model: tf.LayersModel): tf.LayersModel {
  model.weights.forEach((weight, i) => {
    const random = seededRandom(100 + i);
    const size = weight.shape.reduce((product: number, n) => product * n!, 1);
    const isScale = /variance|gamma/.test(weight.originalName);
    const data = Float32Array.from(
      { length: size },
      () => isScale ? 0.5 + random() : random() - 0.5,
    );
    const value = tf.tensor(data, weight.shape as number[]);
    weight.write(value);
    value.dispose();
  });
  return model;
}

/** One layer on inputs of the shapes given. */
function one(
  name: string,
  shapes: readonly (readonly number[])[],
  make: (layers: Layers) => L,
): TfjsCase {
  return {
    name,
    build() {
      const inputs = shapes.map((shape, i) =>
        tf.input({ shape: [...shape], name: `x${i}` })
      );
      const called = make(tf.layers).apply(
        inputs.length === 1 ? inputs[0]! : inputs,
      ) as tf.SymbolicTensor | tf.SymbolicTensor[];
      return randomised(tf.model({ inputs, outputs: called, name: "m" }));
    },
    inputs: () => shapes.map((shape, i) => values(shape, 7 + i)),
  };
}

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
    one(
      `Activation ${activation}`,
      [[3, 4]],
      (l) => l.activation({ activation: activation as "relu" }),
    )
  ),
  ...ACTIVATIONS.map((activation) =>
    one(
      `Dense ${activation}`,
      [[4]],
      (l) => l.dense({ units: 3, activation: activation as "relu" }),
    )
  ),
  one(
    "Dense without bias",
    [[2, 4]],
    (l) => l.dense({ units: 3, useBias: false }),
  ),
  one("ELU", [[4]], (l) => l.elu()),
  one("LeakyReLU", [[4]], (l) => l.leakyReLU()),
  one("LeakyReLU 0.1", [[4]], (l) => l.leakyReLU({ alpha: 0.1 })),
  one("ThresholdedReLU", [[4]], (l) => l.thresholdedReLU({ theta: 0.7 })),
  one("ThresholdedReLU of 1", [[4]], (l) => l.thresholdedReLU()),
  one("PReLU", [MAP], (l) => l.prelu({})),
  one("PReLU shared", [MAP], (l) => l.prelu({ sharedAxes: [1, 2] })),
  one("ReLU", [[4]], (l) => l.reLU()),
  one("ReLU below 1", [[4]], (l) => l.reLU({ maxValue: 1 })),
  one("Softmax", [[4]], (l) => l.softmax()),
  one(
    "Softmax over all",
    [[3, 4]],
    (l) => l.softmax({ axis: [1, 2] as never }),
  ),
  one(
    "Conv1D",
    [[7, 3]],
    (l) => l.conv1d({ ...CONV, kernelSize: 3, strides: 2, padding: "same" }),
  ),
  one(
    "Conv1D dilated",
    [[7, 3]],
    (l) =>
      l.conv1d({ ...CONV, kernelSize: 2, dilationRate: 2, activation: "relu" }),
  ),
  one(
    "Conv2D",
    [MAP],
    (l) => l.conv2d({ ...CONV, kernelSize: [2, 3], strides: [2, 1] }),
  ),
  one(
    "Conv2D same",
    [MAP],
    (l) => l.conv2d({ ...CONV, kernelSize: 4, strides: 3, padding: "same" }),
  ),
  one(
    "Conv2D dilated",
    [MAP],
    (l) =>
      l.conv2d({ ...CONV, kernelSize: 2, dilationRate: 2, useBias: false }),
  ),
  one(
    "Conv2D channels first",
    [[4, 6, 5]],
    (l) => l.conv2d({ ...CONV, kernelSize: 2, dataFormat: "channelsFirst" }),
  ),
  one(
    "Conv3D",
    [[4, 5, 4, 2]],
    (l) => l.conv3d({ ...CONV, kernelSize: 2, strides: 2 }),
  ),
  one(
    "Conv3D same",
    [[4, 5, 4, 2]],
    (l) => l.conv3d({ ...CONV, kernelSize: [2, 3, 2], padding: "same" }),
  ),
  one(
    "Conv2DTranspose",
    [MAP],
    (l) => l.conv2dTranspose({ ...CONV, kernelSize: 3, strides: 2 }),
  ),
  one("Conv2DTranspose same", [MAP], (l) =>
    l.conv2dTranspose({
      ...CONV,
      kernelSize: 2,
      strides: 3,
      padding: "same",
    })),
  one(
    "Conv3DTranspose",
    [[2, 3, 2, 2]],
    (l) => l.conv3dTranspose({ ...CONV, kernelSize: 2, strides: 2 }),
  ),
  one(
    "DepthwiseConv2D",
    [MAP],
    (l) =>
      l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
  ),
  one(
    "DepthwiseConv2D by 2",
    [MAP],
    (l) => l.depthwiseConv2d({ kernelSize: 2, strides: 2 }),
  ),
  one(
    "DepthwiseConv2D dilated",
    [MAP],
    (l) => l.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 }),
  ),
  one(
    "SeparableConv2D",
    [MAP],
    (l) => l.separableConv2d({ ...CONV, kernelSize: 3, useBias: false }),
  ),
  one("SeparableConv2D same", [MAP], (l) =>
    l.separableConv2d({
      ...CONV,
      kernelSize: 2,
      strides: 2,
      padding: "same",
      activation: "tanh",
    })),
  one("Cropping2D", [MAP], (l) => l.cropping2D({ cropping: [[1, 0], [2, 1]] })),
  one("UpSampling2D", [MAP], (l) => l.upSampling2d({ size: [2, 3] })),
  one(
    "UpSampling2D bilinear",
    [MAP],
    (l) => l.upSampling2d({ size: [2, 3], interpolation: "bilinear" }),
  ),
  one(
    "ZeroPadding2D",
    [MAP],
    (l) => l.zeroPadding2d({ padding: [[1, 0], [0, 2]] }),
  ),
  one("ZeroPadding2D of 2", [MAP], (l) => l.zeroPadding2d({ padding: 2 })),
  ...(["same", "valid"] as const).flatMap((padding) => [
    one(
      `AveragePooling1D ${padding}`,
      [[7, 3]],
      (l) => l.averagePooling1d({ poolSize: 3, strides: 2, padding }),
    ),
    one(
      `MaxPooling1D ${padding}`,
      [[7, 3]],
      (l) => l.maxPooling1d({ poolSize: 2, padding }),
    ),
    one(
      `AveragePooling2D ${padding}`,
      [MAP],
      (l) => l.averagePooling2d({ poolSize: [2, 3], strides: 2, padding }),
    ),
    one(
      `MaxPooling2D ${padding}`,
      [MAP],
      (l) => l.maxPooling2d({ poolSize: 3, strides: [1, 2], padding }),
    ),
    one(
      `AveragePooling3D ${padding}`,
      [[4, 5, 4, 2]],
      (l) => l.averagePooling3d({ poolSize: 2, strides: 2, padding }),
    ),
    one(
      `MaxPooling3D ${padding}`,
      [[4, 5, 4, 2]],
      (l) =>
        l.maxPooling3d({ poolSize: [2, 2, 2], strides: [1, 2, 2], padding }),
    ),
  ]),
  one("GlobalAveragePooling1D", [STEPS], (l) => l.globalAveragePooling1d({})),
  one("GlobalAveragePooling2D", [MAP], (l) => l.globalAveragePooling2d({})),
  one(
    "GlobalAveragePooling2D channels first",
    [MAP],
    (l) => l.globalAveragePooling2d({ dataFormat: "channelsFirst" }),
  ),
  one("GlobalMaxPooling1D", [STEPS], (l) => l.globalMaxPooling1d({})),
  one("GlobalMaxPooling2D", [MAP], (l) => l.globalMaxPooling2d({})),
  one(
    "BatchNormalization",
    [MAP],
    (l) => l.batchNormalization({ epsilon: 0.01 }),
  ),
  one(
    "BatchNormalization plain",
    [[4]],
    (l) => l.batchNormalization({ scale: false, center: false }),
  ),
  one(
    "BatchNormalization axis 1",
    [MAP],
    (l) => l.batchNormalization({ axis: 1 }),
  ),
  one(
    "BatchNormalization axis 1 of steps",
    [STEPS],
    (l) => l.batchNormalization({ axis: 1 }),
  ),
  one("LayerNormalization", [MAP], (l) => l.layerNormalization()),
  one(
    "LayerNormalization axes",
    [MAP],
    (l) => l.layerNormalization({ axis: [1, 3], epsilon: 0.1, center: false }),
  ),
  ...(["add", "average", "maximum", "minimum", "multiply"] as const).flatMap((
    kind,
  ) => [
    one(kind, [STEPS, STEPS, STEPS], (l) => l[kind]()),
    one(`${kind} of other ranks`, [STEPS, [3]], (l) => l[kind]()),
  ]),
  one("Concatenate", [STEPS, [5, 2]], (l) => l.concatenate()),
  one("Concatenate axis 1", [STEPS, [2, 3]], (l) => l.concatenate({ axis: 1 })),
  one("Dot", [[4], [4]], (l) => l.dot({ axes: -1 })),
  one(
    "Dot of steps",
    [STEPS, [4, 3]],
    (l) => l.dot({ axes: [2, 2], normalize: true }),
  ),
  one("Dot normalised", [[4], [4]], (l) => l.dot({ axes: 1, normalize: true })),
  one("Flatten", [MAP], (l) => l.flatten()),
  one(
    "Flatten channels first",
    [MAP],
    (l) => l.flatten({ dataFormat: "channelsFirst" }),
  ),
  one("Permute", [MAP], (l) => l.permute({ dims: [3, 1, 2] })),
  one("RepeatVector", [[4]], (l) => l.repeatVector({ n: 3 })),
  one("Reshape", [MAP], (l) => l.reshape({ targetShape: [5, -1] })),
  one("Dropout", [[4]], (l) => l.dropout({ rate: 0.5 })),
  one("AlphaDropout", [[4]], (l) => l.alphaDropout({ rate: 0.5 })),
  one("GaussianDropout", [[4]], (l) => l.gaussianDropout({ rate: 0.5 })),
  one("GaussianNoise", [[4]], (l) => l.gaussianNoise({ stddev: 1 })),
  one("SpatialDropout1D", [STEPS], (l) => l.spatialDropout1d({ rate: 0.5 })),
  one("Rescaling", [MAP], (l) => l.rescaling({ scale: 0.5, offset: 2 })),
  ...["SimpleRNN", "GRU", "LSTM"].flatMap((kind) => {
    const make = (l: Layers, more = {}) => {
      const options = { units: 4, name: "layer", ...more };
      if (kind === "GRU") return l.gru(options);
      return kind === "LSTM" ? l.lstm(options) : l.simpleRNN(options);
    };
    return [
      one(kind, [STEPS], (l) => make(l)),
      one(
        `${kind} of sequences`,
        [STEPS],
        (l) => make(l, { returnSequences: true, goBackwards: true }),
      ),
      one(
        `${kind} with states`,
        [STEPS],
        (l) => make(l, { returnState: true, useBias: false }),
      ),
      one(`${kind} with activations`, [STEPS], (l) =>
        make(l, {
          activation: "relu",
          ...(kind === "SimpleRNN" ? {} : { recurrentActivation: "sigmoid" }),
        })),
      ...(["concat", "sum", "mul", "ave"] as const).map((mergeMode) =>
        one(
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
  one("RNN of cells", [STEPS], (l) =>
    l.rnn({
      cell: [l.lstmCell({ units: 3 }), l.gruCell({ units: 2 })] as never,
    })),
  one("RNN of stacked cells", [STEPS], (l) =>
    l.rnn({
      cell: l.stackedRNNCells({
        cells: [l.simpleRNNCell({ units: 3 }), l.simpleRNNCell({ units: 2 })],
      }) as never,
      returnSequences: true,
    })),
  one(
    "RNN of one cell",
    [STEPS],
    (l) => l.rnn({ cell: l.gruCell({ units: 3 }) }),
  ),
  one(
    "ConvLSTM2D",
    [[3, 5, 4, 2]],
    (l) => l.convLstm2d({ filters: 2, kernelSize: 2, returnSequences: true }),
  ),
  one(
    "ConvLSTM2D same",
    [[3, 5, 4, 2]],
    (l) => l.convLstm2d({ filters: 2, kernelSize: 3, padding: "same" }),
  ),
  one(
    "TimeDistributed Dense",
    [STEPS],
    (l) => l.timeDistributed({ layer: l.dense({ units: 2 }) }),
  ),
  one(
    "TimeDistributed Conv2D",
    [[2, 5, 4, 3]],
    (l) =>
      l.timeDistributed({ layer: l.conv2d({ filters: 2, kernelSize: 2 }) }),
  ),
];

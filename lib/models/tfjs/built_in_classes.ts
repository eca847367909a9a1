import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";

/** A fixed name, so that TF.js' counters for layer names do not change. */
const name = "own";

/** One layer of each known class; none is built. */
const MAKERS: Readonly<Record<string, () => tf.layers.Layer>> = {
  Activation: () => tf.layers.activation({ name, activation: "linear" }),
  Add: () => tf.layers.add({ name }),
  AlphaDropout: () => tf.layers.alphaDropout({ name, rate: 0.5 }),
  Average: () => tf.layers.average({ name }),
  AveragePooling1D: () => tf.layers.averagePooling1d({ name, poolSize: 1 }),
  AveragePooling2D: () => tf.layers.averagePooling2d({ name, poolSize: 1 }),
  AveragePooling3D: () =>
    tf.layers.averagePooling3d({ name, poolSize: [1, 1, 1] }),
  BatchNormalization: () => tf.layers.batchNormalization({ name }),
  Bidirectional: () =>
    tf.layers.bidirectional({
      name,
      layer: tf.layers.lstm({ name, units: 1 }) as RNN,
      mergeMode: "concat",
    }),
  CenterCrop: () => tf.layers.centerCrop({ name, height: 1, width: 1 }),
  Concatenate: () => tf.layers.concatenate({ name }),
  Conv1D: () => tf.layers.conv1d({ name, filters: 1, kernelSize: 1 }),
  Conv2D: () => tf.layers.conv2d({ name, filters: 1, kernelSize: 1 }),
  Conv2DTranspose: () =>
    tf.layers.conv2dTranspose({ name, filters: 1, kernelSize: 1 }),
  Conv3D: () => tf.layers.conv3d({ name, filters: 1, kernelSize: 1 }),
  Conv3DTranspose: () =>
    tf.layers.conv3dTranspose({ name, filters: 1, kernelSize: 1 }),
  ConvLSTM2D: () => tf.layers.convLstm2d({ name, filters: 1, kernelSize: 1 }),
  ConvLSTM2DCell: () =>
    tf.layers.convLstm2dCell({ name, filters: 1, kernelSize: 1 }),
  Cropping2D: () => tf.layers.cropping2D({ name, cropping: 1 }),
  Dense: () => tf.layers.dense({ name, units: 1 }),
  DepthwiseConv2D: () => tf.layers.depthwiseConv2d({ name, kernelSize: 1 }),
  Dot: () => tf.layers.dot({ name, axes: 1 }),
  Dropout: () => tf.layers.dropout({ name, rate: 0 }),
  ELU: () => tf.layers.elu({ name }),
  Embedding: () => tf.layers.embedding({ name, inputDim: 1, outputDim: 1 }),
  Flatten: () => tf.layers.flatten({ name }),
  GaussianDropout: () => tf.layers.gaussianDropout({ name, rate: 0.5 }),
  GaussianNoise: () => tf.layers.gaussianNoise({ name, stddev: 1 }),
  GlobalAveragePooling1D: () => tf.layers.globalAveragePooling1d({ name }),
  GlobalAveragePooling2D: () => tf.layers.globalAveragePooling2d({ name }),
  GlobalMaxPooling1D: () => tf.layers.globalMaxPooling1d({ name }),
  GlobalMaxPooling2D: () => tf.layers.globalMaxPooling2d({ name }),
  GRU: () => tf.layers.gru({ name, units: 1 }),
  GRUCell: () => tf.layers.gruCell({ name, units: 1 }),
  LayerNormalization: () => tf.layers.layerNormalization({ name }),
  LeakyReLU: () => tf.layers.leakyReLU({ name }),
  LSTM: () => tf.layers.lstm({ name, units: 1 }),
  LSTMCell: () => tf.layers.lstmCell({ name, units: 1 }),
  Masking: () => tf.layers.masking({ name }),
  Maximum: () => tf.layers.maximum({ name }),
  MaxPooling1D: () => tf.layers.maxPooling1d({ name, poolSize: 1 }),
  MaxPooling2D: () => tf.layers.maxPooling2d({ name, poolSize: 1 }),
  MaxPooling3D: () => tf.layers.maxPooling3d({ name, poolSize: [1, 1, 1] }),
  Minimum: () => tf.layers.minimum({ name }),
  Multiply: () => tf.layers.multiply({ name }),
  Permute: () => tf.layers.permute({ name, dims: [1] }),
  PReLU: () => tf.layers.prelu({ name }),
  ReLU: () => tf.layers.reLU({ name }),
  RepeatVector: () => tf.layers.repeatVector({ name, n: 1 }),
  Reshape: () => tf.layers.reshape({ name, targetShape: [1] }),
  Rescaling: () => tf.layers.rescaling({ name, scale: 1 }),
  Resizing: () => tf.layers.resizing({ name, height: 1, width: 1 }),
  RNN: () =>
    tf.layers.rnn({ name, cell: tf.layers.gruCell({ name, units: 1 }) }),
  SeparableConv2D: () =>
    tf.layers.separableConv2d({ name, filters: 1, kernelSize: 1 }),
  SimpleRNN: () => tf.layers.simpleRNN({ name, units: 1 }),
  SimpleRNNCell: () => tf.layers.simpleRNNCell({ name, units: 1 }),
  Softmax: () => tf.layers.softmax({ name }),
  SpatialDropout1D: () => tf.layers.spatialDropout1d({ name, rate: 0 }),
  StackedRNNCells: () =>
    tf.layers.stackedRNNCells({
      name,
      cells: [tf.layers.gruCell({ name, units: 1 })],
    }),
  ThresholdedReLU: () => tf.layers.thresholdedReLU({ name }),
  TimeDistributed: () =>
    tf.layers.timeDistributed({ name, layer: tf.layers.flatten({ name }) }),
  UpSampling2D: () => tf.layers.upSampling2d({ name }),
  ZeroPadding2D: () => tf.layers.zeroPadding2d({ name }),
};

const made = new Map<string, tf.layers.Layer>();

/** A layer of the TF.js class of that name, if it is known. */
function builtInLayer(kind: string): tf.layers.Layer | undefined {
  if (!Object.hasOwn(MAKERS, kind)) return undefined;
  const known = made.get(kind) ?? MAKERS[kind]!();
  made.set(kind, known);
  return known;
}

/**
 * Whether a layer is of a known TF.js class. The constructor decides, not the
 * name; a layer of another copy of TF.js is recognised by the source code of
 * its class.
 *
 * @param layer Any layer.
 * @returns True if its class is a known TF.js class.
 */
export function isBuiltInClass(layer: tf.layers.Layer): boolean {
  const builtIn = builtInLayer(layer.getClassName());
  if (builtIn === undefined) return false;
  if (layer.constructor === builtIn.constructor) return true;
  return sourceOf(layer.constructor) === sourceOf(builtIn.constructor) &&
    sourceOf(layer.call) === sourceOf(builtIn.call);
}

const ACTIVATION_NAMES = [
  ...["elu", "hardSigmoid", "linear", "relu", "relu6", "selu", "sigmoid"],
  ...["softmax", "softplus", "softsign", "tanh", "swish", "mish", "gelu"],
  "gelu_new",
];

let activations: ReadonlyMap<string, object> | undefined;

/**
 * Activations of TF.js by name. A class that a caller registered with such a
 * name is left out: those of TF.js extend one class, which is not exported.
 */
function builtInActivations(): ReadonlyMap<string, object> {
  if (activations !== undefined) return activations;
  const found = ACTIVATION_NAMES.map((activation) => {
    const layer = tf.layers.activation({
      name,
      activation: activation as "linear",
    });
    return [activation, activationsOf(layer)[0]!] as const;
  });
  const families = Map.groupBy(
    found,
    ([, it]) => Object.getPrototypeOf(it.constructor),
  );
  const [family] = [...families.values()].sort((a, b) => b.length - a.length);
  return activations = new Map(family);
}

/** The objects that a layer applies as its activations. */
function activationsOf(layer: tf.layers.Layer): readonly object[] {
  const { activation, recurrentActivation } = layer as unknown as {
    readonly activation?: object | null;
    readonly recurrentActivation?: object | null;
  };
  return [activation, recurrentActivation].filter((it) =>
    it != null
  ) as object[];
}

/** The used members of a TF.js activation. */
interface Activation {
  getClassName?(): string;
  readonly apply?: unknown;
}

function isBuiltInActivation(activation: Activation): boolean {
  const builtIn = builtInActivations().get(
    activation.getClassName?.() ?? "",
  ) as
    | Activation
    | undefined;
  if (builtIn === undefined || Object.hasOwn(activation, "apply")) return false;
  return activation.constructor === builtIn.constructor ||
    sourceOf(activation.constructor) === sourceOf(builtIn.constructor);
}

/** The inner layers of a TF.js wrapper or recurrent layer. */
interface Holder {
  readonly layer?: tf.layers.Layer;
  readonly forwardLayer?: tf.layers.Layer;
  readonly backwardLayer?: tf.layers.Layer;
  readonly cell?: tf.layers.Layer;
  readonly cells?: readonly tf.layers.Layer[];
}

/**
 * The inner layers of a layer, in the order of its weights.
 *
 * @param layer A layer of a TF.js class.
 * @returns The layers; empty if it has none.
 */
export function heldLayers(layer: tf.layers.Layer): readonly tf.layers.Layer[] {
  const { layer: wrapped, forwardLayer, backwardLayer, cell, cells } =
    layer as unknown as Holder;
  // A Bidirectional runs copies of its layer.
  const both = [forwardLayer, backwardLayer].filter((it) => it !== undefined);
  if (both.length > 0) return both;
  if (wrapped !== undefined) return [wrapped];
  return cell === undefined ? cells ?? [] : [cell];
}

/** Methods that a caller may override on a single layer. */
const METHODS = ["apply", "call", "computeMask", "getConfig"];

/**
 * Whether a layer contains only TF.js code: its class, its inner layers and
 * their activations, without call hooks.
 *
 * @param layer Any layer.
 * @returns True if its class and options define its results.
 */
export function isBuiltInThroughout(layer: tf.layers.Layer): boolean {
  const { _callHook: hook } = layer as unknown as { _callHook?: unknown };
  return isBuiltInClass(layer) && hook == null &&
    !METHODS.some((method) => Object.hasOwn(layer, method)) &&
    activationsOf(layer).every(isBuiltInActivation) &&
    heldLayers(layer).every(isBuiltInThroughout);
}

function sourceOf(code: unknown): string {
  return typeof code === "function"
    ? Function.prototype.toString.call(code)
    : "";
}

/**
 * Returns a layer as a model if its call only runs its layers, so that it can
 * be flattened. A subclass that overrides `call` is an ordinary layer.
 *
 * @param layer Any layer.
 * @returns The model, or undefined.
 */
export function asContainer(
  layer: tf.layers.Layer,
): tf.LayersModel | undefined {
  const { layers, inputs } = layer as Partial<tf.LayersModel>;
  if (!Array.isArray(layers) || !Array.isArray(inputs)) return undefined;
  const model = layer as tf.LayersModel;
  const parent = isSequential(model)
    ? tf.Sequential.prototype
    : tf.LayersModel.prototype;
  const isPlain = model.call === parent.call ||
    sourceOf(model.call) === sourceOf(parent.call);
  return isPlain ? model : undefined;
}

/**
 * Whether a model is a plain chain of layers.
 *
 * @param model Any model.
 * @returns True if it is a Sequential, also one of another copy of TF.js.
 */
export function isSequential(model: tf.LayersModel): boolean {
  return model instanceof tf.Sequential ||
    model.getClassName() === "Sequential";
}

/**
 * Networks to measure on, with random weights: the architectures of Keras'
 * MobileNetV2 and ResNet-50, 224×224 pictures, 1000 classes.
 *
 * Weights are drawn so that activations keep their scale through all layers;
 * what a network computes then is no less work than with trained ones, and two
 * ways to compute it can be compared digit by digit.
 *
 * @module
 */
import { tf } from "@sonde/sonde";
import { seededRandom } from "../../lib/math/seeded_random.ts";

const SIZE = 224;
const NUM_CLASSES = 1000;

type Place = tf.SymbolicTensor;

/**
 * The digits network of the notebooks, trained, as TF.js itself loads it.
 *
 * @returns The network, with a softmax.
 */
export async function digitsModel(): Promise<tf.LayersModel> {
  const folder = new URL("../../notebooks/models/digits/", import.meta.url);
  const { modelTopology, weightsManifest } = JSON.parse(
    await Deno.readTextFile(new URL("model.json", folder)),
  );
  const { buffer } = await Deno.readFile(new URL("weights.bin", folder));
  return await tf.loadLayersModel(tf.io.fromMemory({
    modelTopology,
    weightSpecs: weightsManifest[0].weights,
    weightData: buffer,
  }));
}

/** Puts a layer behind a place. */
function put(layer: tf.layers.Layer, ...inputs: Place[]): Place {
  return layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Place;
}

/**
 * Keras' MobileNetV2 of width 1: 17 inverted residual blocks.
 *
 * @returns The network, with a softmax; names are those of Keras.
 */
export function mobileNetV2(): tf.LayersModel {
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  let x = padded(input, "Conv1_pad", 0, 1);
  x = put(convolution("Conv1", 32, 3, { strides: 2, useBias: false }), x);
  x = relu6(normalized(x, "bn_Conv1"), "Conv1_relu");
  let index = 0;
  const rows = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2]];
  rows.push([6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]);
  for (const [expansion, filters, repeats, strides] of rows) {
    for (let i = 0; i < repeats!; i++) {
      x = invertedResidual(x, index++, {
        expansion: expansion!,
        filters: filters!,
        strides: i === 0 ? strides! : 1,
      });
    }
  }
  x = put(convolution("Conv_1", 1280, 1, { useBias: false }), x);
  x = relu6(normalized(x, "Conv_1_bn"), "out_relu");
  return classifier("mobilenet_v2", input, x);
}

interface Block {
  readonly expansion: number;
  readonly filters: number;
  readonly strides: number;
}

function invertedResidual(
  input: Place,
  index: number,
  { expansion, filters, strides }: Block,
): Place {
  const prefix = index === 0 ? "expanded_conv" : `block_${index}`;
  const channels = input.shape.at(-1)!;
  const without = { useBias: false };
  let x = input;
  if (index > 0) {
    const wide = expansion * channels;
    x = put(convolution(`${prefix}_expand`, wide, 1, without), x);
    x = relu6(normalized(x, `${prefix}_expand_BN`), `${prefix}_expand_relu`);
  }
  if (strides === 2) x = padded(x, `${prefix}_pad`, 0, 1);
  x = put(
    tf.layers.depthwiseConv2d({
      name: `${prefix}_depthwise`,
      kernelSize: 3,
      strides,
      padding: strides === 2 ? "valid" : "same",
      useBias: false,
      depthwiseInitializer: "zeros",
    }),
    x,
  );
  x = normalized(x, `${prefix}_depthwise_BN`);
  x = relu6(x, `${prefix}_depthwise_relu`);
  x = put(convolution(`${prefix}_project`, filters, 1, without), x);
  x = normalized(x, `${prefix}_project_BN`);
  if (channels !== filters || strides !== 1) return x;
  return put(tf.layers.add({ name: `${prefix}_add` }), input, x);
}

/**
 * Keras' ResNet-50: 16 bottleneck blocks.
 *
 * @returns The network, with a softmax; names are those of Keras.
 */
export function resNet50(): tf.LayersModel {
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  let x = padded(input, "conv1_pad", 3, 3);
  x = put(convolution("conv1_conv", 64, 7, { strides: 2 }), x);
  x = rectified(normalized(x, "conv1_bn"), "conv1_relu");
  x = padded(x, "pool1_pad", 1, 1);
  x = put(
    tf.layers.maxPooling2d({ name: "pool1_pool", poolSize: 3, strides: 2 }),
    x,
  );
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    for (let block = 0; block < blocks; block++) {
      const name = `conv${stage + 2}_block${block + 1}`;
      const strides = block === 0 && stage > 0 ? 2 : 1;
      x = bottleneck(x, name, 64 * 2 ** stage, strides, block === 0);
    }
  }
  return classifier("resnet50", input, x);
}

function bottleneck(
  input: Place,
  name: string,
  filters: number,
  strides: number,
  isFirst: boolean,
): Place {
  const wide = 4 * filters;
  let shortcut = input;
  if (isFirst) {
    shortcut = put(convolution(`${name}_0_conv`, wide, 1, { strides }), input);
    shortcut = normalized(shortcut, `${name}_0_bn`);
  }
  let x = put(convolution(`${name}_1_conv`, filters, 1, { strides }), input);
  x = rectified(normalized(x, `${name}_1_bn`), `${name}_1_relu`);
  x = put(convolution(`${name}_2_conv`, filters, 3, { padding: "same" }), x);
  x = rectified(normalized(x, `${name}_2_bn`), `${name}_2_relu`);
  x = normalized(
    put(convolution(`${name}_3_conv`, wide, 1), x),
    `${name}_3_bn`,
  );
  x = put(tf.layers.add({ name: `${name}_add` }), shortcut, x);
  return rectified(x, `${name}_out`);
}

/** Pools, classifies, and draws the weights. */
function classifier(name: string, input: Place, x: Place): tf.LayersModel {
  const pooled = put(
    tf.layers.globalAveragePooling2d({ name: "avg_pool" }),
    x,
  );
  const output = put(
    tf.layers.dense({
      name: "predictions",
      units: NUM_CLASSES,
      activation: "softmax",
      kernelInitializer: "zeros",
    }),
    pooled,
  );
  const model = tf.model({ name, inputs: input, outputs: output });
  drawWeights(model, 7);
  return model;
}

/** Kernels with a variance of `2 / inputs`, and nearly neutral normalisations. */
function drawWeights(model: tf.LayersModel, seed: number): void {
  const random = seededRandom(seed);
  const around = (middle: number, spread: number) => () =>
    middle + spread * (2 * random() - 1);
  for (const layer of model.layers) {
    const drawn = layer.weights.map(({ name, shape }) => {
      const sizes = shape as number[];
      const inputs = name.includes("depthwise_kernel")
        ? sizes[0]! * sizes[1]!
        : sizes.slice(0, -1).reduce((product, size) => product * size, 1);
      const draw = name.includes("kernel")
        ? around(0, Math.sqrt(6 / inputs))
        : /gamma|variance/.test(name)
        ? around(1, 0.1)
        : around(0, 0.1);
      const values = new Float32Array(sizes.reduce((n, size) => n * size, 1));
      for (let i = 0; i < values.length; i++) values[i] = draw();
      return tf.tensor(values, sizes);
    });
    layer.setWeights(drawn);
    tf.dispose(drawn);
  }
}

/**
 * What one would write by hand to tap a model: a model with more outputs, and
 * for logits a linear layer with the head's weights in the head's place.
 *
 * @param model A network whose last layer is a Dense with a softmax.
 * @param taps Names of layers.
 * @returns A model that gives the taps and the logits; it shares its layers with the network.
 */
export function tappedByHand(
  model: tf.LayersModel,
  taps: readonly string[],
): tf.LayersModel {
  const head = model.layers.at(-1)!;
  const [kernel, bias] = head.getWeights();
  const linear = tf.layers.dense({ units: bias!.shape[0]! });
  const logits = put(linear, head.input as Place);
  linear.setWeights([kernel!, bias!]);
  const outputs = taps.map((name) => model.getLayer(name).output as Place);
  return tf.model({ inputs: model.inputs, outputs: [...outputs, logits] });
}

function convolution(
  name: string,
  filters: number,
  kernelSize: number,
  { strides = 1, padding = "valid", useBias = true }: ConvolutionOptions = {},
): tf.layers.Layer {
  const kernelInitializer = "zeros"; // drawn later
  return tf.layers.conv2d({
    ...{ name, filters, kernelSize, strides, padding, useBias },
    kernelInitializer,
  });
}

interface ConvolutionOptions {
  readonly strides?: number;
  readonly padding?: "valid" | "same";
  readonly useBias?: boolean;
}

/** Zeros around a map: Keras pads by hand before strides, as its padding lies otherwise. */
function padded(x: Place, name: string, before: number, after: number): Place {
  const padding: [[number, number], [number, number]] = [
    [before, after],
    [before, after],
  ];
  return put(tf.layers.zeroPadding2d({ name, padding }), x);
}

function normalized(x: Place, name: string): Place {
  return put(tf.layers.batchNormalization({ name }), x);
}

function rectified(x: Place, name: string): Place {
  return put(tf.layers.activation({ name, activation: "relu" }), x);
}

function relu6(x: Place, name: string): Place {
  return put(tf.layers.reLU({ name, maxValue: 6 }), x);
}

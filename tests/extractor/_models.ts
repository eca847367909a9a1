/**
 * Small models for the tests of extractors, each with weights that are the
 * same in every run.
 *
 * @module
 */
import { type NdArray, tf } from "@sonde/sonde";
import * as tfjs from "@tensorflow/tfjs";

/** Numbers in [-1, 1) that look random and are the same in every run. */
export function numbers(count: number, seed = 1): Float32Array<ArrayBuffer> {
  const data = new Float32Array(count);
  let state = seed * 7919;
  for (let i = 0; i < count; i++) {
    state = (state * 16807 + 11) % 2147483647;
    data[i] = (state % 20000) / 10000 - 1;
  }
  return data;
}

/** An array on the host, filled by {@linkcode numbers}. */
export function array(shape: readonly number[], seed = 1): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: numbers(size, seed), shape, dtype: "float32" };
}

/** The first rows of an array, or some in the middle. */
export function rowsOf(x: NdArray, start: number, end: number): NdArray {
  const width = x.data.length / x.shape[0]!;
  const data = x.data.slice(start * width, end * width);
  return { data, shape: [end - start, ...x.shape.slice(1)], dtype: x.dtype };
}

/** Sets a model's weights; variances become positive. */
export function filled<M extends tf.LayersModel>(model: M, seed = 1): M {
  const weights = model.weights.map((variable, i) => {
    const { shape, originalName } = variable as unknown as {
      shape: number[];
      originalName: string;
    };
    const size = shape.reduce((a, b) => a * b, 1);
    const data = numbers(size, seed + i);
    const isVariance = originalName.includes("variance");
    return tf.tensor(isVariance ? data.map((v) => v * v + 0.5) : data, shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

/** `[4] → hidden 5 relu → logits 3`, with an activation at the end. */
export function mlp(
  activation: "softmax" | "linear" | "relu" = "softmax",
  units = 3,
): tf.Sequential {
  return filled(tf.sequential({
    layers: [
      tf.layers.dense({
        name: "hidden",
        units: 5,
        activation: "relu",
        inputShape: [4],
      }),
      tf.layers.dense({ name: "head", units, activation }),
    ],
  }));
}

/** A convolutional network over `[8, 8, 2]`. */
export function convnet(): tf.LayersModel {
  const { layers } = tf;
  return filled(tf.sequential({
    layers: [
      layers.conv2d({
        name: "conv",
        inputShape: [8, 8, 2],
        filters: 4,
        kernelSize: 3,
        activation: "relu",
      }),
      layers.batchNormalization({ name: "norm" }),
      layers.maxPooling2d({ name: "pool", poolSize: 2 }),
      layers.flatten({ name: "flat" }),
      layers.dropout({ name: "drop", rate: 0.5 }),
      layers.dense({ name: "head", units: 3, activation: "softmax" }),
    ],
  }));
}

/** Two levels of nesting: `stem`, `outer/before`, `outer/inner/deep`, `outer/after`, `head`. */
export function nested(): tf.LayersModel {
  const { layers } = tf;
  const dense = (name: string, units: number, inputs: number) =>
    layers.dense({ name, units, inputShape: [inputs], activation: "tanh" });
  const inner = tf.sequential({
    name: "inner",
    layers: [dense("deep", 6, 5), dense("deeper", 4, 6)],
  });
  const outer = tf.sequential({
    name: "outer",
    layers: [dense("before", 5, 3), inner, dense("after", 4, 4)],
  });
  const input = tf.input({ shape: [3], name: "x" });
  const stem = dense("stem", 3, 3).apply(input) as tf.SymbolicTensor;
  const middle = outer.apply(stem) as tf.SymbolicTensor;
  const output = layers.dense({ name: "head", units: 2, activation: "softmax" })
    .apply(middle) as tf.SymbolicTensor;
  return filled(tf.model({ inputs: input, outputs: output, name: "nested" }));
}

/** Two inputs `a` [3] and `b` [2], one shared layer called on both, a merge. */
export function shared(): tf.LayersModel {
  const { layers } = tf;
  const a = tf.input({ shape: [3], name: "a" });
  const b = tf.input({ shape: [2], name: "b" });
  const widen = layers.dense({ name: "widen", units: 3, activation: "tanh" });
  const twice = layers.dense({ name: "twice", units: 4, activation: "relu" });
  const left = twice.apply(a) as tf.SymbolicTensor;
  const right = twice.apply(widen.apply(b)) as tf.SymbolicTensor;
  const both = layers.concatenate({ name: "both" }).apply([left, right]);
  const output = layers.dense({ name: "head", units: 3 }).apply(both);
  return filled(tf.model({
    inputs: [a, b],
    outputs: output as tf.SymbolicTensor,
  }));
}

/** Two outputs after a stem: no head is found. */
export function twoOutputs(): tf.LayersModel {
  const input = tf.input({ shape: [3], name: "x" });
  const stem = tf.layers.dense({ name: "stem", units: 4, activation: "relu" })
    .apply(input) as tf.SymbolicTensor;
  const outputs = ["left", "right"].map((name, i) =>
    tf.layers.dense({ name, units: i + 2, activation: "softmax" })
      .apply(stem) as tf.SymbolicTensor
  );
  return filled(tf.model({ inputs: input, outputs }));
}

/** A stem, two branches, an addition, a head. */
export function branched(): tf.LayersModel {
  const input = tf.input({ shape: [3], name: "x" });
  const dense = (name: string) =>
    tf.layers.dense({ name, units: 4, activation: "tanh" });
  const stem = dense("stem").apply(input) as tf.SymbolicTensor;
  const left = dense("left").apply(stem) as tf.SymbolicTensor;
  const right = dense("right").apply(stem) as tf.SymbolicTensor;
  const sum = tf.layers.add({ name: "sum" }).apply([left, right]);
  const output = tf.layers.dense({ name: "head", units: 3 }).apply(sum);
  return filled(
    tf.model({ inputs: input, outputs: output as tf.SymbolicTensor }),
  );
}

/** A layer that doubles its input, and counts how often it is called on values. */
export class Doubling extends tfjs.layers.Layer {
  static className = "Doubling";
  calls = 0;

  override computeOutputShape(shape: tfjs.Shape): tfjs.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    this.calls++;
    return tf.mul([inputs].flat()[0]!, 2);
  }
}

/** A layer with two outputs: `x + 1`, and the sum of each row, `[N, 1]`. */
export class Parts extends tfjs.layers.Layer {
  static className = "Parts";

  override computeOutputShape(shape: tfjs.Shape | tfjs.Shape[]): tfjs.Shape[] {
    const [rows, width] = [shape].flat(2) as tfjs.Shape;
    return [[rows!, width!], [rows!, 1]];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    const x = [inputs].flat()[0]!;
    return [tf.add(x, 1), tf.sum(x, -1, true)];
  }
}

/**
 * The numbers of TF.js' own tap.
 *
 * @param model The model.
 * @param outputs Symbolic tensors of it.
 * @param inputs Its inputs.
 * @returns One array an output.
 */
export async function tapped(
  model: tf.LayersModel,
  outputs: readonly tf.SymbolicTensor[],
  inputs: readonly NdArray<Float32Array | Int32Array>[],
): Promise<NdArray[]> {
  // Not disposed of: that would dispose of the layers.
  const tap = tf.model({ inputs: model.inputs, outputs: [...outputs] });
  return await predicted(tap, inputs);
}

/**
 * The numbers of TF.js' own `predict`.
 *
 * @param model The model.
 * @param inputs Its inputs.
 * @returns One array an output.
 */
export async function predicted(
  model: tf.LayersModel,
  inputs: readonly NdArray<Float32Array | Int32Array>[],
): Promise<NdArray[]> {
  const xs = inputs.map(({ data, shape, dtype }) =>
    tf.tensor(data, [...shape], dtype === "int32" ? "int32" : "float32")
  );
  const ys = [model.predict(xs.length === 1 ? xs[0]! : xs)].flat();
  const arrays: NdArray[] = [];
  for (const y of ys) {
    const data = (await y.data()).slice() as Float32Array;
    arrays.push({ data, shape: [...y.shape], dtype: "float32" });
  }
  tf.dispose([xs, ys]);
  return arrays;
}

/** The symbolic output of a layer by name. */
export function outputOf(
  model: tf.LayersModel,
  name: string,
  call = 0,
): tf.SymbolicTensor {
  return model.getLayer(name).getOutputAt(call) as tf.SymbolicTensor;
}

/**
 * Frees a model: TF.js' own `dispose` forgets what is nested or shared.
 *
 * @param model The model.
 */
export function free(model: tf.LayersModel): void {
  tf.dispose(model.weights.map((weight) => weight.read()));
}

/**
 * The test model of the ancestor, and what its tests share.
 *
 * @module
 */
import { KerasFeatureExtractor, type NdArray, tf } from "@sonde/sonde";

/** The structure of the ancestor's own test model; freed at the end of the block. */
export function convnet(): Disposable & { readonly model: tf.Sequential } {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 4,
        kernelSize: 2,
        activation: "relu",
        inputShape: [32, 32, 3],
        name: "conv2d",
      }),
      tf.layers.maxPooling2d({ poolSize: 2, name: "max_pooling2d" }),
      tf.layers.dropout({ rate: 0.25, name: "dropout" }),
      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({ units: 10, name: "dense" }),
    ],
  });
  return { model, [Symbol.dispose]: () => void model.dispose() };
}

export function keras(
  model: tf.LayersModel,
  featureLayersId: readonly (string | number)[],
): KerasFeatureExtractor {
  return new KerasFeatureExtractor(model, { featureLayersId });
}

export function first({ features }: { readonly features: readonly unknown[] }) {
  return features[0] as NdArray;
}

/** Numbers in [0, 1) of a linear congruential generator. */
export function uniform(shape: readonly number[], seed: number): NdArray {
  const size = shape.reduce((product, side) => product * side, 1);
  let state = seed;
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  return { data, shape, dtype: "float32" };
}

export function rows(
  { data, shape }: NdArray,
  start: number,
  end: number,
): NdArray {
  const width = data.length / shape[0]!;
  return {
    data: data.subarray(start * width, end * width),
    shape: [end - start, ...shape.slice(1)],
    dtype: "float32",
  };
}

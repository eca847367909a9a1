/**
 * Linear models, whose perturbed inputs can be computed by hand.
 *
 * @module
 */
import { FeatureExtractor, type NdArray, tf } from "@sonde/sonde";
import { filled } from "./_models.ts";

/** `[3] → logits of some units`, linear: its gradients can be written down. */
export function linear(
  units: number,
  activation: "softmax" | "sigmoid" | "linear" = "softmax",
): tf.LayersModel {
  const input = tf.input({ shape: [3], name: "x" });
  const output = tf.layers.dense({ name: "head", units, activation })
    .apply(input) as tf.SymbolicTensor;
  return filled(tf.model({ inputs: input, outputs: output }), 4);
}

/** The perturbed input of a linear model, by the formula, in float64. */
export async function byHand(
  model: tf.LayersModel,
  x: NdArray,
  { epsilon = 0.1, temperature = 1 },
): Promise<number[]> {
  const { kernel, bias } = await new FeatureExtractor(model).getWeights("head");
  const [depth, units] = kernel!.shape as [number, number];
  const isBinary = units === 1;
  const moved: number[] = [];
  for (let row = 0; row < x.shape[0]!; row++) {
    const values = x.data.slice(row * depth, (row + 1) * depth);
    const z = Array.from({ length: units }, (_, unit) =>
      values.reduce(
        (sum, v, i) => sum + v * kernel!.data[i * units + unit]!,
        bias!.data[unit]!,
      ));
    const logits = isBinary ? [0, ...z] : z;
    const best = logits.indexOf(Math.max(...logits));
    const powers = logits.map((v) =>
      Math.exp((v - logits[best]!) / temperature)
    );
    const total = powers.reduce((a, b) => a + b);
    const slope = powers.map((power, k) =>
      (power / total - (k === best ? 1 : 0)) / temperature
    );
    for (let i = 0; i < depth; i++) {
      const gradient = isBinary ? slope[1]! * kernel!.data[i]! : slope.reduce(
        (sum, s, k) => sum + s * kernel!.data[i * units + k]!,
        0,
      );
      moved.push(values[i]! - epsilon * Math.sign(gradient));
    }
  }
  return moved;
}

/** The tensor that the input layer of the model passes on. */
export async function movedInput(
  extractor: FeatureExtractor,
  x: NdArray,
): Promise<NdArray> {
  const set = await extractor.layers(["x"]).predict(x, { progress: false });
  return set.features[0] as NdArray;
}

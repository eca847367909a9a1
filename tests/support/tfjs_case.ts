/**
 * A model of TF.js with inputs, for the cases of the classes of TF.js.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
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
 * @param seed The seed.
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
 * Sets every weight to values other than its initial ones.
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

/**
 * One layer on inputs of some shapes.
 *
 * @param name The name of the case.
 * @param shapes The shape of one row of each input.
 * @param make Makes the layer.
 * @returns The case.
 */
export function oneLayer(
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

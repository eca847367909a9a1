/**
 * Models of TF.js with properties that its files lack: options that were changed on
 * the layers, and custom classes.
 *
 * @module
 */
import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../lib/tf.ts";
import { randomised, ROWS, type TfjsCase, values } from "./tfjs_case.ts";

type L = tf.layers.Layer;
type Options = Record<string, unknown>;

const STEPS = [5, 3];

/** Layers in a row; something is done to the model before it is used. */
function chain(
  name: string,
  shape: readonly number[],
  make: (layers: typeof tf.layers) => readonly L[],
  change: (model: tf.LayersModel) => void = () => {},
  dtype: "float32" | "int32" | "bool" = "float32",
): TfjsCase {
  return {
    name,
    build() {
      const x = tf.input({ shape: [...shape], dtype, name: "x0" });
      let at = x;
      for (const layer of make(tf.layers)) {
        at = layer.apply(at) as tf.SymbolicTensor;
      }
      const model = randomised(
        tf.model({ inputs: x, outputs: at, name: "m" }),
      );
      change(model);
      return model;
    },
    inputs() {
      if (dtype === "float32") return [values(shape, 3)];
      const size = shape.reduce((product, n) => product * n, ROWS);
      const data = Array.from({ length: size }, (_, i) => (i * 7 + 1) % 4);
      return [tf.tensor(data, [ROWS, ...shape], "int32").cast(dtype)];
    },
  };
}

/** The last layer as what it is under its type. */
function last(model: tf.LayersModel): L & Options {
  return model.layers.at(-1)! as L & Options;
}

function both(mergeMode: "concat" | null) {
  return (l: typeof tf.layers) => [l.bidirectional({
    layer: l.lstm({ units: 2, returnSequences: true }) as RNN,
    mergeMode: mergeMode as "concat",
  })];
}

/** The encoder of a translator into its decoder, of which one is masked. */
function translator(isDecoderMasked: boolean): TfjsCase {
  const name = isDecoderMasked ? "with" : "without";
  return {
    name: `states of a masked sequence, into one ${name} a mask`,
    inputs: () =>
      [1, 2].map((add) =>
        tf.tidy(() =>
          tf.tensor([1, 2, 3, 0, 0, 4, 3, 0, 2, 1, 2, 0, 0, 0, 0], [3, 5])
            .add(add).mod(5).mul(add).cast("int32")
        )
      ).map((x) => tf.tidy(() => x.minimum(6))),
    build() {
      const { embedding, lstm } = tf.layers;
      const [x, y] = ["x", "y"].map((name) =>
        tf.input({ shape: [5], dtype: "int32", name })
      );
      const table = { inputDim: 7, outputDim: 3 };
      const steps = embedding({ ...table, maskZero: true }).apply(x!);
      const [, h, c] = lstm({ units: 2, returnState: true })
        .apply(steps) as tf.SymbolicTensor[];
      const words = embedding({ ...table, maskZero: isDecoderMasked })
        .apply(y!) as tf.SymbolicTensor;
      const outputs = lstm({ units: 2, returnSequences: true })
        .apply([words, h!, c!]) as tf.SymbolicTensor;
      return randomised(
        tf.model({ inputs: [x!, y!], outputs, name: "m" }),
      );
    },
  };
}

/** What goes native besides what is written into files. */
export const MEMORY_CASES: readonly TfjsCase[] = [
  chain("BatchNormalization of the last axis by number", [6, 5, 4], (l) => [
    l.batchNormalization({ axis: 3 }),
  ]),
  chain("Bidirectional not merged", STEPS, both(null)),
  chain("Bidirectional with one way frozen", STEPS, both("concat"), (model) => {
    (last(model).forwardLayer as L).trainable = false;
  }),
  chain("Dense with a frozen kernel", [4], (l) => [
    l.dense({ units: 3 }),
  ], (model) => {
    (last(model).kernel as { trainable: boolean }).trainable = false;
  }),
  chain("RNN of cells, one of them frozen", STEPS, (l) => [
    l.rnn({
      cell: [l.lstmCell({ units: 3 }), l.gruCell({ units: 2 })] as never,
    }),
  ], (model) => {
    (last(model).cell as { cells: L[] }).cells[0]!.trainable = false;
  }),
  chain("an activation that was changed", [4], (l) => [
    l.dense({ units: 3, activation: "relu" }),
    l.dense({ units: 3, activation: "tanh" }),
  ], (model) => {
    const [, first, second] = model.layers as (L & Options)[];
    second!.activation = first!.activation;
  }),
  chain(
    "Rescaling of integers",
    [3, 2],
    (l) => [
      l.rescaling({ scale: 0.3, offset: 1 }),
    ],
    undefined,
    "int32",
  ),
  chain(
    "Embedding of numbers that are not whole",
    [4],
    (l) => [
      l.embedding({ inputDim: 5, outputDim: 2 }),
    ],
    undefined,
    "int32",
  ),
];

/** A class that only inherits. */
class Denser extends (tf.layers.dense({ units: 1 }).constructor as new (
  options: { units: number },
) => L) {
  override call(inputs: tf.Tensor, kwargs: object): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => tf.mul(super.call(inputs, kwargs) as tf.Tensor, 2));
  }
}

/** A built-in by its name alone, and registered as that. */
class Named extends tf.layers.Layer {
  static className = "ReLU";
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.square([inputs].flat()[0]!));
  }
}

/** An activation that passes for TF.js' own by its name. */
const halved = {
  getClassName: () => "relu",
  apply: (x: tf.Tensor) => tf.mul(x, 0.5),
};

/** What stays on TF.js. */
export const LEFT_CASES: readonly TfjsCase[] = [
  chain("a class that inherits from TF.js' own", [4], () => [
    new Denser({ units: 3 }),
  ]),
  chain("a class with the name of TF.js' own", [4], () => [new Named()]),
  chain("an activation of the caller's", [4], (l) => [
    l.dense({ units: 3, activation: "relu" }),
  ], (model) => {
    last(model).activation = halved;
  }),
  chain("an activation of the caller's in a cell", STEPS, (l) => [
    l.lstm({ units: 3 }),
  ], (model) => {
    (last(model).cell as Options).recurrentActivation = halved;
  }),
  chain("a call that was replaced on one layer", [4], (l) => [
    l.reLU(),
  ], (model) => {
    last(model).call = (x: tf.Tensor | tf.Tensor[]) => tf.neg([x].flat()[0]!);
  }),
  chain("a class of the caller's in a wrapper", STEPS, (l) => [
    l.timeDistributed({ layer: new Denser({ units: 3 }) }),
  ]),
  chain(
    "Flatten of integers",
    [3, 2],
    (l) => [l.flatten()],
    undefined,
    "int32",
  ),
  chain("a mask into a nested model", STEPS, (l) => [
    l.masking({ maskValue: 0 }),
    tf.sequential({ layers: [l.lstm({ units: 2, inputShape: STEPS })] }),
  ]),
  translator(true),
  translator(false),
];

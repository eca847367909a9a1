/**
 * Models of several layers of TF.js: masked sequences, and nested models.
 *
 * @module
 */
import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../lib/tf.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { randomised, ROWS, type TfjsCase, values } from "./tfjs_case.ts";

type L = tf.layers.Layer;
type Layers = typeof tf.layers;

const STEPS = [5, 3];

/** Tokens from 0 to 6; some rows are padded at the end, one all over. */
function tokens(length: number): tf.Tensor {
  const random = seededRandom(5);
  const data = Int32Array.from({ length: ROWS * length }, (_, i) => {
    const [row, at] = [Math.floor(i / length), i % length];
    if (row === 1 && at > 2) return 0;
    if (row === 2 && at === 1) return 0;
    return 1 + Math.floor(random() * 6);
  });
  return tf.tensor(data, [ROWS, length], "int32");
}

/** Layers in a row on masked sequences, made by tokens or by zeros. */
function masked(
  name: string,
  from: "tokens" | "zeros",
  make: (layers: Layers) => readonly L[],
): TfjsCase {
  return {
    name: `${name} behind ${from}`,
    build() {
      const isTokens = from === "tokens";
      const x = tf.input(
        isTokens
          ? { shape: [5], dtype: "int32", name: "x0" }
          : { shape: [5, 3], name: "x0" },
      );
      const first = isTokens
        ? tf.layers.embedding({
          inputDim: 7,
          outputDim: 3,
          maskZero: true,
          name: "first",
        })
        : tf.layers.masking({ maskValue: 0, name: "first" });
      let at = first.apply(x) as tf.SymbolicTensor;
      for (const layer of make(tf.layers)) {
        at = layer.apply(at) as tf.SymbolicTensor;
      }
      return randomised(tf.model({ inputs: x, outputs: at, name: "m" }));
    },
    inputs() {
      if (from === "tokens") return [tokens(5)];
      return tf.tidy(() => {
        const kept = tf.cast(tf.greater(tokens(5), 0), "float32");
        return [tf.mul(values([5, 3], 9), tf.expandDims(kept, 2))];
      });
    },
  };
}

/** A layer, called. */
function on(
  layer: L,
  x: tf.SymbolicTensor | tf.SymbolicTensor[],
): tf.SymbolicTensor {
  return layer.apply(x) as tf.SymbolicTensor;
}

/** Models in models, called more than once, with several outputs. */
export const NESTED_CASES: readonly TfjsCase[] = [
  {
    name: "a model in a model, called twice",
    inputs: () => [values([4], 1)],
    build() {
      const { dense, add } = tf.layers;
      const a = tf.input({ shape: [4], name: "a" });
      const core = tf.model({
        inputs: a,
        outputs: on(dense({ units: 4, name: "deep", activation: "elu" }), a),
        name: "core",
      });
      const tower = tf.sequential({
        name: "tower",
        layers: [
          dense({ units: 4, inputShape: [4], name: "first" }),
          core,
          dense({ units: 4, name: "last" }),
        ],
      });
      const x = tf.input({ shape: [4], name: "x" });
      const shared = dense({ units: 4, name: "shared" });
      const once = on(tower, on(shared, x));
      const twice = on(tower, on(shared, once));
      const sum = on(add({ name: "sum" }), [once, twice, x]);
      const outputs = [sum, on(dense({ units: 2, name: "head" }), twice)];
      return randomised(tf.model({ inputs: x, outputs, name: "m" }));
    },
  },
  {
    name: "models with two inputs and two outputs",
    inputs: () => [values([3], 2), values([4], 3)],
    build() {
      const { dense, concatenate } = tf.layers;
      const [a, b] = [
        tf.input({ shape: [3], name: "a" }),
        tf.input({ shape: [4], name: "b" }),
      ];
      const both = on(concatenate({ name: "both" }), [a, b]);
      const pair = tf.model({
        inputs: [a, b],
        outputs: [
          on(dense({ units: 4, name: "left" }), both),
          on(dense({ units: 3, name: "right" }), both),
        ],
        name: "pair",
      });
      const [x, y] = [
        tf.input({ shape: [3], name: "x" }),
        tf.input({ shape: [4], name: "y" }),
      ];
      const [left, right] = pair.apply([x, y]) as tf.SymbolicTensor[];
      const outputs = pair.apply([right!, left!]) as tf.SymbolicTensor[];
      return randomised(tf.model({ inputs: [x, y], outputs, name: "m" }));
    },
  },
  {
    name: "layers with slashes and capitals in their names",
    inputs: () => [values([3], 4)],
    build() {
      const { dense } = tf.layers;
      return randomised(tf.sequential({
        name: "topModel",
        layers: [
          dense({ units: 4, inputShape: [3], name: "block/denseOne" }),
          dense({ units: 2, name: "block/denseTwo" }),
        ],
      }));
    },
  },
  {
    name: "states of one layer into another",
    inputs: () => [values(STEPS, 5)],
    build() {
      const { lstm, dense } = tf.layers;
      const x = tf.input({ shape: STEPS, name: "x" });
      const first = lstm({
        units: 3,
        returnState: true,
        returnSequences: true,
        name: "first",
      });
      const [steps, h, c] = first.apply(x) as tf.SymbolicTensor[];
      const second = lstm({ units: 3, name: "second" });
      const outputs = on(
        dense({ units: 2, name: "head" }),
        on(second, [steps!, h!, c!]),
      );
      return randomised(tf.model({ inputs: x, outputs, name: "m" }));
    },
  },
];

/** Masked sequences into what takes and hands on masks. */
export const MASK_CASES: readonly TfjsCase[] = (["tokens", "zeros"] as const)
  .flatMap((from) => [
    ...["simpleRNN", "gru", "lstm"].flatMap((kind) => {
      const make = (l: Layers, more = {}) =>
        l[kind as "lstm"]({ units: 4, ...more });
      return [
        masked(kind, from, (l) => [make(l)]),
        masked(`${kind} of sequences`, from, (l) => [
          make(l, { returnSequences: true }),
        ]),
        masked(`${kind} backwards`, from, (l) => [
          make(l, { goBackwards: true, returnSequences: true }),
        ]),
        masked(`two ${kind}`, from, (l) => [
          make(l, { returnSequences: true }),
          make(l),
        ]),
        masked(`Bidirectional ${kind}`, from, (l) => [
          l.bidirectional({
            layer: make(l, { returnSequences: true }) as RNN,
            mergeMode: "concat",
          }),
          make(l),
        ]),
        ...["dense", "dropout", "batchNormalization", "layerNormalization"]
          .map((between) =>
            masked(`${between} and ${kind}`, from, (l) => [
              l[between as "dense"]({ units: 3, rate: 0.5 } as never),
              make(l),
            ])
          ),
        masked(`TimeDistributed and ${kind}`, from, (l) => [
          l.timeDistributed({ layer: l.dense({ units: 3 }) }),
          make(l),
        ]),
        masked(`Activation and ${kind}`, from, (l) => [
          l.activation({ activation: "relu" }),
          make(l),
        ]),
        masked(`Conv1D and ${kind}`, from, (l) => [
          l.conv1d({ filters: 3, kernelSize: 2, padding: "same" }),
          make(l),
        ]),
        masked(`Permute and ${kind}`, from, (l) => [
          l.permute({ dims: [1, 2] }),
          make(l),
        ]),
      ];
    }),
    masked(
      "GlobalAveragePooling1D",
      from,
      (l) => [l.globalAveragePooling1d({})],
    ),
    masked("GlobalMaxPooling1D", from, (l) => [l.globalMaxPooling1d({})]),
    masked("Flatten", from, (l) => [l.flatten()]),
  ]);

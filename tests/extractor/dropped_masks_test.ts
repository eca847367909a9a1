import { assertEquals } from "@std/assert";
import { FeatureExtractor, tf } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { engineOf, OUR_ENGINES } from "../support/open_on.ts";
import { filled, free } from "./_models.ts";

/** Three time steps of two values; the last step of the first sample is padding. */
const PADDED = {
  data: Float32Array.of(1, -1, 0.5, 2, 0, 0, 1, 1, -1, 0.25, 2, 1),
  shape: [2, 3, 2],
  dtype: "float32",
} as const;

function sequence(): tf.Sequential {
  return filled(tf.sequential({
    layers: [
      tf.layers.masking({ maskValue: 0, inputShape: [3, 2], name: "mask" }),
      tf.layers.activation({ activation: "relu", name: "relu" }),
      tf.layers.lstm({ units: 3, name: "lstm" }),
      tf.layers.dense({ units: 2, name: "head" }),
    ],
  }));
}

counted(
  "starting after a Masking layer computes what a sub-model does, and the plan warns",
  async () => {
    const model = sequence();
    const part = tf.sequential({
      layers: [
        tf.layers.lstm({ units: 3, inputShape: [3, 2] }),
      ],
    });
    part.layers[0]!.setWeights(model.getLayer("lstm").getWeights());
    const x = tf.tensor(PADDED.data, [2, 3, 2]);
    const relu = tf.relu(x);
    const expected = part.predict(relu) as tf.Tensor;
    const whole = new FeatureExtractor(model).layers("lstm");
    const cut = whole.input("lstm");
    for (const [engine, options] of OUR_ENGINES.map(engineOf)) {
      const set = await cut.engine(engine, options).predict(relu);
      assertAllClose(set.features[0]!.data, await expected.data(), {
        atol: 1e-5,
      });
      const all = await whole.engine(engine, options).predict(PADDED);
      // The padding of the first sample counts only without the mask.
      const [a, b] = [set, all].map(({ features }) => features[0]!.data);
      assertEquals(
        a!.slice(0, 3).some((v, i) => Math.abs(v - b![i]!) > 1e-3),
        true,
      );
      assertAllClose(a!.slice(3), b!.slice(3), { atol: 1e-5 });
      assertEquals((await whole.engine(engine, options).plan()).warnings, []);
      const { warnings } = await cut.engine(engine, options).plan();
      assertEquals(warnings, [
        'the output of "relu" is fed without its mask: the numbers of "lstm" differ from those of the whole model',
      ]);
    }
    tf.dispose([x, relu, expected]);
    free(model);
    free(part);
  },
);

counted("a plan warns of no mask that nothing reads", async () => {
  const model = sequence();
  const warningsOf = async (input: string, layer: string) =>
    (await new FeatureExtractor(model).layers(layer).logits(false).input(input)
      .plan())
      .warnings;
  // The mask is computed again; it is passed on but not read; it has ended.
  assertEquals(await warningsOf("mask", "lstm"), []);
  assertEquals(await warningsOf("relu", "relu"), []);
  assertEquals(await warningsOf("head", "head"), []);
  assertEquals((await warningsOf("relu", "lstm")).length, 1);
  free(model);
  const plain = filled(tf.sequential({
    layers: [
      tf.layers.activation({
        activation: "relu",
        inputShape: [3, 2],
        name: "relu",
      }),
      tf.layers.lstm({ units: 3, name: "lstm" }),
    ],
  }));
  const { warnings } = await new FeatureExtractor(plain).layers("lstm")
    .input("lstm").plan();
  assertEquals(warnings, []);
  free(plain);
});

counted(
  "a plan warns of the mask of an Embedding, where a layer reads it",
  async () => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.embedding({
          inputDim: 5,
          outputDim: 4,
          inputLength: 3,
          maskZero: true,
          name: "ids",
        }),
        tf.layers.bidirectional({
          layer: tf.layers.gru({ units: 2, returnSequences: true }) as never,
          mergeMode: "concat",
          name: "both",
        }),
        tf.layers.globalAveragePooling1d({ name: "pool" }),
      ],
    }));
    const { warnings } = await new FeatureExtractor(model).layers("pool")
      .input("both").plan();
    assertEquals(warnings.length, 1);
    assertEquals(warnings[0]!.includes('"ids" is fed without its mask'), true);
    assertEquals(warnings[0]!.includes('"both"'), true);
    free(model);
  },
);

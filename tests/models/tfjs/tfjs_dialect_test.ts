import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import {
  type ModelSpec,
  readTopology,
} from "../../../lib/models/keras/keras_topology.ts";
import {
  inKerasWords,
  otherMeanings,
} from "../../../lib/models/tfjs/tfjs_dialect.ts";
import { LAYERS } from "../../../lib/layers/layer_table.ts";

await tf.setBackend("cpu");

/** What TF.js writes of layers in a row. */
function described(...layers: tf.layers.Layer[]) {
  const model = tf.sequential({ name: "m", layers });
  const json = model.toJSON(null, false);
  model.dispose();
  return readTopology(json, 2, "model.json");
}

Deno.test("inKerasWords() gives the size that follows from others as Keras does", () => {
  const reshape = { targetShape: [3, -1], name: "r" };
  const spec = described(
    tf.layers.reshape({ ...reshape, inputShape: [6] }),
    tf.layers.timeDistributed({ layer: tf.layers.reshape(reshape), name: "t" }),
  );
  const [own, held] = inKerasWords(spec).layers.slice(-2);
  assertEquals(own!.options.target_shape, [3, -1]);
  const inner = held!.options.layer as { config: { target_shape: unknown } };
  assertEquals(inner.config.target_shape, [3, -1]);
});

Deno.test("inKerasWords() leaves out what an RNN repeats of its cell", () => {
  const cell = tf.layers.gruCell({ units: 2, name: "c" });
  const rnn = tf.layers.rnn({
    cell,
    name: "r",
    inputShape: [4, 3],
    goBackwards: true,
  });
  const { options } = inKerasWords(described(rnn)).layers.at(-1)!;
  assertEquals(options.name, "r");
  assertEquals(options.go_backwards, true);
  assertEquals("units" in options, false);
  const held = options.cell as { config: { units: unknown } };
  assertEquals(held.config.units, 2);
});

Deno.test("otherMeanings() finds what computes something else in TF.js", () => {
  const { dense, embedding, batchNormalization, lstm, conv1d } = tf.layers;
  const tokens = { inputDim: 5, outputDim: 3, inputShape: [4] };
  const inputShape = [4, 3];
  const specs = {
    plain: described(dense({ units: 2, inputShape })),
    last: described(batchNormalization({ inputShape })),
    first: described(batchNormalization({ axis: 1, inputShape })),
    masks: described(
      embedding({ ...tokens, maskZero: true }),
      lstm({ units: 2 }),
    ),
    lost: described(
      embedding({ ...tokens, maskZero: true }),
      conv1d({ filters: 2, kernelSize: 1 }),
      lstm({ units: 2 }),
    ),
    none: described(
      embedding(tokens),
      conv1d({ filters: 2, kernelSize: 1 }),
      lstm({ units: 2 }),
    ),
    nested: described(
      embedding({ ...tokens, maskZero: true }),
      tf.sequential({ layers: [lstm({ units: 2, inputShape })] }),
    ),
    held: described(
      tf.layers.timeDistributed({
        layer: batchNormalization({ axis: 1 }),
        inputShape: [2, 4, 3],
      }),
    ),
  };
  const namesOf = (spec: ModelSpec, customLayers = {}) =>
    otherMeanings(spec, customLayers).map(({ className }) => className);
  const refused = Object.entries(specs).filter(([, spec]) =>
    namesOf(spec).length > 0
  );
  assertEquals(refused.map(([name]) => name), [
    "first",
    "lost",
    "nested",
    "held",
  ]);
  assertEquals(namesOf(specs.first), ["BatchNormalization"]);
  assertEquals(namesOf(specs.lost), ["Embedding"]);
  const customLayers = { BatchNormalization: LAYERS.ReLU! };
  assertEquals(namesOf(specs.first, customLayers), []);
});

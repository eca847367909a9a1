import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { readWeight } from "../../../lib/models/graph/weights.ts";
import { layerWeights } from "../../../lib/models/tfjs/layer_row.ts";

await tf.setBackend("cpu");

const { layers } = tf;

/** Names of a layer's weights, once it is built. */
function names(layer: tf.layers.Layer): string[] {
  const model = tf.sequential({ layers: [layer] });
  const found = layerWeights(layer).map(({ name }) => name);
  model.dispose();
  return found;
}

const MAP = { inputShape: [6, 6, 2] };
const SERIES = { inputShape: [6, 2] };
const GATES = ["kernel", "recurrent_kernel", "bias"];
const CASES: readonly [tf.layers.Layer, readonly string[]][] = [
  [layers.dense({ units: 1, inputShape: [2] }), ["kernel", "bias"]],
  [layers.conv2d({ filters: 1, kernelSize: 2, ...MAP }), ["kernel", "bias"]],
  [
    layers.separableConv2d({ filters: 1, kernelSize: 2, ...MAP }),
    ["depthwise_kernel", "pointwise_kernel", "bias"],
  ],
  [
    layers.batchNormalization(MAP),
    ["gamma", "beta", "moving_mean", "moving_variance"],
  ],
  [layers.lstm({ units: 1, ...SERIES }), GATES],
  [layers.gru({ units: 1, ...SERIES }), GATES],
  [layers.prelu({ inputShape: [3] }), ["alpha"]],
  [
    layers.timeDistributed({ layer: layers.dense({ units: 1 }), ...SERIES }),
    ["kernel", "bias"],
  ],
];

for (const [layer, expected] of CASES) {
  Deno.test(`layerWeights() names those of ${layer.getClassName()} as Keras does`, () => {
    assertEquals(names(layer), expected);
  });
}

Deno.test("layerWeights() names both ways of Bidirectional", () => {
  const lstm = layers.lstm({ units: 1, name: "l" }) as RNN;
  const both = layers.bidirectional({
    layer: lstm,
    mergeMode: "sum",
    ...SERIES,
  });
  assertEquals(
    names(both),
    ["forward_l", "backward_l"].flatMap((way) =>
      GATES.map((gate) => `${way}/${gate}`)
    ),
  );
});

Deno.test("layerWeights() takes off a layer's name that holds slashes", () => {
  const layer = layers.dense({ units: 1, name: "block/a/d", inputShape: [2] });
  assertEquals(names(layer), ["kernel", "bias"]);
});

Deno.test("layerWeights() gives the values that the layer has now", async () => {
  const layer = layers.dense({ units: 1, inputShape: [1], useBias: false });
  const model = tf.sequential({ layers: [layer] });
  const next = tf.tensor2d([[7]]);
  const [weight] = layerWeights(layer);
  layer.setWeights([next]);
  for (const { value } of [weight!, layerWeights(layer)[0]!]) {
    assertEquals([...(await readWeight(value)).data], [7]);
  }
  next.dispose();
  model.dispose();
});

import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { layerLink } from "../../../lib/models/graph/layer_head.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { readWeight } from "../../../lib/models/graph/weights.ts";
import { dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

/** The part that a layer plays after a Dense of 4 units. */
function linkOf(layer: tf.layers.Layer) {
  const model = tf.sequential({
    layers: [dense("stem", 4, { inputShape: [3] }), layer],
  });
  const node = modelGraphOf(fromLayersModel(model))!.findNode(-1);
  assert(node.call.kind === "inMemory");
  return layerLink(node, node.call);
}

Deno.test("layerLink() gives a Dense's weights as they are now", async () => {
  const layer = dense("head", 2);
  const link = linkOf(layer);
  assert(link.kind === "linear");
  assertEquals(link.activation, "linear");
  assertEquals(link.weights().kernel.shape, [4, 2]);
  assertEquals(link.weights().bias?.shape, [2]);
  const next = [tf.ones([4, 2]), tf.zeros([2])];
  layer.setWeights(next);
  const { data } = await readWeight(link.weights().kernel);
  assertEquals([...data], Array(8).fill(1));
  tf.dispose(next);
});

Deno.test("layerLink() gives no bias where there is none", () => {
  const link = linkOf(dense("head", 2, { useBias: false }));
  assert(link.kind === "linear");
  assertEquals(link.weights().bias, undefined);
});

Deno.test("layerLink() knows activations, and others by name", () => {
  const kinds = (["softmax", "sigmoid", "linear", "relu", "tanh"] as const).map(
    (activation) => linkOf(tf.layers.activation({ activation })).kind,
  );
  assertEquals(kinds, [
    "activation",
    "activation",
    "activation",
    "other",
    "other",
  ]);
});

Deno.test("layerLink() takes a wider kernel for no head, as its padding would count", () => {
  const reshape = tf.layers.reshape({ targetShape: [1, 1, 4] });
  const conv = tf.layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" });
  const model = tf.sequential({
    layers: [dense("stem", 4, { inputShape: [3] }), reshape, conv],
  });
  const node = modelGraphOf(fromLayersModel(model))!.findNode(-1);
  assert(node.call.kind === "inMemory");
  assertEquals(layerLink(node, node.call).kind, "other");
});

Deno.test("layerLink() finds the layer that a TimeDistributed of TF.js holds, with its weights", () => {
  const linkOfSteps = (layer: tf.layers.Layer) => {
    const model = tf.sequential({
      layers: [
        tf.layers.reshape({ targetShape: [2, 4], inputShape: [8] }),
        layer,
      ],
    });
    const node = modelGraphOf(fromLayersModel(model))!.findNode(-1);
    assert(node.call.kind === "inMemory");
    return layerLink(node, node.call);
  };
  const held = dense("held", 3, { activation: "softmax" });
  const link = linkOfSteps(tf.layers.timeDistributed({ layer: held }));
  assert(link.kind === "linear");
  assertEquals(link.activation, "softmax");
  assertEquals(link.weights().kernel.shape, [4, 3]);
  assertEquals(link.weights().bias?.shape, [3]);
  const conv = (strides: number) =>
    linkOfSteps(tf.layers.conv1d({ filters: 3, kernelSize: 1, strides })).kind;
  assertEquals([conv(1), conv(2)], ["linear", "other"]);
});

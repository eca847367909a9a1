import type { Shape } from "@tensorflow/tfjs";
import type { Layer } from "../../../lib/layers/layer.ts";
import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { loadModel } from "@sonde/sonde";
import {
  channelsOf,
  layerChannels,
} from "../../../lib/models/graph/channels.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { modelPath } from "../../support/keras_models.ts";
import { called, dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

const { layers } = tf;

/** Where each layer's channels stand, by the rows of the table. */
function positions(...list: tf.layers.Layer[]): (string | undefined)[] {
  const model = modelGraphOf(fromLayersModel(tf.sequential({ layers: list })))!;
  return model.layers.map(({ outputs }) => outputs[0]!.channels);
}

Deno.test("channelsOf() goes on through layers that keep the axes", () => {
  assertEquals(
    positions(
      layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.dropout({ rate: 0.1 }),
    ),
    Array(5).fill("last"),
  );
});

Deno.test("channelsOf() reads channels first from the layer", () => {
  const first = "channelsFirst" as const;
  assertEquals(
    positions(
      layers.conv2d({
        filters: 2,
        kernelSize: 3,
        dataFormat: first,
        inputShape: [1, 8, 8],
      }),
      layers.activation({ activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2, dataFormat: first }),
    ),
    ["first", "first", "first"],
  );
});

Deno.test("channelsOf() ends where axes are no longer what they were", () => {
  assertEquals(
    positions(
      layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }),
      layers.permute({ dims: [3, 1, 2] }),
      layers.activation({ activation: "relu" }),
      layers.reshape({ targetShape: [6, 12] }),
      layers.lstm({ units: 2, returnSequences: true }),
      layers.flatten(),
    ),
    ["last", undefined, undefined, undefined, "last", undefined],
  );
});

Deno.test("channelsOf() of a merge is what its inputs agree on", () => {
  const x = tf.input({ shape: [4, 4, 2], name: "x" });
  const conv = (name: string) =>
    layers.conv2d({ name, filters: 2, kernelSize: 1 });
  const left = called(conv("left"), x);
  const transposed = called(
    layers.permute({ dims: [1, 2, 3], name: "turned" }),
    x,
  );
  const agreed = called(layers.add({ name: "agreed" }), [
    left,
    called(conv("right"), x),
  ]);
  const mixed = called(layers.add({ name: "mixed" }), [agreed, transposed]);
  const model = modelGraphOf(fromLayersModel(
    tf.model({ inputs: x, outputs: mixed }),
  ))!;
  const position = (name: string) =>
    channelsOf({ node: model.findNode(name), index: 0 });
  assertEquals(position("agreed"), "last");
  assertEquals(position("mixed"), undefined);
  assertEquals(position("x"), undefined);
});

Deno.test("channelsOf() says nothing of custom layers", () => {
  class Mine extends tf.layers.Layer {
    static className = "Mine";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return [inputs].flat()[0]!.clone();
    }
    override computeOutputShape(shape: Shape): Shape {
      return shape;
    }
  }
  const conv = layers.conv2d({
    filters: 2,
    kernelSize: 3,
    inputShape: [8, 8, 1],
  });
  assertEquals(positions(conv, new Mine({})), ["last", undefined]);
});

Deno.test("channelsOf() a Dense over a sequence is last", () => {
  assertEquals(positions(dense("d", 3, { inputShape: [5, 2] })), ["last"]);
});

Deno.test("channelsOf() each step goes by the layer inside", () => {
  const each = (layer: tf.layers.Layer, inputShape: number[]) =>
    positions(layers.timeDistributed({ layer, inputShape }))[0];
  const conv = (dataFormat: "channelsFirst" | "channelsLast") =>
    layers.conv2d({ filters: 1, kernelSize: 1, dataFormat });
  assertEquals(each(layers.dense({ units: 1 }), [5, 2]), "last");
  assertEquals(each(conv("channelsLast"), [5, 4, 4, 2]), "last");
  // [N, T, C, H, W]: neither the first nor the last.
  assertEquals(each(conv("channelsFirst"), [5, 2, 4, 4]), undefined);
  assertEquals(each(layers.flatten(), [5, 2, 2]), undefined);
});

Deno.test("channelsOf() a pooled series is last, as TF.js pools no other", () => {
  assertEquals(
    positions(layers.maxPooling1d({ poolSize: 2, inputShape: [6, 2] })),
    ["last"],
  );
});

Deno.test("channelsOf() says nothing of a custom class under a known name", () => {
  class Embedding extends tf.layers.Layer {
    static className = "Embedding";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.transpose([inputs].flat()[0]!, [0, 2, 1]);
    }
    override computeOutputShape([n, h, w]: Shape): Shape {
      return [n!, w!, h!];
    }
  }
  const mine = new Embedding({ name: "mine" });
  assertEquals(
    positions(dense("d", 3, { inputShape: [5, 2] }), mine),
    ["last", undefined],
  );
});

Deno.test("layerChannels() goes by the layer, or else by what the inputs agree on", () => {
  const layer: Layer = { weights: [], call: () => [] };
  const keeping = { ...layer, keepsAxes: true };
  assertEquals(layerChannels(keeping, ["last", "last"]), "last");
  assertEquals(layerChannels(keeping, ["last", "first"]), undefined);
  assertEquals(layerChannels(keeping, ["last", undefined]), undefined);
  assertEquals(layerChannels(keeping, ["first"]), "first");
  assertEquals(layerChannels(layer, ["last"]), undefined);
  assertEquals(
    layerChannels({ ...keeping, channels: "first" }, ["last"]),
    "first",
  );
});

Deno.test("layers of a Keras file say where their channels stand", async () => {
  await using model = await loadModel(modelPath("k3_unet.keras"));
  const maps = model.layers.filter(({ outputs }) =>
    outputs[0]!.shape.length === 4
  );
  const unknown = maps.filter(({ kind, outputs }) =>
    kind !== "InputLayer" && outputs[0]!.channels !== "last"
  );
  assertEquals(unknown.map(({ name, kind }) => `${name} (${kind})`), []);
});

/** An output of a layer with several, as an id of its own. */
import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { LayerNotFoundError } from "../../../lib/errors.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import type { LayerId } from "../../../lib/models/graph/find_layers.ts";
import { pool } from "../../../mod.ts";

await tf.setBackend("cpu");

function lstm(): tf.LayersModel {
  const input = tf.input({ shape: [4, 3], name: "x" });
  const outputs = tf.layers.lstm({
    units: 2,
    returnSequences: true,
    returnState: true,
    name: "lstm",
  }).apply(input) as tf.SymbolicTensor[];
  const end = tf.layers.dense({ units: 2, name: "d" }).apply(outputs[1]!);
  return tf.model({ inputs: input, outputs: end as tf.SymbolicTensor });
}

const X = {
  data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  shape: [2, 4, 3],
  dtype: "float32" as const,
};

for (const engine of ["tfjs", "onnx"] as const) {
  Deno.test(`predict() gives single outputs by "lstm[1]", in the order of the ids (${engine})`, async () => {
    const model = lstm();
    const at = (ids: LayerId[]) =>
      new FeatureExtractor(model).layers(ids).engine(engine);
    const all = await at(["lstm", "d"]).predict(X);
    assertEquals(all.layerNames, [
      ...["lstm[0]", "lstm[1]", "lstm[2]", "d"],
    ]);
    const some = await at(["d", "lstm[2]", "lstm[0]"]).predict(X);
    assertEquals(some.layerNames, [
      ...["d", "lstm[2]", "lstm[0]"],
    ]);
    const order = [3, 2, 0];
    assertEquals(
      some.features.map(({ shape, data }) => [shape, data]),
      order.map((i) => [all.features[i]!.shape, all.features[i]!.data]),
    );
    model.dispose();
  });
}

Deno.test("an output as an id has its row, weights and postprocessing", async () => {
  const layers = lstm();
  const model = modelGraphOf(fromLayersModel(layers))!;
  const row = model.findLayer("lstm[0]");
  assertEquals(row.name, "lstm[0]");
  assertEquals(row.outputs.map(({ shape }) => shape), [[null, 4, 2]]);
  assertEquals(model.findNode("lstm[0]"), model.findNode("lstm[0]"));
  const weights = await model.getWeights("lstm[1]");
  assertEquals(
    Object.keys(weights),
    Object.keys(await model.getWeights("lstm")),
  );
  const set = await new FeatureExtractor(model).layers(["lstm[0]"])
    .postprocess(pool("mean", { channels: "last" })).predict(X);
  assertEquals(set.features[0]!.shape, [2, 2]);
  layers.dispose();
});

Deno.test("an output is selected once, and only where there is one", () => {
  const layers = lstm();
  const extractor = new FeatureExtractor(layers);
  for (const ids of [["lstm", "lstm[1]"], ["lstm[1]", "lstm[1]"]]) {
    assertThrows(() => extractor.layers(ids), RangeError, "find the same");
  }
  for (const id of ["lstm[3]", "d[0]", "lstm[-1]", "lstm[]"]) {
    assertThrows(() => extractor.layers([id]), LayerNotFoundError, `"${id}"`);
  }
  layers.dispose();
});

Deno.test("findLayer() names near paths whose call stands at another part", () => {
  const inner = tf.sequential({
    name: "encoder",
    layers: [tf.layers.dense({ units: 3, inputShape: [3], name: "cv" })],
  });
  const x = tf.input({ shape: [3] });
  const y = inner.apply(inner.apply(x)) as tf.SymbolicTensor;
  const layers = tf.model({ inputs: x, outputs: y });
  const model = fromLayersModel(layers);
  assertThrows(
    () => model.findLayer("encoder/cv:1"),
    LayerNotFoundError,
    'nearest names are "encoder:1/cv"',
  );
  layers.dispose();
});

// deno-lint-ignore-file camelcase -- the file's own keys
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import {
  modelOfLayersJson,
  readLayersJson,
} from "../../../lib/models/tfjs/load_model_json.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import type { ModelJson } from "../../../lib/models/tfjs/model_json.ts";

const LAYERS = [{
  class_name: "Dense",
  config: {
    name: "d",
    units: 1,
    use_bias: false,
    activation: "linear",
    batch_input_shape: [null, 2],
  },
}];
const TOPOLOGY = {
  class_name: "Sequential",
  config: { name: "s", layers: LAYERS },
};

function json(topology: object, more: object = {}): ModelJson {
  return { modelTopology: { ...topology }, weightsManifest: [], ...more };
}

Deno.test("readLayersJson() reads who wrote a file", () => {
  const cases: readonly [object, object, unknown][] = [
    [{ keras_version: "tfjs-layers 4.22.0" }, {}, "tfjs"],
    [{ keras_version: "2.15.0" }, { convertedBy: "the converter" }, 2],
    [{ keras_version: "2.1.6-tf" }, {}, 2],
    [{ keras_version: "3.4.1" }, {}, 3],
    [{}, { generatedBy: "keras v3.0.5" }, 3],
    [{}, { generatedBy: "TensorFlow.js tfjs-layers v4.22.0" }, "tfjs"],
  ];
  for (const [topology, more, dialect] of cases) {
    const read = readLayersJson(
      json({ ...TOPOLOGY, ...topology }, more),
      "model.json",
      {},
    );
    assertEquals(read.dialect, dialect);
    assertEquals(read.spec.layers.at(-1)!.name, "d");
  }
});

Deno.test("readLayersJson() takes what the converter puts under model_config", () => {
  const topology = { keras_version: "2.15.0", model_config: TOPOLOGY };
  assertEquals(readLayersJson(json(topology), "x", {}).spec.name, "s");
});

Deno.test("readLayersJson() refuses a file that does not say who wrote it", () => {
  assertThrows(
    () => readLayersJson(json(TOPOLOGY), "model.json", {}),
    ModelFormatError,
    `it must say in "keras_version" that TF.js, Keras 2 or Keras 3 wrote it`,
  );
});

Deno.test("modelOfLayersJson() closes the weights with the model, and if it fails", async () => {
  const topology = { ...TOPOLOGY, keras_version: "2.15.0" };
  const read = readLayersJson(json(topology), "model.json", {});
  const bytes = new Uint8Array(Float32Array.of(3, 4).buffer);
  let closed = 0;
  const weight = (name: string) => ({
    weights: [{
      spec: { name, shape: [2, 1], dtype: "float32" as const },
      bytes: bytesSource(bytes, name),
    }],
    close: () => closed++,
  });
  const model = await modelOfLayersJson(read, weight("d/kernel"));
  const { kernel } = await model.getWeights("d");
  assertEquals([...kernel!.data], [3, 4]);
  assertEquals([model.format, closed], ["tfjs-layers", 0]);
  await model.close();
  assertEquals(closed, 1);
  await assertRejects(
    () => modelOfLayersJson(read, weight("e/kernel")),
    ModelFormatError,
    "e/kernel",
  );
  assert(closed === 2);
});

Deno.test("loadModel() counts the operations of a graph of TF.js, those of its functions too", async () => {
  const source = new URL("../../data/graph_models/mlp/", import.meta.url);
  const folder = await Deno.makeTempDir();
  try {
    for await (const { name } of Deno.readDir(source)) {
      await Deno.copyFile(new URL(name, source), `${folder}/${name}`);
    }
    const path = `${folder}/model.json`;
    const file = JSON.parse(await Deno.readTextFile(path));
    const { node } = file.modelTopology;
    const refused = (nodes: number, found: number) =>
      assertRejects(
        () => loadModel(path, { limits: { nodes } }),
        ModelFormatError,
        `it must become at most ${nodes} nodes: current value is more, by ${found} operations; if you trust it, pass limits: { nodes: … }`,
      );
    await refused(node.length - 1, node.length);
    await (await loadModel(path, { limits: { nodes: node.length } })).close();
    file.modelTopology.library = {
      function: [{ nodeDef: [node[0], node[0]] }, { nodeDef: [node[0]] }],
    };
    await Deno.writeTextFile(path, JSON.stringify(file));
    await refused(node.length, node.length + 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

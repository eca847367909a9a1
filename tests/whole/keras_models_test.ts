import { tf } from "../../lib/tf.ts";
import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  type Model,
  type NdArray,
} from "@sonde/sonde";
import { fileSource } from "../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import {
  assertAsKeras,
  KERAS_MODELS,
  type KerasRecord,
  kerasRecord,
  modelPath,
  rowsOf,
} from "../support/keras_models.ts";
import { inTurn, RUNS_ALL } from "../support/extent.ts";
import { engineOf, openOn, OUR_ENGINES } from "../support/open_on.ts";

// Numbers of Keras 3.15.1 and tf_keras 2.21: tests/data/make_keras_models.py.

await tf.setBackend("cpu");

const NAMES = [...Deno.readDirSync(KERAS_MODELS)].map(({ name }) => name)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, "")).sort();
const FILES = NAMES.flatMap((name) => [`${name}.keras`, `${name}.h5`]);
const HEADED = FILES.filter((file) =>
  isSampled(file) && recordOf(file).head !== undefined
);
const ALL = [0, 1, 2, 3, 4, 5, 6];
/** Rows that run together. */
const ROWS = [[4, 0], ALL.toReversed(), ...RUNS_ALL ? [[2], ALL] : []];

/** Both files of a model in `test:all`, otherwise one, in turn. */
function isSampled(file: string): boolean {
  const endings = inTurn([".keras", ".h5"], FILES.indexOf(file) >> 1);
  return endings.some((ending) => file.endsWith(ending));
}

function recordOf(file: string): KerasRecord {
  return kerasRecord(file.replace(/\.\w+$/, ""));
}

/** A test after which no tensor is left; Deno watches the open files. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = tf.memory().numTensors;
    await body();
    assertEquals(tf.memory().numTensors, before, "live tensors");
  });
}

function all(inputs: readonly NdArray<ArrayBufferView>[]) {
  return inputs.length === 1 ? inputs[0]! : [...inputs];
}

/** Names of the layers that give the model's outputs. */
function outputLayers(model: Model): string[] {
  return modelGraphOf(model)!.outputRefs.map(({ node }) => node.row.name);
}

test("the models are all here", () => {
  assertEquals(NAMES.length, 26);
  return Promise.resolve();
});

for (const [i, file] of FILES.entries()) {
  const record = recordOf(file);
  const inner = Object.keys(record.layers);
  const engines = inTurn(OUR_ENGINES, i >> 1);
  for (const where of isSampled(file) ? engines : []) {
    test(`FeatureExtractor gives what Keras gives: ${file} (${where})`, async () => {
      await using model = await loadModel(modelPath(file));
      const outputs = outputLayers(model);
      const extractor = new FeatureExtractor(model)
        .layers([...new Set([...outputs, ...inner])])
        .engine(...engineOf(where));
      const set = await extractor.predict(all(record.inputs));
      outputs.forEach((name, i) =>
        assertAsKeras(set.layer(name), record.outputs[i]!, name)
      );
      for (const name of inner) {
        assertAsKeras(set.layer(name), record.layers[name]!, name);
      }
    });
  }

  if (isSampled(file)) {
    test(`each row is by itself: ${file}`, async () => {
      await using model = await loadModel(modelPath(file));
      for (const engine of inTurn(OUR_ENGINES, (i >> 1) + 1)) {
        await using opened = await openOn(modelGraphOf(model)!, engine);
        const count = record.inputs[0]!.shape[0]!;
        for (const rows of ROWS) {
          const kept = rows.map((row) => row % count);
          const features = await opened.run(
            record.inputs.map((input) => rowsOf(input, kept)),
          );
          features.forEach((feature, i) =>
            assertAsKeras(
              feature,
              rowsOf(record.outputs[i]!, kept),
              `${engine}, rows ${kept}`,
            )
          );
        }
      }
    });
  }

  test(`Model.layers are as Keras shows them: ${file}`, async () => {
    if (record.table === undefined) return;
    await using model = await loadModel(modelPath(file));
    const top = model.layers.filter(({ index }) => index !== undefined);
    assertEquals(
      top.map(({ name, kind, index }) => [
        name,
        kind.replace("GroupQuery", "GroupedQuery"), // `.keras` files say either
        index,
      ]),
      record.table.map(([name, kind], index) => [name, kind, index]),
    );
    assertEquals(
      top.map(({ numParameters }) => numParameters),
      record.table.map(([, , count]) => count),
    );
    for (const [i, [name]] of record.table.entries()) {
      assertEquals(model.findLayer(i).name, name);
      assertEquals(model.findLayer(i - record.table.length).name, name);
    }
  });
}

for (const [i, file] of HEADED.entries()) {
  const record = recordOf(file);
  for (const where of inTurn(OUR_ENGINES, i)) {
    test(`FeatureExtractor finds logits and what feeds them: ${file} (${where})`, async () => {
      await using model = await loadModel(modelPath(file));
      const set = await new FeatureExtractor(model).penultimate()
        .engine(...engineOf(where)).predict(all(record.inputs));
      assertAsKeras(set.logits!, record.logits!, "logits");
      assertAsKeras(set.penultimate!, record.penultimate!, "penultimate");
      assertAsKeras(set.head!.kernel, record.kernel!, "kernel", 0);
    });
  }

  test(`Model.getWeights() reads the head's weights: ${file}`, async () => {
    await using model = await loadModel(modelPath(file));
    const weights = await model.getWeights(record.head!);
    assertEquals(Object.keys(weights), ["kernel", "bias"]);
    assertAsKeras(weights.kernel!, record.kernel!, "kernel", 0);
  });

  test(`FeatureExtractor.input() begins at what feeds the head: ${file}`, async () => {
    await using model = await loadModel(modelPath(file));
    const set = await new FeatureExtractor(model).input(record.head!)
      .predict(record.penultimate!);
    assertAsKeras(set.logits!, record.logits!, "logits");
  });
}

/** A server of one file. */
function served(path: string) {
  return Deno.serve(
    { port: 0, onListen: () => {} },
    async () => new Response(await Deno.readFile(path)),
  );
}

for (const file of ["k3_text.keras", "k2_vit.keras", "k3_unet.h5"]) {
  test(`loadModel() opens ${file} from a path, a URL, a server, bytes and a Blob`, async () => {
    const record = recordOf(file);
    const path = modelPath(file);
    const bytes = await Deno.readFile(path);
    const server = served(path);
    const sources = [
      path,
      new URL(file, KERAS_MODELS),
      `http://127.0.0.1:${server.addr.port}/${file}`,
      bytes,
      new Blob([bytes]),
    ];
    const fingerprints = new Set<string>();
    for (const source of sources) {
      await using model = await loadModel(source);
      const set = await new FeatureExtractor(model).layers(outputLayers(model))
        .predict(all(record.inputs));
      assertAsKeras(set.features[0]!, record.outputs[0]!, String(source));
      fingerprints.add(await modelGraphOf(model)!.fingerprint());
    }
    assertEquals(fingerprints.size, 1);
    await server.shutdown();
  });
}

test("loadModel() opens an unzipped folder", async () => {
  const folder = await Deno.makeTempDir();
  const source = fileSource(modelPath("k3_nested.keras"));
  const archive = new ZipArchive(source);
  for (const name of archive.members.keys()) {
    await Deno.writeFile(`${folder}/${name}`, archive.bytes(name));
  }
  source.close();
  const record = kerasRecord("k3_nested");
  for (const source of [folder, new URL(`file://${folder}/`)]) {
    await using model = await loadModel(source);
    const set = await new FeatureExtractor(model).layers(["head"])
      .predict(all(record.inputs));
    assertAsKeras(set.features[0]!, record.outputs[0]!, "head");
  }
  await Deno.remove(folder, { recursive: true });
});

test("FeatureExtractor takes inputs of a Keras model by name", async () => {
  for (const file of FILES.filter((name) => name.includes("two_inputs"))) {
    const record = recordOf(file);
    await using model = await loadModel(modelPath(file));
    assertEquals(model.inputs.map(({ name }) => name), record.inputNames!);
    const [image, facts] = ["image", "facts"].map((name) =>
      record.inputs[record.inputNames!.indexOf(name)]!
    );
    const set = await new FeatureExtractor(model)
      .layers(outputLayers(model))
      .predict({ xs: { facts: facts!, image: image! } });
    record.outputs.forEach((output, i) =>
      assertAsKeras(set.features[i]!, output, `${file}, output ${i}`)
    );
  }
});

test("FeatureExtractor takes maps of other sizes where a model does", async () => {
  for (const file of FILES.filter((name) => name.includes("fcn"))) {
    await using model = await loadModel(modelPath(file));
    assertEquals(model.inputs[0]!.shape, [null, null, null, 2]);
    const x = { shape: [2, 5, 9, 2], dtype: "float32" } as const;
    const data = Float32Array.from({ length: 180 }, (_, i) => Math.sin(i));
    const { features } = await new FeatureExtractor(model).layers(["conv"])
      .predict({ ...x, data });
    assertEquals(features[0]!.shape, [2, 5, 9, 4]);
  }
});

test("Model.close() lets go of the file, and later calls say so", async () => {
  for (const file of ["k3_text.keras", "k3_text.h5"]) {
    const model = await loadModel(modelPath(file));
    await model.close();
    await model.close();
    await assertRejects(
      () => model.getWeights("head"),
      TypeError,
      "open and intact",
    );
  }
});

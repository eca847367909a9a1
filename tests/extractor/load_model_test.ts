import { followRecipe } from "../support/follow_recipe.ts";
import { tf } from "../../lib/tf.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { assertAllClose } from "../support/all_close.ts";
import { engineOf, OUR_ENGINES } from "../support/open_on.ts";
import { saveTo } from "../support/save_model.ts";
import { branched, chain } from "../support/tf_models.ts";

await tf.setBackend("cpu");

const GRAPH = new URL("../data/graph_models/mlp/model.json", import.meta.url);

/** Runs a test in a folder of its own; no tensor may be left. */
function test(name: string, run: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    const before = tf.memory().numTensors;
    try {
      await run(folder);
      assertEquals(tf.memory().numTensors, before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const X = {
  data: Float32Array.of(0.5, -1, 2),
  shape: [1, 3],
  dtype: "float32",
} as const;

async function logitsOf(source: string | URL): Promise<Float32Array> {
  await using model = await loadModel(source);
  return (await new FeatureExtractor(model).predict(X)).logits!.data;
}

test("loadModel() reads a layers model from a path, a file URL and a server", async (folder) => {
  const layers = branched();
  const path = await saveTo(layers, folder);
  const expected = (await new FeatureExtractor(layers).predict(X)).logits!.data;
  assertAllClose(await logitsOf(path), expected);
  assertAllClose(await logitsOf(new URL(`file://${path}`)), expected);
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      return new Response(await Deno.readFile(`${folder}${pathname}`));
    },
  );
  assertAllClose(
    await logitsOf(`http://127.0.0.1:${server.addr.port}/model.json`),
    expected,
  );
  await server.shutdown();
  layers.dispose();
});

test("loadModel() reads a relative path, with spaces and signs in it", async (folder) => {
  const odd = `${folder}/a b#1%20?`;
  await Deno.mkdir(odd);
  const layers = chain();
  await saveTo(layers, odd);
  const before = Deno.cwd();
  Deno.chdir(odd);
  try {
    await using model = await loadModel("model.json");
    assertEquals(model.layers.map(({ name }) => name), ["a", "b"]);
    assertEquals(model.format, "tfjs-layers");
  } finally {
    Deno.chdir(before);
  }
  layers.dispose();
});

test("loadModel() tells a graph model by its content", async () => {
  await using model = await loadModel(GRAPH);
  assertEquals(model.format, "tfjs-graph");
  assert(
    model.layers.every(({ kind }) =>
      kind !== "Const" && kind !== "Placeholder"
    ),
  );
});

test("loadModel() frees on close what it made, and once only", async (folder) => {
  const layers = chain();
  const path = await saveTo(layers, folder);
  const before = tf.memory().numTensors;
  for (const source of [path, GRAPH]) {
    const model = await loadModel(source);
    const made = tf.memory().numTensors - before;
    assertEquals(made > 0, source === GRAPH); // ours are read when they run
    await model.close();
    assertEquals(tf.memory().numTensors, before);
    await model.close();
    await assertRejects(
      () => model.getWeights(0),
      TypeError,
      "open and intact",
    );
  }
  layers.dispose();
});

test("loadModel() gives weights that were stored as float16 and uint8", async (folder) => {
  const layers = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 2,
        inputShape: [3],
        name: "d",
        biasInitializer: "ones",
      }),
    ],
  });
  const kernel = tf.tensor2d([[0, 0.5], [1, 1.5], [2, 2.5]]);
  const bias = tf.tensor1d([1, 2]);
  layers.setWeights([kernel, bias]);
  tf.dispose([kernel, bias]);
  const path = await saveTo(layers, folder, (json) => {
    const [first, second] = json.weightsManifest[0]!.weights;
    Object.assign(first!, {
      quantization: { dtype: "uint8", scale: 0.5, min: 0 },
    });
    Object.assign(second!, { quantization: { dtype: "float16" } });
    return json;
  });
  const bytes = new Uint8Array(10);
  bytes.set([0, 1, 2, 3, 4, 5]);
  new Float16Array(bytes.buffer, 6, 2).set([1, 2]);
  await Deno.writeFile(`${folder}/weights.bin`, bytes);
  await using model = await loadModel(path);
  const weights = await model.getWeights("d");
  assertAllClose(weights.kernel!.data, [0, 0.5, 1, 1.5, 2, 2.5]);
  assertAllClose(weights.bias!.data, [1, 2]);
  layers.dispose();
});

/** Doubles what it gets; TF.js builds it by its registered name. */
class Doubled extends tf.layers.Layer {
  static className = "DoubledForLoadModel";
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul([inputs].flat()[0]!, 2);
  }
}
tf.serialization.registerClass(Doubled);

test("loadModel() refuses layers registered in TF.js, with a recipe that works", async (folder) => {
  // TF.js has no UnitNormalization, so this one is its writer's own.
  class Unit extends Doubled {
    static override className = "UnitNormalization";
  }
  tf.serialization.registerClass(Unit);
  for (const Twice of [Doubled, Unit]) {
    const layers = tf.sequential({
      layers: [
        new Twice({ name: "twice", inputShape: [3] } as never),
        tf.layers.dense({ units: 2, name: "d", kernelInitializer: "ones" }),
      ],
    });
    const path = await saveTo(layers, folder);
    layers.dispose();
    const before = tf.memory().numTensors;
    const error = await assertRejects(
      () => loadModel(path),
      ModelFormatError,
      `"twice" (${Twice.className}); pass customObjects: { ${Twice.className}: … }, or `,
    );
    assertMatch(error.message, /, or build it with TF\.js, /);
    assertEquals(tf.memory().numTensors, before);
    const { model, layers: built } = await followRecipe(error.message);
    const set = await new FeatureExtractor(model).layers(["twice", "d"])
      .predict(X);
    assertEquals([...set.features[0]!.data], [1, -2, 4]);
    assertEquals([...set.features[1]!.data], [3, 3]);
    built.dispose();
  }
});

test("loadModel() takes custom layers for a model.json", async (folder) => {
  const layers = tf.sequential({
    layers: [
      new Doubled({ name: "twice", inputShape: [3] } as never),
      tf.layers.dense({ units: 2, name: "d" }),
    ],
  });
  const path = await saveTo(layers, folder, (json) => {
    const text = JSON.stringify(json);
    return JSON.parse(text.replace("DoubledForLoadModel", "Tripled"));
  });
  const error = await assertRejects(
    () => loadModel(path),
    ModelFormatError,
    `"twice" (Tripled); pass customObjects: { Tripled: … }, or build it with TF.js`,
  );
  assert(error.message.includes("model.json"));
  const customLayers = {
    Tripled: (): Layer => ({
      weights: [],
      call: (ops, [x]) => [ops.multiply(x!, ops.constant(3))],
    }),
  };
  await using model = await loadModel(path, { customLayers });
  for (const [engine, options] of OUR_ENGINES.map(engineOf)) {
    const set = await new FeatureExtractor(model).layers("twice")
      .engine(engine, options).predict(X);
    assertEquals([...set.features[0]!.data], [1.5, -3, 6]);
  }
  layers.dispose();
});

test("loadModel() refuses a model.json that does not say who wrote it", async (folder) => {
  const layers = chain();
  for (const version of [undefined, null, "1.2.0", "4.0.0", 3]) {
    const path = await saveTo(layers, folder, (json) => {
      json.modelTopology.keras_version = version;
      return json;
    });
    await assertRejects(
      () => loadModel(path),
      ModelFormatError,
      `it must say in "keras_version" that TF.js, Keras 2 or Keras 3 wrote it`,
    );
  }
  const path = await saveTo(layers, folder, (json) => {
    json.modelTopology.keras_version = undefined;
    return { ...json, generatedBy: "TensorFlow.js tfjs-layers v4.22.0" };
  });
  await (await loadModel(path)).close();
  layers.dispose();
});

test("loadModel() takes an old Sequential, whose config is the list of its layers", async (folder) => {
  const layers = chain();
  const path = await saveTo(layers, folder, (json) => {
    const topology = json.modelTopology as { config: { layers: unknown[] } };
    return {
      ...json,
      modelTopology: { ...topology, config: topology.config.layers },
    };
  });
  layers.dispose();
  await using model = await loadModel(path);
  assertEquals(model.layers.map(({ name }) => name), ["a", "b"]);
});

test("loadModel() reads several models at once, beside one that is damaged", async (folder) => {
  await Deno.mkdir(`${folder}/bad`);
  const layers = branched();
  const good = await saveTo(layers, folder);
  const bad = await saveTo(layers, `${folder}/bad`, (json) => {
    json.weightsManifest[0]!.weights[0]!.name = "nobody/kernel";
    return json;
  });
  layers.dispose();
  const [first, failed, second] = await Promise.allSettled(
    [good, bad, good].map((path) => loadModel(path)),
  );
  assertEquals(failed!.status, "rejected");
  const sets = [];
  for (const one of [first!, second!]) {
    assert(one.status === "fulfilled");
    sets.push(await new FeatureExtractor(one.value).predict(X));
    await one.value.close();
  }
  assertEquals(sets[0]!.logits!.data, sets[1]!.logits!.data);
});

test("loadModel() writes nothing of its own, nor of TF.js'", async () => {
  const { href } = new URL(
    "../../lib/extractor/load_model.ts",
    import.meta.url,
  );
  const script = `import { loadModel } from "${href}";
    const model = await loadModel(new URL("${GRAPH.href}"));
    await model.close();`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--ext=ts", script],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout), text(stderr)], [0, "", ""]);
});

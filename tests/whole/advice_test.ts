// Advice in messages works: each is followed, here or by the test that is
// named.
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  FeatureExtractor,
  featureSet,
  fromLayersModel,
  loadModel,
  pool,
  tf,
} from "@sonde/sonde";
import type { Ops } from "@sonde/sonde";
import { adviceIn, FOLLOWED } from "../support/advice.ts";
import { counted } from "../support/backends.ts";
import { dense, layer } from "../support/keras_spec.ts";
import { DENSE_WEIGHTS, kerasOf, modelOf, on } from "../support/model_files.ts";
import { filesIn } from "../support/source_tree.ts";
import { convnet, free, mlp, twoOutputs } from "../extractor/_models.ts";

/** Strings that say "name" of something, and are no advice. */
const NO_ADVICE = ["formats/protobuf.ts"];

Deno.test("every advice of lib is followed by a test", async () => {
  const text = ([path, advice]: readonly string[]) => `${path}: ${advice}`;
  const found = filesIn("lib").flatMap(adviceIn)
    .map(({ path, text }) => [path.slice("lib/".length), text])
    .filter(([path]) => !NO_ADVICE.includes(path!));
  assertEquals(found.map(text).sort(), FOLLOWED.map(text).sort());
  for (const [, , where] of FOLLOWED) {
    if (where === "") continue;
    const file = new URL(`../../${where}`, import.meta.url);
    assert((await Deno.stat(file)).isFile, where);
  }
});

Deno.test("a test that follows an advice quotes how it begins", async () => {
  const missing: string[] = [];
  for (const [path, advice, where] of FOLLOWED) {
    const file = where === "" ? "tests/whole/advice_test.ts" : where;
    if (!file.endsWith(".ts")) continue; // a program of Python
    const url = new URL(`../../${file}`, import.meta.url);
    if (!quotes(await Deno.readTextFile(url), advice)) {
      missing.push(`${path}: ${advice}`);
    }
  }
  assertEquals(missing, []);
});

/** Whether a test holds the beginning of an advice, also over two lines. */
function quotes(source: string, advice: string): boolean {
  const text = source.replace(/["'`]\s*\+\s*["'`]/g, "").replace(/\s+/g, " ");
  const [beginning] = advice.split(/\$\{|…/);
  return text.includes(beginning!.slice(0, 24).replace(/[ ,(]+$/, ""));
}

Deno.test("adviceIn() finds what strings tell to do, and no comments", () => {
  const source = `/** pass it */ // use it
const hint = "pass it";
throw new Error(\`a rule; use \${other}\`, 'x, or save it', "save", "passes it");`;
  assertEquals(adviceIn({ path: "a.ts", source }).map(({ text }) => text), [
    ...["pass it", "use ${other}", "save it"],
  ]);
});

// ---- advice that is followed here ----

function array(...shape: number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    data: new Float32Array(size).fill(0.5),
    shape,
    dtype: "float32",
  } as const;
}

/** The message of what throws, which must hold the advice. */
async function advised(run: () => unknown, advice: string): Promise<void> {
  const error = await assertRejects(async () => await run(), Error);
  assert(error.message.includes(advice), error.message);
}

counted("advice on logits, heads and layers works", async () => {
  const model = twoOutputs();
  const extractor = new FeatureExtractor(model);
  const x = array(2, ...model.inputs[0]!.shape.slice(1) as number[]);
  await advised(() => extractor.predict(x), "use .layers([…]) or .head(id)");
  assertEquals((await extractor.head("left").predict(x)).logits?.shape[0], 2);
  assertEquals(
    (await extractor.layers(["stem"]).predict(x)).features.length,
    1,
  );
  const none = extractor.head("left").logits(false);
  await advised(() => none.predict(x), "use .layers([…]) or .logits(true)");
  assertEquals((await none.logits(true).predict(x)).logits?.shape[0], 2);
  await advised(() => extractor.react(1), "name it by .head(id) before");
  assertEquals(
    (await extractor.head("left").react(1).predict(x)).logits?.shape[0],
    2,
  );
  const step = { epsilon: 0.1 };
  await advised(
    () => extractor.perturb(step),
    "name its head by .head(id) before",
  );
  const perturbed = extractor.head("left").perturb(step).engine("tfjs", {
    backend: "cpu",
  });
  assertEquals((await perturbed.predict(x)).logits?.shape[0], 2);
  free(model);
});

counted("no head is advised where no layer can be one", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 2,
        kernelSize: 3,
        inputShape: [5, 5, 1],
        name: "conv",
      }),
    ],
  });
  const extractor = new FeatureExtractor(model);
  for (const run of [() => extractor.plan(), () => extractor.react(1)]) {
    const { message } = await assertRejects(async () => await run(), TypeError);
    assertEquals(message.includes(".head("), false, message);
  }
  await advised(() => extractor.plan(), "use .layers([…])");
  assertEquals((await extractor.layers("conv").plan()).layerNames, ["conv"]);
  free(model);
});

counted("advice on inputs and postprocessing works", async () => {
  const model = convnet();
  const names = model.layers.map(({ name }) => name);
  const extractor = new FeatureExtractor(model);
  const steps = [pool("mean"), pool("max")];
  await advised(
    () => extractor.postprocess(steps as never),
    "pass the steps one after another",
  );
  extractor.postprocess(...steps);
  await advised(
    () => extractor.postprocess({ conv: pool("max") }),
    "select it by .layers([…]) before",
  );
  const byName = extractor.layers("conv").postprocess({ conv: pool("max") });
  await advised(
    () => byName.layers(names.at(-1)!),
    "call .postprocess() before",
  );
  const plan = await byName.postprocess().layers(names.at(-1)!).plan();
  assertEquals(plan.layerNames, [names.at(-1)!]);
  free(model);
});

counted("advice on engines works", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).perturb({ epsilon: 0.1 });
  await advised(
    () => extractor.engine("onnx").plan(),
    'use .engine("tfjs") or leave the engine out',
  );
  assertEquals((await extractor.engine("tfjs").plan()).engine, "tfjs");
  assertEquals((await extractor.engine("auto").plan()).engine, "tfjs");
  const backend = "wasm";
  await advised(() => extractor.engine("onnx", { backend }), 'use "tfjs"');
  extractor.engine("tfjs", { backend });
  await advised(() => extractor.engine("tfjs", { threads: 2 }), 'use "onnx"');
  extractor.engine("onnx", { threads: 2 });
  free(model);
});

counted("advice on subclasses, labels and sets works", async () => {
  const model = mlp();
  class Needy extends FeatureExtractor {
    constructor(model: tf.LayersModel, readonly tag: string) {
      super(model);
      tag.trim();
    }
  }
  class Ready extends FeatureExtractor {
    constructor(model: tf.LayersModel, readonly tag = "x") {
      super(model);
      tag.trim();
    }
  }
  await advised(
    () => new Needy(model, "x").batch(2),
    "give its other parameters default values",
  );
  assertEquals(new Ready(model, "y").batch(2).tag, "y");
  const extractor = new FeatureExtractor(model);
  const x = array(2, model.inputs[0]!.shape[1]!);
  const rows = { ...array(2, 3), data: Float32Array.of(1, 1, 0, 0, 1, 0) };
  await advised(
    () => extractor.predict([x, rows]),
    "pass one class index a sample",
  );
  await advised(
    () => extractor.predict([x, [0.5, 1]]),
    "pass class indices, or no ",
  );
  assertEquals([...(await extractor.predict([x, [0, 2]])).labels!.data], [
    0,
    2,
  ]);
  assertEquals((await extractor.predict(x)).labels, undefined);
  const logits = array(2, 3);
  await advised(
    () =>
      featureSet({
        logits,
        labels: {
          data: Int32Array.of(1, 1, 0, 0, 1, 0),
          shape: [2, 3],
          dtype: "int32",
        },
      }),
    "pass class indices, one a sample",
  );
  assertEquals(featureSet({ logits, labels: [0, 1] }).labels?.data.length, 2);
  const maps = featureSet({ features: [array(2, 3, 3, 4)] });
  await advised(
    () => maps.pooled("mean"),
    'pass { channels: "last" } or "first"',
  );
  assertEquals(maps.pooled("mean", { channels: "last" }).features[0]?.shape, [
    2,
    4,
  ]);
  free(model);
});

Deno.test("advice on files and models works", async () => {
  const url = new URL(
    "../../notebooks/models/digits/model.json",
    import.meta.url,
  );
  const bytes = await Deno.readFile(url);
  await advised(
    () => loadModel(bytes),
    "pass its path or URL, as its weights lie beside it",
  );
  await (await loadModel(url)).close();
  // TF.js does not build such a model.
  const unbuilt = tf.sequential();
  unbuilt.layers = [tf.layers.dense({ units: 2 })];
  await advised(
    () => fromLayersModel(unbuilt),
    "give its first layer an inputShape",
  );
  const shaped = tf.sequential({
    layers: [tf.layers.dense({ units: 2, inputShape: [3] })],
  });
  assertEquals(fromLayersModel(shaped).inputs[0]?.shape, [null, 3]);
  assertThrows(
    () => new FeatureExtractor(shaped).input("no such layer"),
    RangeError,
  );
  shaped.dispose();
});

/** The object that a message advises to pass, with something for each `…`. */
function objectIn(message: string, filling: string, value: unknown): never {
  const text = /customObjects: (\{.*?\})(,|$)/.exec(message)![1]!;
  const code = `return (${text.replaceAll("…", filling)})`;
  return new Function("value", code)(value) as never;
}

Deno.test("advice on custom objects is JavaScript, and works", async () => {
  const twice = () => ({
    weights: [],
    call: <T>(ops: Ops<T>, [x]: readonly T[]) => [ops.add(x!, x!)],
  });
  const layers = (kind: string) => layer("t", kind, {}, on("x"));
  const files:
    readonly (readonly [Uint8Array<ArrayBuffer>, string, unknown])[] = [
      [kerasOf(modelOf(layers("Twice"))), "value", twice],
      [kerasOf(modelOf(layers("my.Twice-2"))), "value", twice],
      [
        kerasOf(
          modelOf({
            ...dense("d", 2, on("x")),
            config: {
              name: "d",
              units: 2,
              activation: "swoosh",
              use_bias: true,
            },
          }),
          DENSE_WEIGHTS,
        ),
        "x",
        undefined,
      ],
    ];
  for (const [bytes, filling, value] of files) {
    const { message } = await assertRejects(() => loadModel(bytes), Error);
    assertStringIncludes(message, "pass customObjects: { ");
    const customObjects = objectIn(message, filling, value);
    await using model = await loadModel(bytes, { customObjects });
    const set = await new FeatureExtractor(model).layers(-1).predict(
      array(1, 2),
    );
    assertEquals(set.features[0]?.shape, [1, 2]);
  }
});

Deno.test("an ONNX file takes NaN on the device that is advised", async () => {
  const url = new URL("../data/onnx_models/opset7.onnx", import.meta.url);
  await using model = await loadModel(url);
  const shape = [1, ...model.inputs[0]!.shape.slice(1).map(Number)];
  const size = shape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(size).fill(NaN);
  const set = await new FeatureExtractor(model)
    .engine("onnx", { device: "cpu" }).layers([-1])
    .predict({ data, shape, dtype: "float32" }, { progress: false });
  assertEquals([...Array.from(set.nonFinite)], [0]);
  assertEquals(set.features[0]!.shape[0], 1);
});

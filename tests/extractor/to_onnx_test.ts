import { assert, assertEquals, assertRejects } from "@std/assert";
import * as runtime from "onnxruntime-node";
import {
  FeatureExtractor,
  half,
  loadModel,
  type NdArray,
  pool,
  tf,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";

const DIGITS = decodeURIComponent(
  new URL("../../notebooks/models/keras/digits.keras", import.meta.url)
    .pathname,
);
const QUIET = { progress: false };

function samples(count: number): NdArray {
  const data = new Float32Array(count * 784).map((_, i) => Math.sin(i * 0.7));
  return { data, shape: [count, 28, 28, 1], dtype: "float32" };
}

/** What the bare runtime makes of a model's bytes. */
async function run(bytes: Uint8Array, { data, shape }: NdArray) {
  const session = await runtime.InferenceSession.create(bytes);
  const tensor = new runtime.Tensor("float32", data, [...shape]);
  const results = await session.run({ [session.inputNames[0]!]: tensor });
  const { inputNames, outputNames } = session;
  const arrays = outputNames.map((name): NdArray => {
    const { data, dims } = results[name]!;
    return {
      data: Float32Array.from(data as Float32Array),
      shape: [...dims],
      dtype: "float32",
    };
  });
  await session.release();
  return { inputNames, outputNames, arrays };
}

counted("toOnnx() writes what predict() gives, by its names", async () => {
  await using model = await loadModel(DIGITS);
  const extractor = new FeatureExtractor(model).penultimate()
    .layers(["block/norm", "pool", "stem"]).react(1.5)
    .postprocess({ stem: [pool("mean"), half()] });
  const bytes = await extractor.toOnnx();
  for (const count of [1, 5]) {
    const x = samples(count);
    const { inputNames, outputNames, arrays } = await run(bytes, x);
    assertEquals(inputNames, ["picture"]);
    assertEquals(outputNames, [
      "block/norm",
      "pool",
      "stem",
      "logits",
      "penultimate",
    ]);
    const set = await extractor.predict(x, QUIET);
    const expected = [...set.features, set.logits!, set.penultimate!];
    expected.forEach((each, i) => {
      const data = Float32Array.from(each.data);
      const tolerance = each.dtype === "float16" ? 1e-3 : 1e-5;
      assertAllClose(
        arrays[i]!,
        { data, shape: each.shape },
        { rtol: tolerance, atol: tolerance },
      );
    });
  }
});

counted("toOnnx() writes a file, and leaves the model as it was", async () => {
  await using model = await loadModel(DIGITS);
  const extractor = new FeatureExtractor(model);
  const folder = await Deno.makeTempDir();
  const bytes = await extractor.toOnnx(`${folder}/digits.onnx`);
  assertEquals(await Deno.readFile(`${folder}/digits.onnx`), bytes);
  const x = samples(2);
  const [logits] = (await run(bytes, x)).arrays;
  const set = await extractor.predict(x, QUIET);
  assertAllClose(logits!, set.logits!, { rtol: 1e-5, atol: 1e-5 });
  await Deno.remove(folder, { recursive: true });
});

counted("toOnnx() writes the source of a set as metadata", async () => {
  await using model = await loadModel(DIGITS);
  const extractor = new FeatureExtractor(model).layers("pool").react(0.5);
  const text = new TextDecoder().decode(await extractor.toOnnx());
  const { source } = await extractor.predict(samples(1), QUIET);
  for (const fact of [source!.model, source!.settings]) {
    assert(text.includes(fact), fact);
  }
});

counted(
  "loadModel() opens what toOnnx() wrote of max pooling, NaN and all",
  async () => {
    await using model = await loadModel(DIGITS);
    const extractor = new FeatureExtractor(model).layers("pool").logits(false);
    const pooling = tf.sequential({
      layers: [tf.layers.maxPooling2d({ poolSize: 2, inputShape: [4, 4, 1] })],
    });
    const maxima = new FeatureExtractor(pooling).layers([0]).logits(false);
    for (
      const [from, shape] of [[extractor, [28, 28]], [maxima, [4, 4]]] as const
    ) {
      const data = samples(2).data.slice(0, 2 * shape[0] * shape[1]);
      data[0] = NaN;
      const x = { data, shape: [2, ...shape, 1], dtype: "float32" } as const;
      const expected = (await from.predict(x)).features[0]!;
      await using opened = await loadModel(await from.toOnnx());
      const { features } = await new FeatureExtractor(opened)
        .layers(opened.outputs[0]!.name).logits(false).predict(x);
      assertEquals(features[0]!.shape, expected.shape);
      assertAllClose(features[0]!, expected as NdArray, { rtol: 1e-5 });
    }
    pooling.dispose();
  },
);

counted("toOnnx() writes each name once", async () => {
  await using model = await loadModel(DIGITS);
  const bytes = await new FeatureExtractor(model).layers(["picture", "stem"])
    .toOnnx();
  const { inputNames, outputNames, arrays } = await run(bytes, samples(1));
  assertEquals([inputNames, outputNames], [
    ["picture"],
    ["picture:out", "stem", "logits"],
  ]);
  assertAllClose(arrays[0]!, samples(1));
});

counted("toOnnx() refuses what ONNX cannot say, and names it", async () => {
  const memory = tf.sequential({
    layers: [tf.layers.batchNormalization({ axis: 1, inputShape: [3, 2] })],
  });
  const [{ name }] = memory.layers as [tf.layers.Layer];
  await assertRejects(
    () => new FeatureExtractor(memory).layers([0]).toOnnx(),
    UnsupportedByEngineError,
    `Cannot write ONNX as "${name}" (BatchNormalization) has another meaning in TF.js`,
  );
  memory.dispose();
  await using model = await loadModel(DIGITS);
  const extractor = new FeatureExtractor(model).layers("pool");
  const cases = [
    [extractor.perturb({ epsilon: 0.1 }), "gradients"],
    [extractor.postprocess((x: tf.Tensor) => tf.square(x)), '"pool"'],
  ] as const;
  for (const [requested, why] of cases) {
    const error = await assertRejects(
      () => requested.toOnnx(),
      UnsupportedByEngineError,
    );
    assert(error.message.includes(why), error.message);
  }
});

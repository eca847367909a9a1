/**
 * Runs on the native engine: what is the same as on TF.js, and what another
 * thread could break.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  concatFeatures,
  FeatureExtractor,
  type FeatureSet,
  half,
  loadModel,
  type NdArray,
  pool,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { kerasRecord, modelPath } from "../support/keras_models.ts";

const QUIET = { progress: false };
const DIGITS = decodeURIComponent(
  new URL("../../notebooks/models/keras/digits.keras", import.meta.url)
    .pathname,
);
const SIZE = 28 * 28;

/** Many samples, all different, in a view that begins in the middle. */
function samples(count: number): NdArray {
  const buffer = new Float32Array(count * SIZE + 9).fill(1e9);
  const data = buffer.subarray(5, 5 + count * SIZE);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(i * 0.37);
  return { data, shape: [count, 28, 28, 1], dtype: "float32" };
}

async function opened() {
  const model = await loadModel(DIGITS);
  const layers = ["stem", "block/norm", "pool"];
  return { model, extractor: new FeatureExtractor(model).layers(layers) };
}

function arrays({ features, logits }: FeatureSet) {
  return [...features, logits!].map(({ data, shape }) => ({
    data: [...data],
    shape: [...shape],
  }));
}

counted(
  "predict() on onnx returns what it returns on tfjs, shaped and pooled too",
  async () => {
    const { model, extractor } = await opened();
    const x = samples(10);
    const kinds = [
      extractor,
      extractor.react(0.5),
      extractor.scale(0.7),
      extractor.ash(0.7, { interpolation: "linear" }),
      extractor.vra(0.1, 0.9),
      extractor.layers([1]).postprocess(pool("mean"), half()),
      extractor.penultimate(),
    ];
    for (const kind of kinds) {
      const [ours, theirs] = [
        await kind.engine("onnx").batch(4).predict(x, QUIET),
        await kind.engine("tfjs").batch(4).predict(x, QUIET),
      ];
      assertEquals(ours.layerNames, theirs.layerNames);
      assertEquals(ours.source, theirs.source); // what computed is no setting
      ours.features.forEach((feature, i) => {
        const isHalf = feature.dtype === "float16";
        assertEquals(feature.dtype, theirs.features[i]!.dtype);
        assertAllClose(feature as NdArray, theirs.features[i] as NdArray, {
          rtol: isHalf ? 2e-3 : 1e-5,
          atol: isHalf ? 1e-3 : 1e-5,
        });
      });
      assertAllClose(ours.logits!, theirs.logits!, { rtol: 1e-5, atol: 1e-5 });
    }
    await model.close();
  },
);

counted(
  "stream() on onnx returns the batches of predict(), which stay as they are",
  async () => {
    const { model, extractor } = await opened();
    const x = samples(23);
    const native = extractor.engine("onnx").batch(4);
    const whole = await native.predict(x, QUIET);
    const parts: FeatureSet[] = [];
    const seen: unknown[] = [];
    for await (const part of native.stream(x, QUIET)) {
      parts.push(part);
      seen.push(arrays(part));
    }
    assertEquals(parts.length, 6);
    assertEquals(parts.map(arrays), seen); // no buffer was used again
    assertEquals(arrays(concatFeatures(...parts)), arrays(whole));
    await model.close();
  },
);

counted("a run on onnx leaves the caller's arrays as they are", async () => {
  const { model, extractor } = await opened();
  const x = samples(7);
  const all = new Float32Array(x.data.buffer).slice();
  for (const size of [3, 7, 64]) {
    await extractor.engine("onnx").batch(size).predict(x, QUIET);
    assertEquals(new Float32Array(x.data.buffer), all);
  }
  await model.close();
});

counted(
  "a generator that writes into one buffer is read right on onnx",
  async () => {
    const { model, extractor } = await opened();
    const x = samples(12);
    function* batches() {
      const data = new Float32Array(2 * SIZE);
      for (let i = 0; i < 12; i += 2) {
        data.set(x.data.subarray(i * SIZE, (i + 2) * SIZE));
        yield {
          data,
          shape: [2, ...x.shape.slice(1)],
          dtype: "float32",
        } as const;
      }
    }
    const native = extractor.engine("onnx");
    const set = await native.predict(batches(), QUIET);
    assertEquals(arrays(set), arrays(await native.batch(2).predict(x, QUIET)));
    await model.close();
  },
);

counted(
  "an abort ends a run on onnx at once, and the engine can be used again",
  async () => {
    const { model, extractor } = await opened();
    const native = extractor.engine("onnx").batch(8);
    const stop = new AbortController();
    const error = await assertRejects(
      () =>
        native.predict(samples(4000), {
          ...QUIET,
          signal: stop.signal,
          onProgress: ({ samples }) => {
            if (samples >= 16) stop.abort();
          },
        }),
      DOMException,
    );
    assertEquals(error.name, "AbortError");
    const { logits } = await native.predict(samples(3), QUIET);
    assertEquals(logits!.shape[0], 3);
    await model.close();
  },
);

counted(
  "an error of the dataset comes after the batches before it, on onnx too",
  async () => {
    const { model, extractor } = await opened();
    function* batches() {
      yield samples(2);
      yield samples(2);
      throw new RangeError("torn");
    }
    let numSets = 0;
    await assertRejects(
      async () => {
        const sets = extractor.engine("onnx").stream(batches(), QUIET);
        for await (const _ of sets) numSets++;
      },
      RangeError,
      "torn",
    );
    assertEquals(numSets, 2);
    await model.close();
  },
);

counted(
  "predictTensor() on onnx takes tensors and returns tensors",
  async () => {
    const { model, extractor } = await opened();
    await using open = await extractor.engine("onnx").open();
    assertEquals(open.plan.engine, "onnx");
    assertEquals(open.plan.backend, undefined);
    const x = samples(2);
    const tensor = tf.tensor(x.data, [...x.shape]);
    const { features, logits } = await open.predictTensor(tensor);
    const set = await open.predict(x, QUIET);
    assertEquals(logits!.dataSync(), set.logits!.data);
    assert(!tensor.isDisposed);
    tf.dispose([tensor, ...features, logits!]);
    await model.close();
  },
);

counted("an error of a run names its samples", async () => {
  await using model = await loadModel(modelPath("k3_text.keras"));
  const [ids] = kerasRecord("k3_text").inputs;
  const data = Int32Array.from({ length: 6 * ids!.shape[1]! }, () => 1);
  data[data.length - 1] = 1_000_000; // no such word, in the last row
  const shape = [6, ids!.shape[1]!];
  await assertRejects(
    () =>
      new FeatureExtractor(model).engine("onnx").batch(2)
        .predict({ data, shape, dtype: "int32" }, QUIET),
    RangeError,
    'current value is 1000000; it is in row 5 of input "tokens"',
  );
});

Deno.test("a Keras file is read alike however often it is run", async () => {
  const bytes = await Deno.readFile(DIGITS);
  const copy = bytes.slice();
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).engine("onnx");
  const first = await extractor.predict(samples(2), QUIET);
  const second = await extractor.predict(samples(2), QUIET);
  assertEquals([...first.logits!.data], [...second.logits!.data]);
  assertEquals(bytes, copy);
});

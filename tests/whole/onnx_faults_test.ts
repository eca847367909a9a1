import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, type NdArray } from "@sonde/sonde";
import * as runtime from "onnxruntime-node";
import { assertAllClose } from "../support/all_close.ts";
import { onnxBytes } from "../support/onnx_bytes.ts";

const FAULTS = new URL("../data/faults/", import.meta.url);
const QUIET = { progress: false };

function urlOf(name: string): URL {
  return new URL(`${name}/model.onnx`, FAULTS);
}

function waves(shape: readonly number[], phase = 0) {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from(
    { length: size },
    (_, i) => Math.sin(i * 1.7 + phase),
  );
  return { data, shape, dtype: "float32" } as const;
}

/** What ONNX Runtime gives for the whole file, in one run. */
async function runWhole(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, NdArray<ArrayBufferView>>>,
  output: string,
): Promise<Float32Array> {
  const session = await runtime.InferenceSession.create(bytes);
  const tensors = Object.entries(feeds).map(([name, { data, shape, dtype }]) =>
    [
      name,
      new runtime.Tensor(
        dtype as "float32",
        data as Float32Array,
        [...shape],
      ),
    ] as const
  );
  const results = await session.run(Object.fromEntries(tensors));
  const data = (results[output]!.data as Float32Array).slice();
  await session.release();
  return data;
}

Deno.test("a state [2, n, 4] is cut along the axis with the name of the batch", async () => {
  const x = waves([5, 7, 3]);
  const h0 = waves([2, 5, 4], 1);
  const bytes = await Deno.readFile(urlOf("state_of_layers"));
  const expected = await runWhole(bytes, { x, h0 }, "y");
  await using model = await loadModel(urlOf("state_of_layers"));
  assertEquals(model.inputs.map(({ batchAxis }) => batchAxis), [undefined, 1]);
  for (const size of [64, 2, 1]) {
    const extractor = new FeatureExtractor(model).layers("gemm").batch(size);
    const { features } = await extractor.predict({ x, h0 }, QUIET);
    assertAllClose(features[0]!.data, expected, { atol: 1e-6 });
  }
  const extractor = new FeatureExtractor(model).layers("gemm");
  await assertRejects(
    () => extractor.predict({ x, h0: waves([5, 2, 4]) }, QUIET),
    TypeError,
    'input "h0" must be of shape [2, null, 4]',
  );
  await assertRejects(
    () => extractor.predict({ x, h0: waves([2, 4, 4]) }, QUIET),
    RangeError,
    'input "h0" must have the 5 rows of input "x"',
  );
});

Deno.test("NaN in a state counts for its sample", async () => {
  const x = waves([3, 7, 3]);
  const h0 = waves([2, 3, 4]);
  h0.data[(1 * 3 + 2) * 4] = NaN; // layer 1, sample 2
  await using model = await loadModel(urlOf("state_of_layers"));
  const extractor = new FeatureExtractor(model).layers("gemm").batch(2);
  const { nonFinite } = await extractor.predict({ x, h0 }, QUIET);
  assertEquals(Array.from(nonFinite!), [2]);
});

Deno.test("an input without a batch axis is passed once, for all samples", async () => {
  const x = waves([5, 4]);
  const sr = { data: BigInt64Array.of(8000n), shape: [], dtype: "int64" };
  const bytes = await Deno.readFile(urlOf("scalar_input"));
  const feeds = { x, sr: sr as unknown as NdArray<ArrayBufferView> };
  const expected = await runWhole(bytes, feeds, "y");
  await using model = await loadModel(urlOf("scalar_input"));
  assertEquals(model.inputs[1]!.batchAxis, null);
  for (const size of [64, 2]) {
    const extractor = new FeatureExtractor(model).layers("scaled").batch(size);
    const { features } = await extractor.predict(feeds as never, QUIET);
    assertAllClose(features[0]!.data, expected, { atol: 1e-6 });
  }
  const many = { ...sr, data: new BigInt64Array(5), shape: [5] };
  await assertRejects(
    () =>
      new FeatureExtractor(model).layers("scaled")
        .predict({ x, sr: many } as never, QUIET),
    TypeError,
    'input "sr" must be of shape []',
  );
});

Deno.test("a last batch is not filled up where rows mix", async () => {
  const bytes = onnxBytes({
    nodes: [{
      op: "Softmax",
      name: "over_rows",
      in: ["x"],
      out: ["y"],
      attributes: { axis: 0 },
    }],
    inputs: [{ name: "x", type: 1, shape: [4, 3] }],
    outputs: [{ name: "y", type: 1, shape: [4, 3] }],
    opsets: { "": 17 },
  });
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers("over_rows");
  const x = waves([8, 3]);
  const { features } = await extractor.predict(x, QUIET);
  const half = { ...x, data: x.data.slice(12), shape: [4, 3] } as const;
  assertAllClose(
    features[0]!.data.slice(12),
    await runWhole(bytes, { x: half }, "y"),
    { atol: 1e-6 },
  );
  await assertRejects(
    () => extractor.predict(waves([7, 3]), QUIET),
    RangeError,
    'must be a multiple of 4, which the model takes at once: a last batch cannot be padded, as an operation may mix the rows: current value is "operation "over_rows" (Softmax)"',
  );
});

Deno.test("8-bit activations with signed weights have the numbers of the unoptimised graph", async () => {
  const folder = new URL("qdq_avx2/", FAULTS);
  const { inputs, expect } = JSON.parse(
    await Deno.readTextFile(new URL("case.json", folder)),
  );
  const read = async ({ file, shape }: { file: string; shape: number[] }) => {
    const { buffer } = await Deno.readFile(new URL(file, folder));
    return { data: new Float32Array(buffer), shape, dtype: "float32" } as const;
  };
  await using model = await loadModel(urlOf("qdq_avx2"));
  const names = Object.keys(expect);
  const extractor = new FeatureExtractor(model).layers(names);
  const { features } = await extractor.predict(await read(inputs.x), QUIET);
  for (const [i, name] of names.entries()) {
    const { data } = await read(expect[name]);
    const largest = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    // Rounding may differ by one step of the quantisation.
    assertAllClose(features[i]!.data, data, { rtol: 0, atol: largest / 64 });
  }
  assert(names.length > 3);
});

Deno.test("the plan names what depends on the batch, and batches of 1 do not", async () => {
  await using model = await loadModel(urlOf("dynamic_quantisation"));
  const extractor = new FeatureExtractor(model).layers("scaled");
  const { warnings } = await extractor.plan();
  assertEquals(warnings.length, 1);
  assert(warnings[0]!.includes('.batch(): "quantise" quantises by the range'));
  const x = waves([4, 8]);
  const scaled = { ...x, data: x.data.map((v, i) => i < 8 ? v * 9 : v) };
  const values = async (size: number) =>
    (await extractor.batch(size).predict(scaled, QUIET)).features[0]!.data;
  const [whole, single] = [await values(4), await values(1)];
  assert(whole.some((v, i) => v !== single[i]), "it does depend on the batch");
  const last = { ...x, data: x.data.slice(24), shape: [1, 8] } as const;
  const alone = await extractor.predict(last, QUIET);
  assertEquals(alone.features[0]!.data, single.slice(-3));
  await using plain = await loadModel(urlOf("scalar_input"));
  assertEquals(
    (await new FeatureExtractor(plain).layers("scaled").plan()).warnings,
    [],
  );
});

Deno.test("a TF.js graph of one row is cut row by row", async () => {
  const url = new URL("graph_of_one_row/model.json", FAULTS);
  await using model = await loadModel(url);
  const x = waves([3, 4, 4, 2]);
  const extractor = new FeatureExtractor(model).layers("conv");
  const { features } = await extractor.predict(x, QUIET);
  assertEquals(features[0]!.shape, [3, 4, 4, 3]);
  for (const row of [0, 1, 2]) {
    const data = x.data.slice(row * 32, (row + 1) * 32);
    const one = { data, shape: [1, 4, 4, 2], dtype: "float32" } as const;
    const { features: [alone] } = await extractor.predict(one, QUIET);
    assertEquals(
      features[0]!.data.slice(row * 48, (row + 1) * 48),
      alone!.data,
    );
  }
});

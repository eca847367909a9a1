/** ONNX files with inputs of strings, as converters of scikit-learn write them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, type Inputs, loadModel } from "@sonde/sonde";
import { onnxBytes, type Port } from "../support/onnx_bytes.ts";

const STRING = 8;

/** The numbers of categories, "a" to "c", and what else is joined to them. */
function encoderBytes(shape: Port["shape"], others: readonly Port[] = []) {
  const encode = {
    op: "LabelEncoder",
    domain: "ai.onnx.ml",
    name: "encode",
    in: ["text"],
    out: ["codes"],
    attributes: {
      keys_strings: { strings: ["a", "b", "ü"] },
      values_floats: { floats: [1, 2, 3] },
      default_float: { float: -1 },
    },
  };
  const join = {
    ...{ op: "Concat", name: "join", in: ["codes", "x"], out: ["y"] },
    attributes: { axis: 1 },
  };
  return onnxBytes({
    opsets: { "": 17, "ai.onnx.ml": 3 },
    nodes: others.length > 0 ? [encode, join] : [encode],
    inputs: [{ name: "text", type: STRING, shape: shape! }, ...others],
    outputs: [{ name: others.length > 0 ? "y" : "codes", shape: [] }],
  });
}

async function lastOf(bytes: Uint8Array, data: Inputs, size = 64) {
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers([-1]).batch(size);
  const { features } = await extractor.predict(data, { progress: false });
  return { shape: features[0]!.shape, data: [...features[0]!.data] };
}

Deno.test("an ONNX file takes strings, [N] and [N, 1] alike", async () => {
  const strings = ["a", "ü", "other", "", "b"];
  const data = [1, 3, -1, -1, 2];
  for (const size of [64, 2, 1]) {
    const flat = encoderBytes(["N"]);
    assertEquals(await lastOf(flat, strings, size), { shape: [5], data });
    const column = encoderBytes(["N", 1]);
    const expected = { shape: [5, 1], data };
    assertEquals(await lastOf(column, strings, size), expected);
    const rows = strings.map((text) => [text]);
    assertEquals(await lastOf(column, rows as unknown as Inputs), expected);
  }
});

Deno.test("an ONNX file takes several strings a sample, and numbers beside them", async () => {
  const rows = [["a", "b"], ["b", "?"]] as unknown as Inputs;
  assertEquals(await lastOf(encoderBytes(["N", 2]), rows), {
    ...{ shape: [2, 2], data: [1, 2, 2, -1] },
  });
  const both = encoderBytes(["N", 1], [{ name: "x", shape: ["N", 1] }]);
  const x = { data: Float32Array.of(7, 8), shape: [2, 1] };
  assertEquals(await lastOf(both, { text: ["ü", "a"], x } as Inputs), {
    ...{ shape: [2, 2], data: [3, 7, 1, 8] },
  });
});

Deno.test("an ONNX file of a fixed number of strings is run in such batches", async () => {
  const bytes = encoderBytes([2, 1]);
  assertEquals(await lastOf(bytes, ["a", "b", "ü", "a"]), {
    ...{ shape: [4, 1], data: [1, 2, 3, 1] },
  });
});

Deno.test("an ONNX file refuses numbers for strings, and strings that a zero ends", async () => {
  const bytes = encoderBytes(["N", 1]);
  const numbers = { data: Float32Array.of(1), shape: [1, 1] };
  await assertRejects(() => lastOf(bytes, numbers as Inputs), TypeError);
  const error = await assertRejects(
    () => lastOf(bytes, ["a", "b\0c"]),
    RangeError,
  );
  assert(error.message.includes("no zero character"), error.message);
});

Deno.test("toOnnx() keeps inputs of strings", async () => {
  await using model = await loadModel(encoderBytes(["N", 1]));
  const part = await new FeatureExtractor(model).layers("encode").toOnnx();
  const { data } = await lastOf(part, ["b", "a"]);
  assertEquals(data, [2, 1]);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { RUNS_ALL } from "../../support/extent.ts";
import { type File, floatBytes, onnxBytes } from "../../support/onnx_bytes.ts";
import {
  numbersOf,
  onnxRecord,
  onnxUrl,
  openOnnxModel,
} from "../../support/onnx_models.ts";

const X = {
  data: Float32Array.of(1, -2),
  shape: [1, 2],
  dtype: "float32",
} as const;

const RELU = { op: "Relu", in: ["x"], out: ["y"] };
const BODY = { nodes: [RELU], outputs: [{ name: "y" }] };

async function opened(file: File): Promise<ModelGraph> {
  return modelGraphOf(await loadModel(onnxBytes(file)))!;
}

// ---- what opens ----

Deno.test("loadOnnx() opens a path, a URL, bytes and a Blob alike", async () => {
  const url = onnxUrl("torch_cnn");
  const bytes = await Deno.readFile(url);
  const sources = [url, url.pathname, bytes, new Blob([bytes])];
  const found = new Set<string>();
  for (const source of sources) {
    await using model = modelGraphOf(await loadModel(source))!;
    assertEquals(model.format, "onnx");
    found.add(await model.fingerprint());
  }
  assertEquals(found.size, 1);
});

Deno.test("loadOnnx() reads weights of files beside it in place: the same model", async () => {
  await using whole = await openOnnxModel("torch_cnn");
  await using split = await openOnnxModel("external");
  assertEquals(await split.fingerprint(), await whole.fingerprint());
  const { inputs } = onnxRecord("torch_cnn");
  const [a, b] = await Promise.all(
    [whole, split].map((model) => new FeatureExtractor(model).predict(inputs)),
  );
  assertEquals(a!.logits!.data, b!.logits!.data);
  const bytes = await Deno.readFile(onnxUrl("external"));
  await assertRejects(
    () => loadModel(bytes),
    ModelFormatError,
    "pass the path of the model, or save it as one file: onnx.save(model, path)",
  );
});

Deno.test("loadOnnx() fingerprints what is computed, not the file's bytes", async () => {
  const base: File = {
    nodes: [{ op: "Mul", in: ["x", "w"], out: ["y"] }],
    constants: [{ name: "w", shape: [2], raw: floatBytes(1, 2) }],
  };
  const hash = async (file: File) => {
    await using model = await opened({ ...base, ...file });
    return await model.fingerprint();
  };
  const same = await hash({});
  const fields = [{ name: "w", shape: [2], floats: [1, 2] }];
  assertEquals(await hash({ constants: fields }), same);
  const others: File[] = [
    { constants: [{ name: "w", shape: [2], raw: floatBytes(1, 3) }] },
    { opsets: { "": 18 } },
    { nodes: [{ op: "Add", in: ["x", "w"], out: ["y"] }] },
  ];
  for (const file of others) assert(await hash(file) !== same);
});

Deno.test("getWeights() of an ONNX file has the constants that an operation takes", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const weights = await model.getWeights("/head/Gemm");
  assertEquals(Object.keys(weights), ["head.weight", "head.bias"]);
  assertEquals(weights["head.weight"]!.shape, [5, 6]);
  // The kernel as it stands, in the product that the file says.
  const { tensors } = onnxRecord("torch_cnn");
  const input = numbersOf(tensors["/Flatten_output_0"]!).slice(0, 6);
  const kernel = weights["head.weight"]!.data;
  const expected = numbersOf(tensors.output!).slice(0, 5);
  const found = expected.map((_, unit) =>
    input.reduce(
      (sum, value, d) => sum + value * kernel[unit * 6 + d]!,
      weights["head.bias"]!.data[unit]!,
    )
  );
  assertAllClose(found, expected);
  assertEquals(Object.keys(await model.getWeights("/Relu")), []);
});

Deno.test("weights of every element type are read as arrays here have them", async () => {
  const cases: [number, Uint8Array, string, (number | bigint)[]][] = [
    [1, floatBytes(1.5, -2), "float32", [1.5, -2]],
    [10, bytesOf(Float16Array.of(0.5, 3)), "float16", [0.5, 3]],
    [11, bytesOf(Float64Array.of(0.1, 2)), "float64", [0.1, 2]],
    [16, bytesOf(Uint16Array.of(0x3f80, 0xc000)), "float32", [1, -2]],
    [3, bytesOf(Int8Array.of(-1, 5)), "int32", [-1, 5]],
    [2, bytesOf(Uint8Array.of(255, 5)), "uint8", [255, 5]],
    [5, bytesOf(Int16Array.of(-1, 5)), "int32", [-1, 5]],
    [4, bytesOf(Uint16Array.of(65535, 5)), "int32", [65535, 5]],
    [6, bytesOf(Int32Array.of(-7, 5)), "int32", [-7, 5]],
    [12, bytesOf(Uint32Array.of(2 ** 32 - 1, 5)), "int64", [4294967295n, 5n]],
    [7, bytesOf(BigInt64Array.of(2n ** 60n, 5n)), "int64", [2n ** 60n, 5n]],
    [13, bytesOf(BigUint64Array.of(7n, 5n)), "int64", [7n, 5n]],
    [9, Uint8Array.of(1, 0), "bool", [1, 0]],
  ];
  for (const [type, raw, dtype, values] of cases) {
    const constants = [{ name: "w", type, shape: [2], raw }];
    const nodes = [{ op: "Mul", in: ["x", "w"], out: ["y"] }];
    await using model = await opened({ nodes, constants });
    const { w } = await model.getWeights(0);
    assertEquals(w!.dtype, dtype);
    assertEquals(Array.from(w!.data as ArrayLike<unknown>), values);
  }
  const large = bytesOf(BigUint64Array.of(2n ** 63n, 0n));
  const odd: [number, Uint8Array, string][] = [
    [13, large, "uint64 must fit int64"],
    [17, Uint8Array.of(1, 2), "real numbers of a byte or more"],
    [14, new Uint8Array(16), "complex64"],
  ];
  for (const [type, raw, text] of odd) {
    const constants = [{ name: "w", type, shape: [2], raw }];
    const nodes = [{ op: "Mul", in: ["x", "w"], out: ["y"] }];
    await using model = await opened({ nodes, constants });
    await assertRejects(() => model.getWeights(0), Error, text);
    assertEquals((await model.fingerprint()).length, 64);
  }
});

Deno.test("weights with NaN are refused where they run; infinities are what masks hold", async () => {
  const file = (value: number): File => ({
    nodes: [{ op: "Mul", in: ["x", "w"], out: ["y"] }],
    constants: [{ name: "w", shape: [2], raw: floatBytes(value, 1) }],
  });
  await using bad = await opened(file(NaN));
  await assertRejects(
    () => new FeatureExtractor(bad).layers(0).predict(X),
    RangeError,
    'weight "w" must hold no NaN',
  );
  const bytes = onnxBytes(file(NaN));
  await using allowed = await loadModel(bytes, { allowNonFinite: true });
  const sets = [allowed, await opened(file(-Infinity))].map((model) =>
    new FeatureExtractor(model).layers(0).predict(X)
  );
  const [nan, infinite] = await Promise.all(sets);
  assertEquals([...nan!.features[0]!.data], [NaN, -2]);
  assertEquals([...infinite!.features[0]!.data], [-Infinity, -2]);
});

// ---- what is refused ----

Deno.test("inputs that are constants too are no inputs, as files before IR 4 have them", async () => {
  await using model = await openOnnxModel("opset7");
  assertEquals(model.inputs.map(({ name }) => name), ["x"]);
});

Deno.test("an operator that the runtime has not is refused where it runs, by its name", async () => {
  await using model = await opened({
    nodes: [{ op: "NoSuchThing", in: ["x"], out: ["y"] }],
  });
  await assertRejects(
    () => new FeatureExtractor(model).layers(0).predict(X),
    Error,
    "NoSuchThing",
  );
});

Deno.test("graphs too deep within each other are refused, not followed", async () => {
  let graph: File = BODY;
  for (let i = 0; i < 70; i++) {
    graph = {
      ...BODY,
      nodes: [{ op: "If", out: ["y"], attributes: { then_branch: { graph } } }],
    };
  }
  await assertRejects(
    () => loadModel(onnxBytes(graph)),
    ModelFormatError,
    "at most 64 deep",
  );
});

Deno.test("loadModel() refuses an ONNX file that is cut, wherever that is", async () => {
  const whole = await Deno.readFile(onnxUrl("opset26"));
  for (let size = 3; size < whole.length; size += RUNS_ALL ? 7 : 21) {
    const outcome = await outcomeOf(whole.slice(0, size));
    assert(outcome === "refused", `${size} bytes: ${outcome}`);
  }
});

Deno.test("any flipped byte of an ONNX file gives a model or an error in our words", async () => {
  const random = seededRandom(31);
  const below = (n: number) => Math.floor(random() * n);
  let numRefused = 0;
  for (const name of ["opset26", "torch_lstm", "sklearn_mlp", "keras_export"]) {
    const whole = await Deno.readFile(onnxUrl(name));
    for (let i = 0; i < (RUNS_ALL ? 750 : 50); i++) {
      const bytes = whole.slice();
      bytes[below(bytes.length)]! ^= 1 + below(255);
      if (await outcomeOf(bytes) === "refused") numRefused++;
    }
  }
  assert(numRefused > (RUNS_ALL ? 500 : 33), `${numRefused} refused`);
});

/** Opens a file, and reads all of it that may be read. */
async function outcomeOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    await using model = modelGraphOf(await loadModel(bytes))!;
    for (const { name } of model.layers) await model.getWeights(name);
    await model.fingerprint();
    return "a model";
  } catch (error) {
    const { name, message } = error as Error;
    const isBuiltInNode = /^Cannot .+ as .+ must .+: current/s.test(message) ||
      /^Cannot read (constant|weight) /.test(message);
    assert(isBuiltInNode, `${name}: ${message}`);
    return "refused";
  }
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer as ArrayBuffer);
}

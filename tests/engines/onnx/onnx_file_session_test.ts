import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { pool } from "../../../lib/postprocess/pool.ts";
import { half } from "../../../lib/postprocess/half.ts";
import { flatten } from "../../../lib/postprocess/flatten.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import {
  numbersOf,
  type OnnxRecord,
  onnxRecord,
  openOnnxModel,
} from "../../support/onnx_models.ts";

/** Tensors that have one row a sample, of each file. */
function rowTensors({ inputs, tensors }: OnnxRecord): string[] {
  const rows = Object.values(inputs)[0]!.shape[0];
  return Object.keys(tensors).filter((name) =>
    tensors[name]!.shape[0] === rows
  );
}

/** Files, and which of their tensors with one row per sample are requested. */
const FILES: readonly [string, (name: string) => boolean][] = [
  ["torch_cnn", () => true],
  ["torch_cnn_fixed", () => true],
  ["torch_conv_head", () => true],
  // The others have another axis before that of the samples, of the same size.
  ["torch_transformer", (name) => !/^(transpose_1|squeeze|val_64)$/.test(name)],
  ["torch_lstm", (name) => !/Shape|Concat|Constant/.test(name)],
  ["sklearn_mlp", () => true],
  ["sklearn_logistic", () => true],
  ["keras_export", (name) => !/Constant/.test(name)],
  ["opset7", () => true],
  ["opset26", () => true],
  ["element_types", (name) => name !== "twice"],
];

for (const [file, isRequested] of FILES) {
  Deno.test(`every tensor of ${file}.onnx is what ONNX Runtime in Python gives`, async () => {
    const record = onnxRecord(file);
    await using model = await openOnnxModel(file);
    const names = rowTensors(record).filter(isRequested);
    assert(names.length >= 4, names.join());
    const ids = [...new Set(names.map((name) => model.findLayer(name).name))];
    const extractor = new FeatureExtractor(model).layers(ids);
    assertEquals((await extractor.plan()).engine, "onnx");
    const set = await extractor.predict(record.inputs);
    names.forEach((name) => {
      const { data, shape } = set.layer(model.findLayer(name).name);
      const expected = record.tensors[name]!;
      const scale = Math.max(...numbersOf(expected).map(Math.abs));
      const want = { data: numbersOf(expected), shape: expected.shape };
      assertAllClose(
        { data: Array.from(data as Float32Array), shape },
        want,
        { rtol: 0, atol: 1e-5 * scale + 1e-9 },
      );
    });
  });
}

Deno.test("openOnnxFile() returns logits, penultimate and shaped logits by the head", async () => {
  const { inputs, tensors } = onnxRecord("torch_conv_head");
  await using model = await openOnnxModel("torch_conv_head");
  const extractor = new FeatureExtractor(model).penultimate();
  const set = await extractor.predict(inputs);
  const { penultimate, logits, head, activation } = set;
  assertEquals(activation, "sigmoid");
  const pooled = tensors["/GlobalAveragePool_output_0"]!;
  assertEquals(penultimate!.shape, [3, 4]);
  assertAllClose(penultimate!.data, numbersOf(pooled));
  assertEquals(logits!.shape, [3, 3]);
  assertAllClose(logits!.data, numbersOf(tensors["/head/Conv_output_0"]!));
  // By hand: clipped, times the kernel, plus the bias.
  const limit = 0.2;
  const clipped = (await extractor.react(limit).predict(inputs)).logits!;
  const { kernel, bias } = head!;
  const expected = Array.from({ length: 9 }, (_, i) => {
    const [row, unit] = [Math.floor(i / 3), i % 3];
    let sum = bias.data[unit]!;
    for (let d = 0; d < 4; d++) {
      const x = Math.min(limit, penultimate!.data[row * 4 + d]!);
      sum += x * kernel.data[d * 3 + unit]!;
    }
    return sum;
  });
  assertAllClose(clipped.data, expected, { atol: 1e-6 });
});

Deno.test("openOnnxFile() postprocesses inside the worker, by the channels that ONNX has first", async () => {
  const { inputs, tensors } = onnxRecord("torch_cnn");
  await using model = await openOnnxModel("torch_cnn");
  const map = tensors["/Relu_output_0"]!;
  const [rows, channels, height, width] = map.shape as [
    number,
    number,
    number,
    number,
  ];
  const values = numbersOf(map);
  const positions = height * width;
  const means = Array.from({ length: rows * channels }, (_, i) => {
    const part = values.slice(i * positions, (i + 1) * positions);
    return part.reduce((sum, value) => sum + value, 0) / positions;
  });
  const extractor = new FeatureExtractor(model).layers(["/Relu", "/Flatten"]);
  const set = await extractor.postprocess({
    "/Relu": [pool("mean"), half()],
    "/Flatten": flatten(),
  }).predict(inputs);
  assertEquals(set.features[0]!.dtype, "float16");
  assertEquals(set.features[0]!.shape, [rows, channels]);
  assertAllClose(Array.from(set.features[0]!.data), means, { rtol: 1e-3 });
  assertAllClose(
    set.features[1]!.data,
    numbersOf(tensors["/Flatten_output_0"]!),
  );
});

Deno.test("openOnnxFile() starts at what a layer receives", async () => {
  const { tensors } = onnxRecord("torch_cnn_fixed");
  await using model = await openOnnxModel("torch_cnn_fixed");
  const extractor = new FeatureExtractor(model).layers("relu_1")
    .input("node_conv2d_1");
  const pooled = tensors["max_pool2d"]!;
  const set = await extractor.predict(pooled);
  assertAllClose(
    set.features[0]!.data,
    numbersOf(tensors["relu_1"]!),
    { atol: 1e-6 },
  );
  assertAllClose(set.logits!.data, numbersOf(tensors["linear"]!), {
    atol: 1e-6,
  });
  const early = new FeatureExtractor(model).layers("node_relu")
    .input("node_conv2d_1");
  await assertRejects(
    () => early.predict(pooled),
    TypeError,
    'Cannot compute "node_relu" as it must come after what is fed',
  );
  // A tensor that is fed can be requested too; constants need no feed.
  await using lstm = await openOnnxModel("torch_lstm");
  const steps = onnxRecord("torch_lstm").tensors["/Gather_output_0"]!;
  const head = new FeatureExtractor(lstm).input("/head/Gemm")
    .layers("/Gather");
  assertAllClose(
    (await head.predict(steps)).features[0]!.data,
    numbersOf(steps),
  );
});

Deno.test("a fixed number of rows: data is cut and filled up, rows stay what they are", async () => {
  const { inputs } = onnxRecord("torch_cnn_fixed");
  await using model = await openOnnxModel("torch_cnn_fixed");
  const image = inputs.image!;
  const values = numbersOf(image);
  const width = values.length / 4;
  // Ten rows: the four, the four in reverse, two again.
  const order = [0, 1, 2, 3, 3, 2, 1, 0, 2, 1];
  const data = Float32Array.from(
    order.flatMap((row) => values.slice(row * width, (row + 1) * width)),
  );
  const rows = { data, shape: [10, ...image.shape.slice(1)], dtype: "float32" };
  const extractor = new FeatureExtractor(model).layers(["node_relu_1"]);
  const four = await extractor.predict(image);
  for (const size of [64, 3, 1]) {
    const set = await extractor.batch(size).predict(rows as typeof image);
    assertEquals(set.logits!.shape, [10, 5]);
    for (const key of ["logits", "features"] as const) {
      const [all, base] = [set, four].map((each) =>
        key === "logits" ? each.logits! : each.features[0]!
      );
      const wide = base!.data.length / 4;
      order.forEach((row, i) =>
        assertAllClose(
          Array.from(all!.data.subarray(i * wide, (i + 1) * wide)),
          Array.from(base!.data.subarray(row * wide, (row + 1) * wide)),
          { atol: 1e-6 },
        )
      );
    }
  }
});

Deno.test("int64 ids beyond 2^31 and 2^53 reach the file's operations as they are", async () => {
  const { inputs, tensors } = onnxRecord("element_types");
  await using model = await openOnnxModel("element_types");
  const set = await new FeatureExtractor(model).layers("rest").predict(inputs);
  assertEquals(Array.from(set.features[0]!.data), numbersOf(tensors.rest!));
  await assertRejects(
    () => new FeatureExtractor(model).layers("twice").predict(inputs),
    RangeError,
    'Cannot take layer "twice" as its int64 must fit int32',
  );
});

Deno.test("steps compute with int64 and float64 that fit int32 and float32, and refuse other values", async () => {
  const { inputs } = onnxRecord("element_types");
  await using model = await openOnnxModel("element_types");
  const extractor = new FeatureExtractor(model).postprocess(flatten());
  await assertRejects(
    () => extractor.layers("twice").predict(inputs),
    RangeError,
    'Cannot compute with tensor "twice" as its int64 must fit int32',
  );
  const plain = await new FeatureExtractor(model).layers("rest")
    .predict(inputs);
  const flat = await extractor.layers("rest").batch(2).predict(inputs);
  assertEquals(flat.features[0]!.data, plain.features[0]!.data);
  const doubles = await loadModel(onnxBytes({
    nodes: [{ op: "Neg", name: "neg", in: ["x"], out: ["y"] }],
    inputs: [{ name: "x", type: 11, shape: ["N", 2] }],
    outputs: [{ name: "y", type: 11, shape: ["N", 2] }],
  }));
  const negative = new FeatureExtractor(doubles).layers("neg").logits(false)
    .postprocess(flatten());
  const pair = (a: number, b: number) => ({
    data: Float64Array.of(a, b),
    shape: [1, 2],
    dtype: "float64",
  } as const);
  const found = await negative.predict(pair(1.5, Infinity));
  assertEquals(found.features[0]!.data, Float32Array.of(-1.5, -Infinity));
  await assertRejects(
    () => negative.predict(pair(1, 1e300)),
    RangeError,
    "its float64 must fit float32: current value is -1e+300",
  );
  await doubles.close();
});

Deno.test("what is no tensor of numbers with a row a sample is refused", async () => {
  const cases = [
    ["sklearn_logistic", "ZipMap", "a sequence or a map"],
    ["torch_lstm", "/lstm/Shape", "[3]"],
    ["torch_lstm", "/lstm/LSTM_output_1", "is [2, null, 5]"],
  ] as const;
  for (const [file, layer, found] of cases) {
    await using model = await openOnnxModel(file);
    await assertRejects(
      () =>
        new FeatureExtractor(model).layers(layer)
          .predict(onnxRecord(file).inputs),
      TypeError,
      found,
    );
  }
});

Deno.test("a map of probabilities is refused, with advice that works", async () => {
  const { inputs } = onnxRecord("sklearn_logistic");
  await using model = await openOnnxModel("sklearn_logistic");
  const extractor = new FeatureExtractor(model);
  const { message } = await assertRejects(
    () => extractor.layers("ZipMap").predict(inputs),
    TypeError,
    "which it reads",
  );
  const [, name] = /request "([^"]+)", which it reads/.exec(message)!;
  const { features } = await extractor.layers(name!).predict(inputs);
  const { data, shape: [rows, classes] } = features[0]!;
  for (let row = 0; row < rows!; row++) {
    const sums = [...data.subarray(row * classes!, (row + 1) * classes!)];
    const sum = sums.reduce<number>((a, b) => a + Number(b), 0);
    assert(Math.abs(sum - 1) < 1e-5, `${sum}`);
  }
});

Deno.test("a classifier of scikit-learn's has two outputs: its head is named, and its labels are features", async () => {
  const { inputs, tensors } = onnxRecord("sklearn_mlp");
  await using model = await openOnnxModel("sklearn_mlp");
  const extractor = new FeatureExtractor(model).head("Add1")
    .layers(["Relu1", "output_label"]).penultimate();
  const set = await extractor.predict(inputs);
  assertAllClose(set.logits!.data, numbersOf(tensors.add_result1!));
  assertAllClose(set.penultimate!.data, numbersOf(tensors.next_activations!));
  assertEquals(
    Array.from(set.layer("Cast2").data),
    numbersOf(tensors.output_label!),
  );
  // The threshold that lies above nine tenths of the units.
  const limited = await extractor.fitReact(inputs, { quantile: 0.9 });
  const shaped = (await limited.predict(inputs)).logits!;
  const units = Float32Array.from(set.penultimate!.data).sort();
  const at = 0.9 * (units.length - 1);
  const [low, high] = [units[Math.floor(at)]!, units[Math.ceil(at)]!];
  const threshold = low + (high - low) * (at - Math.floor(at));
  const { kernel, bias } = set.head!;
  const expected = Array.from(shaped.data, (_, i) => {
    const [row, unit] = [Math.floor(i / 3), i % 3];
    let sum = bias.data[unit]!;
    for (let d = 0; d < 7; d++) {
      const x = Math.min(threshold, set.penultimate!.data[row * 7 + d]!);
      sum += x * kernel.data[d * 3 + unit]!;
    }
    return sum;
  });
  assertAllClose(shaped.data, expected, { rtol: 1e-4, atol: 1e-5 });
});

Deno.test("steps over a tensor whose axes nobody knows are refused, not left out", async () => {
  // Reshape to a shape that is computed: the runtime cannot say its axes before.
  const nodes = [
    { op: "Shape", in: ["x"], out: ["s"] },
    { op: "NonZero", in: ["s"], out: ["n"] },
    { op: "Gather", in: ["s", "n"], out: ["t"] },
    { op: "Reshape", in: ["t", "minus"], out: ["u"] },
    { op: "Reshape", in: ["x", "u"], out: ["y"] },
  ];
  const constants = [{ name: "minus", type: 7, shape: [1], ints: [-1] }];
  const outputs = [{ name: "y" }];
  const model = await loadModel(onnxBytes({ nodes, constants, outputs }));
  const x = {
    data: Float32Array.of(1, 2),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const extractor = new FeatureExtractor(model).layers("y");
  assertEquals([...(await extractor.predict(x)).features[0]!.data], [1, 2]);
  const pooled = extractor.postprocess(pool("mean", { channels: "last" }));
  await assertRejects(() => pooled.predict(x), TypeError, "its axes known");
  await model.close();
});

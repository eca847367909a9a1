import { assert, assertEquals, assertRejects } from "@std/assert";
import * as runtime from "onnxruntime-node";
import {
  FeatureExtractor,
  type FeatureSet,
  flatten,
  gramStatistics,
  half,
  loadModel,
  type Model,
  type NdArray,
  normalize,
  pool,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { assertAllClose } from "../../support/all_close.ts";
import { share } from "../../support/extent.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import { onnxRecord, openOnnxModel } from "../../support/onnx_models.ts";

const QUIET = { progress: false };
type Arrays = Readonly<Record<string, NdArray<ArrayBufferView>>>;

/** What the bare runtime makes of a model's bytes. */
async function run(bytes: Uint8Array, inputs: Arrays) {
  const session = await runtime.InferenceSession.create(bytes);
  const feeds = Object.entries(inputs).filter(([name]) =>
    session.inputNames.includes(name)
  ).map(([name, { data, shape, dtype }]) =>
    [
      name,
      new runtime.Tensor(dtype as "float32", data as Float32Array, [...shape]),
    ] as const
  );
  const results = await session.run(Object.fromEntries(feeds));
  const { outputNames } = session;
  const arrays = outputNames.map((name) => {
    const { data, dims, type } = results[name]!;
    const { buffer } = data as Float32Array;
    const values = type === "float16"
      ? new Float16Array(buffer as ArrayBuffer)
      : data as ArrayLike<number>;
    return { data: Float32Array.from(values, Number), shape: [...dims], type };
  });
  await session.release();
  return { outputNames, arrays };
}

/** Writes what an extractor gives, and compares it with the extractor itself. */
async function check(
  extractor: FeatureExtractor,
  inputs: Arrays,
  wanted?: readonly string[],
): Promise<FeatureSet> {
  const bytes = await extractor.toOnnx();
  const set = await extractor.predict(inputs, QUIET);
  const { outputNames, arrays } = await run(bytes, inputs);
  const expected = [...set.features, set.logits, set.penultimate]
    .filter((array) => array !== undefined);
  assertEquals(outputNames.length, expected.length);
  if (wanted !== undefined) assertEquals(outputNames, wanted);
  expected.forEach(({ data, shape, dtype }, i) => {
    const values = Float32Array.from(data as Float32Array);
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    const most = dtype === "float16" ? 1e-3 : 1e-5;
    assertAllClose(arrays[i]!, { data: values, shape: [...shape] }, {
      rtol: 0,
      atol: most * scale,
    });
  });
  return set;
}

/** Checks that the written model can be loaded and returns the same. */
async function checkReopened(
  extractor: FeatureExtractor,
  set: FeatureSet,
  inputs: Arrays,
): Promise<void> {
  await using model = await loadModel(await extractor.toOnnx());
  const again = new FeatureExtractor(model).logits(false);
  for (const [i, { name }] of model.outputs.entries()) {
    const feature = set.features[i] ?? set.logits!;
    const [found] = (await again.layers(name).predict(inputs, QUIET)).features;
    assertEquals(found!.shape, feature.shape);
    assertAllClose(
      Float32Array.from(found!.data as Float32Array),
      Float32Array.from(feature.data as Float32Array),
      { rtol: 1e-4, atol: 1e-5 },
    );
  }
}

/** The last layers of a model that give one row a sample, and numbers. */
function someLayers(model: Model, file: string): string[] {
  const { inputs, tensors } = onnxRecord(file);
  const rows = Object.values(inputs)[0]!.shape[0];
  const names = Object.keys(tensors).filter((name) =>
    tensors[name]!.shape[0] === rows && tensors[name]!.shape.length >= 2 &&
    !/Shape|Concat|Constant|transpose_1|squeeze|val_64/.test(name)
  );
  const ids = [...new Set(names.map((name) => model.findLayer(name).name))];
  return ids.slice(-3);
}

/** Files of versions 7 to 26, of PyTorch, Keras and scikit-learn. */
const FILES = [
  ...["torch_cnn", "torch_cnn_fixed", "torch_conv_head", "torch_transformer"],
  ...["torch_lstm", "sklearn_mlp", "keras_export", "opset7", "opset26"],
  ...["external"],
];

for (const file of FILES) {
  Deno.test(`toOnnx() cuts ${file}.onnx to what is selected`, async () => {
    await using model = await openOnnxModel(file);
    const record = file === "external" ? "torch_cnn" : file;
    const { inputs } = onnxRecord(record);
    const layers = file === "external"
      ? [model.layers.at(-3)!.name]
      : someLayers(model, file);
    const extractor = new FeatureExtractor(model).layers(layers);
    const set = await check(extractor, inputs);
    assertEquals(set.features.length, layers.length);
    // There an operation is named as an output that another one gives.
    if (file !== "opset26") await checkReopened(extractor, set, inputs);
  });
}

/** Feature maps and logits of files of several versions. */
const HEADS = [
  ["torch_conv_head", 11],
  ["torch_cnn", 17],
  ["torch_cnn_fixed", 18],
  ["keras_export", 20],
  ["sklearn_mlp", 15],
] as const;

for (const [at, [file, version]] of HEADS.entries()) {
  Deno.test(`toOnnx() appends shaping and postprocessing in version ${version}: ${file}.onnx`, async () => {
    await using model = await openOnnxModel(file);
    const { inputs } = onnxRecord(file);
    const maps = model.layers.filter(({ outputs: [output] }) =>
      output?.shape.length === 4 && output.shape[0] === null
    ).map(({ name }) => name).slice(-1);
    const base = new FeatureExtractor(model);
    const kind = file === "keras_export" ? "last" : "first";
    const channels = { channels: kind } as const;
    const [map] = maps;
    const extractors = [
      base.react(0.3),
      base.ash(0.6),
      base.ash(0.4, { variant: "b", interpolation: "linear" }),
      base.scale(0.5),
      base.vra(0.05, 0.6),
      ...map === undefined ? [] : [
        base.layers(maps).postprocess(pool("max", channels), normalize()),
        base.layers(maps).postprocess(pool("mean", channels), half()),
        base.layers(maps).postprocess(flatten()),
      ],
      ...map === undefined || kind === "last" ? [] : [
        base.layers(maps).postprocess(gramStatistics({ orders: [1, 2] })),
      ],
    ];
    for (const extractor of share(extractors, at, 3)) {
      const set = await check(extractor.penultimate(), inputs);
      assert(set.logits !== undefined && set.penultimate !== undefined);
    }
    await check(base.react(0.3).penultimate({ shaped: true }), inputs);
  });
}

const FEW = {
  nodes: [
    { op: "Relu", name: "logits", in: ["x"], out: ["a"] },
    { op: "Add", name: "x", in: ["a", "x"], out: ["sonde/ReduceMax_1"] },
    { op: "Mul", name: "y", in: ["sonde/ReduceMax_1", "a"], out: ["y"] },
  ],
  inputs: [{ name: "x", shape: ["N", 3] }],
  outputs: [{ name: "y", shape: ["N", 3] }],
};
const X = {
  x: {
    data: Float32Array.of(-1, 2, 3, 4, 5, -6),
    shape: [2, 3],
    dtype: "float32",
  },
} as const;

Deno.test("toOnnx() of a file writes each name once, whatever the file calls its tensors", async () => {
  await using model = await loadModel(onnxBytes(FEW));
  const extractor = new FeatureExtractor(model).logits(false);
  await check(extractor.layers(["logits", "y"]), X, ["logits", "y"]);
  await check(extractor.layers(["x", "y"]).postprocess(normalize()), X, [
    "x:out",
    "y:out",
  ]);
});

Deno.test("toOnnx() of a file keeps logits that are time steps under their name", async () => {
  const weights = { name: "w", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6] };
  const bytes = onnxBytes({
    nodes: [
      { op: "MatMul", in: ["x", "w"], out: ["product"] },
      { op: "Add", in: ["product", "b"], out: ["logits"] },
    ],
    constants: [weights, { name: "b", shape: [3], floats: [1, 1, 1] }],
    inputs: [{ name: "x", shape: ["N", "T", 2] }],
    outputs: [{ name: "logits", shape: ["N", "T", 3] }],
  });
  await using model = await loadModel(bytes);
  const written = await new FeatureExtractor(model).toOnnx();
  await using again = await loadModel(written);
  assertEquals(again.outputs.map(({ name }) => name), ["logits"]);
  assertEquals(again.layers.map(({ kind }) => kind), ["MatMul", "Add"]);
});

Deno.test("toOnnx() of a file begins at another input", async () => {
  const nodes = [
    { op: "Relu", name: "first", in: ["x"], out: ["a"] },
    { op: "Neg", name: "second", in: ["a"], out: ["b"] },
    { op: "Exp", name: "third", in: ["b"], out: ["y"] },
  ];
  await using model = await loadModel(onnxBytes({ ...FEW, nodes }));
  const extractor = new FeatureExtractor(model).logits(false).input("second")
    .layers("third");
  const { outputNames, arrays } = await run(await extractor.toOnnx(), {
    first: X.x,
  });
  assertEquals(outputNames, ["third"]);
  const set = await extractor.predict(X.x, QUIET);
  assertAllClose(arrays[0]!.data, set.features[0]!.data as Float32Array);
});

Deno.test("toOnnx() of a file writes the element types that the file has", async () => {
  await using model = await openOnnxModel("element_types");
  const { inputs } = onnxRecord("element_types");
  const names = model.layers.filter(({ outputs: [output] }) =>
    output?.shape.length === 2 && output.shape[0] === null
  ).map(({ name }) => name).filter((name) => name !== "twice");
  const extractor = new FeatureExtractor(model).layers(names).logits(false);
  const bytes = await extractor.toOnnx();
  const set = await extractor.predict(inputs, QUIET);
  await using again = await loadModel(bytes);
  assertEquals(
    again.inputs.map(({ name, dtype }) => `${name} ${dtype}`).sort(),
    model.inputs.map(({ name, dtype }) => `${name} ${dtype}`).sort(),
  );
  const found = await new FeatureExtractor(again).logits(false)
    .layers(again.outputs.map(({ name }) => name)).predict(inputs, QUIET);
  assertEquals(found.features.length, names.length);
  found.features.forEach((feature, i) => {
    assertEquals(feature.dtype, set.features[i]!.dtype);
    assertAllClose(
      Float32Array.from(feature.data as Float32Array),
      Float32Array.from(set.features[i]!.data as Float32Array),
    );
  });
});

Deno.test("toOnnx() of a file names the operator that its opset lacks", async () => {
  await using model = await openOnnxModel("opset7");
  const { inputs } = onnxRecord("opset7");
  const error = await assertRejects(
    () => new FeatureExtractor(model).react(1).toOnnx(),
    RangeError,
    "Cannot write ONNX as the operators of the file must include Greater",
  );
  assert(error.message.includes('"version 7"; convert the file in Python'));
  await check(new FeatureExtractor(model), inputs);
});

Deno.test("toOnnx() of a file refuses what ONNX cannot say", async () => {
  await using model = await loadModel(onnxBytes(FEW));
  const extractor = new FeatureExtractor(model).logits(false).layers("y");
  await assertRejects(
    () => extractor.postprocess((x) => x).toOnnx(),
    UnsupportedByEngineError,
    "Cannot",
  );
});

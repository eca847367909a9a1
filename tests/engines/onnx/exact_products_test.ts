import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { cutFile } from "../../../lib/engines/onnx/cut_file.ts";
import {
  exactProducts,
  productsSaturate,
} from "../../../lib/engines/onnx/exact_products.ts";
import { openPipeline } from "../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { compile } from "../../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { type File, type Node, onnxBytes } from "../../support/onnx_bytes.ts";

const FLOAT = 1;
const INT8 = 3;
const INT32 = 6;
const INT64 = 7;
const [ROWS, INNER, COLUMNS] = [2, 64, 16];

/** Weights for which sums of two products exceed 16 bits. */
const WEIGHTS = Int8Array.from(
  { length: INNER * COLUMNS },
  (_, i) => (100 + i * 7 % 28) * (i % 2 ? 1 : -1),
);
const [IN_BYTES, IN_FLOATS] = [{ scale: 1 }, { scale: 1 / 64 }];

/** A file that quantises "x" by a scale of 1, and returns "y". */
function fileOf(nodes: readonly Node[], more: Partial<File> = {}) {
  return onnxBytes({
    nodes: [{ op: "QuantizeLinear", in: ["x", "one"], out: ["q"] }, ...nodes],
    constants: [
      { name: "one", shape: [], floats: [1] },
      { name: "scale", shape: [], floats: [1 / 64] },
      {
        name: "scales",
        shape: [COLUMNS],
        floats: Array(COLUMNS).fill(1 / 64),
      },
      { name: "size", type: INT64, shape: [2], ints: [INNER, COLUMNS] },
      {
        name: "w",
        type: INT8,
        shape: [INNER, COLUMNS],
        raw: new Uint8Array(WEIGHTS.buffer),
      },
    ],
    inputs: [{ name: "x", shape: ["N", INNER] }],
    outputs: [{ name: "y", shape: ["N", COLUMNS] }],
    ...more,
  });
}

const product = (inputs: readonly string[]): Node[] => [
  { op: "MatMulInteger", name: "product", in: inputs, out: ["i"] },
  toFloats("i"),
];
const toFloats = (name: string): Node => ({
  op: "Cast",
  in: [name],
  out: ["y"],
  attributes: { to: FLOAT },
});
const dequantized = (inputs: readonly string[], axis = 1): Node[] => [
  { op: "DequantizeLinear", in: ["q", "one"], out: ["xq"] },
  { op: "DequantizeLinear", in: inputs, out: ["wq"], attributes: { axis } },
  { op: "MatMul", in: ["xq", "wq"], out: ["y"] },
];
const CALLED = [
  { op: "Times", domain: "my", in: ["q", "w"], out: ["i"] },
  toFloats("i"),
];
const TEXT: Node = {
  op: "Constant",
  out: ["text"],
  attributes: {
    value: { tensor: { name: "", type: 8, shape: [], strings: ["a"] } },
  },
};

/** A function that multiplies. */
function timesOf(more: readonly Node[]): Partial<File> {
  return {
    opsets: { "": 17, my: 1 },
    functions: [{
      ...{ name: "Times", domain: "my", inputs: ["a", "b"], outputs: ["c"] },
      nodes: [
        { op: "MatMulInteger", name: "product", in: ["a", "b"], out: ["c"] },
        ...more,
      ],
    }],
  };
}

/** Nodes after the quantisation of "x", with the scale of their result. */
const EXACT: Readonly<
  Record<string, {
    readonly scale: number;
    readonly nodes: readonly Node[];
    readonly more?: Partial<File>;
  }>
> = {
  "a function that is replaced": {
    ...{ ...IN_BYTES, nodes: CALLED, more: timesOf([]) },
  },
  "no zero points": { ...IN_BYTES, nodes: product(["q", "w"]) },
  "transposed twice": {
    ...IN_BYTES,
    nodes: [
      { op: "Transpose", in: ["w"], out: ["t"] },
      { op: "Transpose", in: ["t"], out: ["v"] },
      ...product(["q", "v"]),
    ],
  },
  reshaped: {
    ...IN_BYTES,
    nodes: [
      { op: "Reshape", in: ["w", "size"], out: ["v"] },
      ...product(["q", "v"]),
    ],
  },
  "a scale": { ...IN_FLOATS, nodes: dequantized(["w", "scale"]) },
  "a scale for each column": {
    ...IN_FLOATS,
    nodes: dequantized(["w", "scales"]),
  },
};
const REFUSED: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  "weights that are computed": () =>
    fileOf([
      { op: "Abs", in: ["w"], out: ["v"] },
      ...product(["q", "v"]),
    ]),
  "a branch": () =>
    fileOf([
      { op: "ReduceMax", in: ["x"], out: ["m"], attributes: { keepdims: 0 } },
      { op: "Less", in: ["m", "one"], out: ["c"] },
      {
        op: "If",
        name: "product",
        in: ["c"],
        out: ["i"],
        attributes: {
          then_branch: { graph: branch() },
          else_branch: { graph: branch() },
        },
      },
      toFloats("i"),
    ]),
  // A function with strings is not replaced by its operations.
  "a function": () => fileOf(CALLED, timesOf([TEXT])),
};

function branch() {
  return {
    nodes: [
      { op: "MatMulInteger", name: "product", in: ["q", "w"], out: ["b"] },
    ],
    outputs: [{ name: "b", type: INT32 }],
  };
}

/** Activations up to 255, and their product with the weights. */
function batch(scale: number) {
  const x = Float32Array.from(
    { length: ROWS * INNER },
    (_, i) => 200 + i * 11 % 56,
  );
  const y = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    let sum = 0;
    for (let k = 0; k < INNER; k++) {
      sum += x[row * INNER + k]! * WEIGHTS[k * COLUMNS + column]!;
    }
    return sum * scale;
  });
  const array = { data: x, shape: [ROWS, INNER], dtype: "float32" } as const;
  return { array, y };
}

async function opened(bytes: Uint8Array<ArrayBuffer>) {
  const model = await loadModel(bytes);
  const graph = modelGraphOf(model)!;
  const program = await compile(graph, {
    ...DEFAULTS,
    layers: [graph.findNode("y")],
    wantsLogits: false,
  });
  const calls = program.schedule.nodes.flatMap(({ call }) =>
    call.kind === "raw" ? [call.onnx!] : []
  );
  return { model, origin: program.graph.onnx!, calls };
}

for (const [name, { nodes, scale, more }] of Object.entries(EXACT)) {
  Deno.test(`products of 8-bit integers are exact: ${name}`, async () => {
    const bytes = fileOf(nodes, more);
    const { array, y } = batch(scale);
    const { model, origin, calls } = await opened(bytes);
    await using _ = model;
    // As on this processor,
    const extractor = new FeatureExtractor(model).layers("y").logits(false);
    const set = await extractor.predict(array, { progress: false });
    assertEquals(set.features[0]!.data, y);
    // and as on one where products saturate.
    const { isNeeded, zeroPoints } = await exactProducts(
      origin,
      calls,
      () => Promise.resolve(true),
    );
    assertEquals(isNeeded, true);
    const cut = cutFile(origin, {
      feeds: [{ name: "x", type: FLOAT, shape: [null, INNER] }],
      calls,
      wanted: ["y"],
      zeroPoints,
    });
    const stages = await openPipeline(cut, { threads: 1, exactProducts: true });
    try {
      const results = await stages.run({ x: { type: "float32", array } });
      assertEquals(results["y"]!.data, y);
    } finally {
      await stages.close();
    }
  });
}

for (const [name, make] of Object.entries(REFUSED)) {
  Deno.test(`products of 8-bit integers are refused where they saturate: ${name}`, async () => {
    const { model, origin, calls } = await opened(make());
    await using _ = model;
    const error = await assertRejects(
      () => exactProducts(origin, calls, () => Promise.resolve(true)),
      UnsupportedByEngineError,
      'weights in operation "product" (',
    );
    assertEquals(
      error.message.includes(
        "use a processor with VNNI, or open the model as it was before quantisation",
      ),
      true,
    );
    const { array, y } = batch(1);
    const extractor = new FeatureExtractor(model).layers("y").logits(false);
    const predict = () => extractor.predict(array, { progress: false });
    if (await productsSaturate()) {
      await assertRejects(predict, UnsupportedByEngineError);
    } else {
      assertEquals((await predict()).features[0]!.data, y.map(expected(name)));
    }
  });
}

/** The absolute weights of one case give other sums. */
function expected(name: string) {
  const { array } = batch(1);
  return (sum: number, i: number) => {
    if (!name.startsWith("weights")) return sum;
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    let total = 0;
    for (let k = 0; k < INNER; k++) {
      total += array.data[row * INNER + k]! *
        Math.abs(WEIGHTS[k * COLUMNS + column]!);
    }
    return total;
  };
}

Deno.test("exactProducts() tests the processor only if a file has such products", async () => {
  const bytes = onnxBytes();
  const { model, origin, calls } = await opened(bytes);
  await using _ = model;
  const settings = await exactProducts(origin, calls, () => {
    throw new Error("not to be called");
  });
  assertEquals(settings, { isNeeded: false, zeroPoints: new Map() });
});

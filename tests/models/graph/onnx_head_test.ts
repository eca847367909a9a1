import { assertEquals } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { searchHead } from "../../../lib/models/graph/head.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import {
  type Attribute,
  type File,
  onnxBytes,
} from "../../support/onnx_bytes.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

const KERNEL = { name: "w", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6] };
const BIAS = { name: "b", shape: [3], floats: [7, 8, 9] };
const X = {
  data: Float32Array.of(1, 10),
  shape: [1, 2],
  dtype: "float32",
} as const;
const Y = [{ name: "y", shape: ["N", 3] }];

async function headOf(file: File) {
  const bytes = onnxBytes({ constants: [KERNEL, BIAS], outputs: Y, ...file });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const { logits } = searchHead(model.outputRefs);
  if (logits === undefined) return undefined;
  const set = await new FeatureExtractor(model).predict(X);
  return {
    head: logits.head?.node.row.name,
    activation: logits.activation,
    logits: [...set.logits!.data],
    kernel: set.head && [...set.head.kernel.data],
    bias: set.head && [...set.head.bias.data],
  };
}

Deno.test("onnxLink() finds products with their bias, behind activations and reshapes", async () => {
  const expected = {
    logits: [48, 60, 72],
    kernel: KERNEL.floats,
    bias: BIAS.floats,
  };
  const add = [
    { op: "MatMul", name: "product", in: ["x", "w"], out: ["p"] },
    { op: "Cast", in: ["p"], out: ["q"], attributes: { to: 1 } },
    { op: "Add", name: "sum", in: ["b", "q"], out: ["s"] },
    { op: "Identity", in: ["s"], out: ["i"] },
    { op: "Softmax", in: ["i"], out: ["y"], attributes: { axis: -1 } },
  ];
  assertEquals(await headOf({ nodes: add }), {
    head: "sum",
    activation: "softmax",
    ...expected,
  });
  const gemm = [
    { op: "Gemm", name: "dense", in: ["x", "w", "b"], out: ["g"] },
    { op: "Flatten", in: ["g"], out: ["f"] },
    { op: "Dropout", in: ["f"], out: ["d"] },
    { op: "Sigmoid", in: ["d"], out: ["y"] },
  ];
  assertEquals(await headOf({ nodes: gemm }), {
    head: "dense",
    activation: "sigmoid",
    ...expected,
  });
  const transposed = {
    constants: [
      { name: "w", shape: [3, 2], floats: [1, 4, 2, 5, 3, 6] },
      { name: "b", shape: [1, 3], floats: BIAS.floats },
    ],
    nodes: [{
      op: "Gemm",
      name: "dense",
      in: ["x", "w", "b"],
      out: ["y"],
      attributes: { transB: 1 },
    }],
  };
  assertEquals(await headOf(transposed), {
    head: "dense",
    activation: "none",
    ...expected,
  });
});

Deno.test("onnxLink() takes weights of half floats as float32", async () => {
  const half = (values: readonly number[]) =>
    new Uint8Array(Float16Array.from(values).buffer);
  const found = await headOf({
    constants: [
      { name: "w", type: 10, shape: [2, 3], raw: half(KERNEL.floats) },
      { name: "b", type: 10, shape: [3], raw: half(BIAS.floats) },
    ],
    nodes: [
      { op: "Cast", in: ["x"], out: ["h"], attributes: { to: 10 } },
      { op: "Gemm", name: "dense", in: ["h", "w", "b"], out: ["g"] },
      { op: "Cast", in: ["g"], out: ["y"], attributes: { to: 1 } },
    ],
  });
  assertEquals(found?.kernel, KERNEL.floats);
  assertEquals(found?.logits, [48, 60, 72]);
});

Deno.test("onnxLink() multiplies kernel and bias by the factors of a Gemm", async () => {
  const gemm = (attributes: Record<string, Attribute>) => ({
    nodes: [{ op: "Gemm", in: ["x", "w", "b"], out: ["y"], attributes }],
  });
  const alpha = await headOf(gemm({ alpha: { float: 2 } }));
  assertEquals(alpha?.kernel, KERNEL.floats.map((value) => 2 * value));
  assertEquals(alpha?.bias, BIAS.floats);
  assertEquals(alpha?.logits, [89, 112, 135]);
  const beta = await headOf(gemm({ beta: { float: 0.5 } }));
  assertEquals(beta?.kernel, KERNEL.floats);
  assertEquals(beta?.bias, BIAS.floats.map((value) => value / 2));
  assertEquals(beta?.logits, [44.5, 56, 67.5]);
});

Deno.test("onnxLink() takes no product of two tensors, or with another bias", async () => {
  const one = { name: "b", shape: [1], floats: [7] };
  assertEquals(
    await headOf({
      constants: [KERNEL, one],
      nodes: [
        { op: "MatMul", in: ["x", "w"], out: ["p"] },
        { op: "Add", in: ["p", "b"], out: ["y"] },
      ],
    }),
    undefined,
  );
  // An operator of that name in another domain is another.
  assertEquals(
    await headOf({
      nodes: [{ op: "Gemm", domain: "own", in: ["x", "w", "b"], out: ["y"] }],
      opsets: { "": 17, own: 1 },
      functions: [{
        name: "Gemm",
        domain: "own",
        inputs: ["a", "b", "c"],
        outputs: ["d"],
        nodes: [{ op: "Neg", in: ["c"], out: ["d"] }],
      }],
    }),
    undefined,
  );
});

Deno.test("onnxLink() takes a softmax over another axis than the units' as none", async () => {
  const bytes = (axis: number, opset: number) =>
    onnxBytes({
      constants: [KERNEL],
      nodes: [
        { op: "MatMul", in: ["x", "w"], out: ["p"] },
        { op: "Softmax", in: ["p"], out: ["y"], attributes: { axis } },
      ],
      outputs: Y,
      opsets: { "": opset },
    });
  const cases = [[0, 17, false], [1, 17, true], [-1, 13, true], [1, 11, true]];
  for (const [axis, opset, isHead] of cases as [number, number, boolean][]) {
    await using model = modelGraphOf(await loadModel(bytes(axis, opset)))!;
    const { logits } = searchHead(model.outputRefs);
    assertEquals(logits?.head !== undefined, isHead, `${axis} ${opset}`);
  }
});

Deno.test("onnxLink() takes a convolution over one position, with its channels first", async () => {
  await using model = await openOnnxModel("torch_conv_head");
  const { logits } = searchHead(model.outputRefs);
  assertEquals(logits?.head?.node.row.name, "/head/Conv");
  assertEquals(logits?.head?.channels, "first");
  assertEquals(logits?.removed, ["/Sigmoid"]);
});

Deno.test("onnxLink() comes to an end on products of products, and on any domain", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `m${i}`);
  // Each product is the square of the one before it: 2^60 factors.
  const squares = names.map((name, i) => {
    const of = i === 0 ? "w" : names[i - 1]!;
    return { op: "Mul", in: [of, of], out: [name] };
  });
  const end = { op: "Mul", in: ["m59", "x"], out: ["y"] };
  const constants = [{ name: "w", shape: [2], floats: [1, 1] }];
  assertEquals(
    await headOf({ constants, nodes: [...squares, end] }),
    undefined,
  );
  // Casts of casts of a kernel.
  const casts = names.map((name, i) => ({
    op: "Cast",
    in: [i === 0 ? "w" : names[i - 1]!],
    out: [name],
    attributes: { to: 1 },
  }));
  const product = { op: "MatMul", in: ["x", "m59"], out: ["y"] };
  assertEquals(await headOf({ nodes: [...casts, product] }), undefined);
  // A name that every object has.
  assertEquals(
    await headOf({
      nodes: [{ op: "F", domain: "constructor", in: ["x"], out: ["y"] }],
      opsets: { "": 17, constructor: 1 },
      functions: [{
        name: "F",
        domain: "constructor",
        inputs: ["a"],
        outputs: ["b"],
        nodes: [{ op: "Relu", in: ["a"], out: ["b"] }],
      }],
    }),
    undefined,
  );
});

Deno.test("onnxLink() takes a constant behind a convolution as bias of its channels alone", async () => {
  const file = (shape: readonly number[]): File => ({
    inputs: [{ name: "x", shape: ["N", 2, 1, 1] }],
    outputs: [{ name: "y", shape: ["N", 3, 1, 1] }],
    constants: [
      { name: "w", shape: [3, 2, 1, 1], floats: [1, 4, 2, 5, 3, 6] },
      { name: "b", shape, floats: BIAS.floats },
    ],
    nodes: [
      { op: "Conv", in: ["x", "w"], out: ["c"] },
      { op: "Add", in: ["c", "b"], out: ["y"] },
    ],
  });
  for (const shape of [[3, 1, 1], [1, 3, 1, 1]]) {
    await using model = modelGraphOf(await loadModel(onnxBytes(file(shape))))!;
    const { logits } = searchHead(model.outputRefs);
    assertEquals(logits?.head?.weights().bias?.shape, [3], `${shape}`);
  }
  // It is added to another axis.
  await using model = modelGraphOf(await loadModel(onnxBytes(file([3]))))!;
  assertEquals(searchHead(model.outputRefs).logits?.head, undefined);
});

Deno.test("onnxLink() follows a transpose of one position, and no other", async () => {
  const file = (positions: number): File => ({
    inputs: [{ name: "x", shape: ["N", 2, positions, 1] }],
    outputs: [{ name: "y" }],
    constants: [
      { name: "w", shape: [3, 2, 1, 1], floats: [1, 4, 2, 5, 3, 6] },
      BIAS,
    ],
    nodes: [
      { op: "Conv", in: ["x", "w", "b"], out: ["c"] },
      {
        op: "Transpose",
        in: ["c"],
        out: ["t"],
        attributes: { perm: [0, 2, 3, 1] },
      },
      { op: "Softmax", in: ["t"], out: ["y"], attributes: { axis: -1 } },
    ],
  });
  await using model = modelGraphOf(await loadModel(onnxBytes(file(1))))!;
  const { logits } = searchHead(model.outputRefs);
  assertEquals(logits?.head?.node.row.kind, "Conv");
  assertEquals(logits?.activation, "softmax");
  await using map = modelGraphOf(await loadModel(onnxBytes(file(4))))!;
  assertEquals(searchHead(map.outputRefs).logits, undefined);
});

Deno.test("onnxLink() takes a product over time steps for one of its tensor with these", async () => {
  const file = (width: number): File => ({
    inputs: [{ name: "x", shape: ["N", 4, width] }],
    outputs: [{ name: "y", shape: ["N", 4, 3] }],
    constants: [
      KERNEL,
      BIAS,
      { name: "rows", type: 7, shape: [2], ints: [-1, 2] },
      { name: "steps", type: 7, shape: [3], ints: [-1, 4, 3] },
    ],
    nodes: [
      { op: "Reshape", in: ["x", "rows"], out: ["r"] },
      { op: "MatMul", in: ["r", "w"], out: ["p"] },
      { op: "Reshape", in: ["p", "steps"], out: ["s"] },
      { op: "Add", name: "sum", in: ["s", "b"], out: ["a"] },
      { op: "Softmax", in: ["a"], out: ["y"], attributes: { axis: -1 } },
    ],
  });
  await using model = modelGraphOf(await loadModel(onnxBytes(file(2))))!;
  const { logits } = searchHead(model.outputRefs);
  assertEquals(logits?.head?.penultimate.node.row.name, "x");
  assertEquals(logits?.direct?.node.row.name, "sum");
  // Rows of another width are merged into units.
  await using wide = modelGraphOf(await loadModel(onnxBytes(file(1))))!;
  assertEquals(searchHead(wide.outputRefs).logits?.head, undefined);
});

Deno.test("onnxLink() takes a convolution between transposes for one over time steps", async () => {
  const file = (strides: number[]): File => ({
    inputs: [{ name: "x", shape: ["N", "T", 2] }],
    outputs: [{ name: "y", shape: ["N", "T", 3] }],
    constants: [
      { name: "w", shape: [3, 2, 1], floats: [1, 4, 2, 5, 3, 6] },
      BIAS,
    ],
    nodes: [
      swap("x", "t"),
      { op: "Conv", in: ["t", "w", "b"], out: ["c"], attributes: { strides } },
      swap("c", "s"),
      { op: "Softmax", in: ["s"], out: ["y"], attributes: { axis: -1 } },
    ],
  });
  await using model = await loadModel(onnxBytes(file([1])));
  const extractor = new FeatureExtractor(model).penultimate();
  const x = { ...X, data: Float32Array.of(1, 10, 0, 0), shape: [1, 2, 2] };
  const set = await extractor.predict(x);
  assertEquals([...set.logits!.data], [48, 60, 72, 7, 8, 9]);
  assertEquals([...set.penultimate!.data], [...x.data]);
  const clipped = await extractor.react(2).predict(x);
  assertEquals([...clipped.logits!.data], [16, 20, 24, 7, 8, 9]);
  await using strided = modelGraphOf(await loadModel(onnxBytes(file([2]))))!;
  assertEquals(searchHead(strided.outputRefs).logits?.head, undefined);
});

function swap(from: string, to: string) {
  const attributes = { perm: [0, 2, 1] };
  return { op: "Transpose", in: [from], out: [to], attributes };
}

Deno.test("searchHead() says that a file returns labels alone", async () => {
  await using model = modelGraphOf(
    await loadModel(onnxBytes({
      nodes: [{ op: "ArgMax", name: "best", in: ["x"], out: ["y"] }],
      outputs: [{ name: "y", type: 7, shape: [1, 2] }],
    })),
  )!;
  const { logits, why } = searchHead(model.outputRefs);
  assertEquals(logits, undefined);
  assertEquals(why, '"best" gives labels or indices');
});

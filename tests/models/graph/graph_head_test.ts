import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import { graphLink } from "../../../lib/models/graph/graph_head.ts";

await tf.setBackend("cpu");

/** An operation on one input, with constants at other places. */
function operation(
  kind: string,
  shapes: Record<number, number[]> = {},
  config: Record<string, unknown> = {},
  input?: GraphNode,
): GraphNode {
  const constants = new Map(
    Object.entries(shapes).map(([position, shape]) => {
      const tensor = tf.ones(shape);
      return [Number(position), () => tensor] as const;
    }),
  );
  const row = {
    name: kind,
    kind,
    config,
    outputs: [],
    numParameters: 0,
    inbound: [],
  };
  return {
    id: 0,
    row,
    isListed: true,
    inputs: [{ node: input ?? SOURCE, index: 0 }],
    call: { kind: "raw", constants },
    weights: () => [],
  };
}

const SOURCE: GraphNode = {
  id: 0,
  row: {
    name: "x",
    kind: "Placeholder",
    config: {},
    outputs: [],
    numParameters: 0,
    inbound: [],
  },
  isListed: false,
  inputs: [],
  call: {
    kind: "input",
    spec: { name: "x", shape: [null, 3], dtype: "float32" },
  },
  weights: () => [],
};

Deno.test("graphLink() takes a product with a constant", () => {
  const link = graphLink(operation("MatMul", { 1: [3, 2] }));
  assert(link.kind === "linear");
  assertEquals(link.weights().kernel.shape, [3, 2]);
  assertEquals(link.weights().bias, undefined);
  assertEquals(link.penultimate.node, SOURCE);
});

for (const add of ["BiasAdd", "Add", "AddV2"]) {
  Deno.test(`graphLink() takes a constant that ${add} adds to a product as its bias`, () => {
    const product = operation("MatMul", { 1: [3, 2] });
    const link = graphLink(operation(add, { 1: [2] }, {}, product));
    assert(link.kind === "linear");
    assertEquals(link.weights().bias?.shape, [2]);
    assertEquals(link.penultimate.node, SOURCE);
  });
}

Deno.test("graphLink() takes a bias that stands before the product", () => {
  const product = operation("MatMul", { 1: [3, 2] });
  const link = graphLink(operation("AddV2", { 0: [2] }, {}, product));
  assert(link.kind === "linear");
  assertEquals(link.weights().bias?.shape, [2]);
});

Deno.test("graphLink() takes no constant for a bias that is not one for each unit", () => {
  for (const shape of [[], [1], [3]]) {
    const product = operation("MatMul", { 1: [3, 2] });
    const link = graphLink(operation("AddV2", { 1: shape }, {}, product));
    assertEquals(link.kind, "other");
  }
});

Deno.test("graphLink() takes what is fused to a product", () => {
  const fused = (ops: string[]) =>
    graphLink(
      operation("_FusedMatMul", { 1: [3, 2], 2: [2] }, { fusedOps: ops }),
    );
  for (
    const [ops, activation] of [
      [["biasadd"], "linear"],
      [["biasadd", "sigmoid"], "sigmoid"],
      [["biasadd", "relu"], "other"],
    ] as const
  ) {
    const link = fused([...ops]);
    assert(link.kind === "linear");
    assertEquals(link.activation, activation);
    assertEquals(link.weights().bias?.shape, [2]);
  }
});

Deno.test("graphLink() knows a kernel that is transposed, and leaves a transposed input alone", () => {
  const transposed = graphLink(
    operation("MatMul", { 1: [2, 3] }, { transposeB: true }),
  );
  assert(transposed.kind === "linear" && transposed.weights().isTransposed);
  assertEquals(
    graphLink(operation("MatMul", { 1: [3, 2] }, { transposeA: true })).kind,
    "other",
  );
});

Deno.test("graphLink() takes convolutions of one position, channels last", () => {
  const conv = (size: number, config = {}) =>
    graphLink(operation("Conv2D", { 1: [size, size, 3, 2] }, config));
  assert(conv(1).kind === "linear");
  assertEquals(conv(3).kind, "other");
  assertEquals(conv(1, { dataFormat: "NCHW" }).kind, "other");
});

Deno.test("graphLink() takes no product of two tensors, and no second bias", () => {
  assertEquals(graphLink(operation("MatMul")).kind, "other");
  const fused = operation("_FusedMatMul", { 1: [3, 2], 2: [2] }, {
    fusedOps: ["biasadd"],
  });
  assertEquals(
    graphLink(operation("AddV2", { 1: [2] }, {}, fused)).kind,
    "other",
  );
  assertEquals(
    graphLink(
      operation("AddV2", { 1: [3, 2] }, {}, operation("MatMul", { 1: [3, 2] })),
    ).kind,
    "other",
  );
});

Deno.test("graphLink() passes what only reshapes, and knows activations", () => {
  for (const kind of ["Identity", "Reshape", "Squeeze"]) {
    assertEquals(graphLink(operation(kind)).kind, "pass");
  }
  const activations = ["Softmax", "LogSoftmax", "Sigmoid"].map((kind) => {
    const link = graphLink(operation(kind));
    return link.kind === "activation" && link.activation;
  });
  assertEquals(activations, ["softmax", "logSoftmax", "sigmoid"]);
  assertEquals(graphLink(operation("Relu")).kind, "other");
});

Deno.test("graphLink() takes a bias with axes of size 1 before the units, as Keras 3 adds it", () => {
  const conv = operation("Conv2D", { 1: [1, 1, 3, 2] });
  const added = operation("AddV2", { 1: [1, 1, 1, 2] }, {}, conv);
  assertEquals(graphLink(added).kind, "linear");
  const product = operation("MatMul", { 1: [3, 2] });
  const row = operation("AddV2", { 1: [1, 2] }, {}, product);
  assertEquals(graphLink(row).kind, "linear");
  // The sum has more axes than the product, or more rows.
  for (const shape of [[1, 1, 2], [2, 2]]) {
    const other = operation("AddV2", { 1: shape }, {}, product);
    assertEquals(graphLink(other).kind, "other", `${shape}`);
  }
});

Deno.test("graphLink() takes a convolution with explicit padding for no head", () => {
  const config = {
    pad: "explicit",
    explicitPaddings: [0, 0, 1, 1, 1, 1, 0, 0],
  };
  const conv = operation("Conv2D", { 1: [1, 1, 3, 2] }, config);
  assertEquals(graphLink(conv).kind, "other");
});

Deno.test("graphLink() takes a product over time steps for one of its tensor with these", () => {
  // As Keras 2 writes a Dense over [N, T, D].
  const merged = operation("Reshape", { 1: [2] });
  const product = operation("MatMul", { 1: [3, 2] }, {}, merged);
  const apart = operation("Reshape", { 1: [3] }, {}, product);
  const link = graphLink(operation("BiasAdd", { 1: [2] }, {}, apart));
  assert(link.kind === "linear");
  assertEquals(link.penultimate.node, SOURCE);
  assertEquals(link.isConvolution, false);
  // And a Conv1D of size 1.
  const conv = (strides: number[]) => {
    const wider = operation("ExpandDims", { 1: [] });
    const kernel = { 1: [1, 1, 3, 2] };
    const found = operation("Conv2D", kernel, { strides }, wider);
    const back = operation("Squeeze", {}, {}, found);
    return graphLink(operation("BiasAdd", { 1: [2] }, {}, back));
  };
  const steps = conv([1, 1, 1, 1]);
  assert(steps.kind === "linear");
  assertEquals(steps.penultimate.node, SOURCE);
  assertEquals(steps.isConvolution, false);
  assertEquals(conv([1, 1, 2, 1]).kind, "other");
  const wider = operation("ExpandDims", { 1: [] });
  const config = { fusedOps: ["biasadd", "sigmoid"] };
  const weights = { 1: [1, 1, 3, 2], 2: [2] };
  const fused = operation("_FusedConv2D", weights, config, wider);
  const squeezed = graphLink(operation("Squeeze", {}, {}, fused));
  assert(squeezed.kind === "linear");
  assertEquals(squeezed.activation, "sigmoid");
  // The rows of a tensor of another width are merged into units.
  const outputs = [{
    name: "x",
    shape: [null, 2, 3],
    dtype: "float32",
  }] as const;
  const known = { ...SOURCE, row: { ...SOURCE.row, outputs } };
  const rows = operation("Reshape", { 1: [2] }, {}, known);
  const flat = operation("MatMul", { 1: [6, 2] }, {}, rows);
  const sum = operation("Reshape", { 1: [2] }, {}, flat);
  assertEquals(
    graphLink(operation("BiasAdd", { 1: [2] }, {}, sum)).kind,
    "other",
  );
});

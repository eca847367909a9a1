import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, type NdArray, tf } from "@sonde/sonde";
import { rowView } from "../../lib/math/row_view.ts";
import { assertAllClose } from "../support/all_close.ts";

interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** An operation, its inputs, and its attributes; `y0` is the first. */
type Case = readonly [
  op: string,
  inputs: readonly (string | Constant)[],
  attributes?: Record<string, unknown>,
];

const int = (values: number[], shape = [values.length]): Constant => ({
  name: `int ${shape}`,
  shape,
  values: Int32Array.from(values),
});
const float = (...shape: number[]): Constant => ({
  name: `float ${shape}`,
  shape,
  values: Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.cos(i),
  ),
});

const SHAPE = [2, 3, 4];
const X: NdArray = {
  data: Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)),
  shape: [3, 3, 4],
  dtype: "float32",
};

/** A graph model of operations, the last one `y`, on `x` of a shape. */
async function graphOf(
  operations: readonly Case[],
  shape: readonly number[] = SHAPE,
): Promise<tf.GraphModel> {
  const last = operations.length - 1;
  const nodes = operations.map(([op, inputs, attr = {}], i) => {
    const name = i === last ? "y" : `y${i}`;
    const named = inputs.map((input, j) =>
      typeof input === "string" ? input : { ...input, name: `${name}c${j}` }
    );
    return { name, op, named, attr };
  });
  const constants = nodes.flatMap(({ named }) =>
    named.filter((input) => typeof input !== "string")
  );
  const dim = shape.map((size) => ({ size: String(size) }));
  const typeOf = ({ values }: Constant) =>
    values instanceof Int32Array ? "DT_INT32" : "DT_FLOAT";
  const bytes = constants.flatMap(({ values }) => [
    ...new Uint8Array(values.buffer),
  ]);
  return await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        format: "graph-model",
        modelTopology: {
          node: [
            {
              name: "x",
              op: "Placeholder",
              attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim } } },
            },
            ...constants.map((constant) => ({
              name: constant.name,
              op: "Const",
              attr: { dtype: { type: typeOf(constant) } },
            })),
            ...nodes.map(({ name, op, named, attr }) => ({
              ...{ name, op, attr },
              input: named.map((one) =>
                typeof one === "string" ? one : one.name
              ),
            })),
          ],
          versions: { producer: 1 },
        },
        weightSpecs: constants.map(({ name, shape, values }) => ({
          name,
          shape: [...shape],
          dtype: values instanceof Int32Array ? "int32" : "float32",
        })),
        weightData: Uint8Array.from(bytes).buffer,
      }),
  });
}

const yes = { b: true };
const APART: readonly Case[] = [
  ["Relu", ["x"]],
  ["AddV2", ["x", float(4)]],
  ["Mul", ["x", "x"]],
  ["Sub", [float(1, 3, 4), "x"]],
  ["Softmax", ["x"]],
  ["Mean", ["x", int([1])]],
  ["Max", ["x", int([-1])], { "keep_dims": yes }],
  ["ArgMax", ["x", int([2], [])]],
  ["Reshape", ["x", int([-1, 12])]],
  ["Reshape", ["x", int([2, 4, 3])]],
  ["Transpose", ["x", int([0, 2, 1])]],
  ["ConcatV2", ["x", "x", int([-1], [])]],
  ["Pad", ["x", int([0, 0, 0, 1, 0, 0], [3, 2])]],
  ["ExpandDims", ["x", int([1], [])]],
  ["GatherV2", ["x", int([2, 0]), int([1], [])]],
  ["BatchMatMulV2", ["x", float(4, 2)]],
  ["Cumsum", ["x", int([1], [])]],
  ["ReverseV2", ["x", int([1])]],
  ["StridedSlice", ["x", int([0, 1]), int([2, 2]), int([1, 1])]],
  [
    "StridedSlice",
    ["x", int([0, 1]), int([0, 2]), int([1, 1])],
    {
      "begin_mask": { i: "1" },
      "end_mask": { i: "1" },
      "shrink_axis_mask": { i: "2" },
    },
  ],
];
const MIXING: readonly Case[] = [
  ["Mean", ["x", int([0])]],
  ["Mean", ["x", int([-3])]],
  ["ArgMax", ["x", int([0], [])]],
  ["Reshape", ["x", int([-1, 4])]],
  ["Reshape", ["x", int([1, 24])]],
  ["Transpose", ["x", int([1, 0, 2])]],
  ["ConcatV2", ["x", "x", int([0], [])]],
  ["Pad", ["x", int([0, 1, 0, 0, 0, 0], [3, 2])]],
  ["Cumsum", ["x", int([0], [])]],
  ["Bincount", ["x", int([3], []), float(0)]],
  ["StridedSlice", ["x", int([0, 1]), int([1, 2]), int([1, 1])]],
];

function extractorOf(model: tf.GraphModel): FeatureExtractor {
  return new FeatureExtractor(model).layers("y").logits(false)
    .engine("tfjs", { backend: "cpu" });
}

/** Two copies of one row of the samples. */
function twice(row: number): NdArray {
  const { data } = rowView(X, row, row + 1);
  const values = data as Float32Array;
  return { ...X, data: Float32Array.of(...values, ...values), shape: SHAPE };
}

for (const [i, one] of APART.entries()) {
  Deno.test(`the last batch of a graph is padded where rows stay apart: ${i}, ${one[0]}`, async () => {
    const model = await graphOf([one]);
    const extractor = extractorOf(model);
    const { numTensors } = tf.memory();
    const { features: [all] } = await extractor.predict(X);
    assertEquals(tf.memory().numTensors, numTensors);
    assertEquals(all!.shape[0], 3);
    for (const row of [0, 1, 2]) {
      const { features: [alone] } = await extractor.predict(twice(row));
      assertEquals(alone!.shape.slice(1), all!.shape.slice(1));
      assertAllClose(
        rowView(all!, row, row + 1).data as Float32Array,
        rowView(alone!, 0, 1).data as Float32Array,
        { atol: 1e-6 },
      );
    }
    model.dispose();
  });
}

Deno.test("the last batch of a graph is refused where an operation may mix its rows", async () => {
  for (const one of MIXING) {
    const model = await graphOf([one]);
    await assertRejects(
      () => extractorOf(model).predict(X),
      RangeError,
      `must be a multiple of 2, which the model takes at once: a last batch cannot be padded, as an operation may mix the rows: current value is "operation "y" (${
        one[0]
      })"; leave samples out, or add some`,
    );
    model.dispose();
  }
  // Whole batches run as they are.
  const model = await graphOf([["Cumsum", ["x", int([0], [])]]]);
  const whole = { ...X, data: X.data.slice(0, 24), shape: SHAPE };
  const { features } = await extractorOf(model).predict(whole);
  assertEquals(features[0]!.shape, SHAPE);
  model.dispose();
});

Deno.test("a constant with a row for each sample of a graph is used by position, and named", async () => {
  const rows = float(2, 1, 1);
  const model = await graphOf([["AddV2", ["x", rows]]]);
  const extractor = extractorOf(model);
  const { warnings } = await extractor.plan();
  assertEquals(warnings, [
    'results depend on the order of the samples: "y" treats samples by their position in a batch, as a constant with a row for each does',
  ]);
  const { features: [all] } = await extractor.predict(X);
  const y = X.data.map((x, i) => x + rows.values[Math.floor(i / 12) % 2]!);
  assertAllClose(all!.data as Float32Array, y, { atol: 1e-6 });
  model.dispose();
});

const MAP = [-1, 3, 4];
const ROWS = [-1, 4];
const keep = { "keep_dims": yes };
const swap: Case = ["Transpose", ["x", int([1, 0])]];
/** The number of samples, as a float. */
const COUNT: readonly Case[] = [
  ["Shape", ["x"]],
  [
    "StridedSlice",
    ["y0", int([0]), int([1]), int([1])],
    { "shrink_axis_mask": { i: "1" } },
  ],
  ["Cast", ["y1"], { DstT: { type: "DT_FLOAT" } }],
];
/** Operations on samples of a shape, and the one that computes over them. */
const OVER: readonly (readonly [number[], readonly Case[], string])[] = [
  [MAP, [["Mean", ["x", int([0])], keep], ["Sub", ["x", "y0"]]], "y0"],
  [ROWS, [["MatMul", ["x", "x"], { "transpose_a": yes }]], "y"],
  [ROWS, [swap, ["MatMul", ["x", "y0"]]], "y"],
  [MAP, [
    ["Mean", ["x", int([0, 1])], keep],
    ["SquaredDifference", ["x", "y0"]],
    ["Mean", ["y1", int([0, 1])], keep],
    ["Sub", ["x", "y0"]],
    ["Rsqrt", ["y2"]],
    ["Mul", ["y3", "y4"]],
  ], "y0"],
  [ROWS, [swap, ["Softmax", ["y0"]]], "y"],
  [ROWS, [["ReverseV2", ["x", int([0])]]], "y"],
  [ROWS, [["Cumsum", ["x", int([0], [])]]], "y"],
  [ROWS, [["GatherV2", ["x", int([1, 0]), int([0], [])]]], "y"],
  [ROWS, [["ConcatV2", ["x", float(2, 4), int([0], [])]]], "y"],
  [ROWS, [["Pad", ["x", int([0, 1, 0, 0], [2, 2])]]], "y"],
  [MAP, [["Reshape", ["x", int([-1, 24])]]], "y"],
  [
    ROWS,
    [["StridedSlice", ["x", int([0]), int([1]), int([1])]], [
      "Sub",
      ["x", "y0"],
    ]],
    "y0",
  ],
  [ROWS, [["ArgMax", ["x", int([0], [])]]], "y"],
  [ROWS, [["TopKV2", ["x", int([1], [])]], ["Max", ["y0", int([0, 1])]]], "y"],
  [ROWS, [...COUNT, ["RealDiv", ["x", "y2"]]], "y"],
  [MAP, [["Reshape", ["x", int([-1, 4])]], ["Sum", ["y0", int([0])]]], "y"],
  [
    MAP,
    [["Einsum", ["x", "x"], { equation: { s: btoa("bnd,cnd->bc") } }]],
    "y",
  ],
];
const WITHIN: readonly (readonly [number[], readonly Case[]])[] = [
  [MAP, [["Mean", ["x", int([1])], keep], ["Sub", ["x", "y0"]]]],
  [ROWS, [["MatMul", ["x", float(4, 2)]], ["Softmax", ["y0"]]]],
  [ROWS, [["ReverseV2", ["x", int([1])]], ["Cumsum", ["y0", int([1], [])]]]],
  [ROWS, [["GatherV2", ["x", int([1, 0]), int([1], [])]]]],
  [MAP, [["ConcatV2", ["x", float(1, 3, 4), int([1], [])]]]],
  [MAP, [["Reshape", ["x", int([-1, 12])]]]],
  [MAP, [["Reshape", ["x", int([-1, 4])]], ["Reshape", [
    "y0",
    int([-1, 3, 4]),
  ]]]],
  [MAP, [["BatchMatMulV2", ["x", "x"], { "adj_y": yes }], ["Softmax", ["y0"]]]],
  [MAP, [["Einsum", ["x", "x"], { equation: { s: btoa("bnd,bmd->bnm") } }]]],
  // The size of the batch as a size, and as an index.
  [ROWS, [
    ...COUNT.slice(0, 2),
    ["Pack", ["y1", int([2], []), int([2], [])]],
    ["Reshape", ["x", "y2"]],
    ["Max", ["y3", int([2])]],
  ]],
  [ROWS, [
    ["ArgMax", ["x", int([1], [])]],
    ...COUNT.slice(0, 1),
    [
      "StridedSlice",
      ["y1", int([0]), int([1]), int([1])],
      { "shrink_axis_mask": { i: "1" } },
    ],
    ["AddV2", ["y0", "y2"]],
  ]],
  // Not known, and so is what follows.
  [ROWS, [["Mystery", ["x"]], ["Mean", ["y0", int([0])]]]],
];

async function mixersOf(
  operations: readonly Case[],
  shape: readonly number[],
): Promise<readonly string[]> {
  const model = await graphOf(operations, shape);
  const { warnings } = await extractorOf(model).plan();
  model.dispose();
  return warnings;
}

Deno.test("plan() warns of operations of a graph that compute over samples", async () => {
  for (const [shape, operations, name] of OVER) {
    assertEquals(
      await mixersOf(operations, shape),
      [
        `results depend on .batch(): "${name}" computes over all samples of a batch`,
      ],
      JSON.stringify(operations),
    );
  }
});

Deno.test("plan() does not warn of operations of a graph within samples, or that are not known", async () => {
  for (const [shape, operations] of WITHIN) {
    const warnings = await mixersOf(operations, shape);
    assertEquals(warnings, [], JSON.stringify(operations));
  }
});

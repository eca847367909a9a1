import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, type NdArray, tf } from "@sonde/sonde";
import { rowView } from "../../../lib/math/row_view.ts";
import { assertAllClose } from "../../support/all_close.ts";

interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** An operation `y`, its other inputs, and its attributes. */
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

/** A graph model of one operation `y` on `x` of shape `[2, 3, 4]`. */
async function graphOf(
  [op, inputs, attr = {}]: Case,
): Promise<tf.GraphModel> {
  const constants = inputs.flatMap((input, i) =>
    typeof input === "string" ? [] : [{ ...input, name: `c${i}` }]
  );
  const names = inputs.map((input, i) =>
    typeof input === "string" ? input : `c${i}`
  );
  const dim = SHAPE.map((size) => ({ size: String(size) }));
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
            { name: "y", op, input: names, attr },
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
  ["Max", ["x", int([-1])], { keep_dims: yes }],
  ["ArgMax", ["x", int([2], [])]],
  ["Reshape", ["x", int([-1, 12])]],
  ["Reshape", ["x", int([2, 4, 3])]],
  ["Transpose", ["x", int([0, 2, 1])]],
  ["ConcatV2", ["x", "x", int([-1], [])]],
  ["Pad", ["x", int([0, 0, 0, 1, 0, 0], [3, 2])]],
  ["ExpandDims", ["x", int([1], [])]],
  ["GatherV2", ["x", int([2, 0]), int([1], [])]],
  ["BatchMatMulV2", ["x", float(4, 2)]],
  [
    "StridedSlice",
    ["x", int([0, 1]), int([0, 2]), int([1, 1])],
    {
      begin_mask: { i: "1" },
      end_mask: { i: "1" },
      shrink_axis_mask: { i: "2" },
    },
  ],
];
const MIXING: readonly Case[] = [
  ["AddV2", ["x", float(2, 1, 1)]],
  ["Mean", ["x", int([0])]],
  ["Mean", ["x", int([-3])]],
  ["ArgMax", ["x", int([0], [])]],
  ["Reshape", ["x", int([-1, 4])]],
  ["Reshape", ["x", int([1, 24])]],
  ["Transpose", ["x", int([1, 0, 2])]],
  ["ConcatV2", ["x", "x", int([0], [])]],
  ["Pad", ["x", int([0, 1, 0, 0, 0, 0], [3, 2])]],
  ["Cumsum", ["x", int([1], [])]],
  ["StridedSlice", ["x", int([0, 1]), int([2, 2]), int([1, 1])]],
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
    const model = await graphOf(one);
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
    const model = await graphOf(one);
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
  const model = await graphOf(MIXING[0]!);
  const whole = { ...X, data: X.data.slice(0, 24), shape: SHAPE };
  const { features } = await extractorOf(model).predict(whole);
  assertEquals(features[0]!.shape, SHAPE);
  model.dispose();
});

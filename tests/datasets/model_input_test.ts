import { assert, assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import { partsOf } from "../../lib/datasets/parts.ts";
import { checkInput, modelInput } from "../../lib/datasets/model_input.ts";
import type { NdArray, TensorSpec } from "../../lib/types.ts";

await tf.setBackend("cpu");

const MAPS: TensorSpec = {
  name: "image",
  shape: [null, 2, 3, 1],
  dtype: "float32",
};
const ROWS: TensorSpec = { name: "x", shape: [null, 2], dtype: "float32" };

function zeros(...shape: number[]): NdArray {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return { data, shape, dtype: "float32" };
}

Deno.test("checkInput() gives the number of rows, whatever the model says of it", () => {
  assertEquals(checkInput(zeros(5, 2, 3, 1), MAPS, "read dataset"), 5);
  const fixed = { ...ROWS, shape: [32, null] };
  assertEquals(checkInput(zeros(3, 7), fixed, "read dataset"), 3);
  const tensor = tf.zeros([4, 2]);
  assertEquals(checkInput(tensor, ROWS, "read dataset"), 4);
  tensor.dispose();
});

Deno.test("checkInput() names the input and both shapes when they differ", () => {
  assertThrows(
    () => checkInput(zeros(5, 3, 2, 1), MAPS, "read dataset"),
    TypeError,
    'Cannot read dataset as input "image" must be of shape ' +
      "[null, 2, 3, 1]: current value is [5, 3, 2, 1]",
  );
  for (const shape of [[], [2], [2, 2, 2]]) {
    const run = () => checkInput(zeros(...shape), ROWS, "read dataset");
    assertThrows(run, TypeError, 'input "x" must be of shape [null, 2]');
  }
});

Deno.test("checkInput() says which axis is missing where it can be told", () => {
  const run = (...shape: number[]) => () =>
    checkInput(zeros(...shape), MAPS, "read dataset");
  assertThrows(run(9, 2, 3), TypeError, "its channel axis is missing");
  assertThrows(run(2, 3, 1), TypeError, "its batch axis is missing");
  const free = { ...ROWS, shape: [null, null, 1] };
  const both = () => checkInput(zeros(4, 1), free, "read dataset");
  assertThrows(both, TypeError, "expandDims(0), or batch the dataset");
  assertThrows(both, TypeError, "; or its channel axis is missing");
});

Deno.test("checkInput() advises how samples of another shape are made to fit", () => {
  const hintFor = (x: tf.Tensor, spec: TensorSpec): string => {
    const run = () => checkInput(x, spec, "read dataset");
    return assertThrows(run, TypeError).message.split("; ")[1]!;
  };
  const maps: TensorSpec = { ...MAPS, shape: [null, 2, 3, 4] };
  const first = tf.range(0, 48).reshape([2, 4, 2, 3]);
  assertEquals(
    hintFor(first, maps),
    "transpose its axes, as by tf.transpose(x, [0, 2, 3, 1])",
  );
  assertEquals(checkInput(tf.transpose(first, [0, 2, 3, 1]), maps, ""), 2);
  const last = tf.transpose(first, [0, 2, 3, 1]);
  const channels: TensorSpec = { ...MAPS, shape: [null, 4, 2, 3] };
  assertEquals(
    hintFor(last, channels),
    "transpose its axes, as by tf.transpose(x, [0, 3, 1, 2])",
  );
  const flat = tf.zeros([2, 24]);
  assertEquals(
    hintFor(flat, maps),
    "reshape it, as by x.reshape([-1, 2, 3, 4])",
  );
  assertEquals(checkInput(flat.reshape([-1, 2, 3, 4]), maps, ""), 2);
  // Not reshaped: height and width are the other way round.
  const tall = tf.zeros([2, 3, 2, 4]) as tf.Tensor4D;
  assertEquals(
    hintFor(tall, maps),
    "resize the images, as by tf.image.resizeBilinear(x, [2, 3])",
  );
  const resized = tf.image.resizeBilinear(tall, [2, 3]);
  assertEquals(checkInput(resized, maps, ""), 2);
  assertEquals(
    hintFor(tf.zeros([5, 3]), ROWS),
    "each sample must be [2], as when the model was trained: resize, pad, crop or select columns",
  );
});

Deno.test("checkInput() refuses no rows and the wrong element type", () => {
  const empty = () => checkInput(zeros(0, 2), ROWS, "read dataset");
  assertThrows(empty, RangeError, "at least one row");
  const bits: TensorSpec = { ...ROWS, dtype: "bool" };
  const floats = () => checkInput(zeros(1, 2), bits, "read dataset");
  assertThrows(floats, TypeError, 'input "x" takes "bool"');
});

Deno.test("modelInput() does not copy what fits, and lists rows that are not finite", () => {
  const data = Float32Array.of(1, 2, NaN, 0, 3, 4, 5, -Infinity);
  const shape = [4, 2];
  const feed = modelInput(
    { data, shape, dtype: "float32" },
    ROWS,
    "read dataset",
  );
  assert(feed.array.data === data);
  assertEquals(feed.array.shape, shape);
  assertEquals(feed.nonFinite, [1, 3]);
});

Deno.test("modelInput() converts to the input's element type", () => {
  const data = BigInt64Array.of(1n, -2n);
  const ids: TensorSpec = { name: "ids", shape: [null, 2], dtype: "int32" };
  const shape = [1, 2];
  assertEquals(
    modelInput({ data, shape, dtype: "int64" }, ids, "read dataset"),
    {
      array: { data: Int32Array.of(1, -2), shape, dtype: "int32" },
      nonFinite: [],
    },
  );
  const far = Float64Array.of(0, Infinity);
  const wide = { data: far, shape, dtype: "float64" } as const;
  assertEquals(modelInput(wide, ROWS, "read dataset").nonFinite, [0]);
});

Deno.test("modelInput() counts rows from the first one in its messages", () => {
  const data = Int32Array.of(0, 0, 0, 16777217);
  const array = { data, shape: [2, 2], dtype: "int32" } as const;
  const run = () => modelInput(array, ROWS, "read dataset", 100);
  assertThrows(run, RangeError, "it is in row 101");
});

/** The rows of a matrix that `modelInput()` lists as not finite. */
function nonFinite(data: Float32Array, width: number) {
  const spec: TensorSpec = { ...ROWS, shape: [null, width] };
  const shape = [data.length / width, width];
  const array = { data, shape, dtype: "float32" } as const;
  return modelInput(array, spec, "read dataset").nonFinite;
}

Deno.test("modelInput() lists no row of the largest finite values", () => {
  const large = 3.4028234663852886e38;
  const data = Float32Array.of(large, large, -large, -large);
  assertEquals(nonFinite(data, 2), []);
  assertEquals(nonFinite(Float32Array.of(large, Infinity), 1), [1]);
});

Deno.test("modelInput() lists NaN and both infinities in every column", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    for (let i = 0; i < 14; i++) {
      const data = new Float32Array(14).fill(1.5); // [2, 7]
      data[i] = value;
      assertEquals(nonFinite(data, 7), [Math.floor(i / 7)]);
    }
  }
});

Deno.test("checkInput() takes any shape where the model says none, a number for all samples", () => {
  const unknown: TensorSpec = { name: "op", shape: [], dtype: "float32" };
  assertEquals(checkInput(zeros(4, 3, 2), unknown, "read dataset"), 4);
  assertEquals(checkInput(zeros(), unknown, "read dataset"), undefined);
  assertThrows(
    () => partsOf(zeros(), [unknown], "read dataset"),
    TypeError,
    'Cannot read dataset as input "op" must have a batch axis: current value is []',
  );
});

Deno.test("modelInput() keeps whole numbers of 64 bits, and counts what is not finite in any float", () => {
  const data = BigInt64Array.of(2n ** 60n + 1n, -2n);
  const ids: TensorSpec = { name: "ids", shape: [4, 2], dtype: "int64" };
  const feed = modelInput(
    { data, shape: [1, 2], dtype: "int64" },
    ids,
    "read dataset",
  );
  assert(feed.array.data === data);
  const halves: TensorSpec = { name: "h", shape: [null], dtype: "float16" };
  const floats = {
    data: Float32Array.of(1, NaN),
    shape: [2],
    dtype: "float32",
  } as const;
  assertEquals(modelInput(floats, halves, "read dataset").nonFinite, [1]);
});

import { assertEquals, assertThrows } from "@std/assert";
import { customOps } from "../../lib/layers/custom_ops.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { tf } from "../../lib/tf.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";

// Notebooks run JavaScript: wrong arguments are passed there.
// deno-lint-ignore no-explicit-any
type Loose = any;

const x = tf.tensor2d([[1, -2], [3, 4]]);
const OPS: Loose = customOps(new TfjsOps() as Ops<tf.Tensor>, [x]);
const data = (tensor: Loose) => [...tensor.dataSync()];

Deno.test("customOps() takes numbers for tensors, of the type that they meet", () => {
  assertEquals(data(OPS.multiply(x, 2)), [2, -4, 6, 8]);
  assertEquals(data(OPS.subtract(1, x)), [0, 3, -2, -3]);
  assertEquals(data(OPS.where(OPS.greater(x, 0), x, 0)), [1, 0, 3, 4]);
  const whole = OPS.cast(x, "int32");
  assertEquals(OPS.dtype(OPS.add(whole, 1)), "int32");
  assertEquals(data(OPS.constant([[1, 2], [3, 4]])), [1, 2, 3, 4]);
  assertEquals(OPS.shape(OPS.constant([[1, 2], [3, 4]])), [2, 2]);
  assertEquals(OPS.dtype(OPS.constant(Int32Array.of(1, 2))), "int32");
  assertEquals(OPS.shape(OPS.constant(Float32Array.of(1, 2))), [2]);
});

Deno.test("customOps() keeps integers beyond float32 where they meet a condition or a list", () => {
  const ids = OPS.constant(Int32Array.of(2 ** 24 + 1, 3));
  const isFirst = OPS.equal([1, 0], 1);
  assertEquals(data(OPS.where(isFirst, ids, 0)), [2 ** 24 + 1, 0]);
  assertEquals(data(OPS.where(isFirst, 0, ids)), [0, 3]);
  assertEquals(data(OPS.concatenate([ids, [1]], 0)), [2 ** 24 + 1, 3, 1]);
  assertEquals(data(OPS.stack([[1, 2], ids], 0)), [1, 2, 2 ** 24 + 1, 3]);
  // Beside floats they are floats.
  const half = OPS.divide(ids, 2);
  assertEquals(OPS.dtype(OPS.where(ids, half, 0)), "float32");
  assertEquals(OPS.dtype(OPS.concatenate([half, [1]], 0)), "float32");
});

Deno.test("customOps() takes lists of numbers and arrays for tensors", () => {
  assertEquals(data(OPS.add(x, [1, 2])), [2, 0, 4, 6]);
  assertEquals(data(OPS.matmul(x, [[0, 1], [1, 0]])), [-2, 1, 4, 3]);
  assertEquals(data(OPS.add(x, Float32Array.of(1, 2))), [2, 0, 4, 6]);
  assertEquals(data(OPS.add(x, { data: [1, 2], shape: [2, 1] })), [
    2,
    -1,
    5,
    6,
  ]);
  const row = { data: Float64Array.of(5, 6), shape: [1, 2] };
  assertEquals(data(OPS.concatenate([x, row], 0)), [1, -2, 3, 4, 5, 6]);
  assertEquals(data(OPS.where([true, false], x, 0)), [1, 0, 3, 0]);
  assertEquals(data(OPS.take(x, [1, 0], 1)), [-2, 1, 4, 3]);
  assertEquals(data(OPS.take(x, 1, 1)), [-2, 4]);
  assertEquals(OPS.shape(OPS.oneHot([1, 0], 3)), [2, 3]);
  const whole = OPS.cast(x, "int32");
  assertEquals(OPS.dtype(OPS.add(whole, [1, 2])), "int32");
  assertEquals(OPS.dtype(OPS.add(whole, [1, 0.5])), "float32");
  const typed = { data: [1, 0], shape: [2], dtype: "bool" };
  assertEquals(OPS.dtype(OPS.constant(typed)), "bool");
  assertEquals(OPS.dtype(OPS.constant({ ...typed, dtype: "int32" })), "int32");
});

Deno.test("customOps() knows the tensors of the time steps of a scan", () => {
  const scan = (step: Loose) => OPS.scan(step, [x], [OPS.expandDims(x, 1)]);
  const { state } = scan(([sum]: Loose, [one]: Loose) => ({
    state: [OPS.add(sum, one)],
    outputs: [],
  }));
  assertEquals(data(state[0]), [2, -4, 6, 8]);
  assertThrows(
    () => scan(([sum]: Loose) => [sum]),
    TypeError,
    "Cannot call ops.scan as its step must return lists of tensors, { state, outputs }",
  );
});

Deno.test("customOps() refuses tensors of TF.js, and of another call", () => {
  const foreign = tf.tensor1d([1, 2]);
  assertThrows(
    () => OPS.add(x, foreign),
    TypeError,
    "current value is a Tensor; make it in this function, such as by ops.constant(tensor.arraySync())",
  );
  assertEquals(data(OPS.add(x, OPS.constant(foreign.arraySync()))), [
    2,
    0,
    4,
    6,
  ]);
  assertThrows(
    () => OPS.concatenate([x, foreign], 0),
    TypeError,
    "by ops.constant(tensor.arraySync())",
  );
  foreign.dispose();
  // deno-lint-ignore no-explicit-any
  const shapes = (): any => customOps(new ShapeOps());
  const kept = shapes().constant([1, 2]);
  const other = shapes();
  for (const use of [() => other.tanh(kept), () => other.stack([kept], 0)]) {
    assertThrows(
      use,
      TypeError,
      "a tensor of another call or model has no value here",
    );
  }
  assertEquals(other.tanh(other.constant([1, 2])).shape, [2]);
});

Deno.test("customOps() passes on what is right, and wraps once", () => {
  assertEquals(data(OPS.sum(x, { axis: 1, keepdims: true })), [-1, 7]);
  assertEquals(data(OPS.sum(x)), [6]);
  assertEquals(data(OPS.slice(x, [{ axis: 0, start: 1 }])), [3, 4]);
  assertEquals(data(OPS.concatenate([x, x], 0)).length, 8);
  assertEquals(customOps(OPS), OPS);
  assertEquals(OPS.recurrence, undefined);
});

const WRONG: readonly (readonly [string, (ops: Loose) => unknown, string])[] = [
  [
    "an axis alone",
    (ops) => ops.sum(x, 1),
    "Cannot call ops.sum as argument 2 must be settings { axis, keepdims }: current value is 1",
  ],
  ["an unknown setting", (ops) => ops.sum(x, { axes: [1] }), "settings {"],
  ["no axis", (ops) => ops.softmax(x), "argument 2 must be a whole number"],
  ["a weight that is not there", (ops) => ops.matmul(x, undefined), "a tensor"],
  [
    "a list for a tensor",
    (ops) => ops.tanh([x]),
    'argument 1 must be a tensor, a number or a list of numbers: current value is "[tensor]"; pass one tensor of the list',
  ],
  ["floats as indices", (ops) => ops.take(x, [0.5], 1), "whole numbers"],
  ["numbers among tensors", (ops) => ops.stack([x, 1], 0), "list of tensors"],
  [
    "a tensor of floats as indices",
    (ops) => ops.take(x, x, 1),
    'write ops.cast(indices, "int32")',
  ],
  [
    "an array of another length",
    (ops) => ops.add(x, { data: [1], shape: [2] }),
    "an array is { data, shape }, with a number for each index",
  ],
  ["a ragged list", (ops) => ops.add(x, [[1], [2, 3], []]), "list of numbers"],
  [
    "a convolution without its settings",
    (ops) => ops.conv(x, x, { stride: 2 }),
    'settings as { strides: [1, 1], padding: "same", dilation: [1, 1] }',
  ],
  [
    "a pooling with one size",
    (ops) => ops.maxPool(x, { size: 2, strides: [2], padding: "same" }),
    "settings as { size: [2, 2]",
  ],
  ["a name of padding", (ops) => ops.pad(x, [[1, 1]], "same"), "a number"],
  [
    "an unknown interpolation",
    (ops) => ops.resize(x, [2, 2], "cubic"),
    '"bicu',
  ],
  ["a scan without a step", (ops) => ops.scan(x, [], []), "a function (state"],
  ["arguments of TF.js", (ops) => ops.slice(x, [0, 0], [1, 2]), "at most 2"],
  ["ranges as numbers", (ops) => ops.slice(x, [0, 0]), "a list of ranges {"],
  ["widths as numbers", (ops) => ops.pad(x, [1, 1]), "pairs [before, after]"],
  ["another type", (ops) => ops.cast(x, "float16"), '"float32", "int32"'],
  [
    "a ragged constant",
    (ops) => ops.constant([[1], [2, 3]]),
    "list of numbers",
  ],
  [
    "an activation",
    (ops) => ops.relu(x),
    'config.build("Activation", { activation: "relu" }, "relu") is a layer that computes it',
  ],
  [
    "a name of NumPy",
    (ops) => ops.expand_dims(x, 0),
    'Cannot read ops.expand_dims as it must be a member of ops: current value is undefined; nearest names are "expandDims", "exp"',
  ],
];
for (const [what, call, message] of WRONG) {
  Deno.test(`customOps() refuses ${what}`, () => {
    assertThrows(() => call(OPS), TypeError, message);
  });
}

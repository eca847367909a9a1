import { assertEquals, assertThrows } from "@std/assert";
import { customOps } from "../../lib/layers/custom_ops.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { tf } from "../../lib/tf.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";

// Notebooks run JavaScript: wrong arguments are passed there.
// deno-lint-ignore no-explicit-any
type Loose = any;

const OPS: Loose = customOps(new TfjsOps() as Ops<tf.Tensor>);
const x = tf.tensor2d([[1, -2], [3, 4]]);
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
    'argument 1 must be a tensor or a number: current value is "[tensor]"; pass ops.constant(…) of numbers, or one tensor of the list',
  ],
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
    'Cannot read ops.expand_dims as it must be a member of ops: current value is undefined; nearest names are "expandDims"',
  ],
];
for (const [what, call, message] of WRONG) {
  Deno.test(`customOps() refuses ${what}`, () => {
    assertThrows(() => call(OPS), TypeError, message);
  });
}

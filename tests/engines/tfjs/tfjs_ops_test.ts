import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { TfjsOps } from "../../../lib/engines/tfjs/tfjs_ops.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../../support/on_backends.ts";

/** A computation and its result, computed by hand. */
type Case = readonly [
  name: string,
  compute: (ops: TfjsOps) => tf.Tensor,
  values: readonly number[],
  shape?: readonly number[],
];

const A = () => tf.tensor2d([[1, -2, 3], [-4, 0, 6]]);
const ROW = () => tf.tensor1d([2, 2, -3]);
const MAP = () => tf.range(0, 8).reshape([2, 2, 2]);

const CASES: readonly Case[] = [
  ["add() adds a row to each", (ops) => ops.add(A(), ROW()), [
    3,
    0,
    0,
    -2,
    2,
    3,
  ]],
  ["subtract() subtracts", (ops) => ops.subtract(ROW(), A()), [
    1,
    4,
    -6,
    6,
    2,
    -9,
  ]],
  ["multiply() multiplies", (ops) => ops.multiply(A(), ROW()), [
    2,
    -4,
    -9,
    -8,
    0,
    -18,
  ]],
  [
    "divide() divides, also by zero",
    (ops) => ops.divide(ROW(), tf.tensor1d([4, 0, 0])),
    [0.5, Infinity, -Infinity],
  ],
  [
    "divide() of zero by zero is no number",
    (ops) => ops.divide(tf.tensor1d([0, 2]), tf.tensor1d([0, 2])),
    [NaN, 1],
  ],
  [
    "power() takes roots",
    (ops) => ops.power(tf.tensor1d([8, 27, 0]), ops.constant(1 / 3)),
    [2, 3, 0],
  ],
  ["maximum() takes the larger", (ops) => ops.maximum(A(), ROW()), [
    2,
    2,
    3,
    2,
    2,
    6,
  ]],
  [
    "maximum() is NaN where either is",
    (ops) =>
      ops.maximum(tf.tensor1d([NaN, 1, NaN]), tf.tensor1d([1, NaN, NaN])),
    [NaN, NaN, NaN],
  ],
  [
    "maximum() keeps infinities",
    (ops) =>
      ops.maximum(tf.tensor1d([-Infinity, Infinity]), tf.tensor1d([1, 1])),
    [1, Infinity],
  ],
  [
    "greater() is strict, and false for NaN",
    (ops) =>
      ops.greater(
        tf.tensor1d([1, 2, 3, NaN, 1]),
        tf.tensor1d([2, 2, 2, 1, NaN]),
      ),
    [0, 0, 1, 0, 0],
  ],
  [
    "where() selects, and broadcasts a row",
    (ops) => ops.where(ops.greater(A(), ops.constant(0)), A(), ROW()),
    [1, 2, 3, 2, 2, 6],
  ],
  [
    "where() takes a column for a condition",
    (ops) =>
      ops.where(
        tf.tensor2d([[true], [false]], [2, 1], "bool"),
        A(),
        ops.constant(9),
      ),
    [1, -2, 3, 9, 9, 9],
  ],
  [
    "where() hands on NaN where it is selected, and only there",
    (ops) =>
      ops.where(
        tf.tensor1d([true, false], "bool"),
        tf.tensor1d([NaN, NaN]),
        tf.tensor1d([1, 1]),
      ),
    [NaN, 1],
  ],
  [
    "exp() overflows to infinity",
    (ops) => ops.exp(tf.tensor1d([0, 1, 100, -200, NaN])),
    [1, Math.E, Infinity, 0, NaN],
  ],
  [
    "sqrt() of a negative number is no number",
    (ops) => ops.sqrt(tf.tensor1d([9, 0, -1])),
    [3, 0, NaN],
  ],
  [
    "abs() takes signs off",
    (ops) => ops.abs(tf.tensor1d([-3, 0, 2, NaN, -Infinity])),
    [3, 0, 2, NaN, Infinity],
  ],
  [
    "sign() tells tiny numbers from zero",
    (ops) => ops.sign(tf.tensor1d([1e-30, -1e-30, 0, 5, -Infinity])),
    [1, -1, 0, 1, -1],
  ],
  [
    "float() counts truths",
    (ops) => ops.sum(ops.float(ops.greater(A(), ops.constant(0)))),
    [3],
    [],
  ],
  ["sum() of all is one number", (ops) => ops.sum(A()), [4], []],
  ["sum() goes over axes from the end", (ops) => ops.sum(A(), { axis: -1 }), [
    2,
    2,
  ], [2]],
  [
    "sum() keeps axes when asked",
    (ops) => ops.sum(MAP(), { axis: [0, 2], keepdims: true }),
    [10, 18],
    [1, 2, 1],
  ],
  ["sum() hands on NaN", (ops) => ops.sum(tf.tensor1d([1, NaN])), [NaN], []],
  ["mean() divides by the count", (ops) => ops.mean(A(), { axis: 0 }), [
    -1.5,
    -1,
    4.5,
  ], [3]],
  ["mean() goes over two axes", (ops) => ops.mean(MAP(), { axis: [1, 2] }), [
    1.5,
    5.5,
  ], [2]],
  ["max() takes the largest", (ops) => ops.max(A(), { axis: 1 }), [3, 6], [2]],
  [
    "max() of negative numbers is negative",
    (ops) => ops.max(tf.tensor2d([[-5, -2]]), { axis: 1, keepdims: true }),
    [-2],
    [1, 1],
  ],
  [
    "max() is NaN where one is, wherever it stands",
    (ops) => ops.max(tf.tensor2d([[NaN, 1], [1, NaN], [1, 2]]), { axis: 1 }),
    [NaN, NaN, 2],
    [3],
  ],
  ["max() of all is one number", (ops) => ops.max(A()), [6], []],
  ["reshape() works out one size", (ops) => ops.reshape(A(), [-1, 2]), [
    1,
    -2,
    3,
    -4,
    0,
    6,
  ], [3, 2]],
  ["merge() puts axes together, row by row", (ops) => ops.merge(MAP(), 1, 2), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
  ], [2, 4]],
  [
    "transpose() puts axes in another order",
    (ops) => ops.transpose(A(), [1, 0]),
    [1, -4, -2, 0, 3, 6],
    [3, 2],
  ],
  ["transpose() turns maps", (ops) => ops.transpose(MAP(), [0, 2, 1]), [
    0,
    2,
    1,
    3,
    4,
    6,
    5,
    7,
  ], [2, 2, 2]],
  [
    "matmul() multiplies matrices",
    (ops) => ops.matmul(A(), tf.tensor2d([[1, 0], [0, 1], [2, -1]])),
    [7, -5, 8, -6],
    [2, 2],
  ],
  // [[0, 1], [2, 3]] and [[4, 5], [6, 7]] by [[1], [2]].
  [
    "matmul() multiplies each matrix of a batch by one",
    (ops) => ops.matmul(MAP(), tf.tensor2d([[1], [2]])),
    [2, 8, 14, 20],
    [2, 2, 1],
  ],
  [
    "matmul() multiplies batches pair by pair",
    (ops) => ops.matmul(MAP(), ops.transpose(MAP(), [0, 2, 1])),
    [1, 3, 3, 13, 41, 59, 59, 85],
    [2, 2, 2],
  ],
  [
    "matmul() multiplies one matrix by each of a batch",
    (ops) => ops.matmul(tf.tensor2d([[1, 1]]), MAP()),
    [2, 4, 10, 12],
    [2, 1, 2],
  ],
  [
    "stack() puts values along a new axis",
    (ops) =>
      ops.stack([
        ROW(),
        ops.constant({
          data: Float32Array.of(7, 8, 9),
          shape: [3],
          dtype: "float32",
        }),
      ], 1),
    [2, 7, 2, 8, -3, 9],
    [3, 2],
  ],
  [
    "topK() gives the largest, descending",
    (ops) => ops.topK(tf.tensor2d([[1, 9, 5, 9], [-1, -9, -5, -2]]), 3),
    [9, 9, 5, -1, -2, -5],
    [2, 3],
  ],
  ["takeLast() selects one value of each row", (ops) => ops.takeLast(A(), 2), [
    3,
    6,
  ], [2]],
  [
    "takeLast() takes away the last axis alone",
    (ops) => ops.takeLast(MAP().reshape([4, 1, 2]), 1),
    [1, 3, 5, 7],
    [4, 1],
  ],
  [
    "constant() of integers keeps their type",
    (ops) =>
      ops.constant({
        data: Int32Array.of(3, 4),
        shape: [2, 1],
        dtype: "int32",
      }),
    [3, 4],
    [2, 1],
  ],
];

for (const backend of PLAIN_BACKENDS) {
  for (const [name, compute, values, shape] of CASES) {
    Deno.test(`TfjsOps.${name} (${backend})`, async () => {
      const found = await computeOn(backend, compute);
      assertAllClose(found.data, values, { rtol: 1e-6 });
      if (shape !== undefined) assertEquals(found.shape, shape);
    });
  }
}

Deno.test("TfjsOps.constant() returns float32 for a number, int32 for integers", async () => {
  await tf.setBackend("cpu");
  const ops = new TfjsOps();
  const whole = { data: Int32Array.of(1), shape: [1], dtype: "int32" } as const;
  tf.tidy(() => {
    assertEquals(ops.constant(2).dtype, "float32");
    assertEquals(ops.constant(whole).dtype, "int32");
    assertEquals(ops.greater(ops.constant(2), ops.constant(1)).dtype, "bool");
  });
});

Deno.test("TfjsOps changes none of its arguments", async () => {
  await tf.setBackend("cpu");
  const ops = new TfjsOps();
  const x = tf.tensor2d([[1, -2]]);
  tf.tidy(() => {
    ops.max(ops.abs(x));
    ops.topK(x, 2);
    ops.merge(x, 0, 1);
  });
  assertEquals([...x.dataSync()], [1, -2]);
  assertEquals(x.shape, [1, 2]);
  x.dispose();
});

Deno.test("TfjsOps.topK() refuses more positions than there are", async () => {
  await tf.setBackend("cpu");
  const ops = new TfjsOps();
  assertThrows(() => tf.tidy(() => ops.topK(tf.ones([1, 2]), 3)), Error, "3");
});

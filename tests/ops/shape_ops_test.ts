import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { type Shape, ShapeOps } from "../../lib/ops/shape_ops.ts";

const OPS = new ShapeOps();

Deno.test("ShapeOps broadcasts as NumPy does", () => {
  assertEquals(OPS.add([2, 3], [3]), [2, 3]);
  assertEquals(OPS.multiply([2, 1, 4], [3, 1]), [2, 3, 4]);
  assertEquals(OPS.subtract([], [2]), [2]);
  assertEquals(OPS.divide([0, 3], [1, 3]), [0, 3]);
  assertEquals(OPS.where([2, 1], [3], []), [2, 3]);
});

Deno.test("ShapeOps takes an unknown size for the one beside it", () => {
  assertEquals(OPS.add([null, 3], [3]), [null, 3]);
  assertEquals(OPS.maximum([null, 3], [1, 3]), [null, 3]);
  assertEquals(OPS.power([null], [5]), [5]);
  assertEquals(OPS.greater([null], [null]), [null]);
});

Deno.test("ShapeOps refuses shapes that do not go together", () => {
  assertThrows(
    () => OPS.add([2, 3], [2]),
    TypeError,
    "Cannot broadcast as the shape must go with [2, 3]: current value is [2]",
  );
  assertThrows(
    () => OPS.matmul([2, 3], [4, 5]),
    TypeError,
    "the columns of [2, 3]",
  );
  assertThrows(() => OPS.stack([[2], [3]], 0), TypeError, "the shape [2]");
});

Deno.test("ShapeOps keeps or takes away the axes that are reduced", () => {
  assertEquals(OPS.sum([null, 3, 4], { axis: -1 }), [null, 3]);
  assertEquals(OPS.mean([null, 3, 4], { axis: [1, 2] }), [null]);
  assertEquals(OPS.max([null, 3, 4], { axis: 1, keepdims: true }), [
    null,
    1,
    4,
  ]);
  assertEquals(OPS.sum([2, 3]), []);
  assertEquals(OPS.sum([2, 3], { keepdims: true }), [1, 1]);
  assertThrows(() => OPS.sum([2, 3], { axis: 2 }), RangeError, "one of the 2");
});

Deno.test("ShapeOps.reshape() works out one size, where it can", () => {
  assertEquals(OPS.reshape([2, 6], [-1, 4]), [3, 4]);
  assertEquals(OPS.reshape([null, 6], [-1, 6]), [null, 6]);
  assertEquals(OPS.reshape([], [1, -1]), [1, 1]);
  assertThrows(
    () => OPS.reshape([2, 3], [4]),
    TypeError,
    "Cannot reshape as [2, 3] and the new shape must hold as many values: current value is [4]",
  );
  assertThrows(() => OPS.reshape([2, 3], [-1, 4]), TypeError, "as many values");
});

Deno.test("ShapeOps.merge() multiplies the sizes of neighbours", () => {
  assertEquals(OPS.merge([null, 2, 3, 4], 1, 2), [null, 6, 4]);
  assertEquals(OPS.merge([null, 2, null, 4], 1, 3), [null, null]);
});

Deno.test("ShapeOps.matmul() gives rows by columns, the others broadcast", () => {
  assertEquals(OPS.matmul([null, 3], [3, 5]), [null, 5]);
  assertEquals(OPS.matmul([7, null, 3], [3, 5]), [7, null, 5]);
  assertEquals(OPS.matmul([1, 2, 3], [4, 3, 2]), [4, 2, 2]);
});

Deno.test("ShapeOps takes places along the last axis only where they are", () => {
  assertEquals(OPS.topK([null, 5], 3), [null, 3]);
  assertEquals(OPS.takeLast([null, 5], 4), [null]);
  assertEquals(OPS.topK([2, null], 9), [2, 9]);
  assertThrows(
    () => OPS.topK([2, 5], 6),
    RangeError,
    `Cannot take the largest values as "k" must be within the 5 along the last axis: current value is 6`,
  );
  for (const index of [5, -1]) {
    assertThrows(() => OPS.takeLast([2, 5], index), RangeError, `${index}`);
  }
});

Deno.test("ShapeOps leaves the shape where values alone change", () => {
  for (const name of ["exp", "sqrt", "abs", "sign", "float"] as const) {
    assertEquals(OPS[name]([null, 3]), [null, 3]);
  }
  assertEquals(OPS.constant(3), []);
  const data = new Float32Array(6);
  assertEquals(OPS.constant({ data, shape: [2, 3], dtype: "float32" }), [2, 3]);
  assertEquals(OPS.transpose([null, 3, 4], [0, -1, 1]), [null, 4, 3]);
  assertEquals(OPS.stack([[null, 3], [2, 3]], 1), [2, 2, 3]);
});

/** Every operation, on a batch `x` `[N, 4, 6]`, a row `[6]` and a square `[6, 6]`. */
const CASES: Readonly<
  Record<
    Exclude<keyof Ops<unknown>, "shape">,
    <T>(ops: Ops<T>, x: T, row: T, square: T) => T
  >
> = {
  constant: (ops) => ops.constant(1),
  add: (ops, x, row) => ops.add(x, row),
  subtract: (ops, x, row) => ops.subtract(row, x),
  multiply: (ops, x) => ops.multiply(x, ops.constant(2)),
  divide: (ops, x, row) => ops.divide(x, row),
  power: (ops, x) => ops.power(x, ops.constant(2)),
  maximum: (ops, x, row) => ops.maximum(x, row),
  greater: (ops, x, row) => ops.greater(x, row),
  where: (ops, x, row) => ops.where(ops.greater(x, row), row, x),
  exp: (ops, x) => ops.exp(x),
  sqrt: (ops, x) => ops.sqrt(x),
  abs: (ops, x) => ops.abs(x),
  sign: (ops, x) => ops.sign(x),
  float: (ops, x, row) => ops.float(ops.greater(x, row)),
  sum: (ops, x) => ops.sum(x, { axis: [1, -1] }),
  mean: (ops, x) => ops.mean(x, { axis: 1 }),
  max: (ops, x) => ops.max(x, { axis: -1, keepdims: true }),
  reshape: (ops, x) => ops.reshape(x, [-1, 3, 8]),
  merge: (ops, x) => ops.merge(x, 1, 2),
  transpose: (ops, x) => ops.transpose(x, [0, 2, 1]),
  matmul: (ops, x, _row, square) => ops.matmul(x, square),
  stack: (ops, x, row) => ops.stack([x, ops.add(x, row)], -1),
  topK: (ops, x) => ops.topK(x, 2),
  takeLast: (ops, x) => ops.takeLast(x, 5),
};

for (const [name, compute] of Object.entries(CASES)) {
  Deno.test(`ShapeOps.${name}() says the shape that TfjsOps gives`, async () => {
    await tf.setBackend("cpu");
    for (const n of [0, 1, 3]) {
      const actual = tf.tidy(() =>
        compute(
          new TfjsOps() as Ops<tf.Tensor>,
          tf.ones([n, 4, 6]),
          tf.ones([6]),
          tf.ones([6, 6]),
        ).shape
      );
      assertEquals(compute(OPS as Ops<Shape>, [n, 4, 6], [6], [6, 6]), actual);
      const open = compute(OPS as Ops<Shape>, [null, 4, 6], [6], [6, 6]);
      assertEquals(open.map((size) => size ?? n), actual);
    }
  });
}

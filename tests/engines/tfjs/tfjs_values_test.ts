import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { assertAllClose } from "../../support/all_close.ts";
import { type Bench, onBackends, valuesOf } from "./_on_backends.ts";

/** Holds if an operation's numbers are exactly these, in this type. */
function assertIs(
  x: tf.Tensor,
  dtype: string,
  values: readonly number[],
): void {
  assertEquals(x.dtype, dtype);
  assertEquals(valuesOf(x).map((value) => value + 0), values); // −0 as 0
}

Deno.test(
  "erf() is that of the tables",
  onBackends((ops) => {
    // Abramowitz and Stegun, table 7.1.
    const values = valuesOf(
      ops.erf(ops.floats([0, 0.5, -1, 2, Infinity, NaN])),
    );
    const expected = [0, 0.5204998778, -0.8427007929, 0.995322265, 1, NaN];
    assertAllClose(values, expected, { rtol: 0, atol: 3e-7 });
  }),
);

Deno.test(
  "sigmoid(), tanh() and softmax() do not overflow",
  onBackends((ops) => {
    const x = ops.floats([-500, 0, 500, NaN]);
    assertIs(ops.sigmoid(x), "float32", [0, 0.5, 1, NaN]);
    assertIs(ops.tanh(x), "float32", [-1, 0, 1, NaN]);
    const rows = ops.floats([1000, 1000, -1000, -1000], [2, 2]);
    assertAllClose(valuesOf(ops.softmax(rows, -1)), [0.5, 0.5, 0.5, 0.5]);
    assertAllClose(valuesOf(ops.softmax(rows, 0)), [1, 1, 0, 0]);
  }),
);

Deno.test(
  "softmax() goes along any axis",
  onBackends((ops) => {
    const [p, q] = [Math.E / (1 + Math.E), 1 / (1 + Math.E)];
    const x = ops.floats([0, 5, 1, 5], [2, 2, 1]);
    assertAllClose(valuesOf(ops.softmax(x, 0)), [q, 0.5, p, 0.5]);
    assertAllClose(
      valuesOf(ops.softmax(x, 1)),
      [0, 1, 0, 1].map((_, i) => {
        const [low, high] = i < 2 ? [0, 5] : [1, 5];
        const value = i % 2 === 0 ? low : high;
        return Math.exp(value) / (Math.exp(low) + Math.exp(high));
      }),
    );
    assertEquals(valuesOf(ops.softmax(x, -1)), [1, 1, 1, 1]);
  }),
);

Deno.test(
  "round() rounds halves to even",
  onBackends((ops) => {
    const x = ops.floats([0.5, 1.5, 2.5, -0.5, -1.5, 0.4, NaN]);
    assertIs(ops.round(x), "float32", [0, 2, 2, 0, -2, 0, NaN]);
    assertIs(ops.floor(ops.floats([1.5, -1.5])), "float32", [1, -2]);
    assertIs(ops.ceil(ops.floats([1.5, -1.5])), "float32", [2, -1]);
  }),
);

Deno.test(
  "sign(), abs() and negative() keep type and NaN",
  onBackends((ops) => {
    const x = ops.floats([NaN, -2, 0, 3]);
    assertIs(ops.sign(x), "float32", [NaN, -1, 0, 1]);
    assertIs(ops.abs(x), "float32", [NaN, 2, 0, 3]);
    assertIs(ops.negative(ops.ints([1, -2])), "int32", [-1, 2]);
    assertIs(ops.sign(ops.ints([-3, 0])), "int32", [-1, 0]);
    assertIs(ops.abs(ops.ints([-3, 0])), "int32", [3, 0]);
  }),
);

Deno.test(
  "exp(), log(), sqrt(), sin(), cos() and power() are what they are",
  onBackends((ops) => {
    assertAllClose(valuesOf(ops.exp(ops.ints([0, 1]))), [1, Math.E]);
    assertAllClose(valuesOf(ops.log(ops.floats([1, 0, -1]))), [
      0,
      -Infinity,
      NaN,
    ]);
    assertAllClose(valuesOf(ops.sqrt(ops.floats([4, -1]))), [2, NaN]);
    const angle = ops.floats([0, Math.PI / 6]);
    assertAllClose(valuesOf(ops.sin(angle)), [0, 0.5]);
    assertAllClose(valuesOf(ops.cos(angle)), [1, Math.sqrt(3) / 2]);
    const powers = ops.power(ops.floats([2, 9, -2]), ops.floats([3, 0.5, 3]));
    assertAllClose(valuesOf(powers), [8, 3, -8]);
    assertIs(ops.power(ops.ints([-2]), ops.ints([3])), "int32", [-8]);
  }),
);

Deno.test(
  "isNaN() finds NaN alone",
  onBackends((ops) => {
    assertIs(ops.isNaN(ops.floats([NaN, 1, Infinity])), "bool", [1, 0, 0]);
    assertIs(ops.isNaN(ops.ints([1])), "bool", [0]);
  }),
);

Deno.test(
  "sum(), mean(), max(), min() and prod() go over axes",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [1, 2, 3]);
    assertIs(ops.sum(x), "float32", [21]);
    assertIs(ops.sum(x, { axis: -1 }), "float32", [6, 15]);
    assertIs(ops.mean(x, { axis: [0, 2] }), "float32", [2, 5]);
    assertIs(ops.max(x, { axis: 1 }), "float32", [4, 5, 6]);
    assertIs(ops.min(x, { axis: [1, -1] }), "float32", [1]);
    assertIs(ops.prod(x, { axis: 1 }), "float32", [4, 10, 18]);
    assertEquals(ops.sum(x, { axis: [0, 1], keepdims: true }).shape, [1, 1, 3]);
    assertEquals(ops.max(x, { axis: -1, keepdims: true }).shape, [1, 2, 1]);
  }),
);

Deno.test(
  "sum() and other reductions reduce nothing over an empty list of axes",
  onBackends((ops) => {
    const x = ops.floats([1, NaN], [2]);
    for (const reduce of ["sum", "mean", "max", "min", "prod"] as const) {
      assertIs(ops[reduce](x, { axis: [] }), "float32", [1, NaN]);
    }
  }),
);

Deno.test(
  "sum() and its like reckon with integers and booleans",
  onBackends((ops) => {
    const ints = ops.ints([3, -1, 2]);
    assertIs(ops.sum(ints), "int32", [4]);
    assertIs(ops.max(ints), "int32", [3]);
    assertIs(ops.min(ints), "int32", [-1]);
    assertIs(ops.prod(ints), "int32", [-6]);
    assertAllClose(valuesOf(ops.mean(ints)), [4 / 3]);
    const bools = ops.bools([1, 1, 0]);
    assertIs(ops.sum(bools), "int32", [2]);
    assertIs(ops.max(bools), "int32", [1]);
    assertIs(ops.cumsum(bools, 0), "int32", [1, 2, 2]);
  }),
);

Deno.test(
  "any() and all() go over axes",
  onBackends((ops) => {
    const x = ops.bools([1, 0, 0, 0, 1, 1], [3, 2]);
    assertIs(ops.any(x, { axis: 1 }), "bool", [1, 0, 1]);
    assertIs(ops.all(x, { axis: 1 }), "bool", [0, 0, 1]);
    assertIs(ops.all(ops.floats([-1, NaN])), "bool", [1]);
  }),
);

Deno.test(
  "argmax() returns the first position",
  onBackends((ops) => {
    const x = ops.floats([1, 3, 3, 2, 2, 1], [2, 3]);
    assertIs(ops.argmax(x, -1), "int32", [1, 0]);
    assertIs(ops.argmax(x, 0), "int32", [1, 0, 0]);
    assertIs(ops.argmax(ops.bools([0, 1, 1]), 0), "int32", [1]);
  }),
);

Deno.test(
  "cumsum() runs along any axis",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [2, 3]);
    assertIs(ops.cumsum(x, 0), "float32", [1, 2, 3, 5, 7, 9]);
    assertIs(ops.cumsum(x, -1), "float32", [1, 3, 6, 4, 9, 15]);
  }),
);

Deno.test(
  "add() broadcasts values of five axes",
  onBackends((ops) => {
    const x = counted(ops, [2, 1, 2, 1, 2]);
    const y = counted(ops, [3, 1, 2, 1]);
    const sum = ops.add(x, y);
    assertEquals(sum.shape, [2, 3, 2, 2, 2]);
    const expected: number[] = [];
    for (const i of [0, 4]) {
      for (const j of [0, 2, 4]) {
        for (const k of [0, 2]) {
          for (const l of [0, 1]) {
            for (const m of [0, 1]) expected.push(i + k + m + j + l);
          }
        }
      }
    }
    assertEquals(valuesOf(sum), expected);
  }),
);

Deno.test(
  "add() throws when a value has more axes than a kernel takes",
  onBackends((ops) => {
    const x = counted(ops, [1, 2, 1, 2, 1, 2, 1]);
    assertThrows(() => ops.add(x, x), RangeError, "6 axes");
  }),
);

/** 0, 1, 2, … */
function counted(ops: Bench, shape: readonly number[]): tf.Tensor {
  const length = shape.reduce((n, size) => n * size, 1);
  return ops.floats(Array.from({ length }, (_, i) => i), shape);
}

Deno.test(
  "mean() over a large map is as close as its numbers are",
  onBackends((ops) => {
    const data = Float32Array.from(
      { length: 128 * 128 },
      (_, i) => 1000 + Math.sin(i * i),
    );
    const exact = data.reduce((sum, x) => sum + x, 0) / data.length;
    const map = tf.tensor4d(data, [1, 128, 128, 1]);
    for (const keepdims of [false, true]) {
      const mean = ops.mean(map, { axis: [1, 2], keepdims });
      assertEquals(mean.shape, keepdims ? [1, 1, 1, 1] : [1, 1]);
      assertAllClose(valuesOf(mean), [exact], { rtol: 1e-6, atol: 0 });
    }
  }),
);

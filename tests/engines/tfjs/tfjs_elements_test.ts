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
  "add() joins element types, and counts booleans",
  onBackends((ops) => {
    const ints = ops.ints([1, 2]);
    assertIs(ops.add(ints, ops.floats([0.5, 1])), "float32", [1.5, 3]);
    assertIs(ops.add(ints, ops.constant(2)), "float32", [3, 4]);
    assertIs(ops.add(ops.bools([1, 1]), ops.bools([1, 0])), "int32", [2, 1]);
    assertIs(ops.subtract(ops.bools([0, 1]), ints), "int32", [-1, -1]);
    assertIs(ops.multiply(ints, ints), "int32", [1, 4]);
  }),
);

Deno.test(
  "divide() gives fractions of integers",
  onBackends((ops) => {
    const result = ops.divide(ops.ints([1, -3]), ops.ints([2, 2]));
    assertIs(result, "float32", [0.5, -1.5]);
  }),
);

Deno.test(
  "floorDivide() and mod() take the divisor's sign",
  onBackends((ops) => {
    const [a, b] = [[5, -5, 5, -5], [3, 3, -3, -3]];
    const quotient = [1, -2, -2, 1];
    const rest = [2, 1, -1, -2];
    const [p, q] = [ops.ints(a), ops.ints(b)];
    assertIs(ops.floorDivide(p, q), "int32", quotient);
    assertIs(ops.mod(p, q), "int32", rest);
    assertIs(ops.floorDivide(ops.float(p), ops.float(q)), "float32", quotient);
    assertIs(ops.mod(ops.float(p), ops.float(q)), "float32", rest);
    const large = ops.floorDivide(ops.floats([1e10]), ops.floats([4]));
    assertIs(large, "float32", [2.5e9]);
  }),
);

Deno.test(
  "maximum() and minimum() give NaN if either is",
  onBackends((ops) => {
    const a = ops.floats([NaN, 1, 2, NaN]);
    const b = ops.floats([1, NaN, 3, NaN]);
    assertIs(ops.maximum(a, b), "float32", [NaN, NaN, 3, NaN]);
    assertIs(ops.minimum(a, b), "float32", [NaN, NaN, 2, NaN]);
    const row = ops.floats([NaN, -1, 1], [1, 3]);
    const column = ops.floats([0, NaN], [2, 1]);
    const most = [NaN, 0, 1, NaN, NaN, NaN];
    assertIs(ops.maximum(column, row), "float32", most);
    assertIs(ops.maximum(row, column), "float32", most);
  }),
);

Deno.test(
  "maximum() and minimum() of a number keep NaN",
  onBackends((ops) => {
    const x = ops.floats([NaN, -1, 0, 1]);
    const [zero, one] = [ops.constant(0), ops.constant(0.5)];
    assertIs(ops.maximum(x, zero), "float32", [NaN, 0, 0, 1]);
    assertIs(ops.maximum(zero, x), "float32", [NaN, 0, 0, 1]);
    assertIs(ops.maximum(one, x), "float32", [NaN, 0.5, 0.5, 1]);
    assertIs(ops.minimum(x, one), "float32", [NaN, -1, 0, 0.5]);
    assertIs(ops.minimum(one, x), "float32", [NaN, -1, 0, 0.5]);
    const nan = ops.constant(NaN);
    assertIs(ops.maximum(x, nan), "float32", [NaN, NaN, NaN, NaN]);
    assertIs(ops.maximum(ops.ints([-2, 3]), zero), "float32", [0, 3]);
    assertIs(ops.maximum(ops.ints([-2, 3]), ops.ints([0])), "int32", [0, 3]);
  }),
);

Deno.test(
  "maximum() and minimum() keep NaN of either sign, as 0 / 0 makes it",
  onBackends((ops) => {
    // Processors make NaN with its sign bit set; a constant has it clear.
    const data = Array.from({ length: 40 }, (_, i) => i < 20 ? 0 : i);
    const zeros = ops.floats(data.map((value) => value < 20 ? 0 : 1));
    const x = ops.divide(ops.floats(data), zeros);
    const most = data.map((value) => value < 20 ? NaN : value);
    for (const low of [0, 0.5]) {
      assertIs(ops.maximum(x, ops.constant(low)), "float32", most);
    }
    assertIs(
      ops.minimum(x, ops.constant(25)),
      "float32",
      most.map((value) => Math.min(value, 25)),
    );
  }),
);

Deno.test(
  "maximum() keeps NaN at any place of a long row",
  onBackends((ops) => {
    for (const at of [0, 1, 5, 31, 38, 39]) {
      const data = Array.from({ length: 40 }, (_, i) => i === at ? NaN : -i);
      const x = ops.floats(data);
      const isNaN = (value: number) => Number.isNaN(value);
      const found = (y: tf.Tensor) => valuesOf(y).findIndex(isNaN);
      assertEquals(found(ops.maximum(x, ops.constant(0))), at);
      assertEquals(found(ops.maximum(x, ops.constant(-3))), at);
      assertEquals(found(ops.minimum(x, ops.constant(-3))), at);
      assertEquals(valuesOf(ops.max(x)), [NaN]);
      assertEquals(valuesOf(ops.min(x)), [NaN]);
    }
  }),
);

Deno.test(
  "maximum() with 0 has Keras' gradient of relu",
  onBackends((ops) => {
    const relu = (x: tf.Tensor) => ops.maximum(x, ops.constant(0));
    const gradient = tf.grad(relu)(ops.floats([-1, 0, 2]));
    assertEquals(valuesOf(gradient), [0, 0, 1]);
  }),
);

Deno.test(
  "greater() and greaterEqual() are false of NaN",
  onBackends((ops) => {
    const [a, b] = [ops.floats([NaN, 1, 2]), ops.floats([1, NaN, 2])];
    assertIs(ops.greater(a, b), "bool", [0, 0, 0]);
    assertIs(ops.greaterEqual(a, b), "bool", [0, 0, 1]);
    assertIs(ops.equal(a, a), "bool", [0, 1, 1]);
    assertIs(ops.equal(ops.bools([1, 0]), ops.ints([1, 1])), "bool", [1, 0]);
  }),
);

Deno.test(
  "logicalAnd(), logicalOr() and logicalNot() take anything",
  onBackends((ops) => {
    const [a, b] = [ops.floats([2, 0, NaN]), ops.bools([1, 1, 0])];
    assertIs(ops.logicalAnd(a, b), "bool", [1, 0, 0]);
    assertIs(ops.logicalOr(a, b), "bool", [1, 1, 1]);
    assertIs(ops.logicalNot(a), "bool", [0, 1, 0]);
  }),
);

Deno.test(
  "where() chooses among booleans, numbers and both",
  onBackends((ops) => {
    const condition = ops.bools([1, 0, 1]);
    const [a, b] = [ops.bools([1, 1, 0]), ops.bools([0, 0, 1])];
    assertIs(ops.where(condition, a, b), "bool", [1, 0, 0]);
    const mixed = ops.where(condition, ops.ints([1, 2, 3]), ops.constant(0.5));
    assertIs(mixed, "float32", [1, 0.5, 3]);
    const rows = ops.where(
      condition,
      ops.constant(1),
      ops.ints([7, 8], [2, 1]),
    );
    assertEquals(rows.shape, [2, 3]);
    assertIs(rows, "float32", [1, 7, 1, 1, 8, 1]);
  }),
);

Deno.test(
  "cast() drops fractions, and takes NaN for true",
  onBackends((ops) => {
    const x = ops.floats([1.9, -1.9, 0, 0.5]);
    assertIs(ops.cast(x, "int32"), "int32", [1, -1, 0, 0]);
    assertIs(ops.cast(x, "bool"), "bool", [1, 1, 0, 1]);
    assertIs(ops.cast(ops.floats([NaN]), "bool"), "bool", [1]);
    assertIs(ops.cast(ops.ints([2, 0, -1]), "bool"), "bool", [1, 0, 1]);
    assertIs(ops.float(ops.bools([1, 0])), "float32", [1, 0]);
  }),
);

Deno.test(
  "constant() takes its type from its values",
  onBackends((ops) => {
    const shape = [2];
    const data = Int32Array.of(0, 3);
    assertIs(ops.constant({ data, shape, dtype: "int32" }), "int32", [0, 3]);
    assertIs(ops.constant({ data, shape, dtype: "bool" }), "bool", [0, 1]);
    const floats = Float32Array.of(1.5, 2);
    const constant = ops.constant({ data: floats, shape, dtype: "float32" });
    assertIs(constant, "float32", [1.5, 2]);
  }),
);

Deno.test(
  "log1p() and expm1() are exact for small numbers",
  onBackends((ops) => {
    const x = [1e-10, -1e-10, 1e-7, 3e-4, 0.5, 1, -0.5, 0];
    const logs = valuesOf(ops.log1p(ops.floats(x)));
    assertAllClose(logs, x.map(Math.log1p), { rtol: 3e-7, atol: 0 });
    const powers = valuesOf(ops.expm1(ops.floats(x)));
    assertAllClose(powers, x.map(Math.expm1), { rtol: 3e-7, atol: 0 });
    const limits = [-1, Infinity, NaN, 3e38];
    const expected = [-Infinity, Infinity, NaN, Math.log1p(3e38)];
    assertAllClose(valuesOf(ops.log1p(ops.floats(limits))), expected);
  }),
);

Deno.test(
  "log1p() has a gradient",
  onBackends((ops) => {
    const gradient = tf.grad((x: tf.Tensor) => ops.log1p(x))(
      ops.floats([0, 1]),
    );
    assertAllClose(valuesOf(gradient), [1, 0.5]);
  }),
);

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
  "round() takes halves to even",
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
  "sum() and its like take no axes for none",
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
  "argmax() gives the first place",
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

import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../support/all_close.ts";
import { onBackends, valuesOf } from "./_on_backends.ts";

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
  "divide() returns fractions of integers",
  onBackends((ops) => {
    const result = ops.divide(ops.ints([1, -3]), ops.ints([2, 2]));
    assertIs(result, "float32", [0.5, -1.5]);
  }),
);

Deno.test(
  "floorDivide() and mod() have the sign of the divisor",
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
  "maximum() and minimum() return NaN if either is",
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
  "maximum() keeps NaN at any position of a long row",
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
  "logicalAnd(), logicalOr() and logicalNot() accept every type",
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
  "cast() drops fractions, and converts NaN to true",
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
  "constant() has the type of its values",
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

const SMALL = [1e-6, -1e-5, 6e-4, -6e-4, -0.02, 0.3, -0.34, 0.36, 2, -2, 9, -9];

/** The error function by its series. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 1; n < 400; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

Deno.test(
  "sin(), cos() and erf() keep the digits of small and negative numbers",
  onBackends((ops) => {
    const exact = (compute: (x: number) => number, all = SMALL) =>
      all.map((x) => compute(Math.fround(x)));
    const x = ops.floats(SMALL);
    const near = { rtol: 2e-6, atol: 0 };
    assertAllClose(valuesOf(ops.sin(x)), exact(Math.sin), near);
    assertAllClose(valuesOf(ops.cos(x)), exact(Math.cos), near);
    const part = SMALL.slice(0, -2);
    assertAllClose(valuesOf(ops.erf(ops.floats(part))), exact(erf, part), near);
  }),
);

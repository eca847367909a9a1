import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { LayerFactory } from "../../lib/layers/layer.ts";
import {
  cast,
  logSumExp,
  normalizedAxis,
  operationRows,
  reduction,
  unary,
} from "../../lib/layers/operation_forms.ts";
import { operationFactory } from "../../lib/layers/operation.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

// Numbers of real Keras: operations_test.ts.

const OPS = new ShapeOps();

function called(factory: LayerFactory, options: Record<string, unknown>) {
  const layer = readLayer({
    name: "it",
    className: "It",
    dialect: 3,
    options: { args: [{ input: 0 }], ...options },
    factoryOf: () => factory,
  });
  const x = { shape: [null, 2, 3], dtype: "float32" as const };
  return layer.call(OPS, [x], {}, { masks: [undefined], args: {} })[0]!;
}

Deno.test("normalizedAxis() counts from the end where an axis is negative", () => {
  const x = { shape: [1, 2, 3], dtype: "float32" as const };
  assertEquals([normalizedAxis(OPS, x, -1), normalizedAxis(OPS, x, 1)], [2, 1]);
});

Deno.test("operationRows() gives each name its signature, in Keras or TensorFlow", () => {
  const table = { "Neg | tf.neg": unary, "Not": unary };
  const rows = operationRows(
    table,
    (form) => form((_ops, x) => x),
    "x",
    "input:x",
  );
  assertEquals(Object.keys(rows), ["Neg(x)", "tf.neg(input:x)", "Not(x)"]);
});

Deno.test("reduction() refuses a start and another element type", () => {
  const signature = "x, axis, keepdims, initial, dtype";
  const factory = operationFactory(signature, reduction(logSumExp));
  assertEquals(called(factory, { axis: [1], keepdims: true }).shape, [
    null,
    1,
    3,
  ]);
  for (const key of ["initial", "dtype"]) {
    assertThrows(() => called(factory, { [key]: 1 }), TypeError, `"${key}"`);
  }
});

Deno.test("cast() knows element types by name", () => {
  const factory = operationFactory("x, dtype", cast);
  for (
    const [dtype, wanted] of [
      ["float16", "float32"],
      ["int64", "int32"],
      ["bool", "bool"],
    ] as const
  ) {
    assertEquals(called(factory, { kwargs: { dtype } }).dtype, wanted);
  }
  assertThrows(
    () => called(factory, { kwargs: { dtype: "complex64" } }),
    TypeError,
    `"dtype" must be a float, an integer or bool`,
  );
});

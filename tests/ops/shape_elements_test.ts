import { assertEquals, assertThrows } from "@std/assert";
import {
  constantType,
  joined,
  ShapeElements,
  type ShapeValue,
} from "../../lib/ops/shape_elements.ts";

const OPS = new ShapeElements();
const FLOATS: ShapeValue = { shape: [null, 4], dtype: "float32" };
const INTS: ShapeValue = { shape: [3, 1, 1], dtype: "int32" };
const BOOLS: ShapeValue = { shape: [4], dtype: "bool" };

Deno.test("ShapeElements broadcasts, and joins element types", () => {
  const both = { shape: [3, null, 4], dtype: "float32" } as const;
  assertEquals(OPS.add(FLOATS, INTS), both);
  assertEquals(OPS.divide(INTS, INTS).dtype, "float32");
  assertEquals(OPS.multiply(BOOLS, BOOLS).dtype, "int32");
  assertEquals(OPS.greater(INTS, FLOATS), { ...both, dtype: "bool" });
  assertEquals(OPS.where(BOOLS, INTS, BOOLS), {
    shape: [3, 1, 4],
    dtype: "int32",
  });
});

Deno.test("ShapeElements reduces over one axis, several or all", () => {
  assertEquals(OPS.sum(FLOATS), { shape: [], dtype: "float32" });
  assertEquals(OPS.mean(INTS, { axis: 0 }).shape, [1, 1]);
  assertEquals(OPS.max(FLOATS, { axis: -1, keepdims: true }).shape, [null, 1]);
  assertEquals(OPS.sum(BOOLS, { axis: [] }), { shape: [4], dtype: "int32" });
  assertEquals(OPS.argmax(FLOATS, 1), { shape: [null], dtype: "int32" });
  assertThrows(() => OPS.softmax(BOOLS, 1), RangeError, "one of the 1");
});

Deno.test("constantType() goes by the data, and by bool", () => {
  const shape = [1];
  const ints = Int32Array.of(1);
  assertEquals(constantType({ data: ints, shape, dtype: "int32" }), "int32");
  assertEquals(constantType({ data: ints, shape, dtype: "bool" }), "bool");
  const data = Float32Array.of(1);
  assertEquals(constantType({ data, shape, dtype: "float32" }), "float32");
});

Deno.test("joined() gives the shape of both in the type it is told", () => {
  assertEquals(joined(FLOATS, BOOLS, "int32"), {
    shape: [null, 4],
    dtype: "int32",
  });
});

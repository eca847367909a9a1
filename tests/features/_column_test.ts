import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Column } from "../../lib/features/_column.ts";

function part(...data: number[]) {
  return {
    data: Float16Array.from(data),
    shape: [data.length, 1],
    dtype: "float16",
  } as const;
}

Deno.test("Column keeps the kind of its arrays", () => {
  for (const total of [2, undefined]) {
    const column = new Column("a", total);
    column.add(part(1));
    column.add(part(2));
    const { data, shape, dtype } = column.finish();
    assertEquals([data, shape, dtype], [
      Float16Array.of(1, 2),
      [2, 1],
      "float16",
    ]);
  }
});

Deno.test("Column returns a single batch as it came when the total is not known", () => {
  const column = new Column("a", undefined);
  const only = part(1, 2);
  column.add(only);
  assertStrictEquals(column.finish().data, only.data);
});

Deno.test("Column returns a single batch as it came when it is all", () => {
  const column = new Column("a", 2);
  const only = part(1, 2);
  column.add(only);
  assertStrictEquals(column.finish().data, only.data);
});

Deno.test("Column empties what it has copied, but for views", () => {
  const column = new Column<Float16Array>("a", 3);
  const [whole, pair] = [part(1), part(2, 3)];
  column.add(whole);
  column.add({ ...pair, data: pair.data.subarray(1), shape: [1, 1] });
  assertEquals([whole.data.length, pair.data.length], [0, 2]);
  assertEquals(column.finish().data, Float16Array.of(1, 3));
});

Deno.test("Column refuses another type", () => {
  const column = new Column<Float16Array | Int32Array>("logits", 4);
  column.add(part(1));
  const whole = {
    data: Int32Array.of(1),
    shape: [1, 1],
    dtype: "int32",
  } as const;
  assertThrows(
    () => column.add(whole),
    TypeError,
    `logits must be [null, 1] of float16`,
  );
});

Deno.test("Column copies a view when the total is not known", () => {
  const column = new Column<Float32Array>("a", undefined);
  const data = new Float32Array(1000).subarray(3, 4);
  column.add({ data, shape: [1], dtype: "float32" });
  assertEquals(column.finish().data.buffer.byteLength, 4);
});

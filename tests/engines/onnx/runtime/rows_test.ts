import { assertEquals, assertThrows } from "@std/assert";
import {
  hasNonFinite,
  joinResults,
  partitionsOf,
} from "../../../../lib/engines/onnx/runtime/rows.ts";
import { array } from "../_program.ts";

Deno.test("joinResults() puts parts together and leaves out what was filled in", () => {
  const part = (...values: number[]) => ({
    y: { data: Float32Array.from(values), shape: [2, 1], type: "float32" },
  });
  const { y } = joinResults([part(1, 2), part(3, 3)], [2, 2], 3);
  assertEquals(y!.shape, [3, 1]);
  assertEquals([...y!.data], [1, 2, 3]);
});

Deno.test("joinResults() refuses what has another number of rows than it was passed", () => {
  const short = { n: { data: Int32Array.of(1), shape: [1], type: "int32" } };
  assertThrows(
    () => joinResults([short, short], [2, 2], 4),
    TypeError,
    'Cannot take tensor "n" as it must return one row for each of the 2',
  );
});

Deno.test("joinResults() refuses other sizes than in the first part, and leaves an optional result of such out", () => {
  const part = (rows: number, width: number) => ({
    y: {
      data: new Float32Array(rows * width),
      shape: [rows, width],
      type: "float32",
    },
  });
  const parts = [part(2, 3), part(2, 2)];
  assertThrows(
    () => joinResults(parts, [2, 2], 4),
    TypeError,
    'Cannot take tensor "y" as it must be [null, 3] in every batch: current value is [2, 2]',
  );
  assertEquals(joinResults(parts, [2, 2], 4, "y"), {});
});

Deno.test("joinResults() joins partitions of different sizes", () => {
  const result = (rows: number, data: number[]) => ({
    y: { data: Float32Array.from(data), shape: [rows, 2], type: "float32" },
    ids: {
      data: Int32Array.from({ length: rows }),
      shape: [rows],
      type: "int32",
    },
  });
  const parts = [result(1, [1, 2]), result(2, [3, 4, 5, 6])];
  assertEquals(joinResults(parts, [1, 2], 3), result(3, [1, 2, 3, 4, 5, 6]));
});

Deno.test("partitionsOf() cuts all inputs alike, into views that differ by one row at most", () => {
  const x = array([5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const y = array([5], [1, 2, 3, 4, 5]);
  const [first, second, ...others] = partitionsOf([x, y], 2);
  assertEquals([first!.start, second!.start, others], [0, 2, []]);
  assertEquals(first!.inputs, [
    array([2, 2], [1, 2, 3, 4]),
    array([2], [1, 2]),
  ]);
  assertEquals(second!.inputs[1], array([3], [3, 4, 5]));
  assertEquals(second!.inputs[0]!.data.buffer, x.data.buffer);
});

Deno.test("partitionsOf() returns no empty partitions", () => {
  for (const rows of [1, 2, 3, 7]) {
    const x = array([rows], Array(rows).fill(0));
    const partitions = partitionsOf([x], 4);
    const counts = partitions.map(({ inputs }) => inputs[0]!.shape[0]!);
    assertEquals(counts.length, Math.min(rows, 4));
    assertEquals(counts.reduce((a, b) => a + b), rows);
    assertEquals(counts.includes(0), false);
  }
});

Deno.test("hasNonFinite() finds NaN and infinities among floats", () => {
  const array = (...data: number[]) => ({
    data: Float32Array.from(data),
    shape: [data.length],
    dtype: "float32",
  } as const);
  assertEquals(hasNonFinite(array(1, -2, 0)), false);
  assertEquals(hasNonFinite(array(1, NaN)), true);
  assertEquals(hasNonFinite(array(-Infinity, 1)), true);
  const ints = { data: Int32Array.of(1), shape: [1], dtype: "int32" } as const;
  assertEquals(hasNonFinite(ints), false);
});

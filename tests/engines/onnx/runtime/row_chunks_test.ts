import { assertEquals, assertThrows } from "@std/assert";
import {
  joinRows,
  rowsFrom,
} from "../../../../lib/engines/onnx/runtime/row_chunks.ts";

const IDS = {
  data: BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n),
  shape: [3, 2],
  dtype: "int64",
} as const;

Deno.test("rowsFrom() cuts rows, and fills up with the last one", () => {
  const first = rowsFrom(IDS, 0, 2);
  assertEquals(first.shape, [2, 2]);
  assertEquals(first.data, BigInt64Array.of(1n, 2n, 3n, 4n));
  const last = rowsFrom(IDS, 2, 3);
  assertEquals(last.shape, [3, 2]);
  assertEquals(last.data, BigInt64Array.of(5n, 6n, 5n, 6n, 5n, 6n));
  assertEquals(IDS.data.length, 6);
});

Deno.test("joinRows() puts parts together and leaves out what was filled in", () => {
  const part = (...values: number[]) => ({
    y: { data: Float32Array.from(values), shape: [2, 1], type: "float32" },
  });
  const { y } = joinRows([part(1, 2), part(3, 3)], 2, 3);
  assertEquals(y!.shape, [3, 1]);
  assertEquals([...y!.data], [1, 2, 3]);
});

Deno.test("joinRows() refuses what has another number of rows than it was given", () => {
  const odd = { n: { data: Int32Array.of(1), shape: [1], type: "int32" } };
  assertThrows(
    () => joinRows([odd, odd], 2, 4),
    TypeError,
    'Cannot take tensor "n" as it must give one row for each of the 2',
  );
});

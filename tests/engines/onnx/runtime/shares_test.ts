import { assertEquals } from "@std/assert";
import {
  joinShares,
  sharesOf,
} from "../../../../lib/engines/onnx/runtime/shares.ts";
import { array } from "../_program.ts";

Deno.test("sharesOf() cuts all inputs alike, into views that differ by one row at most", () => {
  const x = array([5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const y = array([5], [1, 2, 3, 4, 5]);
  const shares = sharesOf([x, y], 2);
  assertEquals(shares.map(({ start, count }) => [start, count]), [
    [0, 2],
    [2, 3],
  ]);
  const [first, second] = shares;
  assertEquals(first!.inputs, [
    array([2, 2], [1, 2, 3, 4]),
    array([2], [1, 2]),
  ]);
  assertEquals(second!.inputs[1], array([3], [3, 4, 5]));
  assertEquals(second!.inputs[0]!.data.buffer, x.data.buffer);
});

Deno.test("sharesOf() gives no empty shares", () => {
  for (const rows of [1, 2, 3, 7]) {
    const x = array([rows], Array(rows).fill(0));
    const counts = sharesOf([x], 4).map(({ count }) => count);
    assertEquals(counts.length, Math.min(rows, 4));
    assertEquals(counts.reduce((a, b) => a + b), rows);
    assertEquals(counts.includes(0), false);
  }
});

Deno.test("joinShares() gives what one graph would have given", () => {
  const result = (rows: number, data: number[]) => ({
    y: { data: Float32Array.from(data), shape: [rows, 2], type: "float32" },
    ids: {
      data: Int32Array.from({ length: rows }),
      shape: [rows],
      type: "int32",
    },
  });
  const joined = joinShares([result(1, [1, 2]), result(2, [3, 4, 5, 6])]);
  assertEquals(joined, result(3, [1, 2, 3, 4, 5, 6]));
  const alone = result(1, [7, 8]);
  assertEquals(joinShares([alone]), alone);
});

import { assertEquals } from "@std/assert";
import {
  argmax,
  lengthOf,
  normalised,
  scoreRows,
  squaredLengths,
  stateArray,
  stateMatrix,
} from "../../lib/detectors/rows.ts";
import { centred } from "../../lib/linalg/products.ts";
import { SampledRows } from "../../lib/detectors/sampled_rows.ts";
import { assertAllClose } from "../support/all_close.ts";

const ROWS = { data: Float32Array.of(3, 4, 0, 0, -1, 1), rows: 3, columns: 2 };

Deno.test("normalised() divides rows by their length and keeps zeros", () => {
  const half = Math.SQRT1_2;
  assertAllClose(normalised(ROWS).data, [0.6, 0.8, 0, 0, -half, half], {
    rtol: 1e-15,
  });
  assertEquals(lengthOf(ROWS.data, 0, 2), 5);
  assertEquals(ROWS.data[0], 3); // unchanged
});

Deno.test("centred(), squaredLengths() and argmax() go row by row", () => {
  const moved = centred(ROWS, Float64Array.of(1, 1));
  assertEquals([...moved.data], [2, 3, -1, -1, -2, 0]);
  assertEquals([...squaredLengths(moved.data, 3)], [13, 2, 4]);
  assertEquals([...argmax(ROWS)], [1, 0, 1]);
  assertEquals([...scoreRows(3, (row) => row * 2)], [0, 2, 4]);
});

Deno.test("stateArray() and stateMatrix() describe arrays", () => {
  const array = stateArray(Float64Array.of(1, 2), [1, 2]);
  assertEquals(array.dtype, "float64");
  assertEquals(stateArray(Int32Array.of(1)).dtype, "int32");
  assertEquals(stateArray(Float32Array.of(1)).shape, [1]);
  assertEquals(stateArray(Uint8Array.of(1)).dtype, "uint8");
  assertEquals(stateMatrix(array), { data: array.data, rows: 1, columns: 2 });
});

Deno.test("SampledRows keeps rows in their order, and as many as it may", () => {
  const kept = new SampledRows(40, 3);
  for (let firstRow = 0; firstRow < 200; firstRow += 10) {
    const ids = Array.from({ length: 10 }, (_, i) => `s${firstRow + i}`);
    const data = Float32Array.from({ length: 10 }, (_, i) => firstRow + i);
    const matrix = { data, rows: 10, columns: 1 };
    kept.add({ rows: 10, firstRow, ids } as never, matrix);
  }
  const { data, rows, ids } = kept.sample();
  assertEquals(rows.length, 40);
  assertEquals([...rows], [...rows].sort((a, b) => a - b));
  assertEquals([...data], [...rows]);
  assertEquals(ids, Array.from(rows, (row) => `s${row}`));
});

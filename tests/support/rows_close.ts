/**
 * Closeness of arrays row by row.
 *
 * @module
 */
import type { NdArray } from "@sonde/sonde";
import { assertAllClose } from "./all_close.ts";

/**
 * Asserts that two arrays have the same shape, and that each row is close relative
 * to the largest value of the expected row.
 *
 * @param actual The array, `[N, …]`.
 * @param expected The expected array, `[N, …]`.
 * @param rtol The largest difference, relative to a row's largest value.
 * @param rows The rows to compare; default: all.
 */
export function assertRowsClose(
  actual: NdArray,
  expected: NdArray,
  rtol: number,
  rows?: readonly number[],
): void {
  const [numRows = 0] = expected.shape;
  const width = expected.data.length / numRows;
  const all = Array.from({ length: numRows }, (_, row) => row);
  for (const row of rows ?? all) {
    const of = ({ data, shape }: NdArray) => ({
      data: data.subarray(row * width, (row + 1) * width),
      shape,
    });
    const wanted = of(expected);
    const largest = wanted.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const atol = Math.max(rtol * largest, 1e-12);
    assertAllClose(of(actual), wanted, { rtol: 0, atol });
  }
}

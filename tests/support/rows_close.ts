/**
 * Closeness of arrays row by row.
 *
 * @module
 */
import type { NdArray } from "@sonde/sonde";
import { assertAllClose } from "./all_close.ts";

/**
 * Holds if two arrays have one shape, and each row is close relative to the
 * largest value of the row that is expected.
 *
 * @param actual What came out, `[N, …]`.
 * @param expected What should, `[N, …]`.
 * @param rtol How far apart, relative to a row's largest value.
 * @param rows The rows to look at; all where it is left out.
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

import type { FloatRows } from "./products.ts";

/**
 * Products of all rows of a matrix with one vector, in float64 and without the
 * runtime, for single samples.
 *
 * Four rows at once, because four independent sums overlap: 10,000 rows of 512
 * took 7.8 ms instead of 10.1 ms (18 ms with a division in each step).
 *
 * @param matrix The rows, `[M, D]`.
 * @param vector Numbers.
 * @param from Index of the first of its `D` numbers. @default {0}
 * @returns One product per row.
 */
export function rowProducts(
  { data, rows, columns }: FloatRows,
  vector: Float64Array,
  from = 0,
): Float64Array {
  const result = new Float64Array(rows); // [M]
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const r0 = row * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    // One declaration each: destructured, they took three times as long.
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < columns; j++) {
      const x = vector[from + j]!;
      s0 += data[r0 + j]! * x;
      s1 += data[r1 + j]! * x;
      s2 += data[r2 + j]! * x;
      s3 += data[r3 + j]! * x;
    }
    result[row] = s0;
    result[row + 1] = s1;
    result[row + 2] = s2;
    result[row + 3] = s3;
  }
  for (; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      sum += data[row * columns + j]! * vector[from + j]!;
    }
    result[row] = sum;
  }
  return result;
}

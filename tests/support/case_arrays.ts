import type { NdArray } from "../../lib/types.ts";
import type { CaseArray } from "./layer_case.ts";

/** How a value differs: each row by the size of its own largest number. */
export function difference(
  found: CaseArray,
  wanted: CaseArray,
  rtol: number,
): string | undefined {
  if (`${found.shape}` !== `${wanted.shape}`) {
    return `shape [${found.shape}] for [${wanted.shape}]`;
  }
  if (found.dtype !== wanted.dtype) return `${found.dtype} for ${wanted.dtype}`;
  const rowSize = wanted.data.length / Math.max(1, wanted.shape[0]!);
  for (let row = 0; row < wanted.shape[0]!; row++) {
    const [start, end] = [row * rowSize, (row + 1) * rowSize];
    const expected = wanted.data.slice(start, end).map(Number);
    const actual = found.data.slice(start, end).map(Number);
    const largest = Math.max(
      ...expected.map(Math.abs).filter(Number.isFinite),
      1e-30,
    );
    for (const [i, value] of expected.entries()) {
      const is = actual[i]!;
      if (Object.is(value, is) || value === is) continue;
      if (Math.abs(value - is) <= rtol * largest) continue;
      return `${is} for ${value} at ${i} of row ${row}`;
    }
  }
}

/** Some rows, also several times. */
export function rowsOf(
  { data, shape, dtype }: CaseArray,
  rows: readonly number[],
) {
  const size = data.length / shape[0]!;
  return {
    data: rows.flatMap((row) => data.slice(row * size, (row + 1) * size)),
    shape: [rows.length, ...shape.slice(1)],
    dtype,
  };
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** As the library takes it. */
export function hostArray(
  { data, shape, dtype }: CaseArray,
): NdArray<Float32Array | Int32Array> {
  const numbers = ARRAYS[dtype].from(data.map(Number));
  return { data: numbers as Float32Array, shape, dtype };
}

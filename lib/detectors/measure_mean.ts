import type { KnownSamples } from "./definition.ts";

/**
 * The mean of the features of known samples, in float64. Rows are shifted by the
 * first one before they are summed, so that large means lose nothing.
 *
 * @param known The samples.
 * @returns The mean, `[D]`.
 */
export async function measureMean(known: KnownSamples): Promise<Float64Array> {
  let [shift, sum] = [new Float64Array(), new Float64Array()]; // [D]
  let samples = 0;
  for await (const { features, rows } of known.blocks()) {
    const { data, columns } = features;
    if (samples === 0) {
      shift = Float64Array.from(data.subarray(0, columns));
      sum = new Float64Array(columns);
    }
    let i = 0;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < columns; j++) sum[j]! += data[i++]! - shift[j]!;
    }
    samples += rows;
  }
  return shift.map((x, j) => x + sum[j]! / samples);
}

import { gramStatisticsOf } from "../../lib/detectors/gram_statistics_of.ts";
import { Block } from "../../lib/detectors/_sample_block.ts";
import { assertAllClose } from "../support/all_close.ts";

function statistics(
  values: readonly number[],
  featureShape: readonly number[],
  channels?: "first" | "last",
): Float64Array {
  const data = Float32Array.from(values);
  const features = { data, rows: 1, columns: data.length };
  const block = new Block({ features, featureShape }, 0, [0]);
  return gramStatisticsOf(block, [1, 2], channels, "test").data;
}

Deno.test("gramStatisticsOf() equals oodeel's statistics of a vector", () => {
  assertAllClose(statistics([1, 2, -3], [3]), [1, 6, 0, 1, 6, 18], {
    rtol: 1e-12,
  });
});

Deno.test("gramStatisticsOf() equals oodeel's statistics of a map, with channels first and last", () => {
  const expected = [84, 220, 55.749439, 139.94339];
  const last = statistics([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2], "last");
  assertAllClose(last, expected, { rtol: 1e-6 });
  const first = statistics([1, 3, 5, 7, 2, 4, 6, 8], [2, 2, 2], "first");
  assertAllClose(first, expected, { rtol: 1e-6 });
});

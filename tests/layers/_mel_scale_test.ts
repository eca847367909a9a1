import { assert, assertEquals } from "@std/assert";
import { fourierKernel, melTriangles } from "../../lib/layers/_mel_scale.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("fourierKernel() holds the waves of every frequency, under the window", () => {
  const { kernel, bins } = fourierKernel(4, Float64Array.of(1, 1, 2, 1));
  assertEquals([bins, ...kernel.shape], [3, 4, 1, 6]);
  // cos and −sin of 0, a quarter and half a turn a step; the third sample counts twice.
  assertAllClose(kernel.data, [
    ...[1, 1, 1, 0, 0, 0],
    ...[1, 0, -1, 0, -1, 0],
    ...[2, -2, 2, 0, 0, 0],
    ...[1, 0, -1, 0, 1, 0],
  ], { atol: 1e-7 });
});

Deno.test("melTriangles() lie evenly on the mel scale, and leave the constant part out", () => {
  const options = { rate: 8000, numMels: 3, least: 0, most: 4000 };
  const { data, shape } = melTriangles(9, options);
  assertEquals(shape, [9, 3]);
  assertEquals([...data.subarray(0, 3)], [0, 0, 0]);
  // 500 Hz is 607.4 mel, the first peak 536.5 and the second 1073.0.
  const share = (607.4 - 536.5) / 536.5;
  assertAllClose(data.subarray(3, 6), [1 - share, share, 0], { atol: 1e-3 });
  // Between two peaks the shares add up to 1; above the last they fall to 0.
  assertAllClose([data[24]!, data[25]!, data[26]!], [0, 0, 0], { atol: 1e-6 });
  for (let bin = 1; bin < 5; bin++) {
    const sum = data.subarray(3 * bin, 3 * bin + 3).reduce((a, b) => a + b);
    assert(sum <= 1 + 1e-6 && sum > 0);
  }
});

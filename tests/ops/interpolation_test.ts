import { assertEquals } from "@std/assert";
import { interpolationTaps, type Tap } from "../../lib/ops/interpolation.ts";
import { assertAllClose } from "../support/all_close.ts";

function rows(taps: readonly Tap[]) {
  return taps.map(({ indices, weights }) => [[...indices], [...weights]]);
}

Deno.test("interpolationTaps() takes the position under the centre for nearest", () => {
  const taps = interpolationTaps(2, 4, "nearest");
  assertEquals(rows(taps), [[[0, 0, 1, 1], [1, 1, 1, 1]]]);
  const [fewer] = interpolationTaps(5, 2, "nearest");
  assertEquals([...fewer!.indices], [1, 3]); // 1.25 and 3.75
});

Deno.test("interpolationTaps() takes two neighbours for bilinear", () => {
  // Centres at −0.25, 0.25, 0.75 and 1.25 of the places 0 and 1.
  const [low, high] = interpolationTaps(2, 4, "bilinear");
  assertEquals([...low!.indices], [0, 0, 0, 1]);
  assertEquals([...high!.indices], [0, 1, 1, 1]);
  assertAllClose(low!.weights, [0.25, 0.75, 0.25, 0.75]);
  assertAllClose(high!.weights, [0.75, 0.25, 0.75, 0.25]);
});

Deno.test("interpolationTaps() takes four neighbours for bicubic", () => {
  const taps = interpolationTaps(4, 8, "bicubic");
  const weightsAt = (i: number) => taps.map(({ weights }) => weights[i]!);
  // Keys' kernel at 1.25, 0.25, 0.75 and 1.75, for the centre at 1.25.
  const expected = [-0.0703125, 0.8671875, 0.2265625, -0.0234375];
  assertAllClose(weightsAt(3), expected);
  assertEquals(taps.map(({ indices }) => indices[3]), [0, 1, 2, 3]);
  // At −0.25 two places are beyond the border, and the others make up for it.
  const [, , near, far] = weightsAt(0);
  assertAllClose([near! + far!, near! / far!], [1, 0.8671875 / -0.0703125]);
});

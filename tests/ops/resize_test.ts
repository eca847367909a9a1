import { assertAllClose } from "../support/all_close.ts";
import {
  anyRows,
  anySizes,
  floats,
  runOnce,
  waves,
} from "../engines/onnx/_recorded.ts";

const WAYS = ["nearest", "bilinear", "bicubic"] as const;

/** A row `[1, 1, W, 1]`, resized. */
async function row(
  data: readonly number[],
  width: number,
  interpolation: typeof WAYS[number],
  known = anyRows,
): Promise<readonly number[]> {
  const x = floats([1, 1, data.length, 1], data);
  const output = await runOnce(
    [x],
    (ops, map) => ops.resize(map!, [1, width], interpolation),
    known,
  );
  return output.data;
}

Deno.test("resize() of OnnxOps has half-pixel centres", async () => {
  // New place i lies at (i + 0.5) · 2 / 4 − 0.5 of the old: −0.25, 0.25, 0.75, 1.25.
  for (const known of [anyRows, anySizes]) {
    assertAllClose(await row([0, 8], 4, "nearest", known), [0, 0, 8, 8]);
    assertAllClose(await row([0, 8], 4, "bilinear", known), [0, 2, 6, 8]);
    // Downwards: 4 to 2 lies at 0.5 and 2.5, without antialiasing.
    assertAllClose(await row([0, 8, 2, 4], 2, "bilinear", known), [4, 3]);
    assertAllClose(await row([0, 8, 2, 4], 2, "nearest", known), [8, 4]);
    // 3 to 5, nearest: places ⌊0.3⌋, ⌊0.9⌋, ⌊1.5⌋, ⌊2.1⌋, ⌊2.7⌋.
    assertAllClose(await row([1, 2, 3], 5, "nearest", known), [1, 1, 2, 3, 3]);
  }
});

Deno.test("resize() of OnnxOps leaves out what lies beyond the border, bicubic", async () => {
  // Keys, a = −0.5: at distance 0.5 weights −1/16, 9/16, 9/16, −1/16.
  for (const known of [anyRows, anySizes]) {
    const [first, second] = await row([0, 8, 2, 4], 2, "bicubic", known);
    assertAllClose([first!], [(9 * 8 - 2) / 17], { rtol: 1e-6 });
    assertAllClose([second!], [(9 * 2 + 9 * 4 - 8) / 17], { rtol: 1e-6 });
  }
});

Deno.test("resize() of OnnxOps gives the same where sizes are not known", async () => {
  for (const [height, width] of [[1, 1], [3, 7], [8, 5], [13, 4]] as const) {
    for (const interpolation of WAYS) {
      const x = waves([2, 5, 4, 3]);
      const build = (
        ...[ops, map]: Parameters<Parameters<typeof runOnce>[1]>
      ) => ops.resize(map!, [height, width], interpolation);
      const known = await runOnce([x], build);
      const unknown = await runOnce([x], build, anySizes);
      assertAllClose(unknown, known, { rtol: 1e-5, atol: 1e-6 });
    }
  }
});

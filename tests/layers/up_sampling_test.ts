import {
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("up_sampling");

const TWO = { size: [1, 2], interpolation: "bilinear" };
const LINE = [[[[0], [4], [8]]]];

Deno.test("upSampling2d() measures from the centres of positions", async () => {
  const layer = layerOf("UpSampling2D", TWO);
  assertEquals(await called(layer, LINE), [[[[0], [1], [3], [5], [7], [8]]]]);
});

Deno.test("upSampling2d() measures from corners where TF.js wrote it", async () => {
  const layer = layerOf("UpSampling2D", TWO, "tfjs");
  assertEquals(await called(layer, LINE), [[[[0], [2], [4], [6], [8], [8]]]]);
});

Deno.test("upSampling2d() blurs along an axis whose size remains, as TensorFlow does", async () => {
  for (
    const [interpolation, row] of [
      // tf.image.resize of TensorFlow 2.21, size (2, 4) and (1, 4)
      ["gaussian", [0.47681165, 4, 6.29588795, -2.56956482]],
      ["mitchellcubic", [0.2352947, 4, 7.11110926, -3.29411578]],
    ] as const
  ) {
    for (const times of [1, 2]) {
      const size = [times, 1];
      const layer = layerOf("UpSampling2D", { size, interpolation }, 2);
      const [found] = await called(layer, [[[[0], [4], [8], [-4]]]]) as [
        number[][][],
      ];
      assertEquals(found.length, times);
      for (const line of found) {
        line.forEach(([value], i) => assertAlmostEquals(value!, row[i]!, 1e-5));
      }
    }
  }
});

Deno.test("upSampling2d() refuses what it cannot have", async () => {
  const layer = (interpolation: string, dialect: 3 | "tfjs" = 3) =>
    layerOf("UpSampling2D", { size: 2, interpolation }, dialect);
  assertThrows(() => layer("cubic"), RangeError, 'current value is "cubic"');
  assertThrows(
    () => layer("bicubic", "tfjs"),
    TypeError,
    `"interpolation" must be one that TF.js has`,
  );
  assertEquals(
    shapeAfter(layer("bilinear"), [null, null, 3, 2]),
    [null, null, 6, 2],
  );
  assertThrows(
    () => shapeAfter(layer("bicubic"), [null, null, 3, 2]),
    TypeError,
    "height and width of its input must be known for this interpolation",
  );
  assertThrows(
    () => layerOf("UpSampling3D", { size: 0 }),
    TypeError,
    `"size" must hold`,
  );
  await assertRejects(
    () => called(layer("bilinear"), [[[1]]]),
    TypeError,
    "its input must have 4 axes",
  );
});

Deno.test("upSampling1d() repeats each position in a row", async () => {
  const layer = layerOf("UpSampling1D", { size: 2 });
  assertEquals(await called(layer, [[[1], [2]]]), [[[1], [1], [2], [2]]]);
});

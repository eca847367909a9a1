import { assert, assertEquals, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import type { Figure } from "../../lib/display/figure.ts";
import type { FigureBlock, FigureSpec } from "../../lib/display/view.ts";
import { featureMaps } from "../../lib/features/feature_maps.ts";
import { heatMap } from "../../lib/features/heat_map.ts";
import { featureSet } from "../../lib/features/feature_set.ts";

function counted(shape: number[]) {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => i);
  return { data, shape, dtype: "float32" } as const;
}

const SET = featureSet({
  features: [counted([2, 2, 2, 3]), counted([2, 1, 1, 2]), counted([2, 4])],
  layerNames: ["conv1", "conv2", "dense"],
});

async function specOf(figure: Figure): Promise<FigureSpec> {
  return await (viewOf(figure, {})!.blocks[0] as FigureBlock).figure();
}

Deno.test("featureMaps() draws the last layer of feature maps, or the one that is named", () => {
  assertEquals(
    featureMaps(SET).title,
    'Feature maps of layer "conv2", sample 0',
  );
  const options = { layer: "conv1", sample: 1 };
  assertEquals(
    featureMaps(SET, options).title,
    'Feature maps of layer "conv1", sample 1',
  );
});

Deno.test("featureMaps() draws the channels that are selected, on the scale that is set", async () => {
  const spec = await specOf(featureMaps(SET, {
    layer: "conv1",
    sample: 1,
    channels: [2, 0],
    scale: "each",
    title: "Two channels",
    width: 300,
  }));
  assert(spec.kind === "images");
  assertEquals(spec.images.map(({ caption }) => caption), ["2", "0"]);
  assertEquals(Array.from(spec.images[0]!.z), [14, 17, 20, 23]);
  assertEquals([spec.scale, spec.title, spec.figureWidth], [
    ...["each", "Two channels", 300],
  ]);
});

Deno.test("featureMaps() draws the input too", async () => {
  const images = counted([2, 2, 2, 1]);
  const spec = await specOf(featureMaps(SET, { images }));
  assert(spec.kind === "images");
  assertEquals(spec.images.map(({ caption }) => caption), ["input", "0", "1"]);
});

Deno.test("featureMaps() refuses what it cannot draw", () => {
  const bad = (options: object, error: typeof TypeError, part: string) =>
    assertThrows(() => featureMaps(SET, options), error, part);
  bad({ layer: "dense" }, TypeError, 'layer "dense" must have rank 4');
  bad({ layer: "conv" }, RangeError, 'nearest names are "conv1", "conv2"');
  bad({ sample: 2 }, RangeError, '"sample" must be below the 2 samples');
  bad({ channels: [2] }, RangeError, "must hold integers >= 0 and < 2");
  bad({ channels: 1 }, TypeError, '"channels" must be an array of indices');
  bad({ scale: "all" }, RangeError, '"scale" must be one of "layer", "each"');
  bad({ image: 1 }, TypeError, 'did you mean "images"');
  bad({ images: Promise.resolve(1) }, TypeError, "write await before it");
  bad({ width: "wide" }, TypeError, '"width" must be');
  const vectors = featureSet({ features: [counted([2, 4])] });
  assertThrows(
    () => featureMaps(vectors),
    TypeError,
    "a layer of the set must have rank 4",
  );
  // @ts-expect-error: a promise
  const early = () => featureMaps(Promise.resolve(SET));
  assertThrows(early, TypeError, "write await before it");
});

Deno.test("featureMaps() draws the middle slice of volumes, and says so", async () => {
  const volume = counted([2, 3, 2, 2, 4]); // [N, Z, H, W, D]
  const last = featureSet({ features: [volume], layerNames: ["conv3d"] });
  const spec = await specOf(featureMaps(last, { sample: 1 }));
  assert(spec.kind === "images");
  // Sample 1 begins at 48, its slice 1 at 64; channel 2 of its four pixels.
  assertEquals(Array.from(spec.images[2]!.z), [66, 70, 74, 78]);
  assertEquals(spec.images.length, 4);
  assertEquals(spec.notes, ["slice 1 of 3", "channels assumed to be last"]);
});

Deno.test("featureMaps() and heatMap() name each other where the rank is the other's", () => {
  const message = (draw: () => unknown) => {
    try {
      return String(draw());
    } catch (error) {
      return (error as Error).message;
    }
  };
  assertEquals(
    message(() => featureMaps(SET, { layer: "dense" })),
    'Cannot draw feature maps as layer "dense" must have rank 4 or 5: ' +
      "current value is [2, 4]; heatMap() draws layers of rank 2 and 3",
  );
  assertEquals(
    message(() => heatMap(SET, { layer: "conv1" })),
    'Cannot draw heat map as layer "conv1" must have rank 2 or 3: ' +
      "current value is [2, 2, 2, 3]; featureMaps() draws arrays of rank 4 and 5",
  );
});

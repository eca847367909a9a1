import { assert, assertEquals, assertThrows } from "@std/assert";
import type { FigureSpec } from "../../../lib/display/view.ts";
import { featureSet } from "../../../lib/features/feature_set.ts";
import {
  type LayerFigureOptions,
  layerFigures,
} from "../../../lib/features/view/layer_figures.ts";
import type { FeatureArray } from "../../../lib/types.ts";

function counted(shape: number[]): FeatureArray {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => i);
  return { data, shape, dtype: "float32" };
}

async function first(
  array: FeatureArray,
  channels?: "first" | "last",
  options: LayerFigureOptions = {},
): Promise<FigureSpec> {
  const set = featureSet({
    features: [array],
    labels: [4, 5].slice(0, array.shape[0]),
  });
  const shown = { name: "a", title: "a", array, channels };
  return await layerFigures(set, shown, options)[0]!.figure();
}

async function images(...args: Parameters<typeof first>) {
  const spec = await first(...args);
  assert(spec.kind === "images");
  return spec;
}

async function heatmap(...args: Parameters<typeof first>) {
  const spec = await first(...args);
  assert(spec.kind === "heatmap");
  return spec;
}

Deno.test("layerFigures() takes the feature maps of a sample out, for both orders of axes", async () => {
  // Sample 1 of [2, 2, 3, 2] is 12 … 23, of channel 1 every second one.
  const last = await images(counted([2, 2, 3, 2]), "last", { sample: 1 });
  assertEquals(last.title, "Feature maps of a, sample 1");
  assertEquals(last.images[1], {
    caption: "1",
    z: Float64Array.of(13, 15, 17, 19, 21, 23),
    height: 2,
    width: 3,
  });
  const front = await images(counted([2, 2, 3, 2]), "first", { sample: 1 });
  assertEquals(front.images[1], {
    caption: "1",
    z: Float64Array.of(18, 19, 20, 21, 22, 23),
    height: 3,
    width: 2,
  });
});

Deno.test("layerFigures() has one range of colours for a layer, whichever channels are drawn", async () => {
  const all = await images(counted([1, 2, 3, 2]), "last");
  assertEquals([all.scale, all.range, all.diverging], [
    "layer",
    [0, 11],
    false,
  ]);
  const one = await images(counted([1, 2, 3, 2]), "last", {
    channels: [1],
    scale: "each",
  });
  assertEquals(one.images.map(({ caption }) => caption), ["1"]);
  assertEquals([one.scale, one.range, one.notes], ["each", [0, 11], []]);
});

Deno.test("layerFigures() refuses channels that are not there", () => {
  const array = counted([1, 2, 3, 2]);
  const set = featureSet({ features: [array] });
  const shown = { name: "a", title: 'layer "a"', array };
  assertThrows(
    () => layerFigures(set, shown, { channels: [0, 2] }),
    RangeError,
    'Cannot draw feature maps of layer "a" as "channels" must hold integers >= 0 and < 2: current value is 2',
  );
});

Deno.test("layerFigures() assumes that channels are last where that is not known, and says so", async () => {
  const spec = await images(counted([1, 2, 3, 2]));
  assertEquals(spec.notes, ["channels assumed to be last"]);
  assertEquals(spec.images.length, 2);
});

Deno.test("layerFigures() shows 64 channels at most, fewer in a grid, and says how to see others", async () => {
  const many = await images(counted([1, 2, 1, 70]), "last");
  assertEquals(many.images.length, 64);
  assertEquals(many.notes, [
    '64 of 70 channels shown; show(set, { layer: "a", channels: [ … ] }) for others',
  ]);
  const few = await images(counted([1, 2, 1, 70]), "last", {
    isCompact: true,
  });
  assertEquals(few.images.length, 16);
  assertEquals(few.notes, [
    '16 of 70 channels shown; show(set, { layer: "a" }) for more',
  ]);
});

Deno.test("layerFigures() draws the input before its feature maps", async () => {
  const data = Float32Array.of(0, 0.5, 1, 0.25);
  const inputs = { data, shape: [2, 1, 2, 1], dtype: "float32" } as const;
  const spec = await images(counted([2, 2, 3, 2]), "last", {
    sample: 1,
    images: [inputs, [4, 5]],
  });
  assertEquals(spec.images.map(({ caption }) => caption), [
    ...["input", "0", "1"],
  ]);
  assertEquals(spec.images[0]!.detail, "label 5");
  assertEquals(spec.images[0]!.colors, "gray");
  assertEquals(Array.from(spec.images[0]!.z), [255, 63.75]);
});

Deno.test("layerFigures() shows a sample of a sequence", async () => {
  const spec = await heatmap(counted([2, 2, 300]), "last", { sample: 1 });
  assertEquals([spec.height, spec.width], [2, 256]);
  assertEquals([spec.z[0], spec.z[256]], [600, 900]);
  assertEquals(spec.title, "Values of a, sample 1");
  assertEquals(spec.notes, ["first 256 of 300 channels"]);
  assertEquals([spec.xLabel, spec.yLabel], ["channel", "time step"]);
  const front = await heatmap(counted([1, 300, 3]), "first");
  assertEquals([front.xLabel, front.yLabel], ["time step", "channel"]);
  assertEquals(front.notes, ["256 of 300 channels, evenly spaced"]);
});

Deno.test("layerFigures() shows vectors as a heat map and in the plane", async () => {
  const array = counted([127, 300]);
  const set = featureSet({ features: [array] });
  const shown = { name: "a", title: "a", array };
  const figures = layerFigures(set, shown, {});
  assertEquals(figures.map(({ summary }) => summary), [
    "heat map of 127 samples by 300 units",
    "127 samples of shape [300] in the plane",
  ]);
  const spec = await figures[0]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals(spec.title, "Values of a");
  assertEquals(spec.notes, [
    ...["64 of 127 samples, evenly spaced", "first 256 of 300 units"],
  ]);
  assertEquals(spec.diverging, false);
  // Every second sample, to the last: a set that is sorted by class shows all.
  assertEquals([spec.height, spec.width], [64, 256]);
  assertEquals([spec.z[256], spec.z[63 * 256]], [2 * 300, 126 * 300]);
  assertEquals([spec.yTicks?.[1], spec.yTicks?.[63]], ["2", "126"]);
});

Deno.test("layerFigures() says 1 sample", () => {
  const array = counted([1, 1]);
  const set = featureSet({ features: [array] });
  const shown = { name: "a", title: "a", array };
  assertEquals(
    layerFigures(set, shown, {})[0]!.summary,
    "heat map of 1 sample by 1 unit",
  );
});

Deno.test("layerFigures() puts zero in the middle when values are negative", async () => {
  const data = Float32Array.of(1, -1);
  const spec = await heatmap({ data, shape: [1, 2], dtype: "float32" });
  assert(spec.diverging);
});

Deno.test("layerFigures() shows numbers as a histogram, and none of rank 6 or of nothing", async () => {
  const spec = await first(counted([2]));
  assert(spec.kind === "histogram");
  assertEquals(spec.series[0]?.values, Float32Array.of(0, 1));
  for (const shape of [[1, 1, 1, 1, 1, 1], [0, 3], [2, 0]]) {
    const array = counted(shape);
    const set = featureSet({ features: [array] });
    const shown = { name: "a", title: "a", array };
    assertEquals(layerFigures(set, shown, {}), []);
  }
});

Deno.test("layerFigures() finds the middle slice of volumes whose channels are first", async () => {
  // [N, D, Z, H, W]; the sample begins at 48, its channel 2 at 72, slice 1 at 76.
  const spec = await images(counted([2, 4, 3, 2, 2]), "first", { sample: 1 });
  assertEquals(Array.from(spec.images[2]!.z), [76, 77, 78, 79]);
  assertEquals(spec.images.length, 4);
  assertEquals(spec.notes, ["slice 1 of 3"]);
});

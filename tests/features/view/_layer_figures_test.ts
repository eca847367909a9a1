import { assert, assertEquals } from "@std/assert";
import type { FigureSpec } from "../../../lib/display/view.ts";
import { layerFigures } from "../../../lib/features/view/_layer_figures.ts";
import { featureSet } from "../../../lib/features/feature_set.ts";
import type { FeatureArray } from "../../../lib/types.ts";

function counted(shape: number[]): FeatureArray {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => i);
  return { data, shape, dtype: "float32" };
}

async function first(
  array: FeatureArray,
  channels?: "first" | "last",
  sample = 0,
): Promise<FigureSpec> {
  const set = featureSet({ features: [array] });
  const shown = { title: "a", array, channels };
  return await layerFigures(set, shown, { sample })[0]!.figure();
}

Deno.test("layerFigures() cuts the maps of a sample out, wherever the channels stand", async () => {
  // Sample 1 of [2, 2, 3, 2] is 12 … 23, of channel 1 every second one.
  const last = await first(counted([2, 2, 3, 2]), "last", 1);
  assert(last.kind === "maps");
  assertEquals(last.title, "Feature maps of a, sample 1");
  assertEquals(last.maps[1], {
    caption: "1",
    z: Float64Array.of(13, 15, 17, 19, 21, 23),
    height: 2,
    width: 3,
  });
  const front = await first(counted([2, 2, 3, 2]), "first", 1);
  assert(front.kind === "maps");
  assertEquals(front.maps[1], {
    caption: "1",
    z: Float64Array.of(18, 19, 20, 21, 22, 23),
    height: 3,
    width: 2,
  });
});

Deno.test("layerFigures() takes channels to be last when they are not known, and says so", async () => {
  const spec = await first(counted([1, 2, 3, 2]));
  assert(spec.kind === "maps");
  assertEquals(
    spec.title,
    "Feature maps of a, sample 0 (channels taken to be last)",
  );
  assertEquals(spec.maps.length, 2);
});

Deno.test("layerFigures() shows 64 maps at most, and averages large ones", async () => {
  const spec = await first(counted([1, 100, 1, 70]), "last");
  assert(spec.kind === "maps");
  assertEquals(spec.maps.length, 64);
  assertEquals(
    spec.title,
    "Feature maps of a, sample 0 (first 64 of 70 channels) (means of 2 × 2 places)",
  );
  const [map] = spec.maps;
  assertEquals([map?.height, map?.width], [50, 1]);
  // Channel 0 holds 0, 70, 140, …
  assertEquals([map?.z[0], map?.z[1]], [35, 175]);
});

Deno.test("layerFigures() shows a sample of a sequence", async () => {
  const spec = await first(counted([2, 2, 300]), "last", 1);
  assert(spec.kind === "heatmap");
  assertEquals([spec.height, spec.width], [2, 256]);
  assertEquals([spec.z[0], spec.z[256]], [600, 900]);
  assertEquals(spec.title, "Values of a, sample 1 (first 256 of 300 channels)");
  assertEquals([spec.xLabel, spec.yLabel], ["channel", "step"]);
  const front = await first(counted([1, 70, 3]), "first");
  assert(front.kind === "heatmap");
  assertEquals([front.xLabel, front.yLabel], ["step", "channel"]);
  assertEquals(front.title, "Values of a, sample 0 (first 64 of 70 channels)");
});

Deno.test("layerFigures() shows vectors as a heat map and in the plane", async () => {
  const array = counted([70, 300]);
  const set = featureSet({ features: [array] });
  const figures = layerFigures(set, { title: "a", array }, {});
  assertEquals(figures.map(({ summary }) => summary), [
    "heat map of 70 samples by 300 units",
    "70 samples in the plane",
  ]);
  const spec = await figures[0]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals([spec.height, spec.width, spec.z[256]], [64, 256, 300]);
  assertEquals(
    spec.title,
    "Values of a (first 64 of 70 samples, first 256 of 300 units)",
  );
  assertEquals(spec.diverging, false);
});

Deno.test("layerFigures() puts zero in the middle when values are negative", async () => {
  const data = Float32Array.of(1, -1);
  const spec = await first({ data, shape: [1, 2], dtype: "float32" });
  assert(spec.kind === "heatmap" && spec.diverging);
});

Deno.test("layerFigures() shows numbers as a histogram, and none of rank 5 or of nothing", async () => {
  const spec = await first(counted([3]));
  assert(spec.kind === "histogram");
  assertEquals(spec.series[0]?.values, Float32Array.of(0, 1, 2));
  for (const shape of [[1, 1, 1, 1, 1], [0, 3], [2, 0]]) {
    const array = counted(shape);
    const set = featureSet({ features: [array] });
    assertEquals(layerFigures(set, { title: "a", array }, {}), []);
  }
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import type { Figure } from "../../lib/display/figure.ts";
import type { FigureBlock, HeatmapSpec } from "../../lib/display/view.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { heatMap } from "../../lib/features/heat_map.ts";

function counted(shape: number[]) {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => i);
  return { data, shape, dtype: "float32" } as const;
}

const SET = featureSet({
  features: [counted([2, 4]), counted([2, 3, 4]), counted([2, 1, 1, 2])],
  layerNames: ["dense", "lstm", "conv"],
  logits: counted([2, 3]),
});

async function specOf(figure: Figure): Promise<HeatmapSpec> {
  const spec = await (viewOf(figure, {})!.blocks[0] as FigureBlock).figure();
  assert(spec.kind === "heatmap");
  return spec;
}

Deno.test("heatMap() draws rows of numbers and arrays of rank 2", async () => {
  for (
    const matrix of [
      [[1, 2, 3], [4, 5, -6]],
      [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, -6)],
      {
        data: Int32Array.of(1, 2, 3, 4, 5, -6),
        shape: [2, 3],
        dtype: "int32",
      } as const,
      {
        data: BigInt64Array.of(1n, 2n, 3n, 4n, 5n, -6n),
        shape: [2, 3],
        dtype: "int64",
      } as const,
    ]
  ) {
    const spec = await specOf(heatMap(matrix));
    assertEquals(Array.from(spec.z), [1, 2, 3, 4, 5, -6]);
    assertEquals([spec.height, spec.width, spec.diverging], [2, 3, true]);
    assertEquals([spec.xLabel, spec.yLabel], ["column", "row"]);
  }
});

Deno.test("heatMap() copies a matrix", async () => {
  const rows = [[1, 2]];
  const figure = heatMap(rows);
  rows[0]![0] = 9;
  assertEquals(Array.from((await specOf(figure)).z), [1, 2]);
});

Deno.test("heatMap() takes names, values in cells, and the settings of figures", async () => {
  const spec = await specOf(heatMap([[1, 2]], {
    xTicks: ["a", "b"],
    yTicks: ["c"],
    annotated: true,
    xLabel: "layer",
    caption: "Below",
  }));
  assertEquals([spec.xTicks, spec.yTicks], [["a", "b"], ["c"]]);
  assertEquals([spec.annotated, spec.xLabel, spec.caption], [
    ...[true, "layer", "Below"],
  ]);
});

Deno.test("heatMap() draws a layer of a set, or one sample of it", async () => {
  assertEquals(heatMap(SET).title, 'Values of layer "lstm", sample 0');
  const spec = await specOf(heatMap(SET, { layer: "lstm", sample: 1 }));
  assertEquals([spec.z[0], spec.height, spec.width], [12, 3, 4]);
  const dense = await specOf(heatMap(SET, { layer: "dense" }));
  assertEquals([dense.height, dense.width], [2, 4]);
  const alone = featureSet({ logits: counted([2, 3]) });
  assertEquals(heatMap(alone).title, "Values of logits");
});

Deno.test("heatMap() refuses what it cannot draw", () => {
  const bad = (
    source: unknown,
    options: object,
    error: typeof TypeError,
    part: string,
  ) => assertThrows(() => heatMap(source as [], options), error, part);
  bad(SET, { layer: "conv" }, TypeError, 'layer "conv" must have rank 2 or 3');
  bad(SET, { layer: "x" }, RangeError, "Cannot find layer");
  bad(SET, { sample: 2 }, RangeError, "below the 2 samples");
  bad(
    SET,
    { layer: "dense", sample: 0 },
    RangeError,
    "must be left out for layers of other ranks than 3",
  );
  bad(SET, { annotated: true }, TypeError, "every option must be one of");
  bad([[1]], { layer: "a" }, TypeError, "every option must be one of");
  bad([[1]], { xTicks: ["a", "b"] }, RangeError, '"xTicks" must hold 1 name');
  bad([[1], [1, 2]], {}, TypeError, "a feature set or a matrix");
  bad([[1, "2"]], {}, TypeError, "it must hold numbers");
  bad(counted([2, 2, 2]), {}, TypeError, "current value is [2, 2, 2]");
  bad([[1]], { xTicks: "a" }, TypeError, "an array of names");
  bad([[1]], { annotated: "no" }, TypeError, "must be true or false");
  bad({ data: [1] as never, shape: 1 }, {}, TypeError, "a feature set or a");
  bad(7, {}, TypeError, "a feature set or a matrix");
  bad(Promise.resolve([[1]]), {}, TypeError, "write await before it");
});

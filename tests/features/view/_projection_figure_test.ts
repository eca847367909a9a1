import { assertEquals } from "@std/assert";
import { projectionFigure } from "../../../lib/features/view/_projection_figure.ts";
import { assertAllClose } from "../../support/all_close.ts";

// Around [10, 20]: squares 8 along the first axis, 2 along the second.
const CROSS = {
  data: Float32Array.of(8, 20, 12, 20, 10, 21, 10, 19),
  shape: [4, 2],
  dtype: "float32",
} as const;

Deno.test("projectionFigure() gives a group a class, and the variance of each axis", async () => {
  const color = { labels: [1, 0, 0, 1], classNames: ["cat", "dog"] };
  const figure = await projectionFigure("dense", CROSS, "pca", color);
  assertEquals(figure.title, "PCA of dense");
  assertEquals(figure.xLabel, "component 1 (80.0 % of variance)");
  assertEquals(figure.yLabel, "component 2 (20.0 % of variance)");
  assertEquals(figure.groups.map(({ name }) => name), ["cat", "dog"]);
  assertAllClose(figure.groups[0]!.x, [2, 0], { atol: 1e-9 });
  assertAllClose(figure.groups[0]!.y, [0, 1], { atol: 1e-9 });
  assertAllClose(figure.groups[1]!.x, [-2, 0], { atol: 1e-9 });
});

Deno.test("projectionFigure() says what it leaves out", async () => {
  const data = new Float32Array(3001).map((_, i) => i);
  data[1] = NaN;
  const many = { data, shape: [3001, 1], dtype: "float32" } as const;
  const { title, groups } = await projectionFigure("a", many, "pca", undefined);
  assertEquals(title, "PCA of a (2000 of 3001 samples, 1 not finite left out)");
  assertEquals([groups.length, groups[0]?.x.length], [1, 2000]);
});

Deno.test("projectionFigure() keeps colours with their rows when some are left out", async () => {
  const data = Float32Array.of(0, NaN, 1, 5);
  const array = { data, shape: [4, 1], dtype: "float32" } as const;
  const values = { values: [0, 9, 1, 2] };
  const { groups } = await projectionFigure("a", array, "pca", values);
  assertEquals(groups.map(({ name, x }) => [name, x[0]]), [
    ["0", -2],
    ["1", -1],
    ["2", 3],
  ]);
});

Deno.test("projectionFigure() projects by UMAP", async () => {
  const data = new Float32Array(12).map((_, i) => i % 5);
  const array = { data, shape: [6, 2], dtype: "float32" } as const;
  const figure = await projectionFigure("a", array, "umap", undefined);
  assertEquals([figure.title, figure.xLabel], ["UMAP of a", "UMAP 1"]);
  assertEquals(Array.from(figure.groups[0]!.x).every(Number.isFinite), true);
});

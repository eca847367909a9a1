import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ScatterSpec } from "../../../lib/display/view.ts";
import { featureSet } from "../../../lib/features/feature_set.ts";
import type { FeatureSetArrays } from "../../../lib/features/fields.ts";
import {
  type PointColor,
  projectionBlock,
  type ProjectionKind,
} from "../../../lib/features/view/projection_figure.ts";
import type { Dataset, FeatureArray } from "../../../lib/types.ts";
import { assertAllClose } from "../../support/all_close.ts";

// Around [10, 20]: squares 8 along the first axis, 2 along the second.
const CROSS = {
  data: Float32Array.of(8, 20, 12, 20, 10, 21, 10, 19),
  shape: [4, 2],
  dtype: "float32",
} as const;

async function draw(
  array: FeatureArray,
  color?: PointColor,
  kind: ProjectionKind = "pca",
  more: FeatureSetArrays & { readonly images?: Dataset } = {},
): Promise<ScatterSpec> {
  const { images, ...arrays } = more;
  const set = featureSet({ features: [array], ...arrays });
  const shown = { title: "dense", array };
  const spec = await projectionBlock({ set, shown, kind, color, images })
    .figure();
  assert(spec.kind === "scatter");
  return spec;
}

Deno.test("projectionBlock() returns a group a class, and the variance of each axis", async () => {
  const color = { labels: [1, 0, 0, 1], classNames: ["cat", "dog"] };
  const figure = await draw(CROSS, color);
  assertEquals(figure.title, "PCA of dense");
  assertEquals(figure.xLabel, "PC 1 (80.0 % of variance)");
  assertEquals(figure.yLabel, "PC 2 (20.0 % of variance)");
  assertEquals(figure.groups.map(({ name }) => name), ["cat", "dog"]);
  assertAllClose(figure.groups[0]!.x, [2, 0], { atol: 1e-9 });
  assertAllClose(figure.groups[0]!.y, [0, 1], { atol: 1e-9 });
  assertAllClose(figure.groups[1]!.x, [-2, 0], { atol: 1e-9 });
});

Deno.test("projectionBlock() counts its samples, one and many", () => {
  const shown = (count: number) => {
    const data = new Float32Array(2 * count);
    const array = { data, shape: [count, 2], dtype: "float32" } as const;
    const set = featureSet({ features: [array] });
    return projectionBlock({
      set,
      shown: { title: "dense", array },
      kind: "pca",
      color: undefined,
    }).summary;
  };
  assertEquals(shown(1), "1 sample of shape [2] in the plane");
  assertEquals(shown(3), "3 samples of shape [2] in the plane");
});

Deno.test("projectionBlock() says what it leaves out", async () => {
  const data = new Float32Array(3001).map((_, i) => i);
  data[1] = NaN;
  const many = { data, shape: [3001, 1], dtype: "float32" } as const;
  const { title, notes, groups } = await draw(many);
  assertEquals(title, "PCA of dense");
  assertEquals(notes, ["2000 of 3001 samples", "1 not finite left out"]);
  assertEquals([groups.length, groups[0]?.x.length], [1, 2000]);
});

Deno.test("projectionBlock() keeps colours with their rows when some are left out", async () => {
  const data = Float32Array.of(0, NaN, 1, 5);
  const array = { data, shape: [4, 1], dtype: "float32" } as const;
  const { groups } = await draw(array, { values: [0, 9, 1, 2] });
  assertEquals(groups.map(({ name, x }) => [name, x[0]]), [
    ["0", -2],
    ["1", -1],
    ["2", 3],
  ]);
  assertEquals(groups.map(({ details }) => details), [
    [["id: 0", "value: 0"]],
    [["id: 2", "value: 1"]],
    [["id: 3", "value: 2"]],
  ]);
});

Deno.test("projectionBlock() names id, label and predicted class of each point", async () => {
  const logits = {
    data: Float32Array.of(0, 1, 1, 0, 1, 0, NaN, 0),
    shape: [4, 2],
    dtype: "float32",
  } as const;
  const labels = [1, 0, 1, 0];
  const classNames = ["cat", "<dog>"];
  const { groups } = await draw(CROSS, { labels, classNames }, "pca", {
    ...{ logits, labels, classNames },
    ids: ["a.png", "b.png", `${"c".repeat(80)}.png`, "d\n.png"],
  });
  const [cats, dogs] = groups;
  assertEquals(cats!.details, [
    ["id: b.png", "label: cat", "predicted: cat"],
    ["id: d\\n.png", "label: cat"], // a logit is NaN
  ]);
  assertEquals(dogs!.details?.[0], [
    ...["id: a.png", "label: <dog>", "predicted: <dog>"],
  ]);
  assertEquals(dogs!.details?.[1]?.[0], `id: ${"c".repeat(55)}…`);
});

Deno.test("projectionBlock() has an image for each point", async () => {
  const images = {
    data: Float32Array.from({ length: 4 * 4 }, (_, i) => i),
    shape: [4, 2, 2, 1],
    dtype: "float32",
  } as const;
  const color = { labels: [1, 0, 0, 1], classNames: undefined };
  const { groups, thumbnails, notes } = await draw(CROSS, color, "pca", {
    images,
  });
  assertEquals(groups.map((group) => group.images), [[1, 2], [0, 3]]);
  assertEquals([thumbnails?.width, thumbnails?.columns], [2, 4]);
  assertEquals(notes, []);
  const plain = await draw(CROSS);
  assertEquals([plain.thumbnails, plain.groups[0]!.images], [
    ...[undefined, undefined],
  ]);
});

Deno.test("projectionBlock() has images of 500 points at most", async () => {
  const data = new Float32Array(2 * 600).map((_, i) => Math.sin(i));
  const array = { data, shape: [600, 2], dtype: "float32" } as const;
  const images = { data: new Float32Array(600), shape: [600, 1, 1, 1] };
  const { groups, notes } = await draw(array, undefined, "pca", {
    images: { ...images, dtype: "float32" },
  });
  const found = groups[0]!.images!.filter((index) => index >= 0);
  assertEquals([found.length, new Set(found).size], [500, 500]);
  assertEquals([groups.length, notes], [1, []]);
});

Deno.test("projectionBlock() refuses images of other samples", async () => {
  const images = { data: new Float32Array(3), shape: [3, 1, 1, 1] };
  await assertRejects(
    () =>
      draw(CROSS, undefined, "pca", {
        images: { ...images, dtype: "float32" },
      }),
    RangeError,
    "current value is 3",
  );
});

Deno.test("projectionBlock() projects by UMAP", async () => {
  const data = new Float32Array(12).map((_, i) => i % 5);
  const array = { data, shape: [6, 2], dtype: "float32" } as const;
  const figure = await draw(array, undefined, "umap");
  assertEquals([figure.title, figure.xLabel], ["UMAP of dense", "UMAP 1"]);
  assertEquals(Array.from(figure.groups[0]!.x).every(Number.isFinite), true);
});

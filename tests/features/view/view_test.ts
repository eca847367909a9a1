import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type {
  Block,
  FigureBlock,
  TableBlock,
} from "../../../lib/display/view.ts";
import {
  featureSet,
  makeFeatureSet,
} from "../../../lib/features/feature_set.ts";
import type { FeatureSetFields } from "../../../lib/features/fields.ts";
import type { FeatureSet } from "../../../lib/types.ts";
import { featureSetView } from "../../../lib/features/view/view.ts";

function float(data: number[], shape: number[]) {
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

function sample(change: Partial<FeatureSetFields> = {}) {
  return makeFeatureSet({
    features: [
      float([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 1, 2]),
      float([0, 2, NaN, 0], [2, 2]),
    ],
    layerNames: ["conv", "dense"],
    specs: [
      { name: "conv", channels: "last", form: "raw" },
      { name: "dense", form: "raw" },
    ],
    logits: float([1, 0, 3, 2], [2, 2]),
    labels: { data: Int32Array.of(0, 1), shape: [2], dtype: "int32" },
    classNames: ["cat", "dog"],
    ids: [0, 1],
    activation: "softmax",
    nonFinite: [1],
    source: { model: "0123456789abcdef", settings: "{}" },
    ...change,
  });
}

function figures(blocks: readonly Block[]): FigureBlock[] {
  return blocks.filter((block) => block.kind === "figure")
    .flatMap((block) => block.parts ?? [block]);
}

function titles(blocks: readonly Block[]): string[] {
  return figures(blocks).map(({ title }) => title);
}

Deno.test("featureSetView() tells what a set holds", () => {
  const { title, blocks } = featureSetView(sample(), {});
  assertEquals(title, "FeatureSet of 2 samples");
  assertEquals(blocks[0], {
    kind: "text",
    text: [
      "Samples: 2, layers: 2",
      "Labels: 2 different ones of 2 named classes",
      "Predicted classes: accuracy 50.00 % (1 of 2)",
      "Output activation: softmax",
      "Rows with NaN or infinity in their inputs: 1",
      "Model: 0123456789ab",
    ].join("\n"),
  });
});

Deno.test("featureSetView() returns figures of each array in a table", () => {
  const table = featureSetView(sample(), {}).blocks[1] as TableBlock;
  assertEquals(table.columns.map(({ name }) => name), [
    "layer",
    "shape",
    "dtype",
    "mean",
    "std",
    "min",
    "max",
    "zeros %",
    "NaN",
    "infinite",
  ]);
  // Of 0, 2, NaN, 0: mean 2/3, deviations 2/3, 4/3, 2/3, so variance 8/9.
  const dense = table.rows[1]!;
  assertEquals(dense.slice(0, 3), ["dense", "[2, 2]", "float32"]);
  assertEquals(dense.slice(5), [0, 2, 50, 1, 0]);
  assert(Math.abs(Number(dense[3]) - 2 / 3) < 1e-12);
  assert(Math.abs(Number(dense[4]) - Math.sqrt(8 / 9)) < 1e-12);
  assertEquals(table.rows.map(([name]) => name), ["conv", "dense", "logits"]);
});

Deno.test("featureSetView() shows feature maps, a heat map, a projection and the classes", () => {
  assertEquals(titles(featureSetView(sample(), {}).blocks), [
    `Feature maps of layer "conv", sample 0`,
    `Values of layer "dense"`,
    `PCA of layer "dense"`,
    "Largest logit",
    "Confusion matrix",
  ]);
});

Deno.test("featureSetView() shows one layer on request", () => {
  const of = (layer: string) =>
    titles(featureSetView(sample(), { layer, projection: "umap" }).blocks);
  assertEquals(of("dense"), [
    `Values of layer "dense"`,
    `UMAP of layer "dense"`,
  ]);
  assertEquals(of("logits"), [
    "Largest logit",
    "Confusion matrix",
  ]);
});

Deno.test("featureSetView() has a table, then one grid of figures, two or three in a row", async () => {
  const columns = async (set: FeatureSet) => {
    const { blocks } = featureSetView(set, {});
    assertEquals(blocks.map(({ kind }) => kind), ["text", "table", "figure"]);
    const [block] = blocks.filter((block) => block.kind === "figure");
    const spec = await block!.figure();
    return spec.kind === "grid" ? spec.columns : 0;
  };
  assertEquals(await columns(sample()), 3); // of five
  assertEquals(await columns(sample({ labels: undefined })), 2); // of four
});

Deno.test("featureSetView() shows the figures of a layer alone", () => {
  const { blocks } = featureSetView(sample(), { layer: "conv" });
  assertEquals(blocks.map(({ kind }) => kind), ["figure"]);
});

Deno.test("featureSetView() says where a layer has no figure", () => {
  const features = [float([1, 2], [2, 1, 1, 1, 1, 1])];
  const specs = [{ name: "deep", form: "raw" } as const];
  const set = sample({ features, layerNames: ["deep"], specs });
  assertEquals(featureSetView(set, { layer: "deep" }).blocks, [{
    kind: "text",
    text: `No figure of layer "deep" of shape [2, 1, 1, 1, 1, 1]`,
  }]);
});

Deno.test("featureSetView() counts one sample as such", () => {
  const { title } = featureSetView(sample().select([0]), {});
  assertEquals(title, "FeatureSet of 1 sample");
});

Deno.test("featureSetView() shows six figures at most, and says what is left out", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const set = sample({
    features: names.map(() => float([1, 2], [2, 1])),
    layerNames: names,
    specs: names.map((name) => ({ name, form: "raw" })),
  });
  const { blocks } = featureSetView(set, {});
  assertEquals(titles(blocks).slice(0, 4), [
    `Values of layer "c"`,
    `Values of layer "d"`,
    `Values of layer "e"`,
    `Values of layer "f"`,
  ]);
  assertEquals(titles(blocks).length, 6);
  const last = blocks.at(-1);
  assert(last?.kind === "text");
  assertEquals(
    last.text,
    `Not all figures are shown of "a", "b", "c", "d", "e", "f": await show(set, { layer: "a" }) shows one layer.`,
  );
});

Deno.test("featureSetView() shows an empty set and one of labels alone", () => {
  const none = featureSetView(sample().select([]), {});
  assertEquals([none.title, titles(none.blocks)], [
    "FeatureSet of 0 samples",
    [],
  ]);
  const labels = featureSetView(
    makeFeatureSet({
      features: [],
      layerNames: [],
      specs: [],
      labels: { data: Int32Array.of(4), shape: [1], dtype: "int32" },
      ids: ["a"],
      nonFinite: [],
    }),
    {},
  );
  assertEquals(labels.blocks.length, 1);
});

Deno.test("featureSetView() refuses what is not there", () => {
  const bad = (options: object, part: string) =>
    assertThrows(() => featureSetView(sample(), options), RangeError, part);
  bad({ sample: 2 }, `"sample" must be below the 2 samples`);
  bad({ sample: -1 }, `"sample" must be an integer >= 0`);
  assertThrows(
    () => featureSetView(sample(), { channels: [0] }),
    TypeError,
    `"layer" must name the layer of the channels`,
  );
  bad({ layer: "dens" }, `nearest names are "dense"`);
  bad({ projection: "tsne" }, `"projection" must be one of`);
});

Deno.test("featureSetView() computes every figure", async () => {
  const { blocks } = featureSetView(sample(), {});
  const specs = await Promise.all(
    figures(blocks).map(({ figure }) => figure()),
  );
  assertEquals(specs.map(({ kind }) => kind), [
    "images",
    "heatmap",
    "scatter",
    "histogram",
    "heatmap",
  ]);
});

Deno.test("featureSetView() passes images to feature maps and to points", async () => {
  const data = Float32Array.of(0, 0.5, 1, 0.25);
  const images = { data, shape: [2, 1, 2, 1], dtype: "float32" } as const;
  const draw = async (layer: string) =>
    await figures(featureSetView(sample(), { layer, images }).blocks)
      .at(-1)!.figure();
  const maps = await draw("conv");
  assertEquals(maps.kind === "images" && maps.images[0]!.caption, "input");
  const finite = sample({
    features: [float([0, 2, 1, 3], [2, 2])],
    layerNames: ["dense"],
    specs: [{ name: "dense", form: "raw" }],
  });
  const { blocks } = featureSetView(finite, { layer: "dense", images });
  const points = await figures(blocks).at(-1)!.figure();
  assertEquals(points.kind === "scatter" && points.thumbnails?.columns, 2);
});

Deno.test("viewOf() a set says which arrays have too many dimensions to be drawn", () => {
  const shape = [1, 1, 1, 1, 1, 2];
  const data = Float32Array.of(1, 2);
  const set = featureSet({
    features: [{ data, shape, dtype: "float32" }],
    layerNames: ["deep"],
  });
  assertStringIncludes(
    Deno.inspect(set),
    'No figure is drawn of more than 5 dimensions: "deep"',
  );
});

Deno.test("featureSetView() lists at most 40 arrays, and says how to see the others", () => {
  const names = Array.from({ length: 60 }, (_, i) => `layer_${i}`);
  const set = featureSet({
    features: names.map((_, i) => float([i, i], [2, 1])),
    layerNames: names,
    logits: float([1, 0, 3, 2], [2, 2]),
  });
  const [, table, text] = featureSetView(set, {}).blocks;
  const listed = (table as TableBlock).rows.map(([name]) => name);
  assertEquals(listed.slice(28, 33), [
    ...["layer_28", "layer_29", "… 21 more …", "layer_51", "layer_52"],
  ]);
  assertEquals([listed.length, listed.at(-1)], [41, "logits"]);
  assertEquals(text, {
    kind: "text",
    text: "40 of 61 arrays listed: " +
      'await show(set.layer("layer_30")) shows one, and set.layerNames ' +
      "has the names of all layers.",
  });
});

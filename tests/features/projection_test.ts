import { assert, assertEquals, assertThrows } from "@std/assert";
import { VIEW } from "../../lib/display/attach_view.ts";
import type { Figure } from "../../lib/display/figure.ts";
import type { FigureBlock, View } from "../../lib/display/view.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { projection } from "../../lib/features/projection.ts";

function float(data: number[], shape: number[]) {
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

const SET = featureSet({
  features: [float([1, 2, 3], [3, 1]), float([1, 2, 3, 4, 5, 7], [3, 1, 2])],
  layerNames: ["first", "last"],
  penultimate: float([1, 2, 3], [3, 1]),
  logits: float([1, 2, 3], [3, 1]),
  labels: [0, 1, 1],
});

function blockOf(figure: Figure): FigureBlock {
  const found =
    (figure as unknown as Record<symbol, () => (o: object) => View>)[
      VIEW
    ]!;
  return found.call(figure)({}).blocks[0] as FigureBlock;
}

Deno.test("projection() takes the last layer, or the one that is named", () => {
  assertEquals(projection(SET).title, `PCA of layer "last"`);
  const title = (layer: string) => projection(SET, { layer }).title;
  assertEquals(title("first"), `PCA of layer "first"`);
  assertEquals(title("penultimate"), "PCA of penultimate");
  assertEquals(title("logits"), "PCA of logits");
  const { penultimate, logits } = SET;
  const noLayers = featureSet({ penultimate, logits });
  assertEquals(projection(noLayers).title, "PCA of penultimate");
  assertEquals(projection(featureSet({ logits })).title, "PCA of logits");
  assertEquals(projection(SET, { kind: "umap" }).title, `UMAP of layer "last"`);
});

Deno.test("projection() shows itself, coloured by label or by a number", async () => {
  const { summary, figure } = blockOf(projection(SET));
  assertEquals(
    summary,
    "3 samples of shape [1, 2] in the plane, coloured by label",
  );
  const spec = await figure();
  assert(spec.kind === "scatter");
  assertEquals(spec.groups.map(({ name }) => name), ["0", "1"]);
  const color = Float64Array.of(2, 3, 4);
  const colored = blockOf(projection(SET, { color }));
  color[0] = 9;
  const other = await colored.figure();
  assert(other.kind === "scatter");
  assertEquals(other.groups.map(({ name }) => name), ["2", "3", "4"]);
});

Deno.test("projection() colours points by the name of a group", async () => {
  const color = ["unknown, found", "known, kept", "unknown, found"];
  const block = blockOf(projection(SET, { color }));
  color[1] = "changed";
  assertEquals(
    block.summary,
    "3 samples of shape [1, 2] in the plane, coloured by group",
  );
  const spec = await block.figure();
  assert(spec.kind === "scatter");
  const groups = spec.groups.map(({ name, x, details }) => ({
    name,
    size: x.length,
    last: details?.map((lines) => lines.at(-1)),
  }));
  const twice = ["unknown, found", "unknown, found"];
  assertEquals(groups, [
    { name: "unknown, found", size: 2, last: twice },
    { name: "known, kept", size: 1, last: ["known, kept"] },
  ]);
});

Deno.test("projection() takes title, caption and axis labels", async () => {
  const options = { title: "Digits", xLabel: "first", caption: "by class" };
  const figure = projection(SET, { ...options, width: 400 });
  assertEquals(figure.title, "Digits");
  const spec = await blockOf(figure).figure();
  assert(spec.kind === "scatter");
  assertEquals([spec.title, spec.caption], ["Digits", "by class"]);
  assertEquals([spec.xLabel, spec.figureWidth], ["first", 400]);
});

Deno.test("projection() is frozen and prints its title", () => {
  const figure = projection(SET);
  assert(Object.isFrozen(figure));
  assert(Deno.inspect(figure).startsWith(`PCA of layer "last"`));
});

Deno.test("projection() refuses what it cannot draw", () => {
  const bad = (
    options: object,
    errorClass: typeof TypeError | typeof RangeError,
    part: string,
  ) => assertThrows(() => projection(SET, options), errorClass, part);
  bad({ layer: "firs" }, RangeError, `nearest name is "first"`);
  bad({ kind: "tsne" }, RangeError, `"kind" must be one of "pca", "umap"`);
  bad({ colour: "labels" }, TypeError, `did you mean "color"`);
  bad({ color: "red" }, TypeError, `"color" must be "labels", or a number`);
  bad({ color: [1, 2] }, RangeError, "one value for each of 3 samples");
  bad({ color: [1, 2, "3"] }, TypeError, `"color[2]" must be a number`);
  bad({ color: ["1", "2", 3] }, TypeError, `"color[2]" must be a string`);
  bad({ color: [1n, 2n, 3n] }, TypeError, `"color[0]" must be a number`);
  bad({ color: Promise.resolve([1]) }, TypeError, "await");
  const { logits } = SET;
  const unlabelled = featureSet({ logits });
  const run = () => projection(unlabelled, { color: "labels" });
  assertThrows(run, TypeError, "must have labels");
  const nothing = featureSet({ labels: [1] });
  assertThrows(() => projection(nothing), TypeError, "must hold features");
  const flat = featureSet({ features: [float([1], [1])] });
  assertThrows(() => projection(flat), TypeError, "vectors or feature maps");
  // @ts-expect-error: a promise
  const early = () => projection(Promise.resolve(SET));
  assertThrows(early, TypeError, "write await before it");
  // @ts-expect-error: no set
  assertThrows(() => projection([1, 2]), TypeError, "must be a feature set");
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import type { FigureBlock } from "../../lib/display/view.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { confusionMatrix } from "../../lib/metrics/confusion_matrix.ts";
import { layoutFaults, svgTexts } from "../display/_svg_texts.ts";

function logits(data: number[], width: number) {
  return {
    data: Float32Array.from(data),
    shape: [data.length / width, width],
    dtype: "float32",
  } as const;
}

const SET = featureSet({
  logits: logits([2, 1, 0, 3, 5, 1], 2),
  labels: [0, 1, 1],
  classNames: ["cat", "dog"],
});

Deno.test("confusionMatrix() counts label by prediction", () => {
  const { counts, title } = confusionMatrix(SET);
  assertEquals(counts, {
    data: Int32Array.of(1, 0, 1, 1),
    shape: [2, 2],
    dtype: "int32",
  });
  assertEquals(title, "Confusion matrix");
  assertEquals(
    Deno.inspect(confusionMatrix(SET)),
    "Confusion matrix\n\n[Confusion matrix: accuracy 66.67 % (2 of 3)]",
  );
});

Deno.test("confusionMatrix() names the class of each row", () => {
  assertEquals(confusionMatrix(SET).classes, [0, 1]);
  // Beyond a thousand classes, only those that occur have a row.
  const many = featureSet({
    logits: logits([2, 1, 0, 3], 2),
    labels: [0, 4000],
  });
  const { classes, counts } = confusionMatrix(many);
  assertEquals(classes, [0, 1, 4000]);
  assertEquals([...counts.data], [1, 0, 0, 0, 0, 0, 0, 1, 0]);
});

Deno.test("confusionMatrix() draws a square, with labels down and predictions across", async () => {
  const figure = confusionMatrix(SET, { title: "Pets" });
  const block = viewOf(figure, {})!.blocks[0] as FigureBlock;
  const image = await figureSvg(await block.figure());
  assertEquals(layoutFaults(image), []);
  const [tag = ""] = /<image [^>]*>/.exec(image.svg) ?? [];
  const [width, height] = [/ width="(\d+)"/, / height="(\d+)"/]
    .map((size) => size.exec(tag)?.[1]);
  assert(Number(width) > 100);
  assertEquals(width, height);
  const strings = svgTexts(image.svg).map(({ text }) => text);
  for (const text of ["Pets", "predicted class", "label", "cat", "dog"]) {
    assert(strings.includes(text), text);
  }
  assert(strings.includes("accuracy 66.67 % (2 of 3)"));
});

Deno.test("confusionMatrix() is readable with one, ten and a thousand classes", async () => {
  for (const size of [1, 10, 40, 1000]) {
    const data = Array.from({ length: 3 * size }, (_, i) => Math.sin(i));
    const labels = [0, 0, size - 1];
    const set = featureSet({
      logits: logits(data, size),
      labels,
      activation: "softmax",
    });
    if (size === 1) {
      assertThrows(() => confusionMatrix(set), TypeError);
      continue;
    }
    const figure = confusionMatrix(set);
    assertEquals(figure.counts.shape, [size, size]);
    const block = viewOf(figure, {})!.blocks[0] as FigureBlock;
    assertEquals(layoutFaults(await figureSvg(await block.figure())), []);
  }
});

Deno.test("confusionMatrix() refuses what has no labels or no classes", () => {
  assertThrows(
    () => confusionMatrix(featureSet({ logits: logits([1, 2], 2) })),
    TypeError,
    "the set must have labels: current value is undefined",
  );
  assertThrows(
    () => confusionMatrix(featureSet({ labels: [1] })),
    TypeError,
    "the set must have logits that are classes",
  );
  assertThrows(
    () => confusionMatrix(SET, { layer: "x" } as object),
    TypeError,
    "every option must be one of",
  );
});

import { assert, assertEquals } from "@std/assert";
import {
  accuracyText,
  classFigures,
} from "../../../lib/features/view/class_figures.ts";
import { predictions } from "../../../lib/features/view/predictions.ts";
import { featureSet } from "../../../lib/features/feature_set.ts";
import type { FeatureSetArrays } from "../../../lib/features/fields.ts";
import { assertAllClose } from "../../support/all_close.ts";

function sample(data: number[], width: number, change: FeatureSetArrays = {}) {
  const logits = {
    data: Float32Array.from(data),
    shape: [data.length / width, width],
    dtype: "float32",
  } as const;
  const set = featureSet({ logits, ...change });
  return { set, figures: classFigures(set, predictions(set)) };
}

Deno.test("classFigures() spreads the largest logits, NaN where one is", async () => {
  const { figures } = sample([1, 3, -2, -1, NaN, 9], 2);
  assertEquals(figures.map(({ title }) => title), ["Largest logit"]);
  const spec = await figures[0]!.figure();
  assert(spec.kind === "histogram");
  assertAllClose(spec.series[0]!.values, [3, -1, NaN]);
});

Deno.test("classFigures() counts labels against predictions", async () => {
  const { figures } = sample([1, 0, 0, 1, 0, 1, NaN, 1], 2, {
    labels: [0, 0, 1, 1],
    classNames: ["cat", "dog"],
  });
  const text = "accuracy 66.67 % (2 of 3, 1 without a prediction left out)";
  assertEquals(figures[1]!.summary, text);
  const spec = await figures[1]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals(spec.z, Int32Array.of(1, 1, 0, 1));
  assertEquals([spec.xTicks, spec.yTicks], [["cat", "dog"], ["cat", "dog"]]);
  assertEquals([spec.xLabel, spec.yLabel], ["predicted class", "label"]);
  assertEquals([spec.height, spec.width], [2, 2]);
  assertEquals([spec.annotated, spec.isSquare], [true, true]);
  assertEquals([spec.title, spec.notes], ["Confusion matrix", [text]]);
});

Deno.test("classFigures() does not name the model's classes after another dataset's", async () => {
  const { figures } = sample([1, 0, 0, 1], 2, {
    labels: [5, 6],
    classNames: ["0", "1", "2", "3", "4", "five", "six"],
  });
  const spec = await figures[1]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals(
    figures[1]!.summary,
    "accuracy 0.00 % (0 of 2; by index, as the model has 2 classes and the labels 7)",
  );
  assertEquals(spec.xTicks, ["0", "1", "2", "3", "4", "five", "six"]);
  assertEquals(spec.yTicks, spec.xTicks);
  assertEquals(Array.from(spec.z).lastIndexOf(1), 6 * 7 + 1);
});

Deno.test("classFigures() takes a sigmoid of one unit as two classes", async () => {
  const { figures } = sample([-1, 2], 1, {
    labels: [1, 1],
    activation: "sigmoid",
  });
  assertEquals(figures[0]!.title, "Logit");
  const spec = await figures[1]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals(spec.z, Int32Array.of(0, 0, 1, 1));
  assertEquals([spec.xTicks, spec.yTicks], [["≤ 0", "> 0"], ["0", "1"]]);
});

Deno.test("classFigures() draws no matrix when logits are no classes, and no counts into many cells", async () => {
  const several = sample([1, 0], 2, { labels: [1], activation: "sigmoid" });
  assertEquals(several.figures.length, 1);
  const many = sample(new Array(65).fill(0), 65, { labels: [1] });
  const spec = await many.figures[1]!.figure();
  assert(spec.kind === "heatmap");
  assertEquals([spec.width, spec.annotated], [65, false]);
  const set = featureSet({ labels: [1] });
  assertEquals(classFigures(set, undefined), []);
});

Deno.test("accuracyText() tells when nothing can be compared", () => {
  const predicted = {
    classes: Int32Array.of(-1),
    count: 2,
    compared: 0,
    right: 0,
  };
  assertEquals(
    accuracyText(predicted),
    "accuracy unknown (0 of 0, 1 without a prediction left out)",
  );
});

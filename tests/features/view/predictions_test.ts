import { assertEquals } from "@std/assert";
import {
  confusion,
  predictedNames,
  predictions,
} from "../../../lib/features/view/predictions.ts";
import { featureSet } from "../../../lib/features/feature_set.ts";
import type { FeatureSet } from "../../../lib/types.ts";

function logits(data: number[], width: number) {
  return {
    data: Float32Array.from(data),
    shape: [data.length / width, width],
    dtype: "float32",
  } as const;
}

Deno.test("predictions() takes the largest logit, the first of equal ones", () => {
  const set = featureSet({
    logits: logits([1, 3, 2, 5, 5, 0, -3, -2, -1, NaN, 1, 0], 3),
    labels: [1, 1, 2, 0],
  });
  assertEquals(predictions(set), {
    classes: Int32Array.of(1, 0, 2, -1),
    count: 3,
    compared: 3,
    right: 2,
  });
});

Deno.test("predictions() asks a sigmoid of one unit whether it is above 0", () => {
  const set = featureSet({
    logits: logits([-1, 0, 0.5, NaN], 1),
    labels: [0, 1, 1, 1],
    activation: "sigmoid",
  });
  assertEquals(predictions(set), {
    classes: Int32Array.of(0, 0, 1, -1),
    count: 2,
    compared: 3,
    right: 2,
  });
});

Deno.test("predictions() returns none when logits are no classes", () => {
  const several = { logits: logits([1, 2], 2), activation: "sigmoid" } as const;
  assertEquals(predictions(featureSet(several)), undefined);
  const one = { logits: logits([1, 2], 1), activation: "none" } as const;
  assertEquals(predictions(featureSet(one)), undefined);
  assertEquals(predictions(featureSet({ labels: [1] })), undefined);
});

Deno.test("predictions() compares nothing when there are no labels", () => {
  const found = predictions(featureSet({ logits: logits([1, 2], 2) }));
  assertEquals([found?.compared, found?.right], [0, 0]);
});

Deno.test("confusion() is square over the model's classes and all labels", () => {
  const set: FeatureSet = featureSet({
    logits: logits([1, 0, 0, 1, 0, 1, 1, 0, NaN, 0], 2),
    labels: [2, 2, 0, 1, 2],
  });
  const { classes, counts } = confusion(set.labels!.data, predictions(set)!);
  assertEquals(classes, [0, 1, 2]);
  assertEquals(counts, Int32Array.of(0, 1, 0, 1, 0, 0, 1, 1, 0));
});

Deno.test("confusion() has the classes that occur where labels are no indices", () => {
  const set: FeatureSet = featureSet({
    logits: logits([1, 0, 0, 1, NaN, 0], 2),
    labels: [5_000_000, -1, 7],
  });
  const { classes, counts } = confusion(set.labels!.data, predictions(set)!);
  assertEquals(classes, [-1, 0, 1, 7, 5_000_000]);
  assertEquals(counts.reduce((sum, count) => sum + count), 2);
  assertEquals([counts[4 * 5 + 1], counts[0 * 5 + 2]], [1, 1]);
});

Deno.test("predictedNames() names the model's classes only by their own names", () => {
  const name = (change: object, width = 2) => {
    const set = featureSet({ logits: logits([1, 0], width), ...change });
    return predictedNames(set, predictions(set)!)(1);
  };
  assertEquals(name({ classNames: ["cat", "dog"] }), "dog");
  assertEquals(name({ classNames: ["a", "b", "c"] }), "1");
  assertEquals(name({ activation: "sigmoid" }, 1), "> 0");
  assertEquals(
    name({ activation: "sigmoid", classNames: ["no", "yes"] }, 1),
    "yes",
  );
});

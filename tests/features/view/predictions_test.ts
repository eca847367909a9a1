import { assertEquals } from "@std/assert";
import {
  confusion,
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

Deno.test("predictions() gives none when logits are no classes", () => {
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

Deno.test("confusion() counts labels that occur against all classes", () => {
  const set: FeatureSet = featureSet({
    logits: logits([1, 0, 0, 1, 0, 1, 1, 0, NaN, 0], 2),
    labels: [7, 7, 7, -1, 7],
  });
  const { rows, counts } = confusion(set.labels!.data, predictions(set)!);
  assertEquals(rows, Int32Array.of(-1, 7));
  assertEquals(counts, Float64Array.of(1, 0, 1, 2));
});

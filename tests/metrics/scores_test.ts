import { assert, assertEquals, assertThrows } from "@std/assert";
import { featureSet } from "../../lib/features/feature_set.ts";
import { accuracy } from "../../lib/metrics/accuracy.ts";
import { aupr } from "../../lib/metrics/aupr.ts";
import { auroc } from "../../lib/metrics/auroc.ts";
import { calibrationError } from "../../lib/metrics/calibration_error.ts";
import { detectionError } from "../../lib/metrics/detection_error.ts";
import { fprAtTpr } from "../../lib/metrics/fpr_at_tpr.ts";
import { metricSteps, oodMetrics } from "../../lib/metrics/ood_metrics.ts";
import { prCurve } from "../../lib/metrics/pr_curve.ts";
import { rocCurve } from "../../lib/metrics/roc_curve.ts";
import { countScores, type Scores } from "../../lib/metrics/scores.ts";
import type { FeatureSet } from "../../lib/types.ts";

type Metric = (known: Scores, unknown: Scores, options?: object) => unknown;

const WITH_SIDE: Readonly<Record<string, Metric>> = {
  aupr,
  fprAtTpr,
  rocCurve,
  prCurve,
};
const METRICS: Readonly<Record<string, Metric>> = {
  ...WITH_SIDE,
  auroc,
  detectionError,
  oodMetrics,
};

for (const [name, metric] of Object.entries(METRICS)) {
  Deno.test(`${name}() refuses what are no scores`, () => {
    const bad = (value: unknown, part: string, type = TypeError) => {
      const scores = value as Scores;
      assertThrows(() => metric(scores, [1, 2]), type, `"known${part}`);
      assertThrows(() => metric([1, 2], scores), type, `"unknown${part}`);
    };
    bad(Promise.resolve([1]), `" must be a value: current value is a Promise`);
    bad([Promise.resolve(1)], `[0]" must be a value`);
    bad(undefined, `" must be an array of numbers`);
    bad("12", `" must be an array of numbers`);
    bad({ length: 2 }, `" must be an array of numbers`);
    bad(new DataView(new ArrayBuffer(8)), `" must be an array of numbers`);
    bad([1, "2"], `[1]" must be a number`);
    bad(BigInt64Array.of(1n), `[0]" must be a number`);
    bad([], `" must hold at least one score`, RangeError);
    bad([1, NaN], `[1]": current value is NaN`, RangeError);
    bad(
      Float32Array.of(-Infinity),
      `[0]": current value is -Infinity`,
      RangeError,
    );
  });

  Deno.test(`${name}() depends on neither the order of samples nor the array's type, and changes nothing`, () => {
    const [known, unknown] = [[3, 0.5, 2, 2], [4, 2.5, 1, 2]];
    const expected = metric(known, unknown);
    const typed = [Float32Array.from(known), Float64Array.from(unknown)];
    assertEquals(metric(typed[0]!, typed[1]!), expected);
    assertEquals([...typed[0]!], known);
    assertEquals([...typed[1]!], unknown);
    if (name === "oodMetrics") return; // the draws go by the order
    assertEquals(metric(known.toReversed(), unknown.toSorted()), expected);
  });
}

for (const [name, metric] of Object.entries(WITH_SIDE)) {
  Deno.test(`${name}() refuses options that it does not have`, () => {
    assertThrows(
      () => metric([1], [2], { positive: "in" }),
      RangeError,
      `"positive" must be one of "known", "unknown"`,
    );
    assertThrows(() => metric([1], [2], { side: "known" }), TypeError, "side");
  });
}

Deno.test("fprAtTpr() refuses rates that cannot be reached", () => {
  for (const tpr of [0, -1, 1.01, 95, NaN]) {
    assertThrows(() => fprAtTpr([1], [2], { tpr }), RangeError, `"tpr" must`);
  }
  const tpr = "0.95" as unknown as number;
  assertThrows(() => fprAtTpr([1], [2], { tpr }), TypeError, `"tpr" must`);
});

Deno.test("fprAtTpr() reaches a rate that is met exactly", () => {
  const unknown = Array.from({ length: 20 }, (_, i) => i + 1);
  // 19 of 20 are 0.95, so the threshold is 2, which two known samples pass.
  assertEquals(fprAtTpr([0, 1, 2, 3], unknown), 0.5);
});

Deno.test("auroc() is exact where pairs outnumber what a float32 counts", () => {
  const known = Float64Array.from({ length: 6000 }, (_, i) => i % 7);
  const unknown = Float64Array.from({ length: 5000 }, (_, i) => 1 + i % 7);
  // Per residue pair: k < u counts 1, k = u half; sizes are not equal.
  const sizes = (n: number) =>
    Array.from({ length: 7 }, (_, r) => Math.ceil((n - r) / 7));
  let twice = 0;
  sizes(6000).forEach((a, k) =>
    sizes(5000).forEach((b, u) => twice += a * b * (1 + Math.sign(u + 1 - k)))
  );
  assertEquals(auroc(known, unknown), twice / (2 * 6000 * 5000));
});

Deno.test("countScores() counts equal scores together, 0 and -0 among them", () => {
  assertEquals(countScores([1, 0, -0], [-0, 3, 1], "count"), {
    values: Float64Array.of(-0, 1, 3),
    known: Float64Array.of(2, 1, 0),
    unknown: Float64Array.of(1, 1, 1),
    numKnown: 3,
    numUnknown: 3,
  });
});

Deno.test("oodMetrics() refuses one score, and options out of range", () => {
  const rule = `must hold two scores or more to have an interval`;
  assertThrows(() => oodMetrics([1], [2, 3]), RangeError, `"known" ${rule}`);
  assertThrows(() => oodMetrics([1, 2], [3]), RangeError, `"unknown" ${rule}`);
  const bad = (options: object, type: typeof TypeError | typeof RangeError) =>
    assertThrows(() => oodMetrics([1, 2], [3, 4], options), type);
  for (const confidence of [0, 1, 95, NaN]) bad({ confidence }, RangeError);
  for (const seed of [0.5, NaN, "1"]) bad({ seed }, RangeError);
  bad({ intervals: "normal" }, RangeError);
  bad({ resamples: 10 }, TypeError);
});

Deno.test("oodMetrics() is frozen, and repeats itself by its seed", () => {
  const known = Float64Array.from({ length: 50 }, (_, i) => Math.sin(i));
  const unknown = known.map((value) => value + 1);
  const first = oodMetrics(known, unknown, { seed: 3 });
  assertEquals(oodMetrics(known, unknown, { seed: 3 }), first);
  const { low } = oodMetrics(known, unknown, { seed: 4 }).auprOut;
  assert(low !== first.auprOut.low);
  assert(Object.isFrozen(first) && Object.isFrozen(first.fpr95));
});

Deno.test("metricSteps() does the same in a step a resample", () => {
  const [known, unknown] = [[1, 2, 3], [2, 3, 4]];
  const steps = metricSteps(known, unknown, {});
  let count = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) count++;
  assertEquals(count, 1000);
  assertEquals(step.value, oodMetrics(known, unknown));
});

function logits(data: number[], width: number) {
  const shape = [data.length / width, width];
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

for (const [name, metric] of Object.entries({ accuracy, calibrationError })) {
  Deno.test(`${name}() refuses sets without labels, classes or samples`, () => {
    const bad = (set: unknown, type: typeof TypeError, part: string) =>
      assertThrows(() => metric(set as FeatureSet), type, part);
    const labels = [0];
    bad(featureSet({ logits: logits([1, 2], 2) }), TypeError, "have labels");
    bad(featureSet({ labels }), TypeError, "have logits that are classes");
    bad(
      featureSet({ logits: logits([1], 1), labels }),
      TypeError,
      "have logits that are classes",
    );
    bad(
      featureSet({ logits: logits([1, 2], 2), labels, activation: "sigmoid" }),
      TypeError,
      "have logits that are classes",
    );
    bad(
      featureSet({ logits: logits([], 2), labels: [] }),
      RangeError,
      "at least one sample",
    );
    bad(
      featureSet({ logits: logits([1, 2, NaN, 2], 2), labels: [0, 1] }),
      RangeError,
      "also in row 1",
    );
    bad(Promise.resolve(), TypeError, "write await before it");
    bad([1], TypeError, "must be a feature set");
  });
}

Deno.test("calibrationError() refuses infinite logits and wrong bins", () => {
  const infinite = featureSet({
    logits: logits([Infinity, 0], 2),
    labels: [0],
  });
  assertEquals(accuracy(infinite), 1);
  assertThrows(() => calibrationError(infinite), RangeError, "infinite");
  const set = featureSet({ logits: logits([1, 2], 2), labels: [1] });
  for (const bins of [0, 1.5, NaN]) {
    assertThrows(() => calibrationError(set, { bins }), RangeError, "bins");
  }
  assertThrows(() => calibrationError(set, { bin: 3 } as object), TypeError);
});

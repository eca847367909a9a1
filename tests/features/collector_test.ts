import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type CollectedBatch,
  FeatureCollector,
} from "../../lib/features/collector.ts";
import type { NdArray } from "../../lib/types.ts";

const FIXED = {
  layerNames: ["a", "b"],
  specs: [{ name: "a", form: "raw" }, { name: "b", form: "raw" }],
} as const;

/** A batch whose values count on from `start`. */
function batch(start: number, rows: number, width = 2): CollectedBatch {
  const count = (length: number) =>
    Float32Array.from({ length }, (_, i) => start * 10 + i);
  return {
    rows,
    features: [
      { data: count(rows * width), shape: [rows, width], dtype: "float32" },
      {
        data: Int32Array.from({ length: rows }, (_, i) => start + i),
        shape: [rows],
        dtype: "int32",
      },
    ],
    logits: { data: count(rows), shape: [rows, 1], dtype: "float32" },
    labels: Int32Array.from({ length: rows }, (_, i) => start + i),
    nonFinite: rows > 1 ? [1] : [],
  };
}

// 3 rows are known beforehand, too few, too many, or not at all.
for (const total of [3, 2, 1, 0, 100, undefined]) {
  Deno.test(`FeatureCollector joins batches when total is ${total}`, () => {
    const collector = new FeatureCollector({ total });
    collector.add(batch(0, 2));
    collector.add(batch(2, 1));
    assertEquals(collector.rows, 3);
    const set = collector.finish({ ...FIXED, activation: "none" });
    assertEquals(set.layer("a").data, Float32Array.of(0, 1, 2, 3, 20, 21));
    assertEquals(set.layer("a").shape, [3, 2]);
    assertEquals(set.layer("b").data, Int32Array.of(0, 1, 2));
    assertEquals(set.layer("a").data.buffer.byteLength, 24);
    assertEquals(set.logits?.data, Float32Array.of(0, 1, 20));
    assertEquals(set.labels?.data, Int32Array.of(0, 1, 2));
    assertEquals(set.labels?.shape, [3]);
    assertEquals(Array.from(set.nonFinite), [1]);
    assertEquals(Array.from(set.ids), [0, 1, 2]);
    assertEquals([set.activation, "penultimate" in set], ["none", false]);
  });
}

Deno.test("FeatureCollector writes into one array when the total is known", () => {
  const collector = new FeatureCollector({ total: 2 });
  const first = batch(0, 1);
  collector.add(first);
  first.features[0]!.data[0] = 99;
  collector.add(batch(1, 1));
  const set = collector.finish(FIXED);
  assertEquals(set.layer("a").data[0], 0);
});

Deno.test("FeatureCollector keeps ids, and counts positions from its start", () => {
  const named = new FeatureCollector();
  named.add({ ...batch(0, 2), ids: ["x", "y"] });
  named.add({ ...batch(2, 1), ids: Int32Array.of(7) });
  assertEquals(Array.from(named.finish(FIXED).ids), ["x", "y", 7]);
  const later = new FeatureCollector({ start: 64 });
  later.add(batch(0, 2));
  assertEquals(Array.from(later.finish(FIXED).ids), [64, 65]);
});

Deno.test("FeatureCollector moves the rows that are not finite", () => {
  const collector = new FeatureCollector();
  for (const start of [0, 2, 4]) collector.add(batch(start, 2));
  assertEquals(Array.from(collector.finish(FIXED).nonFinite), [1, 3, 5]);
});

Deno.test("FeatureCollector keeps a penultimate", () => {
  const penultimate = {
    data: Float32Array.of(1, 2),
    shape: [2, 1],
    dtype: "float32",
  } as const;
  const collector = new FeatureCollector({ total: 2 });
  collector.add({ rows: 2, features: [], penultimate, nonFinite: [] });
  const set = collector.finish({ layerNames: [], specs: [] });
  assertEquals(set.penultimate?.data, Float32Array.of(1, 2));
  assert(!("logits" in set) && !("labels" in set));
});

const { labels: _labels, ...UNLABELLED } = batch(2, 1);
const { logits: _logits, ...HEADLESS } = batch(2, 1);
const BAD: readonly [string, CollectedBatch, string][] = [
  [
    "another shape",
    batch(2, 1, 3),
    `layer "a" must be [null, 2] of float32 in every batch: current value is "[null, 3] of float32"`,
  ],
  ["no labels", UNLABELLED, "every batch or none must have labels"],
  ["no logits", HEADLESS, "every batch or none must have logits"],
  [
    "ids of a sudden",
    { ...batch(2, 1), ids: [1] },
    `must have ids: current value is "a batch with them`,
  ],
  ["fewer features", { ...batch(2, 1), features: [] }, "must have 2 features"],
  [
    "other rows",
    { ...batch(2, 1), rows: 2 },
    `layer "a" must have the 2 rows of its batch`,
  ],
  [
    "too few labels",
    { ...batch(2, 1), labels: new Int32Array(0) },
    "labels must have the 1 row",
  ],
];

for (const [name, bad, part] of BAD) {
  for (const total of [3, undefined]) {
    Deno.test(`FeatureCollector refuses a batch with ${name} when total is ${total}`, () => {
      const collector = new FeatureCollector({ total, layerNames: ["a", "b"] });
      collector.add(batch(0, 2));
      assertThrows(() => collector.add(bad), TypeError, part);
    });
  }
}

Deno.test("FeatureCollector adds nothing of a batch that it refuses", () => {
  const collector = new FeatureCollector({ total: 3 });
  collector.add(batch(0, 2));
  const next = batch(2, 1);
  const other = { data: Float32Array.of(1), shape: [1], dtype: "float32" };
  const features = [next.features[0]!, other as NdArray];
  assertThrows(
    () => collector.add({ ...next, features }),
    TypeError,
    "feature 1 must be [null] of int32 in every batch",
  );
  const set = collector.finish(FIXED);
  assertEquals([set.layer("a").shape, set.layer("b").shape], [[2, 2], [2]]);
  assertEquals([set.labels!.shape, set.ids.length], [[2], 2]);
});

Deno.test("FeatureCollector refuses to finish twice, or without a batch", () => {
  const collector = new FeatureCollector();
  const finish = () => collector.finish(FIXED);
  assertThrows(finish, RangeError, "at least one batch");
  collector.add(batch(0, 1));
  finish();
  assertThrows(finish, RangeError, "at least one batch");
  assertThrows(() => collector.add(batch(0, 1)), TypeError, "finished");
  assertThrows(() => new FeatureCollector({ total: -1 }), RangeError, "total");
});

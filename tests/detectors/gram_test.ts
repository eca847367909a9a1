import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FeatureExtractor,
  type FeatureSet,
  featureSet,
  gramStatistics,
  perLayer,
  tf,
} from "@sonde/sonde";
import { gram, type GramDetectorOptions } from "../../lib/detectors/gram.ts";
import { assertAllClose } from "../support/all_close.ts";
import {
  blobs,
  matrix,
  normals,
  rowSet,
  TINY_FIT,
  TINY_QUERY,
} from "../support/detector_sets.ts";

/** Samples of two units that are all predicted as class 0. */
function vectors(rows: readonly (readonly number[])[]): FeatureSet {
  return rowSet({ penultimate: rows, logits: rows.map(() => [1, 0]) });
}

async function scored(
  known: FeatureSet,
  query: FeatureSet,
  options: GramDetectorOptions,
): Promise<Float64Array> {
  return await (await gram(options).fit(known)).score(query);
}

Deno.test("gram() equals oodeel's scores on its fixture", async () => {
  const options = { orders: [1, 2], quantile: 0.25 };
  assertAllClose(
    await scored(TINY_FIT, TINY_QUERY, options),
    [0, 0.2222222, 396.99963, 45.999954],
    { rtol: 1e-5, atol: 1e-6 },
  );
});

Deno.test("gram() sums deviations from the bounds, relative to them", async () => {
  // Order 1 of (a, b): a², and ab + b². Bounds: [1, 4] and [2, 8].
  const known = vectors([[1, 1], [2, 2]]);
  const query = vectors([[1.5, 1.5], [3, 0], [-1, 3]]);
  // (3, 0): 9 and 0; (-1, 3): 1 and 6.
  assertAllClose(
    await scored(known, query, { orders: [1] }),
    [0, (9 - 4) / 4 + (2 - 0) / 2, 0],
    { rtol: 1e-5 },
  );
});

Deno.test("gram() computes signed roots of powers", async () => {
  // Order 3 of (a, b): cube roots of a⁶ and a³b³, b⁶: a², and ab + b².
  const known = vectors([[1, 1], [2, 2]]);
  const query = vectors([[3, 0], [-3, 1]]);
  const one = await scored(known, query, { orders: [1] });
  assertAllClose(await scored(known, query, { orders: [3] }), one, {
    rtol: 1e-9,
  });
});

Deno.test("gram() uses quantiles at ranks rounded half to even", async () => {
  // Statistics of one unit are squares: 1, 4, 9, 16, 25, 36.
  const known = [1, 2, 3, 4, 5, 6].map((x) => [x]);
  const query = vectors([[0], [7]]);
  // 5 * 0.1 = 0.5 is rounded to rank 0, 5 * 0.9 = 4.5 to rank 4.
  const [low, high] = await scored(vectors(known), query, {
    orders: [1],
    quantile: 0.1,
  });
  assertAllClose([low!, high!], [1, (49 - 25) / 25], { rtol: 1e-5 });
});

Deno.test("gram() has the bounds of all samples for a class that the fit never predicted", async () => {
  const logits = [[9, 1, 0], [1, 9, 0], [1, 9, 0]];
  const known = rowSet({ penultimate: [[1], [2], [3]], logits });
  const query = rowSet({
    penultimate: [[2], [6]],
    logits: [[0, 0, 5], [0, 0, 5]],
  });
  // Squares between 1 and 9.
  assertAllClose(
    await scored(known, query, { orders: [1] }),
    [0, (36 - 9) / 9],
    { rtol: 1e-5 },
  );
});

Deno.test("gram() is finite with units that are always 0, and with large ones", async () => {
  const known = vectors([[0, 1], [0, 1]]);
  const [near, far] = await scored(
    known,
    vectors([[0, 1], [1e15, 1e15]]),
    { orders: [1, 5] },
  );
  assertEquals([near, Number.isFinite(far), far! > 1e30], [0, true, true]);
});

/** Maps `[N, 2, 2, 3]`, channels last, and the same with channels first. */
function maps(): { readonly last: FeatureSet; readonly first: FeatureSet } {
  const count = 12;
  const values = normals(count * 12, 3);
  const moved = values.map((_, i) => {
    const [n, c, at] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
    return values[n * 12 + at * 3 + c]!;
  });
  const logits = matrix(Array.from({ length: count }, () => [1, 0]).flat(), 2);
  const set = (data: Float64Array, shape: number[]) =>
    featureSet({
      features: [{ data: Float32Array.from(data), shape, dtype: "float32" }],
      layerNames: ["map"],
      logits,
    });
  return {
    last: set(values, [count, 2, 2, 3]),
    first: set(moved, [count, 3, 2, 2]),
  };
}

Deno.test("gram() accepts maps with channels first or last", async () => {
  const { last, first } = maps();
  const halves = (set: FeatureSet) =>
    [set.select((row) => row < 6), set.select((row) => row >= 6)] as const;
  const found = await scored(...halves(last), { channels: "last" });
  assertAllClose(found, await scored(...halves(first), { channels: "first" }), {
    rtol: 1e-12,
  });
  assertEquals(found.some((score) => score > 0), true);
});

Deno.test("gram() refuses maps whose channels are not known, and the advice works", async () => {
  const { last } = maps();
  await assertRejects(
    () => gram().fit(last),
    TypeError,
    'Cannot fit gram() as the channels of feature maps must be known: current value is [2, 2, 3]; pass them with gram({ channels: "last" })',
  );
  await gram({ channels: "last" }).fit(last);
});

Deno.test("gram() scores what gramStatistics() left as it does the maps of a model", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 3,
        kernelSize: 2,
        activation: "relu",
        inputShape: [4, 4, 1],
        name: "conv",
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const xs = tf.randomNormal([40, 4, 4, 1], 0, 1, "float32", 5);
  const extractor = new FeatureExtractor(model).layers("conv")
    .engine("tfjs", { backend: "cpu" });
  const orders = [1, 2, 3];
  const plain = await extractor.predict(xs);
  const reduced = await extractor.postprocess(gramStatistics({ orders }))
    .predict(xs);
  const first = (set: FeatureSet) => set.select((row) => row < 20);
  const last = (set: FeatureSet) => set.select((row) => row >= 20);
  const expected = await scored(first(plain), last(plain), { orders });
  for (const options of [{}, { orders }]) {
    const found = await scored(first(reduced), last(reduced), options);
    // Statistics of small numbers in float32, over bounds that can be near 0.
    assertAllClose(found, expected, { rtol: 1e-3, atol: 1e-3 });
  }
  await assertRejects(
    () => gram({ orders: [1, 2] }).fit(reduced),
    TypeError,
    '"orders" must be the 3 of gramStatistics(): current value is [1, 2]',
  );
  // Of several layers, maps and vectors alike.
  const both = await new FeatureExtractor(model).layers(["conv", -1])
    .predict(xs);
  const layered = await perLayer(gram({ orders })).fit(first(both));
  const scores = await layered.score(last(both));
  assertEquals(scores.every(Number.isFinite), true);
  tf.dispose(xs);
  model.dispose();
});

Deno.test("gram() keeps at most maxSamples of a class, however they come in blocks", async () => {
  const set = blobs({ samples: 60 });
  const scoreOf = async (options: GramDetectorOptions) =>
    String(await scored(set, blobs({ samples: 9, seed: 7 }), options));
  const few = { orders: [1], maxSamples: 5, seed: 1 };
  assertEquals(await scoreOf(few), await scoreOf(few));
  assertEquals(
    await scoreOf(few) === await scoreOf({ ...few, seed: 2 }),
    false,
  );
  assertEquals(
    await scoreOf({ orders: [1], maxSamples: 20 }),
    await scoreOf({ orders: [1] }),
  );
});

Deno.test("gram() refuses options out of range", () => {
  const bad: GramDetectorOptions[] = [
    ...[{ orders: [] }, { orders: [0] }, { orders: [1.5] }, { quantile: 0.5 }],
    ...[{ quantile: -0.1 }, { maxSamples: 0 }, { channels: "middle" as never }],
  ];
  for (const options of bad) {
    const [name] = Object.keys(options);
    assertThrows(() => gram(options), RangeError, `"${name}" must be`);
  }
});

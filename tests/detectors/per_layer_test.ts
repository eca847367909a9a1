import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fitAggregate, openAggregate } from "../../lib/detectors/aggregates.ts";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { defineDetector } from "../../lib/detectors/define_detector.ts";
import { dice } from "../../lib/detectors/dice.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { fitTemperature } from "../../lib/detectors/fit_temperature.ts";
import { loadScorer } from "../../lib/detectors/load_scorer.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { perLayer } from "../../lib/detectors/per_layer.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { negativeLogUpperGamma } from "../../lib/math/gamma.ts";
import type { Detector, FeatureSet } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, matrix, streamOf } from "../support/detector_sets.ts";

/** The score of a layer is its one unit. */
const itself = defineDetector({
  name: "itself",
  uses: { features: "layer" },
  open: () => ({ score: ({ features }) => Float64Array.from(features.data) }),
});

function scoresOf(a: readonly number[], b: readonly number[]): FeatureSet {
  return featureSet({
    features: [matrix(a, 1), matrix(b, 1)],
    layerNames: ["a", "b"],
  });
}

/** The fixture that oodeel's aggregators were run on. */
const FIT = scoresOf([1, 2, 3, 4, 5], [10, 20, 15, 40, 30]);
const QUERY = scoresOf([0, 3, 9], [5, 20, 100]);

Deno.test("perLayer() equals oodeel's standardised aggregator", async () => {
  const scorer = await perLayer(itself).fit(FIT);
  const expected = [0.23211917, 1.98913686, 7.82436397];
  assertAllClose(await scorer.score(QUERY), expected, { rtol: 1e-8 });
});

Deno.test('perLayer({ aggregate: "fisher" }) is -log(1 - s) of the scores s of oodeel', async () => {
  const scorer = await perLayer(itself, { aggregate: "fisher" }).fit(FIT);
  const scores = await scorer.score(QUERY);
  const expected = [0.00028588, 0.49569757, 0.96458017];
  assertAllClose(scores.map((x) => -Math.expm1(-x)), expected, { atol: 1e-8 });
});

Deno.test('perLayer({ aggregate: "max" }) is the largest standardised score', async () => {
  const scorer = await perLayer(itself, { aggregate: "max" }).fit(FIT);
  const [sa, sb] = [Math.SQRT2, Math.sqrt(116)];
  const expected = [(5 - 23) / sb, 0, (100 - 23) / sb];
  assert((0 - 3) / sa < expected[0]!);
  assertAllClose(await scorer.score(QUERY), expected, {
    rtol: 1e-9,
    atol: 1e-12,
  });
});

Deno.test("aggregates rise with each layer's score, below 0 and beyond the known too", () => {
  const known = [[-9, -7, -5, -4], [-1, -3, -2, -2]].map((x) =>
    Float64Array.from(x)
  );
  for (const name of ["standardized", "fisher", "max"] as const) {
    const { combine } = openAggregate(name, fitAggregate(name, known));
    const of = (a: number, b: number) => combine(Float64Array.of(a, b));
    let last = -Infinity;
    for (const step of [-20, -8, -5, -3, 0, 5, 50, 5000]) {
      const score = of(step, step + 1);
      assert(
        score > last || (name === "fisher" && step < -5),
        `${name} ${step}`,
      );
      assert(score >= last && of(step, step + 2) >= score, `${name} ${step}`);
      last = score;
    }
  }
});

Deno.test("aggregates are finite where known scores do not differ", () => {
  const known = [Float64Array.of(2, 2, 2), Float64Array.of(0, 0, 0)];
  for (const name of ["standardized", "fisher", "max"] as const) {
    const { combine } = openAggregate(name, fitAggregate(name, known));
    const scores = [[2, 0], [3, 1]].map((x) => combine(Float64Array.from(x)));
    assert(scores.every(Number.isFinite) && scores[0]! < scores[1]!, `${name}`);
  }
});

Deno.test("the rounding errors of equal large scores do not count as a spread", () => {
  const noisy = Float64Array.from(
    { length: 9 },
    (_, i) => 1e7 + 1e-9 * (i % 2),
  );
  for (const name of ["standardized", "max"] as const) {
    const { spreads } = fitAggregate(name, [noisy]);
    assertAllClose(spreads!.data as Float64Array, [1e-3], { rtol: 1e-9 });
  }
});

Deno.test("fisher keeps 10,000 of many known scores, and nearly the same ranks", () => {
  const known = Float64Array.from({ length: 30_001 }, (_, i) => i);
  const state = fitAggregate("fisher", [known]);
  assertEquals(state.table!.shape, [1, 10_002]);
  // With all of them, the p-value of score i is (N - i + 1) / (N + 2).
  const taus = known.map((i) => -2 * Math.log((30_002 - i) / 30_003));
  const mean = taus.reduce((sum, x) => sum + x, 0) / taus.length;
  const variance = taus.reduce((sum, x) => sum + (x - mean) ** 2, 0) /
    taus.length;
  const [scale, freedom] = [variance / (2 * mean), 2 * mean ** 2 / variance];
  for (const score of [10, 15_000, 29_990]) {
    const tau = -2 * Math.log((30_002 - score) / 30_003);
    const expected = negativeLogUpperGamma(freedom / 2, tau / scale / 2);
    const found = openAggregate("fisher", state).combine(
      Float64Array.of(score),
    );
    assertAllClose([found], [expected], { rtol: 1e-4 });
  }
});

function twoLayers(seed: number, samples: number, unknown = false): FeatureSet {
  const [a, b] = [seed, seed + 50].map((seed) =>
    blobs({ samples, seed, unknown })
  );
  return featureSet({
    features: [a!.penultimate!, b!.penultimate!],
    layerNames: ["conv", "pen"],
    labels: a!.labels!.data,
  });
}

Deno.test("perLayer() leaves each sample out of its own neighbours", async () => {
  // Pairs of equal samples but one: left out, its neighbour is 90° away.
  const set = featureSet({ features: [matrix([1, 0, 1, 0, 0, 1], 2)] });
  const scorer = await perLayer(deepKnn({ neighbors: 1 })).fit(set);
  // Scores of the known: 0, 0, √2: their spread is √(2 - (√2/3 …)²).
  const spread = Math.sqrt(2 / 3 - 2 / 9);
  const query = featureSet({ features: [matrix([-1, 0], 2)] });
  assertAllClose(await scorer.score(query), [Math.SQRT2 / spread], {
    rtol: 1e-9,
  });
});

Deno.test("perLayer() fits without each sample of a few, where the detector cannot leave it out", async () => {
  const known = twoLayers(1, 12).pooled("mean");
  const query = twoLayers(2, 5);
  const scorer = await perLayer(mahalanobis()).fit(known);
  let expected = new Float64Array(5);
  for (const layer of [0, 1]) {
    const one = (set: FeatureSet, rows: (row: number) => boolean) =>
      featureSet({
        features: [set.features[layer]!],
        labels: set.labels!.data,
      }).select(rows);
    const left: number[] = [];
    for (let row = 0; row < 12; row++) {
      const rest = await mahalanobis().fit(one(known, (i) => i !== row));
      left.push((await rest.score(one(known, (i) => i === row)))[0]!);
    }
    const mean = left.reduce((sum, x) => sum + x, 0) / 12;
    const spread = Math.sqrt(
      left.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 12,
    );
    const whole = await mahalanobis().fit(one(known, () => true));
    const scores = await whole.score(one(query, () => true));
    expected = expected.map((x, i) => x + scores[i]! / spread / 2);
  }
  assertAllClose(await scorer.score(query), expected, { rtol: 1e-9 });
});

for (
  const [name, detector] of [
    ["deepKnn", deepKnn({ neighbors: 5 })],
    ["mahalanobis", mahalanobis()],
  ] as const
) {
  Deno.test(`perLayer(${name}()) keeps the contract of the family`, async () => {
    const [known, held, unknown] = [
      twoLayers(1, 80),
      twoLayers(2, 30),
      twoLayers(3, 20, true),
    ];
    for (const aggregate of ["standardized", "fisher", "max"] as const) {
      const scorer = await perLayer(detector, { aggregate }).fit(known);
      const scores = await scorer.score(unknown);
      const least = Math.max(...await scorer.score(held));
      assert(scores.every((score) => score > least), aggregate);
      const streamed = await perLayer(detector, { aggregate }).fit(
        streamOf(known, 9),
      );
      assertAllClose(await streamed.score(streamOf(unknown, 6)), scores, {
        rtol: 1e-9,
      });
      const deciding = await scorer.calibrate(held);
      const file = await Deno.makeTempFile();
      await deciding.save(file);
      const loaded = await loadScorer(file);
      await Deno.remove(file);
      assert("decide" in loaded);
      assertEquals(
        await loaded.decide(unknown),
        await deciding.decide(unknown),
      );
      assertEquals((await scorer.calibrate(known)).warnings.length, 1);
      const { terms, score } = await scorer.explain(unknown, 7);
      assertEquals(Object.keys(terms!), ["conv", "pen"]);
      assertAllClose([score], [scores[7]!], { rtol: 1e-9 });
    }
  });
}

Deno.test("perLayer() refuses layers that the weights of the head do not fit, and the advice works", async () => {
  const { penultimate, logits, head } = blobs({ samples: 9 });
  const known = featureSet({
    features: [matrix(Array(27).fill(1), 3), penultimate!],
    layerNames: ["conv", "pen"],
    logits,
    head,
  });
  await assertRejects(
    () => perLayer(dice()).fit(known),
    TypeError,
    "Cannot fit perLayer() as each layer must have the 6 columns that feed the head, whose weights dice() uses: " +
      'current value is "conv"; use dice() with a set of .penultimate()',
  );
  await dice().fit(featureSet({ penultimate, logits, head }));
  await perLayer(dice()).fit(featureSet({
    features: [penultimate!],
    layerNames: ["pen"],
    logits,
    head,
  }));
});

Deno.test("perLayer() accepts a custom detector, which cannot be saved", async () => {
  const mine: Detector = {
    name: "mine",
    fit: (known, options) => itself.fit(known, options),
  };
  const scorer = await perLayer(mine).fit(FIT);
  const expected = [0.23211917, 1.98913686, 7.82436397];
  assertAllClose(await scorer.score(QUERY), expected, { rtol: 1e-8 });
  await assertRejects(
    () => scorer.save("never"),
    TypeError,
    "defineDetector()",
  );
});

Deno.test("perLayer() refuses what is no detector of features, and sets without layers", async () => {
  assertThrows(() => perLayer(energy()), TypeError, "features of one layer");
  assertThrows(() => perLayer(perLayer(itself)), TypeError, "one layer");
  assertThrows(
    () => perLayer(deepKnn as never),
    TypeError,
    "write perLayer(deepKnn())",
  );
  assertThrows(
    () => perLayer(itself, { aggregate: "mean" as never }),
    RangeError,
    "aggregate",
  );
  await assertRejects(
    () => perLayer(itself).fit(blobs({ samples: 3 })),
    TypeError,
    "extract with .layers([…])",
  );
  const scorer = await perLayer(itself).fit(FIT);
  await assertRejects(
    () =>
      scorer.score(
        featureSet({ features: [matrix([1], 1)], layerNames: ["a"] }),
      ),
    TypeError,
    'the set must have layer "b" of the fit',
  );
});

Deno.test("fitTemperature() finds the temperature that labels were drawn with", async () => {
  // Of logits (2, 0), three of four are of the first class: 2 / T = log 3.
  const set = featureSet({
    logits: matrix([2, 0, 2, 0, 2, 0, 2, 0], 2),
    labels: [0, 0, 0, 1],
  });
  const expected = 2 / Math.log(3);
  assertAllClose([await fitTemperature(set)], [expected], { rtol: 1e-9 });
  assertAllClose([await fitTemperature(streamOf(set, 3))], [expected], {
    rtol: 1e-9,
  });
});

Deno.test("fitTemperature() refuses labels and samples that have no temperature", async () => {
  const of = (...labels: number[]) =>
    featureSet({ logits: matrix([2, 0, 0, 2], 2), labels });
  await assertRejects(
    () => fitTemperature(of(0, 1)),
    RangeError,
    "classified wrongly",
  );
  await assertRejects(
    () => fitTemperature(of(1, 0)),
    RangeError,
    "better than by chance",
  );
  await assertRejects(
    () => fitTemperature(of(0, 2)),
    RangeError,
    "below the 2 classes",
  );
});

/** Samples that `perLayer()` scores as held out, by fits without them. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { defineDetector } from "../../lib/detectors/define_detector.ts";
import { foldsOf } from "../../lib/detectors/_layer_sets.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { perLayer } from "../../lib/detectors/per_layer.ts";
import { rmds } from "../../lib/detectors/rmds.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { Pacer } from "../../lib/formats/pacer.ts";
import type { FeatureSet } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, matrix, shuffled, streamOf } from "../support/detector_sets.ts";

/** Two layers of two classes, of `counts` samples. */
function twoClasses(...counts: [number, number]): FeatureSet {
  const labels = counts.flatMap((count, label) => Array(count).fill(label));
  const rows = labels.map((label, i) => [label * 8 + (i * 7) % 5, i % 3]);
  const features = [0, 1].map((layer) =>
    matrix(rows.flatMap(([a, b]) => [a! + layer, b! * 2]), 2)
  );
  return featureSet({ features, layerNames: ["conv", "pen"], labels });
}

Deno.test("perLayer() refuses samples of which none can be held out, and the advice works", async () => {
  const known = twoClasses(7, 1);
  const error = await assertRejects(
    () => perLayer(rmds()).fit(known),
    RangeError,
    "Cannot fit perLayer() as rmds() must also be fitted without some of the samples, which it then scores as held out: " +
      'current value is "8 samples of 2 classes, 1 in the smallest"; use rmds() on one layer; the cause is the error of that fit',
  );
  assertStringIncludes((error.cause as Error).message, "two classes or more");
  await perLayer(rmds()).fit(twoClasses(7, 2));
  const one = featureSet({
    features: [known.features[0]!],
    labels: known.labels!.data,
  });
  await rmds().fit(one);
  await perLayer(mahalanobis()).fit(known); // means and a tied covariance
});

Deno.test("perLayer() has samples of each class in every fold", async () => {
  // Two of 80 samples are of the second class: in one fold, rmds() could not be
  // fitted without it. Equal samples are in several folds, too.
  const equal = featureSet({
    features: [matrix(Array(160).fill(3), 2)],
    layerNames: ["a"],
  });
  const mean = defineDetector({
    name: "mean",
    uses: { features: "layer" },
    async fit({ blocks }) {
      let [sum, count] = [0, 0];
      for await (const { features, rows } of blocks()) {
        for (const x of features.data) sum += x;
        count += rows;
      }
      const data = Float64Array.of(sum / count, count);
      return { mean: { data, shape: [2], dtype: "float64" } };
    },
    open: ({ mean }) => ({
      score: ({ rows }) => new Float64Array(rows).fill(mean!.data[1]!),
    }),
  });
  const scorer = await perLayer(mean, { aggregate: "max" }).fit(equal);
  // Each of the fits without a fold saw 64 of 80 samples.
  const spread = 64e-10;
  const [score] = await scorer.score(equal.select([0]));
  assertAllClose([score!], [(80 - 64) / spread], { rtol: 1e-6 });
  for (const samples of [78, 200]) {
    await perLayer(rmds()).fit(twoClasses(samples, 2));
  }
});

Deno.test("perLayer() learns the same from samples in another order", async () => {
  const layers = (seed: number, samples: number) => {
    const [a, b] = [seed, seed + 50].map((seed) => blobs({ samples, seed }));
    return featureSet({
      features: [a!.penultimate!, b!.penultimate!],
      layerNames: ["conv", "pen"],
      labels: a!.labels!.data,
    });
  };
  const [known, query] = [layers(1, 90), layers(3, 6)];
  for (const aggregate of ["standardized", "fisher", "max"] as const) {
    const detector = perLayer(rmds(), { aggregate });
    const expected = await (await detector.fit(known)).score(query);
    const order = known.select(shuffled(90, 7));
    const found = await (await detector.fit(streamOf(order, 13))).score(query);
    assertAllClose(found, expected, { rtol: 1e-9 });
  }
});

Deno.test("foldsOf() splits each label evenly, independent of the order of samples", async () => {
  const known = twoClasses(70, 11);
  const { foldOf, classCounts } = await foldsOf(known, "fit", new Pacer());
  assertEquals(classCounts, [70, 11]);
  const counts = [0, 1].map((label) =>
    [0, 1, 2, 3, 4].map((fold) =>
      foldOf.filter((other, i) =>
        other === fold && known.labels!.data[i] === label
      ).length
    )
  );
  assertEquals(counts[0], [14, 14, 14, 14, 14]);
  assertEquals(counts[1]!.toSorted(), [2, 2, 2, 2, 3]);
  const few = await foldsOf(twoClasses(3, 1), "fit", new Pacer());
  assertEquals([...few.foldOf], [0, 1, 2, 3]);
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, matrix, streamOf } from "../support/detector_sets.ts";

function set(values: readonly number[], ids?: readonly string[]) {
  return featureSet({ features: [matrix(values, 2)], ids });
}

/** Directions of 0°, 90° and 180°. */
const KNOWN = set([3, 0, 0, 1, -2, 0], ["east", "north", "west"]);

Deno.test("deepKnn() is the distance to the k-th direction, for any lengths", async () => {
  const query = set([100, 0, 0, -1]);
  const distances = [
    [0, Math.SQRT2, 2], // of 0°
    [Math.SQRT2, Math.SQRT2, 2], // of 270°
  ];
  for (const k of [1, 2, 3]) {
    const scorer = await deepKnn({ neighbors: k }).fit(KNOWN);
    const expected = distances.map((row) => row[k - 1]!);
    assertAllClose(await scorer.score(query), expected, { rtol: 1e-12 });
  }
});

Deno.test("deepKnn() keeps a feature of zeros, at distance 1 of all others", async () => {
  const scorer = await deepKnn({ neighbors: 1 }).fit(KNOWN);
  assertEquals([...await scorer.score(set([0, 0]))], [1]);
  const zeros = await deepKnn({ neighbors: 1 }).fit(set([0, 0]));
  assertEquals([...await zeros.score(set([0, 0, 3, 4]))], [0, 1]);
});

Deno.test("deepKnn() explains a score by the neighbours' ids", async () => {
  const scorer = await deepKnn({ neighbors: 2 }).fit(KNOWN);
  const { neighbors, score } = await scorer.explain(set([-1, -0.5]), 0);
  assertEquals(neighbors!.map(({ id }) => id), ["west", "north"]);
  assertEquals(neighbors![1]!.distance, score);
});

Deno.test("deepKnn() refuses more neighbours than samples", async () => {
  await assertRejects(
    () => deepKnn({ neighbors: 4 }).fit(KNOWN),
    RangeError,
    'Cannot fit deepKnn() as "neighbors" must be <= the 3 samples of the fit: current value is 4',
  );
  assertThrows(() => deepKnn({ neighbors: 0 }), RangeError, "neighbors");
  assertThrows(() => deepKnn({ seed: 0.5 }), RangeError, "seed");
  assertThrows(
    () => deepKnn({ neighbors: 5, maxSamples: 4 }),
    RangeError,
    'Cannot create deepKnn() as "neighbors" must be <= "maxSamples", 4: current value is 5',
  );
});

Deno.test("deepKnn() keeps at most maxSamples, the same however they come", async () => {
  const known = blobs({ samples: 300 });
  const query = blobs({ samples: 9, seed: 2 });
  const options = { neighbors: 5, maxSamples: 60 };
  const scores = async (seed: number, batch: number) => {
    const detector = deepKnn({ ...options, seed });
    return await (await detector.fit(streamOf(known, batch))).score(query);
  };
  const expected = await scores(1, 300);
  assertEquals(await scores(1, 7), expected);
  const other = await scores(2, 300);
  assert(other.some((score, i) => score !== expected[i]));
});

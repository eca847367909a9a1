import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { nnGuide, type NnGuideOptions } from "../../lib/detectors/nn_guide.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, leftOutScores, rowSet } from "../support/detector_sets.ts";

type Rows = readonly (readonly number[])[];

/** `log(exp(x) + 1)`: what the logits `(x, 0)` sum to. */
const sumOf = (x: number) => Math.log(Math.exp(x) + 1);

async function scored(
  query: Rows,
  options: NnGuideOptions,
  logits: Rows = query.map(() => [1, 0]),
): Promise<Float64Array> {
  // Cosines with (1, 0): 1, 3/5, 0; sums of logits 2, 3, 4.
  const scorer = await nnGuide(options).fit(rowSet({
    penultimate: [[7, 0], [3, 4], [0, 0.5]],
    logits: [[2, 0], [3, 0], [4, 0]],
  }));
  return await scorer.score(rowSet({ penultimate: query, logits }));
}

Deno.test("nnGuide() is the mean of the largest products of cosines and energies, times its own, negated", async () => {
  const products = [sumOf(2), 0.6 * sumOf(3), 0];
  const one = await scored([[5, 0]], { neighbors: 1 });
  assertAllClose(one, [-products[0]! * sumOf(1)], { rtol: 1e-7 });
  const two = await scored([[5, 0]], { neighbors: 2 });
  assertAllClose(two, [-(products[0]! + products[1]!) / 2 * sumOf(1)], {
    rtol: 1e-7,
  });
});

Deno.test("nnGuide() selects neighbours by the product, not by the nearest direction", async () => {
  // (4, 3) is nearer to (3, 4), but (0, 0.5) has the larger product with (1, 2).
  const cosine = 2 / Math.sqrt(5);
  const [score] = await scored([[1, 2]], { neighbors: 1 });
  const products = [
    1 / Math.sqrt(5) * sumOf(2),
    11 / 5 / Math.sqrt(5) * sumOf(3),
    cosine * sumOf(4),
  ];
  assertAllClose([score!], [-Math.max(...products) * sumOf(1)], { rtol: 1e-7 });
  assertEquals(Math.max(...products), products[2]);
});

Deno.test("nnGuide() scores a feature of zeros 0", async () => {
  assertEquals([...await scored([[0, 0]], { neighbors: 2 })], [0]);
});

Deno.test("nnGuide() does not depend on the length of a feature, and uses products below 0", async () => {
  const [score] = await scored([[-1e18, 0]], { neighbors: 1 });
  assertEquals(score, 0);
  const [all] = await scored([[-1e18, 0]], { neighbors: 3 });
  const expected = (sumOf(2) + 0.6 * sumOf(3)) / 3 * sumOf(1);
  assertAllClose([all!], [expected], { rtol: 1e-7 });
});

Deno.test("nnGuide() is finite with large logits", async () => {
  const [score] = await scored([[5, 0]], { neighbors: 1 }, [[1e30, 0]]);
  assertAllClose([score!], [-1e30 * sumOf(2)], { rtol: 1e-6 });
});

Deno.test("nnGuide() refuses a negative energy in fit and score, naming the row, and the advice works", async () => {
  await assertRejects(
    () => scored([[5, 0], [5, 0]], { neighbors: 1 }, [[1, 0], [-9, -3]]),
    RangeError,
    "Cannot score with nnGuide() as log Σ exp of the logits must be >= 0, of row 1 too: current value is -2.99",
  );
  const set = rowSet({
    penultimate: [[1, 0], [2, 0], [3, 0]],
    logits: [[1, 0], [-4, -5], [2, 0]],
  });
  const detector = nnGuide({ neighbors: 1 });
  await assertRejects(
    () => detector.fit(set),
    RangeError,
    "a negative one reverses the ranking; use deepKnn(), or leave the row out with set.select(…)",
  );
  await detector.fit(set.select((row) => row !== 1));
  await deepKnn({ neighbors: 1 }).fit(set);
});

Deno.test("nnGuide() keeps a share of the samples, drawn by the seed", async () => {
  const set = blobs({ samples: 30 });
  const scoreOf = async (options: NnGuideOptions) =>
    String(await (await nnGuide(options).fit(set)).score(set));
  const few = { neighbors: 3, share: 0.1, seed: 1 };
  assertEquals(await scoreOf(few), await scoreOf(few));
  assertEquals(
    await scoreOf(few) === await scoreOf({ ...few, seed: 2 }),
    false,
  );
  assertEquals(
    await scoreOf({ ...few, maxSamples: 3, share: 1 }),
    await scoreOf(few),
  );
  await assertRejects(
    () => scoreOf({ ...few, neighbors: 4 }),
    RangeError,
    'Cannot fit nnGuide() as "neighbors" must be <= the 3 samples that are kept: current value is 4',
  );
});

Deno.test("nnGuide() keeps the share of the samples to the sample", async () => {
  const set = blobs({ samples: 100 });
  // 0.07 * 100 is 7.000000000000001 in float64.
  await nnGuide({ neighbors: 7, share: 0.07 }).fit(set);
  await assertRejects(
    () => nnGuide({ neighbors: 8, share: 0.07 }).fit(set),
    RangeError,
    "the 7 samples that are kept",
  );
});

Deno.test("nnGuide() scores a sample of the fit as if it were held out", async () => {
  const { found, expected } = await leftOutScores(
    nnGuide({ neighbors: 3 }),
    blobs({ samples: 12 }),
  );
  assertAllClose(found, expected, { rtol: 1e-9 });
});

Deno.test("nnGuide() explains a score by the neighbours' ids", async () => {
  const scorer = await nnGuide({ neighbors: 2 }).fit(rowSet({
    penultimate: [[7, 0], [3, 4], [0, 0.5]],
    logits: [[2, 0], [3, 0], [4, 0]],
  }));
  const query = rowSet({ penultimate: [[5, 0]], logits: [[1, 0]] });
  const { neighbors } = await scorer.explain(query, 0);
  assertEquals(neighbors!.map(({ id }) => id), [0, 1]);
  assertAllClose(neighbors!.map(({ distance }) => distance), [0, 0.4], {
    atol: 1e-12,
  });
});

Deno.test("nnGuide() refuses options out of range", () => {
  const bad = [{ neighbors: 0 }, { share: 0 }, { share: 1.5 }, {
    maxSamples: 0,
  }];
  for (const options of bad) {
    const [name] = Object.keys(options);
    assertThrows(() => nnGuide(options), RangeError, `"${name}" must be`);
  }
  assertThrows(
    () => nnGuide({ maxSamples: 9 }),
    RangeError,
    '"neighbors" must be <= "maxSamples", 9: current value is 10',
  );
});

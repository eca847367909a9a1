import { assertEquals, assertThrows } from "@std/assert";
import {
  relation,
  type RelationOptions,
} from "../../lib/detectors/relation.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, leftOutScores, rowSet } from "../support/detector_sets.ts";

type Rows = readonly (readonly number[])[];

/** Logits of the probabilities 0.8 and 0.2, and the other way round. */
const [FIRST, SECOND] = [[Math.log(4), 0], [0, Math.log(4)]] as const;
const SAME = 0.8 * 0.8 + 0.2 * 0.2;
const OTHER = 2 * 0.8 * 0.2;

async function scored(
  known: Rows,
  query: Rows,
  options: RelationOptions = {},
  logits: Rows = query.map(() => FIRST),
): Promise<Float64Array> {
  const fit = rowSet({
    penultimate: known,
    logits: known.map((_, i) => i % 2 === 0 ? FIRST : SECOND),
  });
  const scorer = await relation(options).fit(fit);
  return await scorer.score(rowSet({ penultimate: query, logits }));
}

Deno.test("relation() sums cosines times products of probabilities, negated", async () => {
  // cos = 4/5 with the first, 3/5 with the second.
  const scores = await scored([[2, 0], [0, 7]], [[4, 3], [4, 3]], {}, [
    FIRST,
    SECOND,
  ]);
  assertAllClose(
    scores,
    [-(0.8 * SAME + 0.6 * OTHER), -(0.8 * OTHER + 0.6 * SAME)],
    { rtol: 1e-6 }, // logits are float32
  );
});

Deno.test("relation() drops negative cosines and what is not above the threshold, and raises to a power", async () => {
  const known = [[1, 0], [-1, 0], [3, 4]];
  const options = { power: 2, threshold: 0.5 };
  // 1 * SAME, 0, 0.6 * SAME = 0.408, below the threshold.
  assertAllClose(await scored(known, [[5, 0]], options), [-(SAME ** 2)], {
    rtol: 1e-6,
  });
});

Deno.test("relation() does not relate a feature of zeros to anything", async () => {
  assertEquals([...await scored([[1, 0], [0, 0]], [[0, 0]])], [0]);
});

Deno.test("relation() does not depend on the length of features", async () => {
  const near = await scored([[1, 2], [3, 1]], [[1, 1]]);
  assertAllClose(await scored([[4, 8], [0.75, 0.25]], [[1e18, 1e18]]), near, {
    rtol: 1e-12,
  });
});

Deno.test("relation() is finite where probabilities vanish", async () => {
  const scores = await scored([[1, 0], [0, 1]], [[1, 1]], {}, [[1e30, -1e30]]);
  const [first] = scores;
  assertAllClose([first!], [-(0.8 + 0.2) * Math.SQRT1_2], { rtol: 1e-6 });
});

Deno.test("relation() scores a sample of the fit as if it were held out", async () => {
  const { found, expected } = await leftOutScores(
    relation(),
    blobs({ samples: 12 }),
  );
  assertAllClose(found, expected, { rtol: 1e-9 });
});

Deno.test("relation() keeps at most maxSamples, drawn by the seed", async () => {
  const set = blobs({ samples: 30 });
  const scoreOf = async (seed: number) => {
    const scorer = await relation({ maxSamples: 5, seed }).fit(set);
    return await scorer.score(set);
  };
  assertEquals(await scoreOf(1), await scoreOf(1));
  assertEquals(
    await scoreOf(1).then(String) === String(await scoreOf(2)),
    false,
  );
  const most = Math.max(...(await scoreOf(1)).map((score) => -score));
  assertEquals(most <= 5, true);
});

Deno.test("relation() explains a score by the samples that it is most related to", async () => {
  const fit = rowSet({
    penultimate: [[1, 0], [0, 1], [3, 4]],
    logits: [FIRST, FIRST, FIRST],
  });
  const scorer = await relation().fit(fit);
  const query = rowSet({ penultimate: [[1, 0]], logits: [FIRST] });
  const { neighbors } = await scorer.explain(query, 0);
  assertEquals(neighbors!.map(({ id }) => id), [0, 2, 1]);
  assertAllClose(neighbors!.map(({ distance }) => distance), [
    1 - SAME,
    1 - 0.6 * SAME,
    1,
  ], { rtol: 1e-6 });
});

Deno.test("relation() refuses options out of range", () => {
  const bad = [{ power: 0 }, { threshold: 1 }, { maxSamples: 0 }, { seed: -1 }];
  for (const options of bad) {
    const [name] = Object.keys(options);
    assertThrows(() => relation(options), RangeError, `"${name}" must be`);
  }
});

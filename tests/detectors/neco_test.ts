import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { neco, type NecoOptions } from "../../lib/detectors/neco.ts";
import { assertAllClose } from "../support/all_close.ts";
import { rowSet } from "../support/detector_sets.ts";

type Rows = readonly (readonly number[])[];

async function scored(
  known: Rows,
  penultimate: Rows,
  options: NecoOptions,
  logits: Rows = penultimate.map(() => [2, 0]),
): Promise<Float64Array> {
  const fit = rowSet({ penultimate: known, logits: known.map(() => [1, 0]) });
  const scorer = await neco(options).fit(fit);
  return await scorer.score(rowSet({ penultimate, logits }));
}

const PLAIN = { standardize: false, maxLogit: false } as const;

Deno.test("neco() is the share of a feature in the subspace times the largest logit, negated", async () => {
  // Σ hhᵀ / N = diag(4.5, 0.5): the first axis; (3, 4) has 3 of 5 along it.
  const known = [[3, 0], [0, 1]];
  const options = { ...PLAIN, dims: 1 };
  assertAllClose(await scored(known, [[3, 4]], options), [-0.6], {
    rtol: 1e-12,
  });
  const withLogit = { ...options, maxLogit: true };
  assertAllClose(await scored(known, [[3, 4]], withLogit), [-1.2], {
    rtol: 1e-12,
  });
});

Deno.test("neco() standardises each unit by the fit", async () => {
  // Mean (1, 10), deviations (1, 2), correlation 1: the subspace is the diagonal.
  const known = [[0, 8], [2, 12]];
  const options = { dims: 1, maxLogit: false };
  const query = [[3, 10], [3, 14], [1, 10]];
  assertAllClose(await scored(known, query, options), [-Math.SQRT1_2, -1, 0], {
    rtol: 1e-12,
  });
});

Deno.test("neco() does not centre features that it does not standardise", async () => {
  // Around the mean (5, 0) they vary along the second axis, around 0 along the first.
  const known = [[5, 1], [5, -1]];
  const options = { ...PLAIN, dims: 1 };
  assertAllClose(await scored(known, [[2, 0]], options), [-1], { rtol: 1e-12 });
});

Deno.test("neco() uses the smallest number of dimensions that reaches a fraction", async () => {
  // Shares of diag(9, 1) / 2: 0.9 and 1.
  const known = [[3, 0], [0, 1]];
  const query = [[0, 1]];
  assertEquals([...await scored(known, query, { ...PLAIN, dims: 0.9 })], [0]);
  assertAllClose(await scored(known, query, { ...PLAIN, dims: 0.901 }), [-1]);
});

Deno.test("neco() leaves the scale of a constant unit, and works where all are", async () => {
  const known = [[0, 7], [2, 7]];
  const options = { dims: 1, maxLogit: false };
  // (3, 8) becomes (2, 1), of which 2 is along the one unit that varies.
  assertAllClose(await scored(known, [[3, 8]], options), [-2 / Math.sqrt(5)], {
    rtol: 1e-12,
  });
  const [score] = await scored([[7, 7], [7, 7]], [[7, 7]], options);
  assertEquals(score, 0);
});

Deno.test("neco() does not change when 8192 is added to all features", async () => {
  const known = [[0, 8], [2, 12], [1, 9], [1.5, 12.5]];
  const query = [[3, 10], [0, 1]];
  const move = (rows: Rows) => rows.map((row) => row.map((x) => x + 8192));
  const near = await scored(known, query, {});
  assertAllClose(await scored(move(known), move(query), {}), near, {
    rtol: 1e-9,
  });
});

Deno.test("neco({ maxLogit: false }) needs no logits", async () => {
  const scorer = await neco({ maxLogit: false }).fit(
    rowSet({ penultimate: [[0, 8], [2, 12]] }),
  );
  const query = rowSet({ penultimate: [[3, 14]] });
  assertAllClose(await scorer.score(query), [-1], { rtol: 1e-12 });
  await assertRejects(() => neco().fit(query), TypeError, "logits");
});

Deno.test("neco() refuses dims that are no number of components and no share", async () => {
  for (const dims of [0, -1, 1.5]) {
    assertThrows(() => neco({ dims }), RangeError, '"dims" must be');
  }
  assertThrows(
    () => neco({ standardize: 1 as never }),
    TypeError,
    "standardize",
  );
  await assertRejects(
    () => scored([[3, 0], [0, 1]], [[3, 4]], { dims: 3 }),
    RangeError,
    'Cannot fit neco() as "dims" must be <= the 2 units of the features: current value is 3',
  );
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openMax, type OpenMaxOptions } from "../../lib/detectors/open_max.ts";
import { assertAllClose } from "../support/all_close.ts";
import { rowSet } from "../support/detector_sets.ts";

type Rows = readonly (readonly number[])[];

/** Class 0 around (6, 0), at distances 3, 1 and 2; class 1 likewise. */
const KNOWN = [[9, 0], [5, 0], [4, 0], [0, 9], [0, 5], [0, 4]];
const LABELS = [0, 0, 0, 1, 1, 1];

async function scored(
  query: Rows,
  options: OpenMaxOptions,
  known: Rows = KNOWN,
  labels: readonly number[] = LABELS,
): Promise<Float64Array> {
  const scorer = await openMax(options).fit(rowSet({ logits: known, labels }));
  return await scorer.score(rowSet({ logits: query }));
}

/**
 * Of a Weibull distribution that is fitted to two values, the probability of
 * each: with `b` the root of `tanh(1 / b) = b`, the logarithms are at
 * `±1 / b - log cosh(1 / b)`.
 */
const B = 0.833556559600964;
const [LOW, HIGH] = [-1, 1].map((sign) =>
  1 - Math.exp(-Math.exp(sign / B) / Math.cosh(1 / B))
) as [number, number];

/** The softmax of the unknown class. */
function unknownOf(unknown: number, ...logits: number[]): number {
  const all = [unknown, ...logits].reduce((sum, x) => sum + Math.exp(x), 0);
  return Math.exp(unknown) / all;
}

Deno.test("openMax() moves the fraction of the logit to the unknown class that the distribution of the tail determines", async () => {
  // The tail of class 0 is 2 and 3; (8, 0) is 2 from the mean, (9, 0) is 3.
  const scores = await scored([[8, 0], [9, 0]], { tail: 2, alpha: 1 });
  assertAllClose(
    scores,
    [
      unknownOf(8 * LOW, 8 - 8 * LOW, 0),
      unknownOf(9 * HIGH, 9 - 9 * HIGH, 0),
    ],
    { rtol: 1e-7 }, // distances of 10,000 in float64, as a tail has them
  );
});

Deno.test("openMax() revises the alpha largest logits, each rank less", async () => {
  // (6, 4) is 4 from the mean of class 0 and sqrt(40) from that of class 1, both
  // far beyond tails of 2 and 3: w = 1, ω = 1 and 1/2.
  const [one] = await scored([[6, 4]], { tail: 2, alpha: 1 });
  assertAllClose([one!], [unknownOf(6, 0, 4)], { rtol: 1e-2 });
  const [two] = await scored([[6, 4]], { tail: 2, alpha: 2 });
  assertAllClose([two!], [unknownOf(6 + 2, 0, 2)], { rtol: 1e-2 });
  const [most] = await scored([[6, 4]], { tail: 2, alpha: 10 });
  assertEquals(most, two);
});

Deno.test("openMax() learns from correctly classified samples alone", async () => {
  const query = [[8, 0], [3, 3]];
  const expected = await scored(query, { tail: 2 });
  const known = [...KNOWN, [7, 1], [90, -5]];
  const found = await scored(query, { tail: 2 }, known, [...LABELS, 1, 1]);
  assertAllClose(found, expected, { rtol: 1e-12 });
});

Deno.test("openMax() removes the whole logit of a class that was never classified correctly", async () => {
  const [score] = await scored(
    [[0, 5]],
    { tail: 2, alpha: 1 },
    KNOWN,
    [0, 0, 0, 0, 0, 0],
  );
  assertAllClose([score!], [unknownOf(5, 0, 0)], { rtol: 1e-12 });
});

Deno.test("openMax() does not change when classes change places", async () => {
  const swap = (rows: Rows) => rows.map(([a, b]) => [b!, a!]);
  const query = [[8, 1], [3, 3.5]];
  const found = await scored(
    swap(query),
    { tail: 3 },
    swap(KNOWN),
    LABELS.map((x) => 1 - x),
  );
  assertAllClose(found, await scored(query, { tail: 3 }), { rtol: 1e-9 });
});

Deno.test("openMax() is finite with large logits", async () => {
  const scores = await scored([[1e30, -1e30], [-1e30, -1e30]], {});
  assert(scores.every((score) => score >= 0 && score <= 1), String(scores));
  assertEquals(scores[0], 1);
});

Deno.test("openMax() refuses a class whose distances are all equal, and the advice works", async () => {
  const known = [...KNOWN.slice(0, 3), [0, 9], [0, 5]];
  await assertRejects(
    () => scored([[8, 0]], {}, known, [0, 0, 0, 1, 1]),
    RangeError,
    "Cannot fit openMax() as correctly classified samples of class 1 must be at different distances from their mean: current value is 2; fit on more samples of the class: at least three must be classified correctly",
  );
  await scored([[8, 0]], {}, [...known, [0, 4]], LABELS);
});

Deno.test("openMax() refuses distances that are equal but for rounding", async () => {
  // Corners of an equilateral triangle, in logits that float32 rounds.
  const corners = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => i === j ? 0.2 : 0.9)
  );
  const known = corners.map((corner) => [9, ...corner]);
  await assertRejects(
    () => scored([[9, 0, 0, 0]], {}, known, [0, 0, 0]),
    RangeError,
    "at different distances from their mean",
  );
});

Deno.test("openMax() refuses options out of range", () => {
  assertThrows(
    () => openMax({ tail: 1 }),
    RangeError,
    '"tail" must be an integer >= 2',
  );
  assertThrows(
    () => openMax({ alpha: 0 }),
    RangeError,
    '"alpha" must be a positive integer',
  );
});

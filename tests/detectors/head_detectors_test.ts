/** Detectors of features, logits and the head: numbers worked out by hand, and limits. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dice } from "../../lib/detectors/dice.ts";
import { fdbd } from "../../lib/detectors/fdbd.ts";
import { gradNorm } from "../../lib/detectors/grad_norm.ts";
import { klMatching } from "../../lib/detectors/kl_matching.ts";
import { she } from "../../lib/detectors/she.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import type { LinearHead } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { matrix } from "../support/detector_sets.ts";

const CLOSE = { rtol: 1e-9, atol: 1e-12 };
const { log, exp } = Math;

function head(
  kernel: readonly number[],
  bias: readonly number[],
): LinearHead {
  return {
    kernel: matrix(kernel, bias.length),
    bias: {
      data: Float32Array.from(bias),
      shape: [bias.length],
      dtype: "float32",
    },
  };
}

// ---- she ----

const PATTERNS = featureSet({
  penultimate: matrix([2, 0, 4, 0, 9, 9, 0, 3, 7, 7], 2),
  // The third is predicted as 0 and is of class 1; nobody of class 2 is right.
  logits: matrix([5, 0, 0, 5, 0, 0, 5, 0, 0, 0, 5, 0, 0, 5, 0], 3),
  labels: [0, 0, 1, 1, 2],
});

Deno.test("she() is the product with the mean of the predicted class's correct samples", async () => {
  const query = featureSet({
    penultimate: matrix([1, 2, 1, 2, 1, 2], 2),
    logits: matrix([9, 0, 0, 0, 9, 0, 0, 0, 9], 3),
  });
  const scorer = await she().fit(PATTERNS);
  // (3, 0) and (0, 3); class 2 has no pattern.
  assertEquals([...await scorer.score(query)], [-3, -6, 0]);
  assertEquals((await scorer.explain(query, 1)).class, 1);
  const nearest = await she({ pattern: "nearest" }).fit(PATTERNS);
  assertEquals([...await nearest.score(query)], [-6, -6, -6]);
  assertEquals((await nearest.explain(query, 0)).class, 1);
});

Deno.test("she() refuses a fit in which no sample is classified correctly", async () => {
  const known = featureSet({
    penultimate: matrix([1, 2], 2),
    logits: matrix([1, 0], 2),
    labels: [1],
  });
  await assertRejects(
    () => she().fit(known),
    RangeError,
    "classified correctly",
  );
  assertThrows(() => she({ pattern: "mean" as never }), RangeError, "pattern");
});

// ---- klMatching ----

Deno.test("klMatching() is the least divergence from the mean predictions", async () => {
  // Predictions (3/4, 1/4), (1/2 + a bit …): two samples of class 0, one of class 1.
  const rows = [[3 / 4, 1 / 4], [9 / 10, 1 / 10], [1 / 5, 4 / 5]];
  const logitsOf = (p: readonly number[]) => p.map((x) => log(x));
  const known = featureSet({ logits: matrix(rows.flatMap(logitsOf), 2) });
  const scorer = await klMatching().fit(known);
  const means = [[33 / 40, 7 / 40], [1 / 5, 4 / 5]];
  const queries = [[1 / 2, 1 / 2], [1 / 5, 4 / 5], [1 - 1e-9, 1e-9]];
  const expected = queries.map((p) =>
    Math.min(
      ...means.map((d) => p.reduce((sum, x, j) => sum + x * log(x / d[j]!), 0)),
    )
  );
  const set = featureSet({ logits: matrix(queries.flatMap(logitsOf), 2) });
  assertAllClose(await scorer.score(set), expected, { rtol: 1e-5, atol: 1e-7 });
  assertEquals((await scorer.explain(set, 1)).class, 1);
});

Deno.test("klMatching() is finite where probabilities vanish", async () => {
  const known = featureSet({ logits: matrix([2000, 0, 0, 2000], 2) });
  const scorer = await klMatching().fit(known);
  const query = featureSet({ logits: matrix([0, 0, 2000, 0], 2) });
  const [half, same] = await scorer.score(query);
  // -log 2 + 2000 / 2: of p = (1/2, 1/2) from d = (1, e^-2000).
  assertAllClose([half!, same!], [1000 - log(2), 0], CLOSE);
});

// ---- dice ----

Deno.test("dice() keeps the contributions strictly above the linear percentile", async () => {
  const weights = head([1, 2, 3, -1], [0.5, 0]);
  const known = featureSet({
    penultimate: matrix([1, 1, 3, 1], 2),
    logits: matrix([0, 0, 0, 0], 2),
    head: weights,
  });
  // The mean is (2, 1): contributions 2, 4, 3, -1, whose median is 2.5.
  const scorer = await dice({ percentile: 0.5 }).fit(known);
  const query = featureSet({
    penultimate: matrix([1, 10], 2),
    logits: matrix([0, 0], 2),
  });
  // Kept are 2 (of unit 0, class 1) and 3 (of unit 1, class 0).
  const expected = -log(exp(30.5) + exp(2));
  assertAllClose(await scorer.score(query), [expected], CLOSE);
  assertEquals((await scorer.explain(query, 0)).class, 0);
});

Deno.test("dice() computes the logits of one sigmoid as of two classes", async () => {
  const known = featureSet({
    penultimate: matrix([1, 1], 2),
    logits: matrix([3], 1),
    head: head([1, 2], [0]),
    activation: "sigmoid",
  });
  const scorer = await dice({ percentile: 0.6 }).fit(known);
  // Contributions 0, 1, 0, 2: above 0.8, both weights of the second class.
  const expected = -log(1 + exp(3));
  assertAllClose(await scorer.score(known), [expected], CLOSE);
});

// ---- fdbd ----

const SQUARE = featureSet({
  penultimate: matrix([1, 1, -1, 1, 1, -1, -1, -1], 2),
  logits: matrix([1, 1, -1, 1, 1, -1, -1, -1], 2),
  head: head([1, 0, 0, 1], [0, 0]),
});

Deno.test("fdbd() is the mean distance to boundaries over that to the mean, negated", async () => {
  const three = featureSet({
    penultimate: matrix([3, 4, -3, -4], 2),
    logits: matrix([0, 0, 0, 0, 0, 0], 3),
    head: head([1, 0, 3, 0, 1, 0], [0, 0, 0]),
  });
  const scorer = await fdbd().fit(three);
  const query = featureSet({
    penultimate: matrix([3, 4], 2),
    logits: matrix([3, 4, 9], 3),
  });
  // The mean is 0; weights are (1, 0), (0, 1), (3, 0): distances 2 and √10.
  const expected = -((9 - 3) / 2 + (9 - 4) / Math.sqrt(10)) / 2 / 5;
  assertAllClose(await scorer.score(query), [expected], CLOSE);
});

Deno.test("fdbd() leaves classes of equal weights out, and is finite at the mean", async () => {
  const twins = featureSet({
    penultimate: matrix([1, 1, -1, -1], 2),
    logits: matrix([0, 0, 0, 0], 2),
    head: head([1, 1, 2, 2], [1, 0]),
  });
  const scorer = await fdbd().fit(twins);
  const query = featureSet({
    penultimate: matrix([5, 5, 0, 0], 2),
    logits: matrix([16, 15, 1, 0], 2),
  });
  assertEquals([...await scorer.score(query)], [0, 0]);
  const other = await fdbd().fit(SQUARE);
  const centre = featureSet({
    penultimate: matrix([0, 0], 2),
    logits: matrix([1, 0], 2),
  });
  // √½ over 1e-12.
  assertAllClose(await other.score(centre), [-Math.SQRT1_2 * 1e12], CLOSE);
});

Deno.test("fdbd() does not change when features and logits are scaled, however small", async () => {
  const set = (scale: number, features: number[], logits: number[]) =>
    featureSet({
      penultimate: matrix(features.map((x) => x * scale), 2),
      logits: matrix(logits.map((x) => x * scale), 2),
      head: head([1, 0, 0, 1], [0, 0]),
    });
  const [at1, at2] = await Promise.all([1, 2 ** -60].map(async (scale) => {
    const scorer = await fdbd().fit(set(scale, [1, 2, 3, 6], [1, 2, 3, 6]));
    return await scorer.score(set(scale, [1, 0, 5, 9], [1, 0, 5, 9]));
  }));
  assertAllClose(at2!, at1!, CLOSE);
});

Deno.test("detectors of the head refuse features without it, or of another width", async () => {
  const { penultimate, logits } = SQUARE;
  const bare = featureSet({ penultimate, logits });
  for (const create of [dice, fdbd]) {
    await assertRejects(
      () => create().fit(bare),
      TypeError,
      "features must carry the weights of a linear head",
    );
  }
  const wide = featureSet({
    features: [matrix([1, 2, 3], 3)],
    logits: matrix([1, 2], 2),
    head: SQUARE.head,
  });
  await assertRejects(
    () => fdbd().fit(wide),
    TypeError,
    "one feature must be of the 2 columns of the head: current value is [[1, 3]]",
  );
});

// ---- gradNorm ----

Deno.test("gradNorm() is the length of features times that of p - 1/C, negated", async () => {
  const set = featureSet({
    penultimate: matrix([1, -2, 0, 0, 1, 1], 2),
    logits: matrix([log(2), 0, 0, 5, 1, 2, 7, 7, 7], 3),
  });
  // p = (1/2, 1/4, 1/4): 1/6 + 2/12 = 1/3.
  assertAllClose(await gradNorm().score(set), [-1, 0, 0], {
    rtol: 1e-7,
    atol: 1e-12,
  });
});

Deno.test("features with other shaping than the logits are refused, and the advice works", async () => {
  const source = (penultimate: unknown) => ({
    model: "m",
    settings: JSON.stringify({
      shaping: ["react", { threshold: 1 }],
      penultimate,
    }),
  });
  const { penultimate, logits, head } = SQUARE;
  const of = (shaped: unknown) =>
    featureSet({ penultimate, logits, head, source: source(shaped) });
  for (const detector of [gradNorm(), dice(), fdbd()]) {
    await assertRejects(
      () => detector.fit(of(true)).then((scorer) => scorer.score(of(true))),
      TypeError,
      "extract with .penultimate({ shaped: true })",
    );
    const scorer = await detector.fit(of("shaped"));
    const scores = await scorer.score(of("shaped"));
    assert(scores.every(Number.isFinite));
  }
});

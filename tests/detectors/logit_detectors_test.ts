/** Detectors of logits alone: numbers worked out by hand, and limits. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { energy } from "../../lib/detectors/energy.ts";
import { entropy } from "../../lib/detectors/entropy.ts";
import { gen } from "../../lib/detectors/gen.ts";
import { maxLogit } from "../../lib/detectors/max_logit.ts";
import { msp } from "../../lib/detectors/msp.ts";
import { odin } from "../../lib/detectors/odin.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import type { OutputActivation } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { matrix } from "../support/detector_sets.ts";

const { log } = Math;
const CLOSE = { rtol: 1e-7, atol: 1e-12 };

/** Logits whose softmax is (1/2, 1/4, 1/4), up to float32. */
function logits(
  values: readonly number[],
  columns: number,
  activation: OutputActivation = "softmax",
) {
  return featureSet({ logits: matrix(values, columns), activation });
}

const HALVES = logits([log(2), 0, 0, log(2) + 7, 7, 7], 3);

Deno.test("msp() is the sum of the other probabilities, invariant to a constant added to all logits", async () => {
  assertAllClose(await msp().score(HALVES), [0.5, 0.5], CLOSE);
});

Deno.test("msp() still ranks where the softmax saturates", async () => {
  const [a, b] = await msp().score(logits([100, 0, 200, 0], 2));
  assertAllClose([log(a!), log(b!)], [-100, -200], CLOSE);
});

Deno.test("maxLogit() is the largest logit, negated, and never -0", async () => {
  const scores = await maxLogit().score(logits([1, -2, 0, -3], 2));
  assertEquals([...scores], [-1, 0]);
});

Deno.test("entropy() is -Σ p log p, and 0 where probabilities vanish", async () => {
  const expected = 1.5 * log(2);
  assertAllClose(await entropy().score(HALVES), [expected, expected], CLOSE);
  const sure = await entropy().score(logits([3e38, -3e38, 1000, 0], 2));
  assertEquals([...sure], [0, 0]);
});

Deno.test("energy() is -T logsumexp(logits / T), and tends to -max as T does to 0", async () => {
  const set = logits([1, 2, 3, 0, 0, 0], 3);
  // By hand: -log(e + e² + e³) and -log 3.
  const one = [-3.40760596444438, -1.09861228866811];
  assertAllClose(await energy().score(set), one, CLOSE);
  // -2 log(e^(1/2) + e + e^(3/2)) and -2 log 3.
  const e = Math.exp;
  const two = [-2 * log(e(0.5) + e(1) + e(1.5)), -2 * log(3)];
  assertAllClose(await energy({ temperature: 2 }).score(set), two, CLOSE);
  const cold = await energy({ temperature: 1e-3 }).score(set);
  assertAllClose(cold, [-3, 0], { atol: 2e-3 });
  const large = await energy().score(logits([3e38, 3e38], 2));
  assertAllClose(large, [-3e38], { rtol: 1e-6 });
});

Deno.test("gen() sums p^γ (1 - p)^γ over the largest probabilities", async () => {
  const half = 0.25 ** 0.5; // p (1 - p) of 1/2
  const quarter = (3 / 16) ** 0.5;
  const score = async (options: { gamma?: number; top?: number }) =>
    (await gen({ gamma: 0.5, ...options }).score(HALVES))[0]!;
  assertAllClose([await score({})], [half + 2 * quarter], CLOSE);
  assertAllClose([await score({ top: 2 })], [half + quarter], CLOSE);
  assertAllClose([await score({ top: 1 })], [half], CLOSE);
});

Deno.test("gen() computes 1 - p from the others, so that a sure prediction is not 0", async () => {
  // p = 1 / (1 + e^-300): both terms are e^-30 at γ = 0.1.
  const [score] = await gen().score(logits([300, 0], 2));
  assertAllClose([score!], [2 * Math.exp(-30)], CLOSE);
});

Deno.test("odin() is the largest probability at its temperature, negated", async () => {
  const set = logits([2 * log(3), 0], 2);
  assertAllClose(await odin({ temperature: 2 }).score(set), [-0.75], CLOSE);
  const [hot] = await odin().score(set);
  assertAllClose([hot!], [-1 / (1 + 9 ** -0.001)], CLOSE);
});

Deno.test("detectors of logits use one sigmoid as two classes, [0, z]", async () => {
  const one = logits([log(3), -log(3), 0], 1, "sigmoid");
  const two = logits([0, log(3), 0, -log(3), 0, 0], 2);
  for (
    const detector of [msp(), maxLogit(), entropy(), energy(), gen(), odin()]
  ) {
    assertEquals(await detector.score(one), await detector.score(two));
  }
  assertAllClose(await msp().score(one), [0.25, 0.25, 0.5], CLOSE);
});

Deno.test("several sigmoids are refused by all but maxLogit(), and the advice works", async () => {
  const set = logits([1, 2, 3, 4, 5, 6], 3, "sigmoid");
  assertEquals([...await maxLogit().score(set)], [-3, -6]);
  for (const detector of [msp(), entropy(), energy(), gen(), odin()]) {
    await assertRejects(
      () => detector.score(set),
      TypeError,
      `Cannot score with ${detector.name}() as logits must be those of mutually exclusive classes: current value is "3 sigmoids"; several sigmoids are not; use maxLogit()`,
    );
  }
});

Deno.test("logits of one class, or none, are refused", async () => {
  await assertRejects(
    () => msp().score(logits([1, 2], 1)),
    TypeError,
    "logits must be of two classes or more",
  );
  await assertRejects(
    () => msp().score(featureSet({ penultimate: matrix([1, 2], 2) })),
    TypeError,
    "features must come with logits",
  );
});

Deno.test("a row that is not finite is named by number and id", async () => {
  const set = featureSet({
    logits: matrix([1, 2, NaN, 3, Infinity, 1], 2),
    ids: ["a", "b", "c"],
  });
  await assertRejects(
    () => entropy().score(set),
    RangeError,
    'logits must be finite, in row 1 ("b") too: current value is NaN',
  );
  const rest = set.select((row) => row !== 1);
  await assertRejects(() => energy().score(rest), RangeError, 'row 1 ("c")');
});

Deno.test("settings out of range are refused when a detector is created", () => {
  for (
    const create of [
      () => energy({ temperature: 0 }),
      () => energy({ temperature: NaN }),
      () => gen({ gamma: 1 }),
      () => gen({ top: 0 }),
      () => odin({ temperature: -1 }),
    ]
  ) assertThrows(create, RangeError, "Cannot create");
  const wrong = { temprature: 2 } as never;
  assertThrows(() => energy(wrong), TypeError, 'did you mean "temperature"');
});

Deno.test("the fit of a fit-free detector returns itself", async () => {
  const detector = energy();
  assert(await detector.fit(HALVES) === detector);
  await assertRejects(
    () => detector.fit(HALVES, { batch: 3 } as never),
    TypeError,
    'every option must be one of "signal"',
  );
});

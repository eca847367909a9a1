import { assert, assertEquals } from "@std/assert";
import { pnml } from "../../lib/detectors/pnml.ts";
import { assertAllClose } from "../support/all_close.ts";
import { rowSet } from "../support/detector_sets.ts";

async function scored(
  known: readonly (readonly number[])[],
  penultimate: readonly (readonly number[])[],
  logits: readonly (readonly number[])[],
): Promise<Float64Array> {
  const fit = rowSet({ penultimate: known, logits: known.map(() => [0, 0]) });
  const scorer = await pnml().fit(fit);
  return await scorer.score(rowSet({ penultimate, logits }));
}

Deno.test("pnml() is the regret of the leverage and the softmax", async () => {
  // XᵀX = 1 of unit rows, so q = 1 and κ = 1/2; p = 1/2 twice:
  // 2 * 0.5 / (0.5 + 0.5 * sqrt(0.5)).
  const scores = await scored([[2, 0], [0, 3]], [[1, 1]], [[0, 0]]);
  assertAllClose(scores, [Math.log(2 / (1 + Math.SQRT1_2))], { rtol: 1e-12 });
});

Deno.test("pnml() falls as the direction is known better", async () => {
  // Four samples along the first axis: q = 1/4, κ = 1/5.
  const known = [[1, 0], [2, 0], [3, 0], [4, 0], [0, 1]];
  const scores = await scored(known, [[5, 0], [0, 5]], [[0, 0], [0, 0]]);
  const at = (kappa: number) => Math.log(2 / (1 + 0.5 ** kappa));
  assertAllClose(scores, [at(1 / 5), at(1 / 2)], { rtol: 1e-12 });
});

Deno.test("pnml() of a sure softmax is small and not 0", async () => {
  // p = exp(-100) and 1 - p: p^(1/2) = exp(-50) is what the other class adds.
  const scores = await scored([[2, 0], [0, 3]], [[1, 1]], [[100, 0]]);
  assertAllClose(scores, [Math.exp(-50)], { rtol: 1e-12, atol: 0 });
});

Deno.test("pnml() is finite where probabilities vanish", async () => {
  const scores = await scored([[2, 0], [0, 3]], [[1, 1]], [[1e30, -1e30]]);
  assertEquals([...scores], [0]);
});

Deno.test("pnml() of a row of zeros, and across the span of the fit, is 0", async () => {
  const scores = await scored([[1, 0]], [[0, 0], [0, 7]], [[1, 0], [1, 0]]);
  assertAllClose(scores, [0, 0], { atol: 1e-15 });
});

Deno.test("pnml() is never below 0", async () => {
  for (let classes = 2; classes < 12; classes++) {
    const logits = Array.from(
      { length: 20 },
      (_, row) =>
        Array.from({ length: classes }, (_, j) => (row * j) % 7 / 5 + row),
    );
    const set = rowSet({ penultimate: logits.map(() => [0, 0]), logits });
    const scores = await (await pnml().fit(set)).score(set);
    assert(scores.every((score) => score >= 0 && score < 1e-14));
  }
});

Deno.test("pnml() does not depend on the length of features", async () => {
  const known = [[1, 2], [3, 1], [0, 1]];
  const near = await scored(known, [[1, 1]], [[1, 0]]);
  const long = known.map((row, i) => row.map((x) => x * 2 ** i));
  assertAllClose(await scored(long, [[64, 64]], [[1, 0]]), near, {
    rtol: 1e-9,
  });
});

import { assertEquals, assertThrows } from "@std/assert";
import { nci, type NciOptions } from "../../lib/detectors/nci.ts";
import { assertAllClose } from "../support/all_close.ts";
import { rowSet, type SetRows } from "../support/detector_sets.ts";

const KERNEL = [[3, 0], [4, -2]]; // [D, C]

async function scored(
  known: readonly (readonly number[])[],
  query: SetRows,
  options?: NciOptions,
): Promise<Float64Array> {
  const logits = known.map(() => [1, 0]);
  const kernel = KERNEL;
  const scorer = await nci(options).fit(
    rowSet({ penultimate: known, logits, kernel }),
  );
  return await scorer.score(rowSet(query));
}

Deno.test("nci() is the part of the predicted class's weights along h - µ, and the norm, negated", async () => {
  // µ = (1, 1), h - µ = (3, 4) / 5 of length 5; class 0: (3 * 3 + 4 * 4) / 5 = 5,
  // class 1: 4 * -2 / 5; ‖h‖₁ = 4 + 5.
  const scores = await scored([[0, 2], [2, 0]], {
    penultimate: [[4, 5], [4, 5]],
    logits: [[2, 1], [1, 2]],
  }, { alpha: 0.1 });
  assertAllClose(scores, [-5 - 0.9, 1.6 - 0.9], { rtol: 1e-12 });
});

Deno.test("nci() has alpha 1e-4 unless it is set", async () => {
  const query = { penultimate: [[4, 5]], logits: [[2, 1]] };
  assertAllClose(await scored([[1, 1]], query), [-5 - 9e-4], { rtol: 1e-12 });
});

Deno.test("nci() scores a feature at the mean by its norm alone", async () => {
  const query = { penultimate: [[1, 1]], logits: [[2, 1]] };
  assertAllClose(await scored([[1, 1]], query), [-2e-4], { rtol: 1e-12 });
  assertEquals([...await scored([[1, 1]], query, { alpha: 0 })], [0]);
});

Deno.test("nci() uses weights of 0 for the first class of one sigmoid", async () => {
  const kernel = [[3], [4]];
  const activation = "sigmoid";
  const known = rowSet({
    ...{ penultimate: [[1, 1]], logits: [[1]], kernel, activation },
  });
  const scorer = await nci({ alpha: 0 }).fit(known);
  const scores = await scorer.score(
    rowSet({ penultimate: [[4, 5], [4, 5]], logits: [[1], [-1]], activation }),
  );
  assertAllClose(scores, [-5, 0], { rtol: 1e-12 });
});

Deno.test("nci() keeps its first term when features and mean move", async () => {
  const move = (rows: number[][]) =>
    rows.map((row) => row.map((x) => x + 8192));
  const [known, penultimate, logits] = [[[0, 2], [2, 0]], [[4, 5]], [[2, 1]]];
  const near = await scored(known, { penultimate, logits }, { alpha: 0 });
  const far = { penultimate: move(penultimate), logits };
  assertAllClose(await scored(move(known), far, { alpha: 0 }), near, {
    rtol: 1e-12,
  });
});

Deno.test("nci() refuses an alpha below 0, and options that it does not have", () => {
  assertThrows(
    () => nci({ alpha: -1 }),
    RangeError,
    '"alpha" must be finite and >= 0',
  );
  assertThrows(() => nci({ beta: 1 } as never), TypeError, '"alpha"');
});

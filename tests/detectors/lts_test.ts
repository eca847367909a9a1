import { lts } from "../../lib/detectors/lts.ts";
import { assertAllClose } from "../support/all_close.ts";
import { rowSet } from "../support/detector_sets.ts";

const LOGITS = [[4, 0]];
const scored = (...penultimate: number[]) =>
  lts().score(rowSet({ penultimate: [penultimate], logits: LOGITS }));
/** `-log(exp(4 S²) + 1)`. */
const scoreAt = (scale: number) => -Math.log(Math.exp(4 * scale ** 2) + 1);

Deno.test("lts() scales logits by the squared ratio of all units to the top one", async () => {
  // S = (9 + 3) / 9
  assertAllClose(await scored(9, 3), [scoreAt(12 / 9)], { rtol: 1e-12 });
});

Deno.test("lts() uses D - round(0.95 D) units as the top, halves to even, at least one", async () => {
  const units = (count: number) =>
    Array.from({ length: count }, (_, i) => i + 1);
  // 30 - round(28.5) = 2, and 28.5 is rounded to 28.
  assertAllClose(await scored(...units(30)), [scoreAt(465 / 59)], {
    rtol: 1e-12,
  });
  // 10 - round(9.5) = 0, so one.
  assertAllClose(await scored(...units(10)), [scoreAt(55 / 10)], {
    rtol: 1e-12,
  });
});

Deno.test("lts() does not count negative units, and uses S = 1 without a positive one", async () => {
  assertAllClose(await scored(9, -5, 3), [scoreAt(12 / 9)], { rtol: 1e-12 });
  assertAllClose(await scored(-1, -2), [scoreAt(1)], { rtol: 1e-12 });
  assertAllClose(await scored(0, 0), [scoreAt(1)], { rtol: 1e-12 });
});

Deno.test("lts() does not depend on the length of a feature", async () => {
  assertAllClose(await scored(90, 30), await scored(9, 3), { rtol: 1e-12 });
});

Deno.test("lts() is finite with large logits and units", async () => {
  const set = rowSet({ penultimate: [[1e30, 1e30]], logits: [[1e30, -1e30]] });
  const [score] = await lts().score(set);
  assertAllClose([score!], [-4e30], { rtol: 1e-6 });
});

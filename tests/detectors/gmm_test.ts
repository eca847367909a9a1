import { assertRejects, assertThrows } from "@std/assert";
import { gmm } from "../../lib/detectors/gmm.ts";
import { assertAllClose } from "../support/all_close.ts";
import { matrix, rowSet } from "../support/detector_sets.ts";

const KINDS = ["full", "tied", "diag"] as const;
const LOG_2PI = Math.log(2 * Math.PI);
/** Two classes of variance 2/3 at -5 and 5. */
const LINE = [-6, -5, -4, 4, 5, 6];
const LINE_LABELS = [0, 0, 0, 1, 1, 1];

async function scored(
  known: readonly (readonly number[])[],
  labels: readonly number[],
  query: readonly (readonly number[])[],
  covariance?: typeof KINDS[number],
): Promise<Float64Array> {
  const options = covariance === undefined ? {} : { covariance };
  const scorer = await gmm(options).fit(rowSet({ penultimate: known, labels }));
  return await scorer.score(rowSet({ penultimate: query }));
}

for (const covariance of KINDS) {
  Deno.test(`gmm({ covariance: "${covariance}" }) is the negative log density of two Gaussians on a line`, async () => {
    const scores = await scored(
      LINE.map((x) => [x]),
      LINE_LABELS,
      [[0], [5]],
      covariance,
    );
    const constant = (LOG_2PI + Math.log(2 / 3)) / 2;
    // In the middle both add the same: -log(2 * 0.5 * N(5)).
    const middle = 25 / (2 * 2 / 3) + constant;
    // On a class the other adds exp(-100 / (4/3)).
    const on = constant + Math.LN2 - Math.log1p(Math.exp(-75));
    assertAllClose(scores, [middle, on], { rtol: 1e-12 });
  });

  Deno.test(`gmm({ covariance: "${covariance}" }) does not depend on a constant column`, async () => {
    const wide = (rows: readonly number[], other: number) =>
      rows.map((x) => [x, other]);
    const expected = await scored(
      LINE.map((x) => [x]),
      LINE_LABELS,
      [[1], [7]],
      covariance,
    );
    const found = await scored(
      wide(LINE, 0.7),
      LINE_LABELS,
      wide([1, 7], 90),
      covariance,
    );
    assertAllClose(found, expected, { rtol: 1e-9 });
  });

  Deno.test(`gmm({ covariance: "${covariance}" }) adds D log 2 when all features are doubled`, async () => {
    const known = [[0, 0], [1, 0.5], [0.2, 1], [5, 5], [6, 5], [5.5, 7]];
    const query = [[1, 1], [3, 9]];
    const twice = (rows: number[][]) =>
      rows.map((row) => row.map((x) => 2 * x));
    const one = await scored(known, LINE_LABELS, query, covariance);
    const two = await scored(
      twice(known),
      LINE_LABELS,
      twice(query),
      covariance,
    );
    assertAllClose(two, one.map((x) => x + 2 * Math.LN2), { rtol: 1e-9 });
  });

  Deno.test(`gmm({ covariance: "${covariance}" }) is finite far out`, async () => {
    const scores = await scored(
      LINE.map((x) => [x]),
      LINE_LABELS,
      [[1e18]],
      covariance,
    );
    assertAllClose(scores, [1e36 / (4 / 3)], { rtol: 1e-6 });
  });
}

Deno.test("gmm() weighs classes by their share, and has a covariance for each", async () => {
  // Class 0: -1, 1 (variance 1); class 1: 6, 10, 14, 18 … (mean 12, variance 20).
  const known = [[-1], [1], [6], [10], [14], [18]];
  const [score] = await scored(known, [0, 0, 1, 1, 1, 1], [[0]]);
  const near = 1 / 3 * Math.exp(-0.5 * LOG_2PI);
  const far = 2 / 3 * Math.exp(-144 / 40 - 0.5 * (LOG_2PI + Math.log(20)));
  assertAllClose([score!], [-Math.log(near + far)], { rtol: 1e-12 });
});

Deno.test("gmm() counts what is along the span of a singular class alone", async () => {
  // Both classes lie on a diagonal, at 2 and -2 along it from their means.
  const known = [[0, 0], [2, 2], [10, 0], [12, 2]];
  const [along, across] = await scored(known, [0, 0, 1, 1], [[1, 1], [-4, 6]]);
  // Variance 2 along the diagonal; both queries are at 0 along it of class 0, and
  // 5 * sqrt(2) away along it from class 1.
  const density = (d: number) =>
    0.5 * Math.exp(-d * d / 4) / Math.sqrt(4 * Math.PI);
  const expected = -Math.log(density(0) + density(5 * Math.SQRT2));
  assertAllClose([along!, across!], [expected, expected], { rtol: 1e-9 });
});

Deno.test("gmm() refuses a class of one sample, and the advice works", async () => {
  const known = [[-1], [1], [6]];
  for (const covariance of ["full", "diag"] as const) {
    await assertRejects(
      () => scored(known, [0, 0, 4], [[0]], covariance),
      RangeError,
      'Cannot fit gmm() as each class must have two samples or more, also 4: current value is 1; use gmm({ covariance: "tied" })',
    );
  }
  // Variance 2/3: those of class 0 alone, over 3 samples.
  const [score] = await scored(known, [0, 0, 4], [[6]], "tied");
  const constant = (LOG_2PI + Math.log(2 / 3)) / 2;
  const others = 2 * Math.exp(-36 / (4 / 3));
  assertAllClose([score!], [constant + Math.log(3) - Math.log1p(others)], {
    rtol: 1e-9,
  });
});

Deno.test("gmm() refuses covariances that would not fit into memory, and the advice works", async () => {
  const units = 11_600;
  const penultimate = matrix(
    Array.from({ length: 3 * units }, (_, i) => i % 7 + (i < units ? 1 : 0)),
    units,
  );
  const set = {
    ...rowSet({ penultimate: [[0], [0], [0]], labels: [0, 0, 0] }),
    penultimate,
  };
  await assertRejects(
    () => gmm().fit(set),
    RangeError,
    'current value is 134560000; use gmm({ covariance: "diag" })',
  );
  await gmm({ covariance: "diag" }).fit(set);
});

Deno.test("gmm() refuses a covariance of another kind", () => {
  assertThrows(
    () => gmm({ covariance: "spherical" as never }),
    RangeError,
    '"covariance" must be one of "full", "tied", "diag"',
  );
});

Deno.test("gmm() refuses classes whose samples are equal, and the advice works", async () => {
  const known = [[-1], [1], [6], [6]];
  const labels = [0, 0, 4, 4];
  for (const covariance of ["full", "diag"] as const) {
    await assertRejects(
      () => scored(known, labels, [[0]], covariance),
      RangeError,
      "Cannot fit gmm() as features must differ within each class, also 4: current " +
        'value is "all are equal"; use gmm({ covariance: "tied" }), leave the class out',
    );
    await scored(known.slice(0, 2), [0, 0], [[0]], covariance);
  }
  const [score] = await scored(known, labels, [[6]], "tied");
  // Variance 1/2, and a share of one half; the other class is 25 away or more.
  const expected = (LOG_2PI + Math.log(0.5)) / 2 + Math.LN2;
  assertAllClose([score!], [expected], { rtol: 1e-9 });
  await assertRejects(
    () => scored([[1], [1], [6], [6]], labels, [[6]], "tied"),
    RangeError,
    'as features must differ within a class: current value is "all are equal"; ' +
      "use a detector without a covariance, as deepKnn()",
  );
});

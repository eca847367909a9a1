/** Detectors of means and covariances: numbers worked out by hand, and limits. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { mdsPlusPlus } from "../../lib/detectors/mds_plus_plus.ts";
import { residual } from "../../lib/detectors/residual.ts";
import { rmds } from "../../lib/detectors/rmds.ts";
import { vim } from "../../lib/detectors/vim.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, matrix } from "../support/detector_sets.ts";

const CLOSE = { rtol: 1e-10, atol: 1e-12 };

function set(
  values: readonly number[],
  columns: number,
  labels?: readonly number[],
) {
  return featureSet({ features: [matrix(values, columns)], labels });
}

/** Two classes around (±10, 0): their tied covariance is diag(4, 1), all around diag(104, 1). */
const CROSS = set(
  [12, 1, 8, 1, 12, -1, 8, -1, -12, 1, -8, 1, -12, -1, -8, -1],
  2,
  [0, 0, 0, 0, 1, 1, 1, 1],
);

Deno.test("mahalanobis() divides squared distances by the variance within classes", async () => {
  const scorer = await mahalanobis().fit(CROSS);
  const query = set([10, 0, 14, 0, -10, 3, 0, 0], 2);
  assertAllClose(await scorer.score(query), [0, 4, 9, 25], CLOSE);
  const { class: label, score } = await scorer.explain(query, 2);
  assertEquals(label, 1);
  assertAllClose([score], [9], CLOSE);
});

Deno.test("rmds() subtracts the distance under one Gaussian", async () => {
  const scorer = await rmds().fit(CROSS);
  const scores = await scorer.score(set([10, 0, 0, 0, 14, 2], 2));
  // d_c - x² / 104 - y²
  const expected = [0 - 100 / 104, 25 - 0, 4 + 4 - 196 / 104 - 4];
  assertAllClose(scores, expected, CLOSE);
});

Deno.test("mdsPlusPlus() is mahalanobis() of the directions", async () => {
  const labels = [0, 0, 0, 1, 1, 1];
  const long = [4, 1, 9, 2, 8, 3, 1, 4, 2, 9, 3, 8];
  const unit = long.map((x, i) =>
    x / Math.hypot(long[i - i % 2]!, long[i - i % 2 + 1]!)
  );
  const query = [5, 1, -1, 2];
  const units = query.map((x, i) =>
    x / Math.hypot(query[i - i % 2]!, query[i - i % 2 + 1]!)
  );
  const scorer = await mdsPlusPlus().fit(set(long, 2, labels));
  const other = await mahalanobis().fit(set(unit, 2, labels));
  assertAllClose(
    await scorer.score(set(query, 2)),
    await other.score(set(units, 2)),
    { rtol: 1e-4 }, // unit vectors in float32
  );
  const [zero] = await scorer.score(set([0, 0], 2));
  assert(Number.isFinite(zero!));
});

Deno.test("constant and copied columns do not change scores", async () => {
  const wide = (values: readonly number[]) => {
    const rows: number[] = [];
    for (let i = 0; i < values.length; i += 2) {
      const [x, y] = [values[i]!, values[i + 1]!];
      rows.push(x, y, 7, 0, x);
    }
    return rows;
  };
  const plain = await mahalanobis().fit(CROSS);
  const labels = CROSS.labels!.data;
  const { data } = CROSS.features[0]!;
  const known = set(wide([...data]), 5, [...labels]);
  const query = [10, 0, 14, 3, 0, -2];
  const expected = await plain.score(set(query, 2));
  for (const create of [mahalanobis, rmds, mdsPlusPlus]) {
    const scorer = await create().fit(known);
    const scores = await scorer.score(set(wide(query), 5));
    assert(scores.every(Number.isFinite));
    if (create === mahalanobis) assertAllClose(scores, expected, CLOSE);
  }
});

Deno.test("fewer samples than units, and a class of one sample, work with a tied covariance", async () => {
  const known = set(
    [1, 0, 0, 5, 2, 0, 1, 4, 0, 1, 1, 6, 9, 9, 9, 9],
    4,
    [0, 0, 0, 5],
  );
  for (const create of [mahalanobis, rmds, mdsPlusPlus]) {
    const scorer = await create().fit(known);
    const scores = await scorer.score(known);
    assert(scores.every(Number.isFinite));
  }
  const scorer = await mahalanobis().fit(known);
  const [lone] = await scorer.score(known.select([3]));
  assertAllClose([lone!], [0], { atol: 1e-9 });
  assertEquals((await scorer.explain(known, 3)).class, 5);
});

Deno.test("features that are all equal within classes are refused", async () => {
  const known = set([1, 2, 1, 2, 3, 4], 2, [0, 0, 1]);
  await assertRejects(
    () => mahalanobis().fit(known),
    RangeError,
    "features must differ within a class",
  );
});

Deno.test("rmds() refuses labels of one class, whose scores would all be 0", async () => {
  const known = set([12, 1, 8, 1, 12, -1, 8, 0], 2, [3, 3, 3, 3]);
  const { message } = await assertRejects(
    () => rmds().fit(known),
    RangeError,
    "Cannot fit rmds() as labels must be of two classes or more",
  );
  assert(message.endsWith("use mahalanobis()"), message);
  const scorer = await mahalanobis().fit(known); // as the advice says
  assert((await scorer.score(known)).every((score) => score > 0));
});

Deno.test("residual() and vim() refuse features of one unit, and the advice works", async () => {
  const labels = [0, 0, 1, 1];
  const known = featureSet({
    penultimate: matrix([1, 2, 5, 7], 1),
    logits: matrix([2, 0, 3, 0, 0, 3, 0, 4], 2),
    labels,
  });
  for (const detector of [residual(), residual({ dims: 0.5 }), vim()]) {
    await assertRejects(
      () => detector.fit(known),
      RangeError,
      "features must have two units or more, to leave a residual: current value is 1; use mahalanobis()",
    );
  }
  await mahalanobis().fit(known);
});

Deno.test("residual() and vim() refuse features that are all equal, which have no subspace", async () => {
  const known = featureSet({
    penultimate: matrix([1, 2, 3, 1, 2, 3], 3),
    logits: matrix([1, 0, 1, 0], 2),
  });
  for (const detector of [residual(), vim(), residual({ dims: 1 })]) {
    const { message } = await assertRejects(
      () => detector.fit(known),
      RangeError,
      `Cannot fit ${detector.name}() as features must differ from the mean`,
    );
    assert(message.endsWith("use deepKnn()"), message);
  }
  const scorer = await deepKnn({ neighbors: 1 }).fit(known); // as the advice says
  assertEquals([...await scorer.score(known)], [0, 0]);
});

Deno.test("the default cutoff is ε · D of float32, however many samples there are", async () => {
  // Covariance diag(1, s²), so (0, s) is 1 away where s² is above the cutoff.
  for (const copies of [1, 500]) {
    for (const [share, expected] of [[1.01, 1], [0.99, 0]] as const) {
      const s = Math.sqrt(share * 2 * 2 ** -23);
      const square = [1, s, 1, -s, -1, s, -1, -s];
      const known = featureSet({
        penultimate: matrix(Array(copies).fill(square).flat(), 2),
        labels: new Int32Array(4 * copies),
      });
      const scorer = await mahalanobis().fit(known);
      const query = featureSet({ penultimate: matrix([0, s], 2) });
      assertAllClose(await scorer.score(query), [expected], { atol: 1e-6 });
    }
  }
});

Deno.test("cutoff leaves directions of little spread out", async () => {
  const scorer = await mahalanobis({ cutoff: 0.5 }).fit(CROSS);
  // Of diag(4, 1), only the first is above half of the largest.
  assertAllClose(await scorer.score(set([14, 50], 2)), [4], CLOSE);
  assertThrows(() => mahalanobis({ cutoff: 1 }), RangeError, "cutoff");
  assertThrows(() => rmds({ cutoff: -1 }), RangeError, "cutoff");
});

Deno.test("scores do not change when 1e4 is added to all features", async () => {
  const { penultimate, logits, labels } = blobs({ samples: 90, offset: 1e4 });
  const { data } = penultimate!;
  const of = (values: readonly number[]) =>
    featureSet({
      penultimate: matrix(values, 6),
      logits,
      labels: labels!.data,
    });
  // The float32 values that the moved features have, moved back exactly.
  const back = of(Array.from(data, (x) => x - 1e4));
  const moved = of([...data]);
  for (const create of [mahalanobis, rmds, residual, vim]) {
    const [expected, found] = await Promise.all(
      [back, moved].map(async (set) => (await create().fit(set)).score(set)),
    );
    assertAllClose(found!, expected!, { rtol: 1e-6, atol: 1e-9 });
  }
});

/** Around (1, 2): 4 along (1, 0), 1 along (0, 1). */
const AXES = featureSet({
  penultimate: matrix([5, 2, -3, 2, 1, 3, 1, 1], 2),
  logits: matrix([3, 1, 5, 2, 4, 0, 8, 0], 2),
  head: {
    kernel: matrix([2, 0, 0, 1], 2),
    bias: { data: Float32Array.of(4, -3), shape: [2], dtype: "float32" },
  },
});

Deno.test("residual() is the length across the principal components", async () => {
  const query = featureSet({ penultimate: matrix([9, 5, 1, 2, 1, -2], 2) });
  const scorer = await residual({ dims: 1 }).fit(AXES);
  assertAllClose(await scorer.score(query), [3, 0, 4], CLOSE);
  // 16 / 17 of the variance is along the first.
  const same = await residual({ dims: 16 / 17 }).fit(AXES);
  assertAllClose(await same.score(query), [3, 0, 4], CLOSE);
  const { terms } = await scorer.explain(query, 0);
  const expected = [3, Math.hypot(8, 3)]; // from the mean, (1, 2)
  assertAllClose([terms!.residual!, terms!.distance!], expected, CLOSE);
});

Deno.test('residual({ origin: "head" }) has its origin where logits are zero, without a second centring', async () => {
  // 2x + 4 = 0 and y - 3 = 0: o = (-2, 3).
  const scorer = await residual({ dims: 1, origin: "head" }).fit(AXES);
  // Around o: (7, -1), (-1, -1), (3, 0), (3, -2); by hand the scatter is
  // [[68, -12], [-12, 6]], whose smaller eigenvalue is 37 - √(31² + 12²).
  const small = 37 - Math.hypot(31, 12);
  const length = Math.hypot(12, 68 - small);
  const direction = [12 / length, (68 - small) / length]; // (68 - λ) x - 12 y = 0
  const query = [9, 5, -2, 3];
  const expected = [0, 2].map((i) =>
    Math.abs(
      (query[i]! + 2) * direction[0]! + (query[i + 1]! - 3) * direction[1]!,
    )
  );
  const set = featureSet({ penultimate: matrix(query, 2) });
  assertAllClose(await scorer.score(set), expected, {
    rtol: 1e-9,
    atol: 1e-12,
  });
});

Deno.test("vim() adds the scaled residual to the energy", async () => {
  const scorer = await vim({ dims: 1 }).fit(AXES);
  // Residuals of the fit: 0, 0, 1, 1; largest logits: 3, 5, 4, 8.
  const alpha = 20 / 2;
  const query = featureSet({
    penultimate: matrix([9, 5, 1, 2], 2),
    logits: matrix([1, 1, 0, 0], 2),
  });
  const expected = [3 * alpha - 1 - Math.log(2), -Math.log(2)];
  assertAllClose(await scorer.score(query), expected, CLOSE);
  const { terms, class: label } = await scorer.explain(query, 0);
  assertEquals(label, 0);
  assertAllClose(
    [terms!.residual!, terms!.energy!],
    [30, -1 - Math.log(2)],
    CLOSE,
  );
});

Deno.test("vim() refuses a fit without residual, or with logits that reverse the ranking", async () => {
  await assertRejects(
    () => vim({ dims: 2 }).fit(AXES),
    RangeError,
    '"dims" must be below the 2 units of the features',
  );
  const line = featureSet({
    penultimate: matrix([1, 1, 2, 2, 3, 3], 2),
    logits: matrix([1, 0, 1, 0, 1, 0], 2),
  });
  await assertRejects(
    () => vim({ dims: 1 }).fit(line),
    RangeError,
    "must have a residual",
  );
  const negative = featureSet({
    penultimate: AXES.penultimate,
    logits: matrix([-3, -4, -1, -2, -4, -6, -8, -9], 2),
  });
  await assertRejects(
    () => vim({ dims: 1 }).fit(negative),
    RangeError,
    "largest logits of known samples must be > 0",
  );
});

Deno.test("settings of a subspace are checked when the detector is created", () => {
  assertThrows(() => vim({ dims: 0 }), RangeError, "dims");
  assertThrows(() => vim({ dims: 2.5 }), RangeError, "dims");
  assertThrows(
    () => residual({ origin: "zero" as never }),
    RangeError,
    "origin",
  );
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { pca } from "../../lib/math/pca.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { assertAllClose } from "../support/all_close.ts";

// Around the mean [10, 20]: squares 8 along the first axis, 2 along the second.
const CROSS = Float32Array.of(8, 20, 12, 20, 10, 21, 10, 19); // [4, 2]

Deno.test("pca() finds the axes of a cross", async () => {
  const points = await pca({ data: CROSS, shape: [4, 2] });
  assertAllClose(points.x, [-2, 2, 0, 0], { atol: 1e-12 });
  assertAllClose(points.y, [0, 0, 1, -1], { atol: 1e-12 });
  assertAllClose(points.explained, [0.8, 0.2]);
  assertEquals([points.fitted, points.skipped], [4, 0]);
  assertEquals(points.rows, Int32Array.of(0, 1, 2, 3));
});

Deno.test("pca() returns the same when units outnumber what is decomposed completely", async () => {
  const width = 600;
  const data = new Float32Array(4 * width); // [4, 600]
  for (let row = 0; row < 4; row++) {
    data[row * width + 7] = CROSS[row * 2]!;
    data[row * width + 500] = CROSS[row * 2 + 1]!;
  }
  const before = data.slice();
  const points = await pca({ data, shape: [4, width] });
  assertAllClose(points.x, [-2, 2, 0, 0], { atol: 1e-9 });
  assertAllClose(points.y, [0, 0, 1, -1], { atol: 1e-9 });
  assertAllClose(points.explained, [0.8, 0.2]);
  assertEquals(data, before);
});

Deno.test("pca() fits on a part and projects all when both sides are large", async () => {
  const [count, width] = [700, 600];
  const random = seededRandom(1);
  const data = new Float32Array(count * width); // [700, 600]
  for (let row = 0; row < count; row++) {
    data[row * width] = row % 2 === 0 ? -10 : 10;
    data[row * width + 1] = random() - 0.5;
  }
  const points = await pca({ data, shape: [count, width] });
  assertEquals([points.fitted, points.rows.length], [512, 700]);
  for (let row = 0; row < count; row++) {
    assert(Math.abs(points.x[row]! - (row % 2 === 0 ? -10 : 10)) < 1);
  }
});

Deno.test("pca() leaves out rows that are not finite and those above the limit", async () => {
  const data = Float32Array.of(...CROSS, NaN, 0);
  const points = await pca({ data, shape: [5, 2] });
  assertEquals([points.skipped, points.rows.length], [1, 4]);
  assertAllClose(points.x, [-2, 2, 0, 0], { atol: 1e-12 });
  const few = await pca({ data: CROSS, shape: [4, 2] }, { maxRows: 2 });
  assertEquals(few.rows, Int32Array.of(0, 2));
});

Deno.test("pca() returns zeros where rows do not differ", async () => {
  for (const shape of [[3, 2], [1, 6], [6, 1]]) {
    const points = await pca({ data: new Float32Array(6).fill(4), shape });
    assertEquals(points.x, new Float64Array(shape[0]!));
    assertEquals(points.explained, [0, 0]);
  }
  const line = await pca({ data: Float32Array.of(0, 1, 5), shape: [3, 1] });
  assertAllClose(line.x, [-2, -1, 3]);
  assertEquals(line.y, new Float64Array(3));
  const none = await pca({ data: new Float32Array(0), shape: [0, 3] });
  assertEquals(none.x.length, 0);
});

Deno.test("pca() refuses what it cannot project", async () => {
  const vector = { data: CROSS, shape: [8] };
  await assertRejects(() => pca(vector), TypeError, "shape must be [N, D]");
  const rows = { data: CROSS, shape: [4, 2] };
  const none = () => pca(rows, { maxRows: 0 });
  await assertRejects(none, RangeError, `"maxRows"`);
});

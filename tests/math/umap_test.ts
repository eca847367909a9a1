import { assert, assertEquals, assertRejects } from "@std/assert";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { pca } from "../../lib/math/pca.ts";
import { umap } from "../../lib/math/umap.ts";

// Two groups of 20, 100 apart, in 8 units.
const random = seededRandom(5);
const DATA = Float32Array.from(
  { length: 40 * 8 },
  (_, i) => random() + (i < 20 * 8 ? 0 : 100),
); // [40, 8]
const ROWS = { data: DATA, shape: [40, 8] };

Deno.test("umap() keeps groups apart, and repeats itself for a seed", async () => {
  const before = DATA.slice();
  const points = await umap(ROWS, { neighbors: 5, seed: 3 });
  assertEquals(DATA, before);
  const again = await umap(ROWS, { neighbors: 5, seed: 3 });
  assertEquals(again.x, points.x);
  assertEquals(again.y, points.y);
  const at = (i: number): [number, number] => [points.x[i]!, points.y[i]!];
  const distance = (a: number, b: number) =>
    Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1]);
  // The nearest other point is always of the same group.
  for (let i = 0; i < 40; i++) {
    const others = Array.from({ length: 40 }, (_, j) => j).filter((j) =>
      j !== i
    );
    others.sort((a, b) => distance(i, a) - distance(i, b));
    assert(others[0]! < 20 === i < 20, `${i} lies beside ${others[0]}`);
  }
});

Deno.test("umap() selects evenly spaced rows of too many", async () => {
  const points = await umap(ROWS, { maxRows: 10 });
  assertEquals(Array.from(points.rows), [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
  assertEquals([points.x.length, points.y.length], [10, 10]);
});

Deno.test("umap() refuses what it cannot project", async () => {
  const few = { data: new Float32Array(8), shape: [4, 2] };
  await assertRejects(
    () => umap(few),
    RangeError,
    "at least 5 rows of finite values: current value is 4; use PCA",
  );
  assertEquals((await pca(few)).x.length, 4);
  const flat = { data: DATA, shape: [320] };
  await assertRejects(() => umap(flat), TypeError, "shape must be [N, D]");
  for (const options of [{ neighbors: 1 }, { maxRows: 0.5 }, { seed: NaN }]) {
    await assertRejects(() => umap(ROWS, options), RangeError, "must be");
  }
});

import { assertEquals } from "@std/assert";
import { numericalRank, spreadsAlike } from "../../lib/math/numerical_rank.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";

/** Rows of `width` units that lie in `rank` directions around a mean. */
function rows(count: number, width: number, rank: number, mean = 0) {
  const random = seededRandom(count + width);
  const axes = Array.from(
    { length: rank },
    () => Float64Array.from({ length: width }, () => random() - 0.5),
  );
  const data = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const amounts = axes.map(() => random() - 0.5);
    for (let j = 0; j < width; j++) {
      const parts = axes.map((axis, k) => axis[j]! * amounts[k]!);
      data[row * width + j] = parts.reduce((sum, part) => sum + part, mean);
    }
  }
  return { data, shape: [count, width] };
}

Deno.test("numericalRank() counts directions around the mean, in float32 rows too", () => {
  for (const rank of [1, 5, 12]) {
    const expected = { rank, most: 12 };
    assertEquals(numericalRank(rows(40, 12, rank)), expected);
    assertEquals(numericalRank(rows(40, 12, rank, 3)), expected);
  }
});

Deno.test("numericalRank() does not count constant and copied columns", () => {
  const { data } = rows(30, 3, 3);
  const wide = Float32Array.from({ length: 30 * 5 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5), i % 5];
    return column === 3 ? 7 : data[row * 3 + column % 4]!;
  }); // columns a, b, c, 7, a
  assertEquals(numericalRank({ data: wide, shape: [30, 5] }).rank, 3);
});

Deno.test("numericalRank() returns the largest rank it could find", () => {
  assertEquals(numericalRank(rows(4, 12, 12)), { rank: 3, most: 3 });
  assertEquals(numericalRank(rows(1, 12, 12)), { rank: 0, most: 0 });
  const data = new Float32Array(20).fill(2);
  assertEquals(numericalRank({ data, shape: [5, 4] }), { rank: 0, most: 4 });
  const { data: kept, shape } = rows(9, 2, 2);
  const before = kept.slice();
  numericalRank({ data: kept, shape });
  assertEquals(kept, before);
});

Deno.test("spreadsAlike() compares the least spread within the span with a share", () => {
  // Variances 9 and 1 along two diagonals of the plane, and a constant unit.
  const data = [[3, 3], [-3, -3], [1, -1], [-1, 1]]
    .flatMap(([a, b]) => [a!, b!, 5]);
  const cross = { data: Float32Array.from(data), shape: [4, 3] };
  assertEquals(spreadsAlike(cross, 0.099), true);
  assertEquals(spreadsAlike(cross, 0.101), false);
  const same = { data: new Float32Array(12).fill(2), shape: [4, 3] };
  assertEquals(spreadsAlike(same, 0.01), false);
});

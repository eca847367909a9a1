import { assertEquals } from "@std/assert";
import {
  openGramSum,
  openOuterProducts,
} from "../../lib/linalg/outer_products.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

function random(rows: number, columns: number, seed: number) {
  return { data: normals(rows * columns, seed), rows, columns };
}

Deno.test("openGramSum() sums outer products, however rows are cut", async () => {
  const { data, rows, columns } = random(700, 120, 4);
  const sums: Float64Array[] = [];
  for (const native of [false, undefined]) {
    for (const step of [700, 64]) {
      const gram = await openGramSum(columns, { native });
      for (let start = 0; start < rows; start += step) {
        const part = data.subarray(start * columns, (start + step) * columns);
        await gram.add({ data: part, rows: part.length / columns, columns });
      }
      sums.push(await gram.sum());
      await gram.close();
    }
  }
  const [first, ...others] = sums;
  let expected = 0;
  for (let row = 0; row < rows; row++) {
    expected += data[row * columns + 5]! * data[row * columns + 99]!;
  }
  assertAllClose([first![5 * columns + 99]!], [expected], { rtol: 1e-11 });
  assertEquals(first![5 * columns + 99], first![99 * columns + 5]);
  for (const other of others) {
    assertAllClose(other, first!, { rtol: 1e-11, atol: 1e-10 });
  }
});

Deno.test("openOuterProducts() adds to several sums, equally in plain loops and on the runtime", async () => {
  const columns = 160;
  const parts = [random(200, columns, 4), random(3, columns, 5)];
  const sums = [true, false].map(async (native) => {
    const opened = await openOuterProducts(columns, native ? {} : { native });
    const totals = parts.map(() => new Float64Array(columns * columns)); // [D, D]
    for (const _ of [0, 1]) {
      for (const [i, part] of parts.entries()) {
        await opened.addTo(totals[i]!, part);
      }
    }
    await opened.close();
    return totals.map((total) =>
      total.filter((_, i) => i % columns <= Math.floor(i / columns))
    );
  });
  const [native, plain] = await Promise.all(sums);
  parts.forEach((_, i) =>
    assertAllClose(native![i]!, plain![i]!, { rtol: 1e-11, atol: 1e-11 })
  );
  const { data, rows } = parts[1]!;
  let first = 0;
  for (let row = 0; row < rows; row++) first += 2 * data[row * columns]! ** 2;
  assertAllClose([plain![1]![0]!], [first], { rtol: 1e-12 });
});

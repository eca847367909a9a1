import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pacer } from "../../lib/formats/pacer.ts";
import { hasNative, openNative } from "../../lib/linalg/native_graph.ts";
import {
  openGramSum,
  openOuterProducts,
  openProduct,
  product,
} from "../../lib/linalg/products.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

function random(rows: number, columns: number, seed: number) {
  return { data: normals(rows * columns, seed), rows, columns };
}

const LEFT = { data: Float64Array.of(1, 2, 3, 4, 5, 6), rows: 2, columns: 3 };
const RIGHT = { data: Float64Array.of(1, 0, 0, 1, 2, -1), rows: 3, columns: 2 };

Deno.test("product() multiplies, in plain loops and on the runtime alike", async () => {
  assertEquals([...await product(LEFT, RIGHT)], [7, -1, 16, -1]);
  // Large enough that it is sent to the runtime.
  const [a, b] = [random(90, 250, 1), random(250, 200, 2)];
  const plain = await product(a, b, { native: false });
  const native = await product(a, b);
  assertAllClose(native, plain, { rtol: 1e-11, atol: 1e-11 });
});

Deno.test("openProduct() keeps its matrix for many products", async () => {
  const opened = await openProduct(random(250, 200, 2));
  const parts = [random(90, 250, 1), random(3, 250, 3)];
  for (const part of parts) {
    const plain = await product(part, random(250, 200, 2), { native: false });
    assertAllClose(await opened.times(part), plain, {
      rtol: 1e-11,
      atol: 1e-11,
    });
  }
  await opened.close();
});

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

Deno.test("openOuterProducts() adds to several sums, in plain loops and on the runtime alike", async () => {
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

Deno.test("products stop when they are told to, in plain loops and on the runtime", async () => {
  for (const native of [false, undefined]) {
    const stop = new AbortController();
    const pacer = new Pacer(stop.signal);
    const opened = await openProduct(random(250, 200, 2), { pacer, native });
    await opened.times(random(90, 250, 1));
    stop.abort();
    await assertRejects(
      () => opened.times(random(90, 250, 1)),
      DOMException,
      "stopped",
    );
    await opened.close();
  }
});

Deno.test("openNative() runs a graph, and closing it lets its worker go", async () => {
  assert(await hasNative({}));
  assertEquals(await hasNative({ native: false }), false);
  const graph = await openNative((graph) => {
    const x = graph.input("x", "float64", ["n"]);
    return [[graph.node("Neg", [x]), "float64"]];
  });
  const [result] = await graph.run([{
    data: Float64Array.of(1, -2),
    shape: [2],
  }]);
  assertEquals([...result!.data], [-1, 2]);
  await graph.close();
});

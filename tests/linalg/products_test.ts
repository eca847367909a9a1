import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pacer } from "../../lib/formats/pacer.ts";
import { hasNative, openNative } from "../../lib/linalg/native_graph.ts";
import { openProduct, product } from "../../lib/linalg/products.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

function random(rows: number, columns: number, seed: number) {
  return { data: normals(rows * columns, seed), rows, columns };
}

const LEFT = { data: Float64Array.of(1, 2, 3, 4, 5, 6), rows: 2, columns: 3 };
const RIGHT = { data: Float64Array.of(1, 0, 0, 1, 2, -1), rows: 3, columns: 2 };

Deno.test("product() multiplies equally in plain loops and on the runtime", async () => {
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

Deno.test("products can be aborted, in plain loops and on the runtime", async () => {
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

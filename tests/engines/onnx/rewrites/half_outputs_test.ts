import { assertEquals } from "@std/assert";
import {
  halved,
  halveOutput,
} from "../../../../lib/engines/onnx/rewrites/half_outputs.ts";
import {
  OnnxGraph,
  ROWS,
} from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { openGraph } from "../../../support/open_graph.ts";

function feed(data: Float32Array<ArrayBuffer>) {
  const array = { data, shape: [data.length], dtype: "float32" } as const;
  return { type: "float32", array } as const;
}

/** What the graph makes of some floats, and the floats that it gives back. */
async function asHalves(values: Iterable<number>) {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [ROWS]);
  const y = graph.output("y", x, "float32", [ROWS]);
  const { half, whole } = halveOutput(graph, y);
  const open = await openGraph(graph);
  const results = await open.run({ [x]: feed(Float32Array.from(values)) });
  await open.close();
  assertEquals(Object.keys(results), [half, whole]); // the floats stay inside
  return { half: results[half]!.data, whole: results[whole]!.data };
}

/** Bits of halves; all NaN count as one. */
function bits(halves: Float16Array): number[] {
  return [...halves].map((value, i) =>
    Number.isNaN(value) ? -1 : new Uint16Array(halves.buffer)[i]!
  );
}

Deno.test("halveOutput() rounds as Float16Array does, to the bit", async () => {
  const values = [0, -0, NaN, 65504, -65504, 65519.99, 2 ** -24, 2 ** -25];
  values.push(1.00048828125, 1.00146484375, -(2 ** -14), 6e-8, 3e-8, 1e-40);
  for (let i = -50; i < 30; i++) values.push(Math.sin(i) * 1.4 ** i);
  const { half, whole } = await asHalves(values);
  const expected = Float16Array.from(Float32Array.from(values));
  assertEquals(bits(half as Float16Array), bits(expected));
  assertEquals(whole.length, 0); // nothing is infinite
});

Deno.test("halveOutput() returns the floats where a half is infinite, and only there", async () => {
  for (const beyond of [65520, -1e6, Infinity, -Infinity]) {
    const { half, whole } = await asHalves([1, beyond, 3]);
    assertEquals([...half], [1, Math.sign(beyond) * Infinity, 3]);
    assertEquals([...whole], [1, beyond, 3]);
  }
});

Deno.test("halved() names another type, and keeps the sizes", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [ROWS, 3]);
  const port = halved(graph, { name: x, type: "float32", shape: [ROWS, 3] });
  assertEquals([port.type, port.shape], ["float16", [ROWS, 3]]);
  assertEquals(graph.nodes.map(({ operator }) => operator), ["Cast"]);
});

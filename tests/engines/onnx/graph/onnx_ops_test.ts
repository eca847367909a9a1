import { assertEquals } from "@std/assert";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../../../lib/engines/onnx/graph/onnx_ops.ts";
import { assertAllClose } from "../../../support/all_close.ts";
import { ELEMENT_CASES } from "../_element_cases.ts";
import {
  anyRows,
  anySizes,
  type Build,
  floats,
  Recorded,
  rowsOf,
  runOnce,
} from "../_recorded.ts";
import { SHAPE_CASES } from "../_shape_cases.ts";

const CASES = [...ELEMENT_CASES, ...SHAPE_CASES];

for (const [number, test] of CASES.entries()) {
  const { shows, inputs, build, expected, fixed = [], atol = 1e-7 } = test;

  Deno.test(`${shows}() of OnnxOps returns the numbers of case ${number}`, async () => {
    const known = inputs.map((x, i) => fixed.includes(i) ? x : anyRows(x));
    await using recorded = await Recorded.open(known, build);
    const whole = await recorded.run(...inputs);
    for (const output of whole) {
      assertEquals(output.dtype, expected.dtype);
      assertAllClose(output, expected, { rtol: 1e-6, atol });
    }
    for (const rows of [[3], [6, 0]]) { // batches of 1 and 2 too
      const fed = inputs.map((x, i) => fixed.includes(i) ? x : rowsOf(x, rows));
      const some = await recorded.run(...fed);
      some.forEach((output, i) =>
        assertAllClose(output, rowsOf(whole[i]!, rows), { atol: 1e-7 })
      );
    }
  });

  Deno.test(`${shows}() of OnnxOps needs no size to be known in case ${number}`, async () => {
    const output = await runOnce(inputs, (ops, ...xs) => {
      const made = build(ops, ...xs);
      return [made].flat()[0]!;
    }, anySizes);
    assertAllClose(output, expected, { rtol: 1e-6, atol });
  });
}

Deno.test("log1p() and expm1() of OnnxOps keep what is small", async () => {
  const x = floats([1, 6], [1e-10, -1e-10, 1e-4, 2, Infinity, NaN]);
  const build: Build = (ops, v) => [ops.log1p(v!), ops.expm1(v!)];
  await using recorded = await Recorded.open([anyRows(x)], build);
  const [logs, powers] = await recorded.run(x);
  assertAllClose(logs!.data, x.data.map(Math.log1p), { rtol: 2e-7, atol: 0 });
  assertAllClose(powers!.data, x.data.map(Math.expm1), { rtol: 2e-7, atol: 0 });
});

Deno.test("OnnxOps has a case for every operation", () => {
  const elsewhere = [
    ...["log1p", "expm1", "conv", "convTranspose"],
    ...["maxPool", "averagePool", "resize", "scan", "recurrence"],
  ];
  const shown = new Set([
    ...CASES.flatMap(({ shows }) => shows.split(" ")),
    ...elsewhere,
  ]);
  const recording = [
    "node",
    "unary",
    "binary",
    "compare",
    "rounded",
    "reduce",
    "as",
    "seen",
    "bytesOfLargest",
    "multiplied",
    "multiplicationsPerRow",
  ];
  const parent = Object.getPrototypeOf(OnnxOps.prototype);
  const names = [OnnxOps.prototype, parent].flatMap((p) =>
    Object.getOwnPropertyNames(p)
  )
    .filter((name) => name !== "constructor" && !recording.includes(name));
  assertEquals(names.filter((name) => !shown.has(name)), []);
});

Deno.test("multiplicationsPerRow counts products and convolutions of a sample", () => {
  const graph = new OnnxGraph();
  const ops = new OnnxOps(graph);
  const value = (name: string, shape: (number | null)[]) =>
    ({
      name: graph.input(name, "float32", shape),
      shape,
      dtype: "float32",
    }) as const;
  const options = { strides: [1, 1], padding: "valid" } as const;
  ops.conv(value("map", [null, 6, 6, 3]), value("kernel", [3, 3, 3, 8]), {
    ...options,
    dilation: [1, 1],
    groups: 1,
  });
  assertEquals(ops.multiplicationsPerRow, 4 * 4 * 3 * 3 * 3 * 8);
  ops.matmul(value("x", [null, 10]), value("w", [10, 7]));
  assertEquals(ops.multiplicationsPerRow, 4 * 4 * 3 * 3 * 3 * 8 + 70);
  ops.einsum("nab,bc->nac", value("y", [null, 2, 3]), value("v", [3, 5]));
  assertEquals(ops.multiplicationsPerRow, 4 * 4 * 3 * 3 * 3 * 8 + 70 + 30);
});

import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../../support/all_close.ts";
import { sampled } from "../../../support/extent.ts";
import { naivePool } from "../_naive.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../../../lib/engines/onnx/graph/onnx_ops.ts";
import type { OnnxValue } from "../../../../lib/engines/onnx/graph/onnx_value.ts";
import {
  allSizes,
  anyRows,
  anySizes,
  floats,
  runOnce,
  waves,
} from "../_recorded.ts";

const mean = (values: readonly number[]) =>
  values.reduce((sum, v) => sum + v, 0) / values.length;
const max = (values: readonly number[]) => Math.max(...values);

Deno.test("maxPool() and averagePool() of OnnxOps are so by definition, size known or not", async () => {
  const cases = [1, 2, 5, 8].flatMap((n) =>
    [1, 2, 3, 4].flatMap((k) =>
      [1, 2, 3, 5].flatMap((s) =>
        (["same", "valid"] as const)
          .filter((padding) => padding === "same" || k <= n)
          .map((padding) => ({ n, k, s, padding }))
      )
    )
  );
  for (const { n, k, s, padding } of sampled(cases, 7)) {
    const x = waves([2, n, 3]);
    const options = { size: [k], strides: [s], padding };
    const windows = { ...options, dilation: [1] };
    for (const known of [anyRows, anySizes]) {
      const largest = await runOnce(
        [x],
        (ops, map) => ops.maxPool(map!, options),
        known,
      );
      assertAllClose(largest, naivePool(x, windows, max));
      const means = await runOnce(
        [x],
        (ops, map) => ops.averagePool(map!, options),
        known,
      );
      assertAllClose(means, naivePool(x, windows, mean), {
        rtol: 1e-5,
        atol: 1e-6,
      });
    }
  }
});

Deno.test("maxPool() and averagePool() of OnnxOps do so in two and three dimensions", async () => {
  for (
    const [shape, size, strides] of [
      [[2, 5, 6, 2], [3, 2], [2, 3]],
      [[1, 7, 4, 3], [1, 3], [3, 1]],
      [[2, 4, 3, 5, 2], [2, 2, 3], [2, 1, 2]],
    ] as const
  ) {
    for (const padding of ["same", "valid"] as const) {
      const x = waves(shape);
      const windows = { size, strides, padding, dilation: size.map(() => 1) };
      const output = await runOnce(
        [x],
        (ops, map) =>
          ops.add(ops.maxPool(map!, windows), ops.averagePool(map!, windows)),
        anySizes,
      );
      const expected = naivePool(x, windows, (v) => max(v) + mean(v));
      assertAllClose(output, expected, { rtol: 1e-5, atol: 1e-6 });
    }
  }
});

Deno.test("maxPool() of OnnxOps returns NaN for every window that meets one", async () => {
  for (const nan of [0, 4, 12, 24]) {
    const data = Array.from({ length: 25 }, (_, i) => i === nan ? NaN : i % 7);
    const x = floats([1, 5, 5, 1], data);
    const options = { size: [3, 3], strides: [1, 1], padding: "same" } as const;
    const windows = { ...options, dilation: [1, 1] };
    const output = await runOnce([x], (ops, map) => ops.maxPool(map!, options));
    assertAllClose(output, naivePool(x, windows, max));
  }
});

Deno.test("max() and min() of OnnxOps return NaN wherever it stands", async () => {
  for (const length of [1, 3, 8, 37]) {
    for (let nan = 0; nan < length; nan++) {
      const data = Array.from({ length }, (_, i) => i === nan ? NaN : i % 5);
      const x = floats([2, length], [...data, ...data.map((v) => v || 0)]);
      const output = await runOnce(
        [x],
        (ops, v) =>
          ops.stack([ops.max(v!, { axis: 1 }), ops.min(v!, { axis: 1 })], 1),
      );
      assertEquals(output.data.slice(0, 2), [NaN, NaN]);
      assertEquals(output.data.slice(2), [
        Math.min(4, Math.max(...data.map((v) => v || 0))),
        0,
      ]);
    }
  }
});

Deno.test("mean() of OnnxOps is computed channels first for transposed maps", async () => {
  const windows = { size: [1, 1], strides: [1, 1], padding: "valid" } as const;
  type Mean = (ops: OnnxOps, map: OnnxValue) => OnnxValue;
  const pooled: Mean = (ops, map) => ops.maxPool(map, windows);
  const positions = { axis: [1, 2] };
  const isPooled = (of: Mean, shape: readonly (number | null)[]) => {
    const graph = new OnnxGraph();
    const name = graph.input("map", "float32", shape);
    of(new OnnxOps(graph), { name, shape, dtype: "float32" });
    return !graph.nodes.some(({ operator }) => operator === "ReduceMean");
  };
  const onMap = [null, 5, 4, 3];
  const added: Mean = (ops, map) => {
    const transposed = pooled(ops, map);
    return ops.mean(ops.add(transposed, map), positions);
  };
  for (
    const [of, shape, expected] of [
      [(ops, map) => ops.mean(pooled(ops, map), positions), onMap, true],
      [(ops, map) => ops.mean(pooled(ops, map), { axis: [2, 1] }), onMap, true],
      [added, onMap, true],
      [(ops, map) => ops.mean(map, positions), onMap, false],
      [(ops, map) => ops.mean(pooled(ops, map), { axis: 1 }), onMap, false],
      [
        (ops, map) => ops.mean(pooled(ops, map), { axis: [1, 3] }),
        onMap,
        false,
      ],
      [(ops, map) => ops.mean(pooled(ops, map)), onMap, false],
      [
        (ops, map) => ops.mean(pooled(ops, map), positions),
        [null, null, 4, 3], // where nothing may be
        false,
      ],
      [
        (ops, map) => ops.mean(pooled(ops, map), positions),
        [null, 1, 1031, 3], // a prime number of positions in one sum
        false,
      ],
    ] as [Mean, (number | null)[], boolean][]
  ) assertEquals(isPooled(of, shape), expected, String(of));

  const x = waves([2, 5, 4, 3]);
  const odd = floats(x.shape, x.data.with(0, NaN).with(64, Infinity));
  for (const map of [x, odd]) {
    const [quick, plain] = await Promise.all([
      runOnce([map], (ops, map) => added(ops, map!)),
      runOnce([map], (ops, map) => added(ops, map!), anySizes),
    ]);
    assertAllClose(quick, plain, { rtol: 1e-6, atol: 1e-6 });
  }
});

Deno.test("mean() of OnnxOps keeps the digits of a mean over many positions", async () => {
  const depth = 16; // so many that the runtime keeps channels in blocks
  const size = depth * depth;
  const kernel = {
    data: Float32Array.from({ length: size }, (_, i) => +(i % 17 === 0)),
    shape: [1, 1, depth, depth], // every channel as it is
    dtype: "float32",
  } as const;
  const positions = { strides: [1, 1], padding: "valid", dilation: [1, 1] };
  for (const sizes of [[112, 112], [1, 12_544], [500, 7], [3, 1]]) {
    const shape = [1, ...sizes, depth];
    const map = floats(shape, waves(shape).data.map((value) => 3 + value));
    const means = await runOnce(
      [map],
      (ops, x) => {
        const options = positions as Parameters<typeof ops.conv>[2];
        const transposed = ops.conv(x!, ops.constant(kernel), options);
        return ops.mean(transposed, { axis: [1, 2] });
      },
      allSizes,
    );
    const expected = Array.from(
      { length: depth },
      (_, channel) => mean(map.data.filter((_, i) => i % depth === channel)),
    );
    const exact = floats([1, depth], expected);
    assertAllClose(means, exact, { rtol: 6e-7, atol: 0 });
  }
});

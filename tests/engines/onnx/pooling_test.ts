import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../support/all_close.ts";
import { naivePool } from "./_naive.ts";
import { anyRows, anySizes, floats, runOnce, waves } from "./_recorded.ts";

const mean = (values: readonly number[]) =>
  values.reduce((sum, v) => sum + v, 0) / values.length;
const max = (values: readonly number[]) => Math.max(...values);

Deno.test("maxPool() and averagePool() of OnnxOps are so by definition, size known or not", async () => {
  for (const n of [1, 2, 5, 8]) {
    for (const k of [1, 2, 3, 4]) {
      for (const s of [1, 2, 3, 5]) {
        for (const padding of ["same", "valid"] as const) {
          if (padding === "valid" && k > n) continue;
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
      }
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

Deno.test("maxPool() of OnnxOps gives NaN for every window that meets one", async () => {
  for (const nan of [0, 4, 12, 24]) {
    const data = Array.from({ length: 25 }, (_, i) => i === nan ? NaN : i % 7);
    const x = floats([1, 5, 5, 1], data);
    const options = { size: [3, 3], strides: [1, 1], padding: "same" } as const;
    const windows = { ...options, dilation: [1, 1] };
    const output = await runOnce([x], (ops, map) => ops.maxPool(map!, options));
    assertAllClose(output, naivePool(x, windows, max));
  }
});

Deno.test("max() and min() of OnnxOps give NaN wherever it stands", async () => {
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

import type { PoolingOptions } from "../../../lib/ops/ops.ts";
import { assertThrows } from "@std/assert";
import { assertAllClose } from "../../support/all_close.ts";
import { type CaseArray, readCases } from "./_cases.ts";
import { arrayOf, onBackends, valuesOf } from "./_on_backends.ts";

interface PoolCase {
  readonly x: CaseArray;
  readonly options: PoolingOptions;
  readonly max: CaseArray;
  readonly mean: CaseArray;
}

for (const { x, options, max, mean } of readCases<PoolCase>("pool")) {
  const title = `${x.shape} ${JSON.stringify(options)}`;
  Deno.test(
    `maxPool() returns TensorFlow's values for ${title}`,
    onBackends((ops) => {
      const result = ops.maxPool(ops.floats(x.data, x.shape), options);
      assertAllClose(arrayOf(result), max);
    }),
  );
  Deno.test(
    `averagePool() returns TensorFlow's values for ${title}`,
    onBackends((ops) => {
      const result = ops.averagePool(ops.floats(x.data, x.shape), options);
      assertAllClose(arrayOf(result), mean, { rtol: 1e-5, atol: 1e-6 });
    }),
  );
}

const PAIRS = { size: [2], strides: [1], padding: "same" } as const;

Deno.test(
  "maxPool() and averagePool() keep NaN where a window holds one",
  onBackends((ops) => {
    const x = ops.floats([-1, NaN, -3, -5, -Infinity], [1, 5, 1]);
    const most = [NaN, NaN, -3, -5, -Infinity];
    assertAllClose(valuesOf(ops.maxPool(x, PAIRS)), most);
    const mean = [NaN, NaN, -4, -Infinity, -Infinity];
    assertAllClose(valuesOf(ops.averagePool(x, PAIRS)), mean);
  }),
);

Deno.test(
  "maxPool() keeps NaN in three dimensions",
  onBackends((ops) => {
    const x = ops.floats([-1, -2, NaN, -4, -5, -6, -7, -8], [1, 2, 2, 2, 1]);
    const options = {
      size: [2, 1, 1],
      strides: [1, 1, 1],
      padding: "valid",
    } as const;
    assertAllClose(valuesOf(ops.maxPool(x, options)), [-1, -2, NaN, -4]);
    assertAllClose(valuesOf(ops.averagePool(x, options)), [-3, -4, NaN, -6]);
  }),
);

Deno.test(
  "maxPool() keeps infinities of both signs",
  onBackends((ops) => {
    const x = ops.floats([Infinity, -Infinity, -Infinity], [1, 3, 1]);
    const result = ops.maxPool(x, PAIRS);
    assertAllClose(valuesOf(result), [Infinity, -Infinity, -Infinity]);
  }),
);

Deno.test(
  "maxPool() throws when the window does not fit the map",
  onBackends((ops) => {
    const options = { size: [3], strides: [1], padding: "valid" } as const;
    const x = ops.floats([1, 2], [1, 2, 1]);
    assertThrows(() => ops.maxPool(x, options), RangeError, "at least 3");
  }),
);

import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../../support/all_close.ts";
import { RUNS_ALL, sampled } from "../../../support/extent.ts";
import { naiveConv, naiveConvTranspose } from "../_naive.ts";
import {
  allSizes,
  anyRows,
  anySizes,
  type Build,
  floats,
  Recorded,
  rowsOf,
  runOnce,
  type Values,
  waves,
} from "../_recorded.ts";

const CLOSE = { rtol: 1e-5, atol: 3e-6 };
const PADDINGS = ["same", "valid"] as const;

/** Every combination of these settings. */
function* grid(
  sizes: readonly number[],
  kernels: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
) {
  for (const n of sizes) {
    for (const k of kernels) {
      for (const s of strides) {
        for (const d of dilations) {
          for (const padding of PADDINGS) {
            const fits = padding === "same" || (k - 1) * d + 1 <= n;
            if (fits && (s === 1 || d === 1)) yield { n, k, s, d, padding };
          }
        }
      }
    }
  }
}

function conv(
  strides: readonly number[],
  padding: "same" | "valid",
  dilation: readonly number[],
  groups?: number,
): Build {
  const settings = { strides, padding, dilation };
  const options = groups === undefined ? settings : { ...settings, groups };
  return (ops, x, kernel) => ops.conv(x!, kernel!, options);
}

Deno.test("conv() of OnnxOps is the convolution by definition, size known or not", async () => {
  let count = 0;
  for (
    const { n, k, s, d, padding } of sampled(
      [...grid([1, 2, 5, 8], [1, 2, 3, 4], [1, 2, 3, 5], [1, 2])],
      3,
    )
  ) {
    const x = waves([2, n, 2]);
    const kernel = waves([k, 2, 3], 1);
    const windows = { size: [k], strides: [s], dilation: [d], padding };
    const expected = naiveConv(x, kernel, windows);
    for (const known of [anyRows, anySizes]) {
      const build = conv([s], padding, [d]);
      await using recorded = await Recorded.open(
        [known(x), allSizes(kernel)],
        build,
      );
      const [output] = await recorded.run(x, kernel);
      assertAllClose(output!, expected, CLOSE);
      count++;
    }
  }
  assertEquals(count > (RUNS_ALL ? 250 : 80), true);
});

Deno.test("conv() of OnnxOps does so in two and three dimensions, with groups", async () => {
  const cases = [
    { x: [2, 5, 4, 4], size: [2, 3], strides: [1, 2], groups: 2, filters: 6 },
    { x: [2, 6, 7, 3], size: [4, 2], strides: [2, 3], groups: 3, filters: 3 },
    { x: [1, 4, 4, 2], size: [1, 1], strides: [2, 2], groups: 1, filters: 5 },
    { x: [1, 8, 5, 2], size: [1, 2], strides: [4, 3], groups: 1, filters: 2 },
    {
      x: [2, 3, 4, 5, 2],
      size: [2, 3, 2],
      strides: [1, 1, 2],
      groups: 1,
      filters: 3,
    },
  ];
  for (const { x: shape, size, strides, groups, filters } of cases) {
    for (const padding of PADDINGS) {
      const x = waves(shape);
      const kernel = waves([...size, shape.at(-1)! / groups, filters], 2);
      const dilation = size.map(() => 1);
      const windows = { size, strides, dilation, padding };
      const expected = naiveConv(x, kernel, windows, groups);
      const build = conv(strides, padding, dilation, groups);
      for (const known of [anyRows, anySizes]) {
        await using recorded = await Recorded.open(
          [known(x), allSizes(kernel)],
          build,
        );
        const [output] = await recorded.run(x, kernel);
        assertAllClose(output!, expected, CLOSE);
      }
    }
  }
});

Deno.test("conv() of OnnxOps computes each row as it does alone", async () => {
  const x = waves([7, 6, 5, 2]);
  const kernel = waves([3, 2, 2, 4], 1);
  const build = conv([2, 3], "same", [1, 1]);
  await using recorded = await Recorded.open(
    [anySizes(x), allSizes(kernel)],
    build,
  );
  const [whole] = await recorded.run(x, kernel);
  for (const rows of [[4], [6, 1], [0]]) {
    const [some] = await recorded.run(rowsOf(x, rows), kernel);
    assertAllClose(some!, rowsOf(whole!, rows), CLOSE);
  }
});

Deno.test("conv() of OnnxOps keeps NaN, also where an activation is joined to it", async () => {
  const x = waves([1, 5, 5, 4]);
  const data = x.data.map((v, i) => i === 49 ? NaN : v); // position [2, 2]
  const kernel = waves([3, 3, 4, 8], 1);
  const build: Build = (ops, map) => {
    const weights = ops.constant({
      data: Float32Array.from(kernel.data),
      shape: kernel.shape,
      dtype: "float32",
    });
    const made = conv([1, 1], "same", [1, 1])(ops, map!, weights);
    const relu = ops.maximum([made].flat()[0]!, ops.constant(0));
    return ops.minimum(relu, ops.constant(6));
  };
  const output = await runOnce([floats(x.shape, data)], build);
  const numNaN = output.data.filter(Number.isNaN).length;
  assertEquals(numNaN, 9 * 8); // every window that contains the position
});

/** Keras' sizes, by its documentation of `Conv2DTranspose`. */
function transposedSize(n: number, k: number, s: number, padding: string) {
  return padding === "same" ? n * s : n * s + Math.max(k - s, 0);
}

Deno.test("convTranspose() of OnnxOps is a convolution's gradient, size known or not", async () => {
  for (
    const { n, k, s, d, padding } of sampled(
      [...grid([1, 2, 5], [1, 2, 3, 4, 5], [1, 2, 3], [1, 2])],
      2,
    )
  ) {
    const x = waves([2, n, 2]);
    const kernel = waves([k, 3, 2], 1);
    const windows = { size: [k], strides: [s], dilation: [d], padding };
    const positions = [transposedSize(n, (k - 1) * d + 1, s, padding)];
    const expected = naiveConvTranspose(x, kernel, windows, positions);
    const options = { strides: [s], padding, dilation: [d] };
    for (const known of [anyRows, anySizes]) {
      const output = await convTranspose(x, kernel, options, known);
      assertAllClose(output, expected, CLOSE);
    }
  }
});

Deno.test("convTranspose() of OnnxOps adds the output padding that is requested", async () => {
  const x = waves([2, 3, 4, 2]);
  for (
    const [size, padding, extra] of [
      [[3, 3], "same", [0, 1]],
      [[3, 2], "same", [1, 1]],
      [[4, 3], "valid", [1, 0]],
      [[1, 2], "valid", [1, 1]],
    ] as const
  ) {
    const kernel = waves([...size, 3, 2], 1);
    const strides = [2, 2];
    // Keras: (n − 1) s + k − 2 ⌊k / 2⌋ + extra for "same".
    const positions = [3, 4].map((n, i) =>
      (n - 1) * 2 + (padding === "same" ? size[i]! % 2 : size[i]!) + extra[i]!
    );
    const windows = { size, strides, dilation: [1, 1], padding };
    const expected = naiveConvTranspose(x, kernel, windows, positions);
    const output = await convTranspose(x, kernel, {
      strides,
      padding,
      dilation: [1, 1],
      outputPadding: extra,
    }, anySizes);
    assertAllClose(output, expected, CLOSE);
  }
});

async function convTranspose(
  x: Values,
  kernel: Values,
  options: Parameters<Parameters<Build>[0]["convTranspose"]>[2],
  known: (x: Values) => Pick<Parameters<Build>[1] & object, "shape" | "dtype">,
): Promise<Values> {
  await using recorded = await Recorded.open(
    [known(x), allSizes(kernel)],
    (ops, map, weights) => ops.convTranspose(map!, weights!, options),
  );
  const [output] = await recorded.run(x, kernel);
  return output!;
}

import { assert } from "@std/assert";
import type {
  ConvOptions,
  ConvTransposeOptions,
  PoolingOptions,
} from "../../../lib/ops/ops.ts";
import { assertAllClose } from "../../support/all_close.ts";
import {
  anyRows,
  anySizes,
  type Build,
  floats,
  Recorded,
} from "./_recorded.ts";

// Numbers of TensorFlow and NumPy: tests/data/ops/make_ops_cases.py.

const WAYS = ["nearest", "bilinear", "bicubic"] as const;

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One case: inputs, options and expected output, by its key. */
type Case = Readonly<Record<string, Packed>> & {
  readonly x: Packed;
  readonly options: unknown;
  readonly size: [number, number];
};

function cases(name: string): Case[] {
  const url = new URL(`../../data/ops/${name}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url));
}

/** Runs all cases of a file, with height and width known and not. */
async function check(
  name: string,
  outputs: readonly string[],
  build: (test: Case) => Build,
): Promise<void> {
  const all = cases(name);
  assert(all.length >= 7);
  for (const test of all) {
    const arrays = [test.x, test.kernel].filter((array) => array !== undefined)
      .map(({ shape, data }) => floats(shape, data));
    for (const known of [anyRows, anySizes]) {
      const specs = arrays.map((array, i) => i === 0 ? known(array) : array);
      await using recorded = await Recorded.open(specs, build(test));
      const values = await recorded.run(...arrays);
      outputs.forEach((key, i) =>
        assertAllClose(values[i]!, test[key]!, { rtol: 1e-5, atol: 3e-6 })
      );
    }
  }
}

Deno.test("conv() of OnnxOps returns TensorFlow's numbers", () =>
  check(
    "conv",
    ["out"],
    ({ options }) => (ops, x, kernel) =>
      ops.conv(x!, kernel!, options as ConvOptions),
  ));

Deno.test("convTranspose() of OnnxOps returns TensorFlow's numbers", () =>
  check(
    "conv_transpose",
    ["out"],
    ({ options }) => (ops, x, kernel) =>
      ops.convTranspose(x!, kernel!, options as ConvTransposeOptions),
  ));

Deno.test("maxPool() and averagePool() of OnnxOps return TensorFlow's numbers", () =>
  check("pool", ["max", "mean"], ({ options }) => (ops, x) => [
    ops.maxPool(x!, options as PoolingOptions),
    ops.averagePool(x!, options as PoolingOptions),
  ]));

Deno.test("resize() of OnnxOps returns TensorFlow's numbers", () =>
  check(
    "resize",
    WAYS,
    ({ size }) => (ops, x) => WAYS.map((way) => ops.resize(x!, size, way)),
  ));

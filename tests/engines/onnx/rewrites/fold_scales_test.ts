import { assert, assertEquals } from "@std/assert";
import { foldScales } from "../../../../lib/engines/onnx/rewrites/fold_scales.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../../../lib/engines/onnx/graph/onnx_ops.ts";
import type { OnnxValue } from "../../../../lib/engines/onnx/graph/onnx_value.ts";
import { openGraph } from "../../../support/open_graph.ts";
import { assertAllClose } from "../../../support/all_close.ts";
import { floats, type Values, waves } from "../_recorded.ts";

const CLOSE = { rtol: 1e-5, atol: 3e-6 };
const KERNEL = waves([3, 2, 2, 4]);
const MAP = waves([2, 5, 6, 2], 1);

/** Records the operators after a convolution of a feature map. */
type Build = (
  ops: OnnxOps,
  conv: (kernel?: OnnxValue) => OnnxValue,
) => OnnxValue | readonly OnnxValue[];

function constant(ops: OnnxOps, { data, shape }: Values): OnnxValue {
  const values = { data: Float32Array.from(data), shape, dtype: "float32" };
  return ops.constant(values as Parameters<OnnxOps["constant"]>[0]);
}

const along = (ops: OnnxOps, ...values: number[]) =>
  constant(ops, floats([values.length], values));

function recorded(build: Build, map = MAP, kernel = KERNEL): OnnxGraph {
  const graph = new OnnxGraph();
  const ops = new OnnxOps(graph);
  const shape = [null, ...map.shape.slice(1)];
  const name = graph.input("map", "float32", ["N", ...map.shape.slice(1)]);
  const x: OnnxValue = { name, shape, dtype: "float32" };
  const rank = map.shape.length - 2;
  const own = constant(ops, kernel);
  const groups = map.shape.at(-1)! / kernel.shape.at(-2)!;
  const conv = (passed = own) =>
    ops.conv(x, passed, {
      strides: Array(rank).fill(1),
      padding: "same",
      dilation: Array(rank).fill(1),
      groups,
    });
  for (const output of [build(ops, conv)].flat()) {
    graph.output("output", output.name, output.dtype);
  }
  return graph;
}

/** BatchNormalization with a bias before it, as layers record them. */
const normalised: Build = (ops, conv) => {
  const biased = ops.add(conv(), along(ops, 0.5, -1, 2, 0));
  const spread = ops.add(along(ops, 0.2, 3, 1, 0.01), ops.constant(1e-3));
  const root = ops.divide(ops.constant(1), ops.sqrt(spread));
  const factor = ops.multiply(root, along(ops, 1, 2, -0.5, 0));
  const mean = along(ops, -1, 0.25, 3, 4);
  const offset = ops.negative(ops.multiply(mean, factor));
  return ops.add(ops.multiply(biased, factor), offset);
};

const operators = (graph: OnnxGraph) =>
  graph.nodes.map(({ operator }) => operator);

async function run(graph: OnnxGraph, { data, shape }: Values) {
  const open = await openGraph(graph);
  try {
    const array = { data: Float32Array.from(data), shape };
    const results = await open.run({
      [graph.inputs[0]!.name]: {
        type: "float32",
        array: { ...array, dtype: "float32" },
      },
    });
    return graph.outputs.map(({ name }) => {
      const { data, shape } = results[name]!;
      return { data: [...data], shape };
    });
  } finally {
    await open.close();
  }
}

/** Folds, and makes sure that the numbers are the same. */
async function folded(
  build: Build,
  map = MAP,
  kernel = KERNEL,
): Promise<OnnxGraph> {
  const graph = recorded(build, map, kernel);
  foldScales(graph);
  graph.dropUnused();
  const expected = await run(recorded(build, map, kernel), map);
  const actual = await run(graph, map);
  actual.forEach((output, i) => assertAllClose(output, expected[i]!, CLOSE));
  return graph;
}

Deno.test("foldScales() leaves a convolution alone of bias and BatchNormalization", async () => {
  const graph = await folded(normalised);
  assertEquals(operators(graph), [
    "Transpose",
    "Conv",
    "Transpose",
    "Identity",
  ]);
  assertEquals(graph.constants.map(({ shape }) => shape), [
    [4, 2, 3, 2],
    [4],
  ]);
});

Deno.test("foldScales() does so in one and three dimensions, with groups, and for each sample", async () => {
  for (
    const [map, kernel] of [
      [waves([3, 7, 2]), waves([3, 2, 4])],
      [waves([1, 3, 4, 2, 2]), waves([2, 1, 2, 2, 4])],
      [waves([2, 4, 4, 4]), waves([3, 3, 1, 4])],
    ] as const
  ) {
    const graph = await folded(normalised, map, kernel);
    assert(!operators(graph).includes("Mul"), operators(graph).join());
  }
});

Deno.test("foldScales() folds one number for all channels, and an offset alone", async () => {
  const scaled = await folded((ops, conv) =>
    ops.multiply(ops.constant(0.25), ops.add(conv(), ops.constant(3)))
  );
  const offset = await folded((ops, conv) =>
    ops.add(conv(), along(ops, 1, 2, 3, 4))
  );
  for (const graph of [scaled, offset]) {
    assert(!operators(graph).some((name) => ["Add", "Mul"].includes(name)));
  }
});

Deno.test("foldScales() stops at what something else needs", async () => {
  const tapped = await folded((ops, conv) => {
    const biased = ops.add(conv(), along(ops, 1, 2, 3, 4));
    return [biased, ops.multiply(biased, along(ops, 2, 3, 4, 5))];
  });
  assertEquals(operators(tapped).filter((name) => name === "Mul").length, 1);
  assertEquals(operators(tapped).includes("Add"), false);
  const before = await folded((ops, conv) => {
    const map = conv();
    return [map, ops.add(map, along(ops, 1, 2, 3, 4))];
  });
  assertEquals(operators(before).includes("Add"), true);
  const twice = await folded((ops, conv) => {
    const map = conv();
    return ops.multiply(map, map);
  });
  assertEquals(operators(twice).includes("Mul"), true);
});

Deno.test("foldScales() leaves a kernel that several convolutions share", async () => {
  const graph = await folded((ops, conv) => [
    ops.multiply(conv(), along(ops, 1, 2, 3, 4)),
    ops.multiply(conv(), along(ops, 5, 6, 7, 8)),
  ]);
  assertEquals(operators(graph).filter((name) => name === "Mul").length, 2);
});

Deno.test("foldScales() leaves factors along other axes, not finite, or not constant", async () => {
  const builds: Build[] = [
    (ops, conv) => ops.multiply(conv(), constant(ops, waves([6, 1]))),
    (ops, conv) => ops.add(conv(), constant(ops, waves([5, 6, 4]))),
    (ops, conv) => ops.add(conv(), constant(ops, waves([1, 1, 1, 1, 4]))),
    (ops, conv) => ops.multiply(conv(), along(ops, 1, Infinity, 1, 1)),
    (ops, conv) => {
      const map = conv();
      return ops.multiply(map, ops.mean(map, { axis: -1, keepdims: true }));
    },
    (ops, conv) => ops.maximum(conv(), along(ops, 1, 2, 3, 4)),
  ];
  for (const build of builds) {
    const graph = await folded(build);
    const conv = graph.nodes.find(({ operator }) => operator === "Conv")!;
    assertEquals(conv.inputs.length, 2);
  }
});

Deno.test("foldScales() keeps NaN and zeros where they are", async () => {
  const data = MAP.data.map((value, i) => i === 31 ? NaN : value);
  const graph = recorded(normalised);
  foldScales(graph);
  const map = floats(MAP.shape, data);
  const [actual] = await run(graph, map);
  const [expected] = await run(recorded(normalised), map);
  const positions = (values: readonly number[]) =>
    values.flatMap((value, i) => Number.isNaN(value) ? [i] : []);
  assertEquals(positions(actual!.data), positions(expected!.data));
  assert(positions(actual!.data).length > 0);
});

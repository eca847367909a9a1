import { assertEquals, assertThrows } from "@std/assert";
import {
  findUnrecordable,
  recordProgram,
} from "../../../lib/engines/onnx/record_program.ts";
import { openGraph } from "../../../lib/engines/onnx/runtime/runtime.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import {
  array,
  feature,
  first,
  input,
  layer,
  node,
  ours,
  program,
} from "./_program.ts";

const twice = layer((ops, [x]) => [ops.add(x!, x!)]);

Deno.test("recordProgram() names operators after their layers, and leaves the rows open", () => {
  const x = input(0, "x", [4, 3]);
  const block = ours(1, "block/twice", twice, [first(x)]);
  const recorded = recordProgram(
    program([x], [feature(block), feature(x)]),
    [block],
    new Map(),
  );
  const [add, ...rest] = recorded.graph.nodes;
  assertEquals(add!.operator, "Add");
  assertEquals(add!.outputs[0]!.startsWith("block/twice/"), true);
  assertEquals(rest.map(({ operator }) => operator), ["Identity", "Identity"]);
  assertEquals(recorded.graph.inputs.map(({ shape }) => shape), [["N", 3]]);
  assertEquals(
    recorded.outputs.features.map(({ shape }) => shape),
    [[null, 3], [null, 3]],
  );
});

Deno.test("recordProgram() takes integers of 64 bits and bytes as integers", () => {
  const inputs = [
    input(0, "ids", [null], "int64"),
    input(1, "image", [null, 2], "uint8"),
    input(2, "wide", [null], "float64"),
  ];
  const recorded = recordProgram(
    program(inputs, inputs.map((x) => feature(x))),
    [],
    new Map(),
  );
  assertEquals(recorded.feeds.map(({ type }) => type), [
    "int64",
    "uint8",
    "float64",
  ]);
  assertEquals(recorded.outputs.features.map(({ dtype }) => dtype), [
    "int32",
    "int32",
    "float32",
  ]);
});

Deno.test("recordProgram() refuses what is not a layer of ours, by name", () => {
  const x = input(0, "x", [null, 3]);
  const foreign = node(1, "MatMul_1", {
    kind: "raw",
    constants: new Map(),
  }, [first(x)]);
  assertThrows(
    () => recordProgram(program([x], [feature(foreign)]), [foreign], new Map()),
    UnsupportedByEngineError,
    `run layer "MatMul_1"`,
  );
  const text = input(0, "text", [null], "string");
  assertThrows(
    () => recordProgram(program([text], [feature(text)]), [], new Map()),
    UnsupportedByEngineError,
    `input "text"`,
  );
});

const WINDOWS = { size: [2, 2], strides: [2, 2], padding: "valid" } as const;

Deno.test("recordProgram() has doubts where it may and maxima are taken, and is sure otherwise", () => {
  const map = input(0, "map", [null, 4, 4, 3]);
  const pool = layer((ops, [x]) => [ops.maxPool(x!, WINDOWS)]);
  const record = (by: typeof pool, hasDoubts: boolean) => {
    const block = ours(1, "block", by, [first(map)]);
    const wanted = program([map], [feature(block)]);
    return recordProgram(wanted, [block], new Map(), { hasDoubts });
  };
  const operators = ({ graph }: ReturnType<typeof record>) =>
    graph.nodes.map(({ operator }) => operator);
  const quick = record(pool, true);
  assertEquals(quick.graph.outputs.at(-1)!.name, quick.doubt);
  assertEquals(quick.graph.outputs.at(-1)!.shape, ["N"]);
  assertEquals(operators(quick).includes("If"), false);
  const careful = record(pool, false);
  assertEquals(careful.doubt, undefined);
  assertEquals(operators(careful).includes("If"), true);
  assertEquals(record(twice, true).doubt, undefined);
});

Deno.test("recordProgram() doubts all samples at once, whatever became of their axis", async () => {
  const frames = input(0, "frames", [null, 3, 4, 4, 2]);
  const folded = layer((ops, [x]) => {
    const each = ops.reshape(x!, [-1, 4, 4, 2]); // as TimeDistributed does
    return [
      ops.reshape(ops.maxPool(each, WINDOWS), [-1, 3, 2, 2, 2]),
      ops.maxPool(ops.transpose(each, [3, 1, 2, 0]), WINDOWS),
    ];
  });
  const block = ours(1, "block", folded, [first(frames)]);
  const both = { ...feature(block), ref: { node: block, index: 1 } };
  const { graph, feeds, doubt } = recordProgram(
    program([frames], [feature(block), both]),
    [block],
    new Map(),
    { hasDoubts: true },
  );
  const open = await openGraph(graph);
  const doubts = async (nan?: number) => {
    const data = Float32Array.from({ length: 192 }, (_, i) => i % 5);
    if (nan !== undefined) data[nan] = NaN;
    const array = { data, shape: [2, 3, 4, 4, 2], dtype: "float32" } as const;
    const fed = { [feeds[0]!.name]: { type: "float32", array } } as const;
    const results = await open.run(fed);
    return [...results[doubt!]!.data];
  };
  assertEquals((await doubts()).map(Number.isFinite), [true, true]);
  assertEquals(await doubts(0), [NaN, NaN]);
  assertEquals(await doubts(191), [NaN, NaN]);
  await open.close();
});

Deno.test("findUnrecordable() names the first node that is in the way, without weights", () => {
  const x = input(0, "x", [null, 2]);
  const dense = layer((ops, [x], { kernel }) => [ops.matmul(x!, kernel!)]);
  const kernel = array([2, 3], [1, 2, 3, 4, 5, 6]);
  const fine = ours(1, "fine", { ...dense, weights: ["kernel"] }, [first(x)], {
    kernel,
  });
  const { feeds } = program([x], []);
  assertEquals(findUnrecordable(feeds, [fine]), undefined);
  const odd = ours(
    2,
    "odd",
    layer((ops, [x]) => {
      if (ops.shape(x!)[0] === null) throw new TypeError("it wants its rows");
      return [x!];
    }),
    [first(fine)],
  );
  assertEquals(
    findUnrecordable(feeds, [fine, odd]),
    '"odd" (Test) cannot be recorded: it wants its rows',
  );
  const foreign = node(3, "MatMul_1", {
    kind: "raw",
    constants: new Map(),
  }, [first(x)]);
  assertEquals(
    findUnrecordable(feeds, [foreign, odd]),
    '"MatMul_1" (Test) is an operation of TF.js',
  );
  const text = input(0, "text", [null], "string");
  assertEquals(
    findUnrecordable(program([text], []).feeds, []),
    'input "text" holds string',
  );
});

import { assertEquals, assertThrows } from "@std/assert";
import {
  findUnrecordable,
  recordProgram,
} from "../../../lib/engines/onnx/record_program.ts";
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
    kind: "foreign",
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
    kind: "foreign",
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

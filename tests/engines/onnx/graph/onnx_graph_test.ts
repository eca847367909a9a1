import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  DerivedConstant,
  OnnxGraph,
  type OnnxNode,
} from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

Deno.test("OnnxGraph keeps each number and list of integers once", () => {
  const graph = new OnnxGraph();
  const body = new OnnxGraph(graph);
  const one = graph.scalar("float32", 1);
  assertEquals(body.scalar("float32", 1), one);
  assertNotEquals(graph.scalar("int32", 1), one);
  assertNotEquals(graph.scalar("float32", 0), graph.scalar("float32", -0));
  assertEquals(graph.integers([1, -1]), body.integers([1, -1]));
  assertNotEquals(graph.integers([1]), graph.scalar("int64", 1));
  assertEquals(body.constants, []);
  assertEquals(graph.constants.map(({ shape }) => shape.length), [
    ...[0, 0, 0, 0, 1, 1, 0],
  ]);
});

Deno.test("OnnxGraph returns unique names, also in bodies, and finds the maker of a value", () => {
  const graph = new OnnxGraph();
  const body = new OnnxGraph(graph);
  const x = graph.input("x", "float32", [null, 2]);
  graph.setScope("block/dense");
  const names = [
    graph.node("Relu", [x]),
    body.node("Relu", [x]),
    ...graph.nodeWith(2, "TopK", [x, graph.integers([1])]),
  ];
  assertEquals(new Set(names).size, names.length);
  assertEquals(names.every((name) => name.startsWith("block/dense/")), true);
  assertEquals(graph.nodes.length, 2);
  assertEquals(body.nodes.length, 1);
});

Deno.test("OnnxGraph creates a new name for each output", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "int32");
  const outputs = [0, 1].map(() => graph.output("y", x, "int32", [null]));
  assertNotEquals(outputs[0], outputs[1]);
  assertEquals(
    graph.outputs,
    outputs.map((name) => (
      { name, type: "int32", shape: [null] }
    )),
  );
  assertEquals(graph.nodes.map(({ operator }) => operator), [
    "Identity",
    "Identity",
  ]);
});

Deno.test("derived() adds a constant once, and computes it when its values are read", () => {
  const graph = new OnnxGraph();
  const data = Float32Array.of(1, 2);
  const name = graph.constant("float32", [2], data);
  let count = 0;
  const compute = (source: Float32Array, factors?: Float64Array) => {
    count++;
    return Float32Array.from(source, (v, i) => v * (factors?.[i] ?? 1));
  };
  const own = graph.derived(name, "own", { shape: [2, 1], compute });
  assertEquals(graph.derived(name, "own", { shape: [2, 1], compute }), own);
  const derived = graph.constantOf(own);
  assert(derived instanceof DerivedConstant);
  derived.scale(Float64Array.of(3, 4));
  derived.scale(Float64Array.of(1, 0.5));
  assertEquals([derived.type, derived.shape, count], ["float32", [2, 1], 0]);
  assertEquals(derived.data, Float32Array.of(3, 4));
  assertEquals(derived.data, derived.data);
  assertEquals([count, derived.isTransferable], [1, true]);
  assertThrows(
    () => derived.scale(Float64Array.of(1, 1)),
    TypeError,
    "its values must not be computed yet",
  );
});

Deno.test("users() returns the operators that use a value, also in a branch and for an output", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32");
  const twice = graph.node("Add", [x, x]);
  const branch = new OnnxGraph(graph);
  branch.output("result", twice, "float32");
  const when = graph.input("when", "bool");
  const chosen = graph.node("If", [when], {
    thenBranch: branch,
    elseBranch: branch,
  });
  const output = graph.output("output", chosen, "float32");
  const users = graph.users();
  const operators = (name: string) =>
    users.get(name)?.map(({ operator }) => operator);
  assertEquals(operators(x), ["Add", "Add"]);
  assertEquals(operators(twice), ["If", "If"]);
  assertEquals(operators(chosen), ["Identity"]);
  assertEquals(operators(output), ["Identity"]);
});

Deno.test("replace() replaces an operator by another, or removes it", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32");
  const a = graph.node("Neg", [x]);
  const b = graph.node("Relu", [a]);
  const c = graph.node("Abs", [b]);
  const [neg, relu, abs] = graph.nodes as [OnnxNode, OnnxNode, OnnxNode];
  graph.replace(relu);
  graph.replace(neg, { ...neg, operator: "Exp", outputs: [b] });
  assertEquals(graph.nodes.map(({ operator }) => operator), ["Exp", "Abs"]);
  assertEquals(graph.makerOf(a), undefined);
  assertEquals(graph.makerOf(b)?.operator, "Exp");
  assertEquals(graph.makerOf(c), abs);
});

Deno.test("withValues() returns independent copies, each with its values", () => {
  const graph = new OnnxGraph();
  const empty = graph.emptyConstant([2]);
  const compute = (source: Float32Array, factors?: Float64Array) =>
    Float32Array.from(source, (v, i) => v * (factors?.[i] ?? 1));
  const derived = graph.derived(empty, "same", { shape: [2], compute });
  const x = graph.input("x", "float32");
  graph.output("y", graph.node("Add", [x, derived]), "float32");
  const valuesOf = (copy: OnnxGraph, name: string) => [
    ...copy.constantOf(name)!.data as Float32Array,
  ];
  const [one, other] = [[1, 2], [3, 4]].map((values) =>
    graph.withValues(new Map([[empty, Float32Array.from(values)]]))
  );
  (one!.constantOf(derived) as DerivedConstant).scale(Float64Array.of(2, 2));
  assertEquals([one!, other!].map((copy) => valuesOf(copy, derived)), [
    [2, 4],
    [3, 4],
  ]);
  one!.replace(one!.nodes[0]!);
  one!.dropUnused();
  assertEquals([graph, one!, other!].map(({ nodes }) => nodes.length), [
    ...[2, 1, 2],
  ]);
  assertEquals(one!.freshName("z"), other!.freshName("z"));
  const rule = 'the values of constant "constant_0" must be set';
  assertThrows(() => graph.constantOf(empty)!.data, TypeError, rule);
});

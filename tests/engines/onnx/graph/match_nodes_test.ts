import { assertEquals } from "@std/assert";
import {
  NodeMatcher,
  type Pattern,
} from "../../../../lib/engines/onnx/graph/match_nodes.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

const NOTHING = new Map<string, string>();

Deno.test("NodeMatcher finds out how a value is computed, and what its words stand for", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32");
  const body = new OnnxGraph(graph);
  const place = body.input("place", "float32");
  const double = graph.node("Add", [x, x]);
  const sum = body.node("Add", [body.node("Sigmoid", [place]), double]);
  const matcher = new NodeMatcher(graph);
  const match = (pattern: Pattern, known = NOTHING) =>
    matcher.match(sum, pattern, known);

  const found = match(["Add", ["Sigmoid", "p"], ["Add", "a", "a"]]);
  assertEquals([...found!], [["p", place], ["a", x]]);
  assertEquals(match("all")?.get("all"), sum);
  assertEquals(match(["Add", "a", "b"], new Map([["b", x]])), undefined);
  assertEquals(match(["Add", "a", "a"]), undefined);
  assertEquals(match(["Mul", "a", "b"]), undefined);
  assertEquals(match(["Add", ["Tanh", "p"], "b"]), undefined);
  assertEquals(match(["Add", "a"]), undefined);
  assertEquals(NOTHING.size, 0, "what is known stays as it was");
});

Deno.test("NodeMatcher compares integers, and no operator with attributes", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32");
  const part = graph.node("Slice", [
    x,
    graph.integers([0]),
    graph.integers([2]),
  ]);
  const turned = graph.node("Transpose", [x], { perm: [1, 0] });
  const matcher = new NodeMatcher(graph);
  const slice = (from: number[], to: number[]): Pattern => [
    "Slice",
    "x",
    { integers: from },
    { integers: to },
  ];
  assertEquals(matcher.match(part, slice([0], [2]), NOTHING)?.get("x"), x);
  assertEquals(matcher.match(part, slice([0], [3]), NOTHING), undefined);
  assertEquals(matcher.match(part, slice([0], [2, 2]), NOTHING), undefined);
  assertEquals(matcher.match(turned, ["Transpose", "x"], NOTHING), undefined);
});

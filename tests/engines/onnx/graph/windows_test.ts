import { assertEquals } from "@std/assert";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import {
  channelsFirst,
  channelsLast,
  paddedWindows,
} from "../../../../lib/engines/onnx/graph/windows.ts";

Deno.test("channelsFirst() and channelsLast() transpose a feature map and transpose it back", () => {
  const graph = new OnnxGraph();
  channelsLast(graph, channelsFirst(graph, "x", 4), 4);
  const [there, back] = graph.nodes.map(({ attributes }) => attributes.perm);
  assertEquals(there, [0, 3, 1, 2]);
  assertEquals(back, [0, 2, 3, 1]);
});

Deno.test("paddedWindows() leaves plain windows to ONNX Runtime, and pads others explicitly", () => {
  const graph = new OnnxGraph();
  const same = { strides: [2, 2], padding: "same" } as const;
  const attributes = (
    size: readonly number[],
    positions: readonly (number | null)[],
    dilation = [1, 1],
  ) =>
    paddedWindows(graph, "x", positions, { ...same, size, dilation }, 0)
      .attributes;
  assertEquals(attributes([3, 2], [null, null]).autoPad, "SAME_UPPER");
  // Windows of size 1 with stride 2: nothing is padded, whatever the size.
  assertEquals(attributes([1, 1], [null, 8]).pads, [0, 0, 0, 0]);
  // ⌈8 / 2⌉ = 4 windows cover 3 · 2 + 5 = 11 positions, ⌈7 / 2⌉ = 4 also 11.
  assertEquals(attributes([3, 3], [8, 7], [2, 2]).pads, [1, 2, 2, 2]);
  assertEquals(graph.nodes, []);
});

Deno.test("paddedWindows() computes padding in the graph where it depends on the run", () => {
  const graph = new OnnxGraph();
  const { isPadded, attributes, map } = paddedWindows(graph, "x", [null], {
    size: [2],
    strides: [3],
    padding: "same",
  }, 0);
  assertEquals(isPadded, true);
  assertEquals(attributes.pads, [0, 0]);
  assertEquals(graph.nodes.at(-1)!.operator, "Pad");
  assertEquals(graph.nodes.at(-1)!.outputs, [map]);
});

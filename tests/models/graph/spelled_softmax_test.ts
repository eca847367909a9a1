import { assertEquals } from "@std/assert";
import { searchHead } from "../../../lib/models/graph/head.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import {
  type Attribute,
  type Node,
  onnxBytes,
} from "../../support/onnx_bytes.ts";

const KERNEL = { name: "w", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6] };

/** What the search makes of a division, and of what is before it. */
async function found(...nodes: Node[]) {
  const bytes = onnxBytes({
    nodes: [
      { op: "MatMul", name: "product", in: ["x", "w"], out: ["z"] },
      ...nodes,
    ],
    constants: [KERNEL],
    opsets: { "": 11 },
    outputs: [{ name: "y", shape: ["N", 3] }],
  });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const { logits } = searchHead(model.outputRefs);
  return logits && [logits.head?.node.row.name, logits.activation];
}

type Axis = Readonly<Record<string, Attribute>>;
const AXIS: Axis = { axes: [-1], keepdims: 1 };
const max = (axis: Axis = AXIS, of = "z"): Node => ({
  op: "ReduceMax",
  in: [of],
  out: ["m"],
  attributes: { ...axis },
});
const SUB: Node = { op: "Sub", in: ["z", "m"], out: ["d"] };
const exp = (of: string): Node => ({ op: "Exp", in: [of], out: ["e"] });
const sum = (axis: Axis = AXIS, of = "e"): Node => ({
  op: "ReduceSum",
  in: [of],
  out: ["s"],
  attributes: { ...axis },
});
const DIV: Node = { op: "Div", name: "div", in: ["e", "s"], out: ["y"] };

Deno.test("spelledSoftmax() tells a softmax by its parts, with and without the maximum", async () => {
  const head = ["product", "softmax"];
  assertEquals(await found(max(), SUB, exp("d"), sum(), DIV), head);
  assertEquals(await found(exp("z"), sum(), DIV), head);
  const last = { axes: [1], keepdims: 1 }; // of [N, 3]
  assertEquals(await found(max(last), SUB, exp("d"), sum(last), DIV), head);
});

Deno.test("spelledSoftmax() takes nothing else for a softmax", async () => {
  const first = { axes: [0], keepdims: 1 };
  assertEquals(await found(exp("z"), sum(first), DIV), undefined);
  assertEquals(await found(max(first), SUB, exp("d"), sum(), DIV), undefined);
  const flat = { axes: [-1], keepdims: 0 };
  assertEquals(await found(exp("z"), sum(flat), DIV), undefined);
  assertEquals(await found(exp("z"), sum(AXIS, "z"), DIV), undefined);
  const both = { axes: [0, 1], keepdims: 1 };
  assertEquals(await found(exp("z"), sum(both), DIV), undefined);
  const transposed = { ...DIV, in: ["s", "e"] };
  assertEquals(await found(exp("z"), sum(), transposed), undefined);
});

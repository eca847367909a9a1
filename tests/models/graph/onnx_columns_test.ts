import { assertEquals } from "@std/assert";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { searchHead } from "../../../lib/models/graph/head.ts";
import { columnsOf } from "../../../lib/models/graph/onnx_columns.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";

/** A classifier of three classes, with the probability of each class alone. */
function columnsBytes(order: readonly number[]): Uint8Array {
  const integers = (name: string, value: number) => ({
    name,
    type: 7,
    shape: [1],
    ints: [value],
  });
  return onnxBytes({
    nodes: [
      { op: "MatMul", name: "head", in: ["x", "w"], out: ["z"] },
      { op: "Softmax", in: ["z"], out: ["p"] },
      ...order.flatMap((at, i) => [
        { op: "Slice", in: ["p", `${at}`, `${at + 1}`, "1"], out: [`s${i}`] },
        { op: "Reshape", in: [`s${i}`, "flat"], out: [`p${i}`] },
      ]),
    ],
    constants: [
      { name: "w", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6] },
      ...[0, 1, 2, 3].map((value) => integers(`${value}`, value)),
      integers("flat", -1),
    ],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: order.map((_, i) => ({ name: `p${i}`, shape: ["N"] })),
  });
}

Deno.test("columnsOf() finds the tensor of which the outputs are all columns, in order", async () => {
  const found = async (order: readonly number[]) => {
    await using model = modelGraphOf(await loadModel(columnsBytes(order)))!;
    const { logits } = searchHead(model.outputRefs);
    const whole = columnsOf(model.outputRefs);
    return [whole?.node.row.kind, logits?.head?.node.row.name];
  };
  assertEquals(await found([0, 1, 2]), ["Softmax", "head"]);
  assertEquals(await found([1, 0, 2]), [undefined, undefined]);
  assertEquals(await found([0, 1]), [undefined, undefined]); // one is missing
});

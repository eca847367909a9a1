// Files of onnxruntime.quantization are in `found_heads_test.ts`.
import { assertEquals } from "@std/assert";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import {
  integerProduct,
  isIntegerLayer,
} from "../../../lib/models/graph/onnx_integer_products.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  type Constant,
  type Node,
  onnxBytes,
} from "../../support/onnx_bytes.ts";

const INT8 = 3;
const QUANTISE = {
  op: "DynamicQuantizeLinear",
  in: ["x"],
  out: ["q", "s", "z"],
};
const PRODUCT = { op: "MatMulInteger", in: ["q", "w", "z"], out: ["i"] };
const CAST = { op: "Cast", in: ["i"], out: ["f"], attributes: { to: 1 } };
const SCALE = { op: "Mul", in: ["s", "k"], out: ["sk"] };
const LAST = { op: "Mul", name: "last", in: ["f", "sk"], out: ["y"] };
const CONSTANTS: readonly Constant[] = [
  {
    name: "w",
    type: INT8,
    shape: [2, 3],
    raw: Uint8Array.of(1, 2, 3, 4, 5, 6),
  },
  { name: "wz", type: INT8, shape: [], raw: Uint8Array.of(1) },
  { name: "k", shape: [3], floats: [0.5, 1, 2] },
  { name: "rows", shape: [2, 1], floats: [1, 2] },
];

async function nodeOf(name: string, nodes: readonly Node[]) {
  const model = await loadModel(onnxBytes({ nodes, constants: CONSTANTS }));
  return modelGraphOf(model)!.findNode(name);
}

Deno.test("integerProduct() finds the kernel of a dynamically quantised product", async () => {
  const zeroed = { ...PRODUCT, in: ["q", "w", "z", "wz"] };
  const kinds: [Node[], number[]][] = [
    [[PRODUCT, CAST, SCALE, LAST], [0.5, 2, 6, 2, 5, 12]],
    [[zeroed, CAST, SCALE, LAST], [0, 1, 4, 1.5, 4, 10]],
    [
      [PRODUCT, CAST, { op: "Mul", in: ["f", "s"], out: ["fs"] }, {
        ...LAST,
        in: ["k", "fs"],
      }],
      [0.5, 2, 6, 2, 5, 12],
    ],
  ];
  for (const [nodes, expected] of kinds) {
    const link = integerProduct(await nodeOf("last", [QUANTISE, ...nodes]));
    assertEquals(link?.kind, "linear");
    if (link?.kind !== "linear") continue;
    assertEquals(link.penultimate.node.row.name, "x");
    const kernel = link.weights().kernel;
    const { data } = await ("read" in kernel ? kernel.read() : { data: [] });
    assertEquals([...data], expected);
  }
});

Deno.test("integerProduct() leaves products alone that are scaled otherwise", async () => {
  const second = {
    op: "DynamicQuantizeLinear",
    in: ["x"],
    out: ["q2", "s2", "z2"],
  };
  const refused: Node[][] = [
    [PRODUCT, CAST, { ...LAST, in: ["f", "k"] }], // without the scale
    [PRODUCT, CAST, { ...SCALE, in: ["s", "rows"] }, LAST], // a factor a row
    [second, PRODUCT, CAST, { ...SCALE, in: ["s2", "k"] }, LAST],
    [second, { ...PRODUCT, in: ["q", "w", "z2"] }, CAST, SCALE, LAST],
    [{ ...PRODUCT, in: ["q", "w"] }, CAST, SCALE, LAST], // the zero is omitted
    [{ op: "Relu", in: ["x"], out: ["f"] }, SCALE, LAST],
    [PRODUCT, CAST, SCALE, { ...LAST, op: "Add" }],
  ];
  for (const nodes of refused) {
    const node = await nodeOf("last", [QUANTISE, ...nodes]);
    assertEquals(integerProduct(node), undefined);
  }
});

Deno.test("isIntegerLayer() needs a constant kernel", async () => {
  const inputs = ["q", "s", "z", "w", "k", "wz", "k", "wz"];
  const layer = { op: "QLinearMatMul", name: "last", in: inputs, out: ["y"] };
  assertEquals(isIntegerLayer(await nodeOf("last", [QUANTISE, layer])), true);
  const product = { ...layer, in: inputs.with(3, "q") };
  assertEquals(
    isIntegerLayer(await nodeOf("last", [QUANTISE, product])),
    false,
  );
  const other = { op: "Relu", name: "last", in: ["x"], out: ["y"] };
  assertEquals(isIntegerLayer(await nodeOf("last", [other])), false);
});

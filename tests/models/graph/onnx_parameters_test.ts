import { assertEquals } from "@std/assert";
import type { WeightSource } from "../../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import {
  dequantised,
  floats,
  parameter,
} from "../../../lib/models/graph/onnx_parameters.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { type Node, onnxBytes } from "../../support/onnx_bytes.ts";

function source(
  data: Float32Array | Int32Array,
  shape: readonly number[],
): WeightSource {
  const dtype = data instanceof Float32Array ? "float32" : "int32";
  const array = { data, shape, dtype } as never;
  return { name: "w", shape, read: () => Promise.resolve(array) };
}

Deno.test("dequantised() scales integers in total, and each slice of an axis", async () => {
  const stored = source(Int32Array.of(1, 2, 3, 4), [2, 2]);
  const one = source(Float32Array.of(10), []);
  const two = source(Float32Array.of(2, 3), [2]);
  const zeros = source(Int32Array.of(1, 0), [2]);
  const of = async (
    ...args: Parameters<typeof dequantised>
  ) => [...(await dequantised(...args).read()).data];
  assertEquals(await of(stored, [one], undefined, 1), [10, 20, 30, 40]);
  assertEquals(await of(stored, [two], undefined, 1), [2, 6, 6, 12]);
  assertEquals(await of(stored, [two], undefined, 0), [2, 4, 9, 12]);
  assertEquals(await of(stored, [two, one], zeros, -1), [0, 60, 40, 120]);
});

Deno.test("floats() multiplies by a factor, and keeps what is stored", async () => {
  const stored = source(Float32Array.of(1, -2), [2]);
  assertEquals([...(await floats(stored, 0.5).read()).data], [0.5, -1]);
  assertEquals([...(await floats(stored).read()).data], [1, -2]);
  assertEquals([...(await stored.read()).data], [1, -2]);
});

/** The second argument of a product, computed from "w" [2, 3]. */
async function kernelBehind(...nodes: Node[]) {
  const product = { op: "MatMul", name: "product", in: ["x", "k"], out: ["y"] };
  const bytes = onnxBytes({
    nodes: [...nodes, product],
    constants: [
      { name: "w", shape: [2, 3], floats: [0, 1, 2, 3, 4, 5] },
      { name: "v", shape: [2], floats: [1, 2] },
    ],
  });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const node = model.findNode("product");
  const found = parameter(node, 1)?.() as WeightSource | undefined;
  if (found === undefined) return undefined;
  return { shape: found.shape, data: [...(await found.read()).data] };
}

Deno.test("parameter() transposes and casts constants as the graph does", async () => {
  const transpose = { op: "Transpose", in: ["w"], out: ["k"] };
  const expected = { shape: [3, 2], data: [0, 3, 1, 4, 2, 5] };
  assertEquals(await kernelBehind(transpose), expected);
  const attributes = { to: 1 };
  const cast = { op: "Cast", in: ["w"], out: ["c"], attributes };
  assertEquals(
    await kernelBehind(cast, { ...transpose, in: ["c"] }),
    expected,
  );
});

Deno.test("parameter() leaves other operations on constants alone", async () => {
  const perm = { perm: [0, 1] };
  const refused: Node[][] = [
    [{ op: "Transpose", in: ["w"], out: ["k"], attributes: perm }],
    [{ op: "Transpose", in: ["v"], out: ["k"] }],
    [{ op: "Cast", in: ["w"], out: ["k"], attributes: { to: 10 } }], // float16
    [{ op: "Neg", in: ["w"], out: ["k"] }],
    [{ op: "Transpose", in: ["x"], out: ["k"] }],
  ];
  for (const nodes of refused) {
    assertEquals(await kernelBehind(...nodes), undefined);
  }
});

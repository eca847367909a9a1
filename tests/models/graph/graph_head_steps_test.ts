import { assertEquals } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { fromGraphModel } from "../../../lib/models/tfjs/from_graph_model.ts";
import { tf } from "../../../lib/tf.ts";
import { assertAllClose } from "../../support/all_close.ts";

await tf.setBackend("cpu");

const FLOAT = { type: "DT_FLOAT" };
const INT = { type: "DT_INT32" };

function constant(name: string, dtype: { type: string }) {
  const tensor = { dtype: dtype.type, tensorShape: {} };
  return { name, op: "Const", attr: { dtype, value: { tensor } } };
}

/** A Dense and a softmax over time steps, as Keras 2 exports them. */
async function tagger(): Promise<tf.GraphModel> {
  const shape = (...sizes: number[]) => ({
    dim: sizes.map((size) => ({ size: String(size) })),
  });
  const operation = (name: string, op: string, ...input: string[]) => ({
    name,
    op,
    input,
    attr: { T: FLOAT },
  });
  const port = (name: string, size: number) => ({
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: shape(-1, 2, size),
  });
  const weights = [
    ["w", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)],
    ["b", [3], Float32Array.of(7, 8, 9)],
    ["rows", [2], Int32Array.of(-1, 2)],
    ["steps", [3], Int32Array.of(-1, 2, 3)],
  ] as const;
  const isInt = (data: ArrayBufferView) => data instanceof Int32Array;
  return await tf.loadGraphModel(tf.io.fromMemory(
    {
      modelTopology: {
        node: [
          {
            name: "x",
            op: "Placeholder",
            attr: { dtype: FLOAT, shape: { shape: shape(-1, 2, 2) } },
          },
          ...weights.map(([name, , data]) =>
            constant(name, isInt(data) ? INT : FLOAT)
          ),
          operation("merged", "Reshape", "x", "rows"),
          operation("product", "MatMul", "merged", "w"),
          operation("apart", "Reshape", "product", "steps"),
          operation("sum", "BiasAdd", "apart", "b"),
          operation("y", "Softmax", "sum"),
        ],
        versions: { producer: 440 },
      },
      signature: { inputs: { x: port("x", 2) }, outputs: { y: port("y", 3) } },
      weightSpecs: weights.map(([name, shape, data]) => ({
        name,
        shape: [...shape],
        dtype: isInt(data) ? "int32" : "float32",
      })),
      weightData: Uint8Array.from(
        weights.flatMap(([, , { buffer }]) => [...new Uint8Array(buffer)]),
      ).buffer,
    } as Parameters<typeof tf.io.fromMemory>[0],
  ));
}

Deno.test("a graph of TF.js has logits over time steps, with their head", async () => {
  const graph = await tagger();
  const model = fromGraphModel(graph);
  const extractor = new FeatureExtractor(model).penultimate();
  const x = {
    data: Float32Array.of(1, 10, 0, 0),
    shape: [1, 2, 2],
    dtype: "float32",
  } as const;
  const set = await extractor.predict(x);
  assertEquals(set.logits!.shape, [1, 2, 3]);
  assertAllClose(set.logits!.data, [48, 60, 72, 7, 8, 9]);
  assertEquals([...set.penultimate!.data], [1, 10, 0, 0]);
  const clipped = await extractor.react(2).predict(x);
  assertAllClose(clipped.logits!.data, [16, 20, 24, 7, 8, 9]);
  graph.dispose();
});

import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  fromGraphModel,
  type NdArray,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../../support/all_close.ts";

/** A graph model of `y = op(x, s)`, on placeholders of these sizes. */
async function graphOf(
  op: string,
  x: readonly number[],
  s: readonly number[] | undefined,
): Promise<tf.GraphModel> {
  const placeholder = (name: string, sizes: readonly number[] | undefined) => {
    const dim = sizes?.map((size) => ({ size: String(size) }));
    const shape = dim === undefined
      ? { unknownRank: true }
      : { shape: { dim } };
    const attr = { dtype: { type: "DT_FLOAT" }, shape };
    return { name, op: "Placeholder", attr };
  };
  const node = [placeholder("x", x), placeholder("s", s)];
  return await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        format: "graph-model",
        modelTopology: {
          node: [...node, { name: "y", op, input: ["x", "s"], attr: {} }],
          versions: { producer: 1 },
        },
        weightSpecs: [],
        weightData: new ArrayBuffer(0),
      }),
  });
}

function rows(...data: number[]): NdArray {
  return {
    ...{ data: Float32Array.from(data), shape: [data.length / 2, 2] },
    dtype: "float32",
  };
}

const number = (value: number, shape: readonly number[] = []): NdArray => ({
  ...{ data: Float32Array.of(value, value).slice(0, shape[0] ?? 1), shape },
  dtype: "float32",
});

Deno.test("a graph takes an input without a batch axis once, for all samples", async () => {
  const kinds: readonly (readonly [number[], number[], NdArray])[] = [
    [[-1, 2], [], number(3)],
    [[2, 2], [], number(3)],
    // The last of three samples is padded.
    [[-1, 2], [2], number(3, [2])],
    // One sample at a time.
    [[1, 2], [2], number(3, [2])],
  ];
  for (const [x, s, value] of kinds) {
    const graph = await graphOf("Mul", x, s);
    const model = fromGraphModel(graph);
    assertEquals(model.inputs.map(({ batchAxis }) => batchAxis), [
      ...[undefined, null],
    ]);
    for (const size of [64, 2]) {
      const extractor = new FeatureExtractor(model).layers("y").batch(size)
        .engine("tfjs", { backend: "cpu" });
      const data = { x: rows(1, 2, 3, 4, 5, 6), s: value };
      const { features } = await extractor.predict(data, { progress: false });
      assertAllClose(features[0]!.data, [3, 6, 9, 12, 15, 18]);
    }
    graph.dispose();
  }
});

Deno.test("a graph takes a number once, and rows by sample, where it declares no shape", async () => {
  const graph = await graphOf("Mul", [-1, 2], undefined);
  const extractor = new FeatureExtractor(fromGraphModel(graph)).layers("y")
    .engine("tfjs", { backend: "cpu" });
  const x = rows(1, 2, 3, 4, 5, 6);
  for (const size of [64, 2]) {
    const run = async (data: Readonly<Record<string, NdArray>>) => {
      const { features } = await extractor.batch(size).predict(data);
      return features[0]!.data;
    };
    assertAllClose(await run({ x, s: number(3) }), [3, 6, 9, 12, 15, 18]);
    assertAllClose(await run({ x, s: x }), [1, 4, 9, 16, 25, 36]);
  }
  graph.dispose();
});

Deno.test("a graph whose inputs all have fixed sizes takes samples for each", async () => {
  const graph = await graphOf("AddV2", [2, 2], [2, 2]);
  const extractor = new FeatureExtractor(graph).layers("y")
    .engine("tfjs", { backend: "cpu" });
  assertEquals(extractor.model.inputs[1]!.batchAxis, undefined);
  await assertRejects(
    () => extractor.predict({ x: rows(1, 2, 3, 4), s: number(1) }),
    TypeError,
  );
  graph.dispose();
});

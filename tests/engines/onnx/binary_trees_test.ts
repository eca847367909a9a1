import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { type Attribute, onnxBytes } from "../../support/onnx_bytes.ts";

/** One tree: a leaf for x <= 0, another for x > 0, with a weight each. */
function treeNode(
  weights: readonly [low: number, high: number],
  out: readonly [label: string, scores: string],
  attributes: Readonly<Record<string, Attribute>> = {},
) {
  return {
    op: "TreeEnsembleClassifier",
    domain: "ai.onnx.ml",
    name: "tree",
    in: ["x"],
    out,
    attributes: {
      nodes_treeids: [0, 0, 0],
      nodes_nodeids: [0, 1, 2],
      nodes_featureids: [0, 0, 0],
      nodes_values: { floats: [0, 0, 0] },
      nodes_modes: { strings: ["BRANCH_LEQ", "LEAF", "LEAF"] },
      nodes_truenodeids: [1, 0, 0],
      nodes_falsenodeids: [2, 0, 0],
      class_treeids: [0, 0],
      class_nodeids: [1, 2],
      class_ids: [0, 0],
      class_weights: { floats: weights },
      classlabels_int64s: [4, 7],
      ...attributes,
    },
  };
}

function treesBytes(nodes: readonly ReturnType<typeof treeNode>[]) {
  return onnxBytes({
    opsets: { "": 9, "ai.onnx.ml": 1 },
    nodes,
    inputs: [{ name: "x", shape: ["N", 1] }],
    outputs: nodes.map(({ out }) => ({ name: out[1], shape: ["N", 2] })),
  });
}

function treeBytes(
  weights: readonly [low: number, high: number],
  attributes?: Readonly<Record<string, Attribute>>,
): Uint8Array {
  return treesBytes([treeNode(weights, ["label", "scores"], attributes)]);
}

const X = { data: Float32Array.of(-1, 1), shape: [2, 1] };

/** The results of the engine, which are also those of the exported file. */
async function run(bytes: Uint8Array) {
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers(["tree", "tree[1]"]);
  const { features } = await extractor.predict(X, { progress: false });
  await using exported = await loadModel(await extractor.toOnnx());
  const outputs = exported.outputs.map(({ name }) => name);
  const again = await new FeatureExtractor(exported).layers(outputs)
    .predict(X, { progress: false });
  assertEquals(
    again.features.map(({ data }) => data),
    features.map(({ data }) => data),
  );
  const [labels, scores] = [features[0]!, features.at(-1)!];
  return { labels: [...labels.data], scores: scores.data };
}

Deno.test("trees of two classes give [1 - s, s], and the second class above 0.5", async () => {
  const { labels, scores } = await run(treeBytes([0.3, 0.9]));
  assertEquals(labels, [4, 7]);
  assertAllClose(scores, [0.7, 0.3, 0.1, 0.9], { atol: 1e-6 });
  const pure = await run(treeBytes([0, 1]));
  assertEquals(pure.labels, [4, 7]);
  assertAllClose(pure.scores, [1, 0, 0, 1], { atol: 1e-6 });
  // Exactly 0.5 is the first class.
  assertEquals((await run(treeBytes([0.5, 0.75]))).labels, [4, 7]);
});

Deno.test("trees of two classes start at their base value", async () => {
  const { labels, scores } = await run(
    treeBytes([0.125, 0.5], { base_values: { floats: [0.25] } }),
  );
  assertEquals(labels, [4, 7]);
  assertAllClose(scores, [0.625, 0.375, 0.25, 0.75], { atol: 1e-6 });
});

Deno.test("trees of two classes before a sigmoid give that of [-s, s]", async () => {
  const { labels, scores } = await run(
    treeBytes([0.3, 0.9], { post_transform: "LOGISTIC" }),
  );
  assertEquals(labels, [4, 7]);
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const expected = [-0.3, 0.3, -0.9, 0.9].map(sigmoid);
  assertAllClose(scores, expected, { atol: 1e-6 });
});

Deno.test("trees of two classes have labels of strings, and names of their own", async () => {
  const strings = { "classlabels_strings": { strings: ["no", "yes"] } };
  const named = (name: string) =>
    treeNode([0.3, 0.9], [`${name} label`, name], {
      classlabels_int64s: [],
      ...strings,
    });
  const bytes = treesBytes([named("a"), named("b")]);
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers(["a", "b"]);
  const { features } = await extractor.predict(X, { progress: false });
  for (const { data } of features) {
    assertAllClose(data, [0.7, 0.3, 0.1, 0.9], { atol: 1e-6 });
  }
});

Deno.test("trees of two classes with weights of both signs run unchanged", async () => {
  const { labels, scores } = await run(treeBytes([-0.25, 0.25]));
  assertEquals(labels, [4, 7]);
  assertAllClose(scores, [0.25, -0.25, -0.25, 0.25], { atol: 1e-6 });
});

Deno.test("trees of two classes that cannot be corrected are refused", async () => {
  const files = [
    treeBytes([0.3, 0.9], { class_ids: [1, 1] }),
    treeBytes([0.3, 0.9], { post_transform: "PROBIT" }),
  ];
  for (const bytes of files) {
    const error = await assertRejects(
      () => run(bytes),
      UnsupportedByEngineError,
    );
    assert(error.message.includes('run "tree"'), error.message);
  }
});

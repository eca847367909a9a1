import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkOperation } from "../../../lib/engines/tfjs/run_nodes.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { fromGraphModel } from "../../../lib/models/tfjs/from_graph_model.ts";
import type { Operation } from "../../../lib/models/tfjs/graph_specs.ts";
import { unreadAttribute } from "../../../lib/models/tfjs/unread_attributes.ts";
import { tf } from "../../../lib/tf.ts";

await tf.setBackend("cpu");

const FLOAT = { type: "DT_FLOAT" };
const NCHW = { s: btoa("NCHW") };
const ints = (...i: number[]) => ({ list: { i: i.map(String) } });
const texts = (...s: string[]) => ({ list: { s: s.map(btoa) } });

function operation(op: string, rawAttrs?: Operation["rawAttrs"]): Operation {
  const known = { name: op, op, inputNames: [], inputs: [], attrParams: {} };
  return rawAttrs === undefined ? known : { ...known, rawAttrs };
}

Deno.test("unreadAttribute() finds what TF.js does not read, and nothing else", () => {
  const bytes = [...new TextEncoder().encode("NCHW")];
  const refused: [string, Operation["rawAttrs"], string][] = [
    ["FusedBatchNormV3", { is_training: { b: true } }, "be of inference"],
    ["MaxPool", { data_format: NCHW }, "channels last"],
    ["BiasAdd", { data_format: { s: bytes } }, "channels last"],
    ["AvgPool3D", { data_format: { s: btoa("NCDHW") } }, "channels last"],
    ["DepthwiseConv2dNative", { data_format: NCHW }, "channels last"],
    ["Conv2DBackpropInput", { data_format: NCHW }, "channels last"],
    [
      "Conv2D",
      { data_format: NCHW, strides: ints(1, 1, 2, 2) },
      "channels last",
    ],
    ["Conv2DBackpropInput", { dilations: ints(1, 2, 2, 1) }, "dilations of 1"],
    ["OneHot", { axis: { i: "1" } }, "axis -1"],
    ["Mod", {}, "FloorMod"],
    ["_FusedMatMul", { fused_ops: texts("Relu") }, "have a bias"],
    [
      "FusedDepthwiseConv2dNative",
      { fused_ops: texts("BiasAdd", "LeakyRelu") },
      "no fused LeakyRelu",
    ],
  ];
  for (const [op, attributes, text] of refused) {
    const found = unreadAttribute(operation(op, attributes));
    assertEquals(found?.includes(text), true, op);
  }
  const read: [string, Operation["rawAttrs"]?][] = [
    ["FusedBatchNormV3", { is_training: { b: false } }],
    ["FusedBatchNormV3", { data_format: { s: btoa("NHWC") } }],
    // TF.js reads the format, but takes the second and third stride.
    ["Conv2D", { data_format: NCHW, strides: ints(1, 1, 1, 1) }],
    ["Conv2D", { strides: ints(1, 2, 2, 1) }],
    ["Conv2DBackpropInput", { dilations: ints(1, 1, 1, 1) }],
    ["OneHot", { axis: { i: "-1" } }],
    ["OneHot"],
    ["FloorMod"],
    ["_FusedConv2D", { fused_ops: texts("BiasAdd", "Relu") }],
    ["_FusedMatMul"],
    ["MaxPool"],
  ];
  for (const [op, attributes] of read) {
    assertEquals(unreadAttribute(operation(op, attributes)), undefined, op);
  }
});

/** Keras 2 writes a LayerNormalization as a batch normalisation in training. */
function normalising(attributes: Record<string, unknown>) {
  const shape = (...sizes: number[]) => ({
    shape: { shape: { dim: sizes.map((size) => ({ size: String(size) })) } },
  });
  const weight = (name: string) => ({
    name,
    op: "Const",
    attr: {
      dtype: FLOAT,
      value: { tensor: { dtype: "DT_FLOAT", tensorShape: {} } },
    },
  });
  const names = ["scale", "offset", "mean", "variance"];
  const node = [
    {
      name: "x",
      op: "Placeholder",
      attr: { dtype: FLOAT, ...shape(-1, 2, 2, 3) },
    },
    ...names.map(weight),
    { name: "relu", op: "Relu", input: ["x"], attr: { T: FLOAT } },
    {
      name: "norm",
      op: "FusedBatchNormV3",
      input: ["relu", ...names],
      attr: { T: FLOAT, U: FLOAT, epsilon: { f: 0.001 }, ...attributes },
    },
  ];
  return tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: { node, versions: { producer: 440 } },
    weightSpecs: names.map((name) => ({ name, shape: [3], dtype: "float32" })),
    weightData: new Float32Array(12).fill(1).buffer,
  }));
}

Deno.test("operations that TF.js computes otherwise are refused where they run, by name", async () => {
  const graph = await normalising({ is_training: { b: true } });
  const model = fromGraphModel(graph);
  const data = Float32Array.from({ length: 12 }, (_, i) => i - 5);
  const x = { data, shape: [1, 2, 2, 3], dtype: "float32" } as const;
  for (const node of modelGraphOf(model)!.listed) {
    if (node.row.name === "norm") assertThrows(() => checkOperation(node));
    else checkOperation(node);
  }
  const extractor = new FeatureExtractor(model);
  const { features } = await extractor.layers(["relu"]).predict(x);
  assertEquals([...features[0]!.data], [...data.map((v) => Math.max(0, v))]);
  await assertRejects(
    () => extractor.layers(["norm"]).predict(x),
    UnsupportedByEngineError,
    'operation "norm" (FusedBatchNormV3) must be of inference, not of training, ' +
      "which TF.js does not compute; save the Keras model itself, as .keras or .h5",
  );
  await model.close();
  graph.dispose();
});

Deno.test("a batch normalisation of inference runs", async () => {
  const graph = await normalising({ is_training: { b: false } });
  const model = fromGraphModel(graph);
  const data = new Float32Array(12).fill(3);
  const x = { data, shape: [1, 2, 2, 3], dtype: "float32" } as const;
  const set = await new FeatureExtractor(model).layers(["norm"]).predict(x);
  const expected = 2 / Math.sqrt(1.001) + 1;
  for (const value of set.features[0]!.data as Float32Array) {
    assertEquals(Math.abs(value - expected) < 1e-6, true);
  }
  await model.close();
  graph.dispose();
});

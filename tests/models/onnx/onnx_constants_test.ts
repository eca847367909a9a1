import { assertEquals } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

Deno.test("onnxConstant() counts weights, and not the numbers of shapes", async () => {
  const nodes = [
    { op: "Mul", in: ["x", "w"], out: ["m"] },
    { op: "Reshape", in: ["m", "shape"], out: ["y"] },
  ];
  const constants = [
    { name: "w", shape: [2], floats: [2, 3] },
    { name: "shape", type: 7, shape: [2], ints: [-1, 2] },
  ];
  const bytes = onnxBytes({ nodes, constants });
  await using model = modelGraphOf(await loadModel(bytes))!;
  assertEquals(model.numParameters, 2);
  assertEquals(model.layers.map((row) => row.numParameters), [2, 0]);
  const { shape } = await model.getWeights(1);
  assertEquals(Array.from(shape!.data as ArrayLike<unknown>), [-1n, 2n]);
});

Deno.test("onnxConstant() is the same behind an Identity, and no layer there", async () => {
  const nodes = [
    { op: "Identity", in: ["w"], out: ["v"] },
    { op: "Mul", name: "first", in: ["x", "w"], out: ["m"] },
    { op: "Add", name: "second", in: ["m", "v"], out: ["y"] },
  ];
  const constants = [{ name: "w", shape: [2], floats: [2, 3] }];
  const bytes = onnxBytes({ nodes, constants });
  await using model = modelGraphOf(await loadModel(bytes))!;
  assertEquals(model.layers.map(({ name }) => name), ["first", "second"]);
  assertEquals(model.numParameters, 2);
  assertEquals(Object.keys(await model.getWeights("second")), ["w"]);
  const x = {
    data: Float32Array.of(1, 1),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const set = await new FeatureExtractor(model).layers(-1).predict(x);
  assertEquals([...set.features[0]!.data], [4, 6]);
});

Deno.test("onnxConstant() holds strings and weights of a classifier that it does not read", async () => {
  await using model = await openOnnxModel("sklearn_mlp");
  assertEquals((await model.fingerprint()).length, 64);
  const { coefficient } = await model.getWeights("MatMul");
  assertEquals(coefficient!.shape, [4, 7]);
});

import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { compile } from "../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { writeOnnx } from "../../lib/extractor/write_onnx.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { openOnnxModel } from "../support/onnx_models.ts";

const MLP = new URL("../data/graph_models/mlp/model.json", import.meta.url);

Deno.test("writeOnnx() writes layers and files, and refuses graphs of TF.js", async () => {
  const file = await openOnnxModel("opset7");
  const keras = await loadModel("notebooks/models/keras/digits.keras");
  for (const model of [file, modelGraphOf(keras)!]) {
    const bytes = await writeOnnx(await compile(model, DEFAULTS), {});
    await using written = await loadModel(bytes);
    assertEquals(written.format, "onnx");
    await model.close();
  }
  await using graph = await loadModel(MLP);
  const options = ["model.onnx", { opset: 20 }] as unknown as [string];
  await assertRejects(
    () => new FeatureExtractor(graph).toOnnx(...options),
    TypeError,
    'toOnnx(target) must be called without options: current value is "opset"',
  );
  await assertRejects(
    () => new FeatureExtractor(graph).toOnnx(),
    UnsupportedByEngineError,
    "is an operation of TF.js",
  );
});

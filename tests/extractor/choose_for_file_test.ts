import { assertEquals, assertRejects } from "@std/assert";
import { UnsupportedByEngineError } from "../../lib/errors.ts";
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { openOnnxModel } from "../support/onnx_models.ts";

Deno.test("chooseForFile() runs ONNX files on ONNX Runtime, and says so", async () => {
  await using model = await openOnnxModel("opset7");
  const plan = await new FeatureExtractor(model).plan();
  assertEquals(plan.engine, "onnx");
  assertEquals(plan.reason, "an ONNX file is run by ONNX Runtime");
});

Deno.test("chooseForFile() refuses gradients, functions on tensors, other engines and writing", async () => {
  await using model = await openOnnxModel("opset7");
  const extractor = new FeatureExtractor(model);
  const refused = (run: () => Promise<unknown>, text: string) =>
    assertRejects(run, UnsupportedByEngineError, text);
  await refused(
    () => extractor.perturb({ epsilon: 0.1 }).plan(),
    "ONNX Runtime gives none",
  );
  await refused(
    () => extractor.layers("dense").postprocess((x) => x.relu()).plan(),
    'Cannot postprocess layer "dense"',
  );
  await refused(() => extractor.engine("tfjs").plan(), 'engine is "tfjs"');
  await refused(
    () => extractor.engine("tfjs", { backend: "cpu" }).plan(),
    'engine is "tfjs:cpu"',
  );
  await refused(() => extractor.toOnnx(), "an operation of an ONNX file");
});

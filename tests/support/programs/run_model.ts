/**
 * A program: runs a model on an engine, and prints the result.
 *
 *     run_model.ts path data shape [engine]
 *
 * `engine` is "onnx" or a backend of TF.js; default: chosen by the library.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const [path, data, shape, engine] = Deno.args;
await using model = await loadModel(path!);
const layer = new FeatureExtractor(model).layers([-1]);
const extractor = engine === "onnx"
  ? layer.engine(engine)
  : engine
  ? layer.engine("tfjs", { backend: engine as "wasm" | "cpu" })
  : layer;
const plan = await extractor.plan();
const { features } = await extractor.predict({
  data: Float32Array.from(JSON.parse(data!)),
  shape: JSON.parse(shape!),
  dtype: "float32",
}, { progress: false });
const answer = { engine: plan.engine, reason: plan.reason };
console.log(JSON.stringify({ ...answer, data: [...features[0]!.data] }));

/**
 * Runs on a device that is not there, and prints the error and how many batches
 * were read; and what "auto" chooses for a card that ONNX Runtime cannot use.
 *
 * @module
 */
import { FeatureExtractor, loadModel } from "../../../mod.ts";
import { chooseEngine } from "../../../lib/extractor/choose_engine.ts";
import { resolve } from "../../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { MODEL } from "../fresh_process.ts";

await using model = await loadModel(MODEL);
const extractor = new FeatureExtractor(model)
  .engine("onnx", { device: "webgpu" });
let batches = 0;
function* data() {
  batches++;
  yield { xs: Float32Array.of(1), ys: [0] };
}
const error = await extractor.predict(data() as never)
  .then(() => undefined, (error: Error) => error);
const settings = {
  ...DEFAULTS,
  engine: "onnx",
  device: "auto",
  batchSize: 1e9,
} as const;
const { reason: auto } = await chooseEngine(
  resolve(modelGraphOf(model)!, settings),
  settings,
  () => Promise.resolve("a card"),
);
// deno-lint-ignore no-console
console.log(JSON.stringify({ webgpu: error?.message, batches, auto }));

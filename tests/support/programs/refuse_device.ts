/**
 * Runs on a device that does not exist, and prints the error and the number of
 * batches read.
 *
 * @module
 */
import { FeatureExtractor, loadModel } from "../../../mod.ts";
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
// deno-lint-ignore no-console
console.log(JSON.stringify({ webgpu: error?.message, batches }));

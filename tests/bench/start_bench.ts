/**
 * From the start of a process to the first features, against the start of a
 * process that only imports TF.js.
 *
 *     deno run -A tests/bench/start_bench.ts [--quick]
 *
 * @module
 */
import { timePairs } from "./measure.ts";
import { report, TIMING } from "./report.ts";

const ROOT = new URL("../../", import.meta.url);
const MODELS = {
  "digits.keras": "notebooks/models/keras/digits.keras",
  "opset7.onnx": "tests/data/onnx_models/opset7.onnx",
};
const TFJS = 'await import("@tensorflow/tfjs"); Deno.exit(0);';

for (const [name, path] of Object.entries(MODELS)) {
  report({
    benchmark: "start",
    case: `${name} to its first features against importing TF.js`,
    pairs: await timePairs(() => start(features(path)), () => start(TFJS), {
      ...TIMING,
    }),
    unit: "ms",
  });
}
report({
  benchmark: "start",
  case: "importing TF.js against itself",
  pairs: await timePairs(() => start(TFJS), () => start(TFJS), { ...TIMING }),
  unit: "ms",
});

/** A program that prints nothing, and ends when it has features. */
function features(path: string): string {
  return `import { FeatureExtractor, loadModel } from "@sonde/sonde";
const model = await loadModel(${JSON.stringify(path)});
const shape = model.inputs[0].shape.map((size) => size ?? 1);
const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
await new FeatureExtractor(model).layers([-1])
  .predict({ data, shape, dtype: "float32" }, { progress: false });
Deno.exit(0);`;
}

/** Runs a program in a process of its own, from the root of the repository. */
async function start(program: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

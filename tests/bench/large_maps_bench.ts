/**
 * What a large map costs that never leaves the native engine.
 *
 *     deno run -A tests/bench/large_maps_bench.ts [--quick]
 *
 * MobileNetV2's first block gives maps of 1.6 MB a sample, 77 MB a batch of 48.
 * Pooled, or pooled and halved, they are held against a run that asks for the
 * logits alone. The whole map, which does leave, stands beside for comparison.
 *
 * @module
 */
import {
  FeatureExtractor,
  half,
  loadModel,
  type NdArray,
  type OpenExtractor,
  pool,
} from "@sonde/sonde";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { saveTo } from "../support/save_model.ts";
import { differenceOf, timePairs } from "./measure.ts";
import { mobileNetV2 } from "./models.ts";
import { report, TIMING } from "./report.ts";

const BATCH = 48;
const TAP = "expanded_conv_depthwise_relu"; // [112, 112, 32]
const THREADS = navigator.hardwareConcurrency;
const QUIET = { progress: false };

const folder = await Deno.makeTempDir();
const network = mobileNetV2();
await using model = await loadModel(await saveTo(network, folder));
network.dispose();
await Deno.remove(folder, { recursive: true });
const random = seededRandom(1);
const pictures: NdArray = {
  data: Float32Array.from({ length: BATCH * 224 * 224 * 3 }, random),
  shape: [BATCH, 224, 224, 3],
  dtype: "float32",
};
const native = new FeatureExtractor(model).engine("onnx", { threads: THREADS })
  .batch(BATCH);
const tapped = native.layers(TAP);
await using logitsOnly = await native.open();
const CASES = {
  "pooled": tapped.postprocess(pool("mean")),
  "pooled, half": tapped.postprocess(pool("mean"), half()),
  "whole": tapped,
  "whole, half": tapped.postprocess(half()),
};

const run = async (open: OpenExtractor) =>
  (await open.predict(pictures, QUIET)).logits!.data;
const reference = await run(logitsOnly);
for (const [name, extractor] of Object.entries(CASES)) {
  await using open = await extractor.open();
  const difference = differenceOf(await run(open), reference);
  report({
    benchmark: "large_maps",
    case: `MobileNetV2, 77 MB tap ${name}, to logits alone`,
    pairs: await timePairs(() => run(open), () => run(logitsOnly), TIMING),
    unit: `ms/${BATCH} samples`,
    difference,
    threads: THREADS,
    ...(name.startsWith("pooled") ? { bound: { most: 1.05 } } : {}),
  });
}

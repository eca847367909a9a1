/**
 * The smallest run on a device: the digits network, on the processor unless
 * another device is named. Prints the plan and how far the logits are from the
 * processor's.
 *
 *     deno run -A tests/bench/gpu/smallest.ts [device]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { FeatureExtractor, loadModel } from "../../../mod.ts";
import type { EngineOptions } from "../../../mod.ts";

const [device = "cpu"] = Deno.args;
const file = new URL(
  "../../../notebooks/models/keras/digits.keras",
  import.meta.url,
);
await using model = await loadModel(file);
const data = Float32Array.from({ length: 8 * 784 }, (_, i) => Math.sin(i));
const x = { data, shape: [8, 28, 28, 1], dtype: "float32" } as const;
const extractor = new FeatureExtractor(model).layers([-2]);
const there = extractor.engine("onnx", {
  device: device as NonNullable<EngineOptions["device"]>,
});
const { reason, adapter, onCpu } = await there.plan();
console.log(device, adapter, reason, onCpu);
const expected = await extractor.predict(x);
const found = await there.predict(x);
const by = found.logits!.data.map((value, i) =>
  Math.abs(value - expected.logits!.data[i]!)
);
console.log("largest difference of the logits:", Math.max(...by));

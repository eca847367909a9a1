/**
 * One opening of a model by ours, in a fresh process; prints what it took.
 *
 *     deno run -A tests/bench/peers/opening_ours.ts out/peers/resnet50
 *
 * @module
 */
// deno-lint-ignore-file no-console
import type { NdArray } from "@sonde/sonde";
import { processMemory } from "./process_memory.ts";

const bare = processMemory(Deno.pid);
const { FeatureExtractor, loadModel } = await import("@sonde/sonde");
const [folder, threads] = Deno.args as [string, string];
const x: NdArray = {
  data: new Float32Array(224 * 224 * 3).fill(0.5),
  shape: [1, 224, 224, 3],
  dtype: "float32",
};
const begin = performance.now();
const model = await loadModel(`${folder}/model.keras`);
const table = Deno.inspect(model);
const tableMs = performance.now() - begin;
const { logits } = await new FeatureExtractor(model)
  .engine("onnx", { threads: Number(threads) })
  .predict(x, { progress: false });
const logitsMs = performance.now() - begin;
const { resident, peak } = processMemory(Deno.pid);
const kept = { logits: Array.from(logits!.data as Float32Array) };
const rows = table.split("\n").length;
const memory = { bare: bare.resident, resident, peak };
console.log(JSON.stringify({ tableMs, logitsMs, rows, ...memory, ...kept }));
Deno.exit(); // how long it takes to end is no part of opening

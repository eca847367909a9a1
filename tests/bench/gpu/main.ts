/**
 * Measures the native engine on a graphics card: MobileNetV2, ResNet-50 and
 * ViT-B/16 with random weights, against this engine on two cores.
 *
 *     deno run -A tests/bench/gpu/main.ts --out=FOLDER [--only=NAME] [--batches=64,256] [--seconds=2] [--device=webgpu]
 *
 * First the results on the card are compared with those on the processor; then
 * each batch size is timed for `seconds` or more, and the median of five
 * timings is printed. `FOLDER/sonde.json` keeps the numbers, and
 * `FOLDER/NAME.onnx` each network for other runtimes.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import {
  FeatureExtractor,
  fromLayersModel,
  loadModel,
  type Model,
  type NdArray,
} from "../../../mod.ts";
import type { EngineOptions } from "../../../mod.ts";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { mobileNetV2, resNet50 } from "../models.ts";
import { visionTransformer } from "./vit.ts";

const option = (name: string, otherwise: string): string =>
  Deno.args.find((arg) => arg.startsWith(`--${name}=`))
    ?.slice(name.length + 3) ?? otherwise;

const out = option("out", "out/gpu");
const only = option("only", "");
const seconds = Number(option("seconds", "2"));
const batches = option("batches", "64,256").split(",").map(Number);
const device = option("device", "webgpu") as NonNullable<
  EngineOptions["device"]
>;

/** Largest difference from the processor, as a part of the largest value. */
const TOLERANCE = 1e-3;
const NUM_TIMINGS = 5;

const MODELS: Readonly<Record<string, () => Promise<Model>>> = {
  "mobilenet_v2": () => Promise.resolve(fromLayersModel(mobileNetV2())),
  resnet50: () => Promise.resolve(fromLayersModel(resNet50())),
  "vit_b_16": () => loadModel(visionTransformer()),
};

function images(count: number): NdArray {
  const random = seededRandom(3);
  const data = new Float32Array(count * 224 * 224 * 3);
  const size = Math.min(data.length, 4 * 224 * 224 * 3);
  for (let i = 0; i < size; i++) data[i] = 2 * random() - 1;
  // The rest repeats it, and is changed a little.
  for (let i = size; i < data.length; i++) data[i] = data[i - size]! * 0.999;
  return { data, shape: [count, 224, 224, 3], dtype: "float32" };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Samples a second of a kept session, over arrays of several batches. */
async function measure(
  extractor: FeatureExtractor,
  batch: number,
  most: number,
): Promise<{ readonly rate: number; readonly openMs: number }> {
  const begin = performance.now();
  const kept = await extractor.batch(batch).open();
  try {
    const rows = images(Math.min(most, 4 * batch));
    const count = rows.shape[0]!;
    const run = () => kept.predict(rows, { progress: false });
    await run();
    const openMs = performance.now() - begin;
    const rates: number[] = [];
    for (let i = 0; i < NUM_TIMINGS; i++) {
      const start = performance.now();
      let samples = 0;
      while (performance.now() - start < 1000 * seconds / NUM_TIMINGS) {
        await run();
        samples += count;
      }
      rates.push(1000 * samples / (performance.now() - start));
    }
    return { rate: median(rates), openMs };
  } finally {
    await kept.close();
  }
}

/** What the card has in use, in MiB; undefined without NVIDIA's tool. */
async function memoryInUse(): Promise<number | undefined> {
  try {
    const args = ["--query-gpu=memory.used", "--format=csv,noheader,nounits"];
    const { stdout } = await new Deno.Command("nvidia-smi", { args }).output();
    return parseInt(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The largest difference, as a part of the largest value. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const by = Math.abs(a[i]! - b[i]!);
    if (!(by <= worst)) worst = by; // a NaN stays
    largest = Math.max(largest, Math.abs(a[i]!));
  }
  return worst / largest;
}

await Deno.mkdir(out, { recursive: true });
const table: Record<string, unknown>[] = [];
for (const [name, make] of Object.entries(MODELS)) {
  if (!name.includes(only)) continue;
  const begin = performance.now();
  await using model = await make();
  const extractor = new FeatureExtractor(model);
  await extractor.toOnnx(`${out}/${name}.onnx`);
  console.log(`${name}: made in ${secondsSince(begin)} s`);

  const few = images(8);
  const onCard = extractor.engine("onnx", { device });
  const plan = await onCard.plan();
  console.log(`${name}: ${plan.device}, ${plan.adapter}; ${plan.reason}`);
  if (plan.onCpu) console.log(`${name}: on the processor: ${plan.onCpu}`);
  const expected = await extractor.engine("onnx").predict(few);
  const before = await memoryInUse();
  const found = await onCard.predict(few);
  const by = difference(expected.logits!.data, found.logits!.data);
  const isRight = by <= TOLERANCE;
  if (!isRight) Deno.exitCode = 1;
  console.log(
    `${name}: differs by ${by.toExponential(1)} of the largest logit: ${
      isRight ? "right" : "WRONG"
    }`,
  );

  const cpu = await measure(extractor.engine("onnx", { threads: 2 }), 16, 32);
  console.log(`${name}: cpu, 2 threads: ${cpu.rate.toFixed(1)} samples/s`);
  for (const batch of batches) {
    const { rate, openMs } = await measure(onCard, batch, 1024);
    const ratio = rate / cpu.rate;
    console.log(
      `${name}: ${device}, batch ${batch}: ${rate.toFixed(1)} samples/s, ${
        ratio.toFixed(1)
      } times cpu; opened and first run in ${(openMs / 1000).toFixed(1)} s`,
    );
    table.push({ name, device, batch, rate, cpu: cpu.rate, ratio, by });
    await Deno.writeTextFile(`${out}/sonde.json`, JSON.stringify(table));
  }
  const after = await memoryInUse();
  console.log(
    `${name}: memory of the card, MiB: ${before} before the first run, ${after} after closing`,
  );
}

function secondsSince(begin: number): string {
  return ((performance.now() - begin) / 1000).toFixed(1);
}

/**
 * What a sample costs, of 1,000, 10,000 and 100,000 digits, and what a stream
 * of them holds in memory; on the native engine, opening left out.
 *
 *     deno run -A tests/bench/peers/linear_bench.ts [--quick]
 *
 * After make_models.py. A stream is flat if the slope of its resident memory
 * over five checkpoints, after the first sixth, is less than 8 MB for the whole
 * of it; its inputs and outputs are 390 MB.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import {
  FeatureExtractor,
  type FeatureSet,
  loadModel,
  type NdArray,
} from "@sonde/sonde";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { differenceOf, type Pair, timeRounds } from "../measure.ts";
import { IS_QUICK, report, TIMING } from "../report.ts";
import { RUNTIME_VERSION } from "../runtime_version.ts";
import { ROOT, THREADS } from "./peers.ts";
import { processMemory } from "./process_memory.ts";

const MB = 1e6;
const WIDTH = 28 * 28;
const SAMPLES = IS_QUICK ? [100, 1000, 10_000] : [1000, 10_000, 100_000];
const TAPS = ["hidden"];
const MOST_MB = 8;

const model = await loadModel(new URL("out/peers/digits/model.keras", ROOT));
await using open = await new FeatureExtractor(model).layers(TAPS)
  .engine("onnx", { threads: THREADS }).batch(64).open();
const many = digits(SAMPLES.at(-1)!);
const common = {
  benchmark: "linear",
  threads: THREADS,
  versions: RUNTIME_VERSION,
};
await measureStream(); // before anything else has grown
await measureCost();

async function measureCost(): Promise<void> {
  const pass = (samples: number) => {
    const inputs = {
      ...many,
      data: (many.data as Float32Array).subarray(0, samples * WIDTH),
      shape: [samples, 28, 28, 1],
    };
    return (): Promise<FeatureSet> => open.predict(inputs, { progress: false });
  };
  const [few, middle, most] = SAMPLES.map(pass);
  const [one, all] = [await few!(), await most!()];
  const logits = one.logits!.data as Float32Array;
  const difference = differenceOf(
    (all.logits!.data as Float32Array).subarray(0, logits.length),
    logits,
  );
  const { others, self } = await timeRounds(few!, [middle!, most!], TIMING);
  const each = (pairs: readonly Pair[], samples: number): Pair[] =>
    pairs.map((pair) => ({
      ours: 1000 * pair.theirs / samples,
      theirs: 1000 * pair.ours / SAMPLES[0]!,
    }));
  for (const [i, pairs] of others.entries()) {
    const samples = SAMPLES[i + 1]!;
    report({
      ...common,
      case: `a sample of ${samples} to one of ${SAMPLES[0]}`,
      pairs: each(pairs, samples),
      unit: "µs",
      difference,
      bound: { least: 0.95, most: 1.05 },
    });
  }
  report({
    ...common,
    case: `a sample of ${SAMPLES[0]}, against itself`,
    pairs: each(self, SAMPLES[0]!),
    unit: "µs",
  });
}

/** Resident memory at five checkpoints, and the slope through them. */
async function measureStream(): Promise<void> {
  const samples = SAMPLES.at(-1)!;
  const checkpoints: number[] = [];
  let rows = 0;
  for await (const { logits } of open.stream(many, { progress: false })) {
    rows += logits!.shape[0]!;
    if (rows < samples / 6 * (checkpoints.length + 2)) continue;
    checkpoints.push(processMemory(Deno.pid).resident / MB);
  }
  console.error(
    `resident at checkpoints, MB: ${checkpoints.map(Math.round).join(", ")}`,
  );
  report({
    ...common,
    case: `growth of a stream of ${samples}, by slope, to ${MOST_MB} MB`,
    pairs: [{ ours: 6 * slope(checkpoints), theirs: MOST_MB }],
    unit: "MB",
    bound: { most: 1 },
  });
}

/** Of the line of least squares through values that are one step apart. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const sum = (term: (value: number, i: number) => number) =>
    values.reduce((total, value, i) => total + term(value, i), 0);
  return sum((value, i) => (i - middle) * value) /
    sum((_, i) => (i - middle) ** 2);
}

/** Pictures of noise. */
function digits(samples: number): NdArray {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: samples * WIDTH }, random);
  return { data, shape: [samples, 28, 28, 1], dtype: "float32" };
}

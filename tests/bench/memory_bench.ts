/**
 * What runs hold in memory, each in a fresh process.
 *
 *     deno run -A tests/bench/memory_bench.ts [--quick]
 *
 * `stream` over 100,000 samples that are in memory already: how much the
 * resident memory grows after the first 1,000, at its highest. With the
 * penultimate and the logits it is held against 64 MB. With maps of 25 kB a
 * sample it is held against the same by hand: there V8 decides, which lets
 * arrays of more than 64 MB wait for their collection, whoever made them.
 *
 * `predict`: the peak of the whole process (VmHWM), less one batch, against the
 * bytes of its results, which are more than 500 MB so that what Deno and TF.js
 * take for themselves weighs little. Needs Linux.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import {
  type Batch,
  type DataSource,
  FeatureExtractor,
  type FeatureSet,
  type NdArray,
  type OpenExtractor,
  tf,
} from "@sonde/sonde";
import { getThreadsCount as numThreads } from "@tensorflow/tfjs-backend-wasm";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { digitsModel, tappedByHand } from "./models.ts";
import { IS_QUICK, report } from "./report.ts";

const BATCH = 64;
const MB = 1e6;
const WIDTH = 28 * 28;
const NUM_STREAMED = IS_QUICK ? 20_000 : 100_000;
const NUM_PREDICTED = IS_QUICK ? 32_000 : 64_000; // 25 kB of results each
const LEAN = ["penultimate"];
const MAPS = ["conv1", "pool1", "penultimate"];
const PREDICT = [["known", 1.2], ["unknown", 2.2]] as const;
const NO_BAR = { progress: false };

/** What a child measured. */
interface Measured {
  /** Bytes that were taken. */
  readonly taken: number;
  /** Bytes that they are held against. */
  readonly against: number;
  /** Of the backend. */
  readonly threads: number;
}

const part = Deno.args.find((arg) => arg.startsWith("part="))?.slice(5);
if (part === undefined) await measureAll();
else console.log(JSON.stringify(await measurePart(part)));

async function measureAll(): Promise<void> {
  const lean = await inFreshProcess("stream");
  report({
    benchmark: "memory",
    case: `stream of ${NUM_STREAMED}, penultimate, growth to 64 MB`,
    ...asFinding(lean),
    bound: { most: 1 },
  });
  const [maps, byHand] = [
    await inFreshProcess("stream-maps"),
    await inFreshProcess("stream-maps-by-hand"),
  ];
  report({
    benchmark: "memory",
    case: `stream of ${NUM_STREAMED}, maps, growth to that by hand`,
    ...asFinding({ ...maps, against: byHand.taken }),
  });
  for (const [length, most] of PREDICT) {
    report({
      benchmark: "memory",
      case: `predict, length ${length}, peak to results`,
      ...asFinding(await inFreshProcess(length)),
      bound: { most },
    });
  }
}

function asFinding({ taken, against, threads }: Measured) {
  const pairs = [{ ours: taken / MB, theirs: against / MB }];
  return { pairs, unit: "MB", threads };
}

async function inFreshProcess(name: string): Promise<Measured> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename!, `part=${name}`, ...Deno.args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure part "${name}"`);
  return JSON.parse(
    new TextDecoder().decode(stdout).trim().split("\n").at(-1)!,
  );
}

async function measurePart(name: string): Promise<Measured> {
  await tf.setBackend("wasm");
  const model = await digitsModel();
  const taken = name === "stream-maps-by-hand"
    ? await growthOf(batchesByHand(model))
    : await measureOurs(name, model);
  return { ...taken, threads: numThreads() };
}

async function measureOurs(name: string, model: tf.LayersModel) {
  const taps = name === "stream" ? LEAN : MAPS;
  await using open = await new FeatureExtractor(model).layers(taps)
    .engine("tfjs", { backend: "wasm" }).batch(BATCH).open();
  return name.startsWith("stream")
    ? await growthOf(batchesOf(open))
    : await peakOfPredict(open, name === "known");
}

/** Rows of each batch that was streamed. */
async function* batchesOf(open: OpenExtractor): AsyncGenerator<number> {
  for await (const set of open.stream(manyDigits(), NO_BAR)) {
    yield set.logits!.shape[0]!;
  }
}

async function* batchesByHand(model: tf.LayersModel): AsyncGenerator<number> {
  const tapped = tappedByHand(model, MAPS);
  const { data } = manyDigits();
  for (let start = 0; start < NUM_STREAMED; start += BATCH) {
    const rows = Math.min(BATCH, NUM_STREAMED - start);
    const values = data.subarray(start * WIDTH, (start + rows) * WIDTH);
    const x = tf.tensor(values, [rows, 28, 28, 1]);
    const outputs = tapped.predict(x, { batchSize: BATCH }) as tf.Tensor[];
    await Promise.all(outputs.map((output) => output.data()));
    tf.dispose([x, ...outputs]);
    yield rows;
  }
}

/** Resident memory at its highest, above that after the first 1,000 samples. */
async function growthOf(batches: AsyncIterable<number>) {
  const checkpoints: number[] = [];
  let start: number | undefined;
  let largest = 0;
  let rows = 0;
  for await (const count of batches) {
    rows += count;
    if (rows < 1000) continue;
    const resident = Deno.memoryUsage().rss;
    start ??= resident;
    largest = Math.max(largest, resident);
    if (rows >= NUM_STREAMED / 5 * (checkpoints.length + 1)) {
      checkpoints.push(resident);
    }
  }
  console.error(
    `resident after each fifth, MB: ${
      checkpoints.map((bytes) => (bytes / MB).toFixed(0)).join(", ")
    }`,
  );
  return { taken: largest - start!, against: 64 * MB };
}

/** Pictures of noise, all in memory. */
function manyDigits(): NdArray {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: NUM_STREAMED * WIDTH }, random);
  return { data, shape: [NUM_STREAMED, 28, 28, 1], dtype: "float32" };
}

async function peakOfPredict(open: OpenExtractor, isKnown: boolean) {
  const batches = () => digits(NUM_PREDICTED);
  const source: DataSource = { length: NUM_PREDICTED, batches };
  const set = await open.predict(isKnown ? source : batches(), NO_BAR);
  const peak = await highWaterMark();
  const results = bytesOf(set);
  const inputs = NUM_PREDICTED * WIDTH * Float32Array.BYTES_PER_ELEMENT;
  const oneBatch = (results + inputs) * BATCH / NUM_PREDICTED;
  return { taken: peak - oneBatch, against: results };
}

/** Pictures of noise, made as they are asked for. */
async function* digits(samples: number): AsyncGenerator<Batch> {
  const random = seededRandom(1);
  const noise = Float32Array.from({ length: (BATCH + 1) * WIDTH }, random);
  for (let start = 0; start < samples; start += BATCH) {
    const rows = Math.min(BATCH, samples - start);
    const shift = start % WIDTH;
    const data = noise.slice(shift, shift + rows * WIDTH); // [rows, 28, 28, 1]
    yield { data, shape: [rows, 28, 28, 1], dtype: "float32" };
  }
}

function bytesOf({ features, logits }: FeatureSet): number {
  return [...features, logits!]
    .reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** The most that this process ever had in memory, in bytes. */
async function highWaterMark(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)![1]) * 1024;
}

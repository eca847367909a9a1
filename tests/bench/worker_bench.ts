/**
 * The command `worker`, kept open, over Arrow streams through pipes: against
 * `predict` of the same rows in memory, one worker against two, and many rows
 * against few.
 *
 *     deno run -A tests/bench/worker_bench.ts [--quick] [digits] [MobileNetV2]
 *
 * This process sends and reads the streams, as a cluster's engine would on the
 * same machine.
 *
 * @module
 */
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from "apache-arrow";
import { arrowFrames } from "../../lib/cli/_arrow_frames.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { saveTo } from "../support/save_model.ts";
import { differenceOf, type Pair, timePairs } from "./measure.ts";
import { mobileNetV2 } from "./models.ts";
import { report, TIMING } from "./report.ts";

const DIGITS = "notebooks/models/keras/digits.keras";
const SCRIPT = new URL("../../lib/cli/worker.ts", import.meta.url).pathname;

/** Rows of one record batch. */
interface Rows {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly schema: Uint8Array;
  readonly bytes: Uint8Array;
}

function rowsOf(shape: readonly number[]): Rows {
  const random = seededRandom(1);
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, random);
  const width = length / shape[0]!;
  const child = new Field("item", new Float32(), true);
  const field = new Field("x", new FixedSizeList(width, child));
  const leaf = { type: new Float32(), nullCount: 0 };
  const column = makeData({
    ...{ type: field.type, length: shape[0]!, nullCount: 0 },
    child: makeData({ ...leaf, length, data }),
  });
  const schema = new Schema([field]);
  const type = new Struct([field]);
  const all = makeData({ type, length: shape[0]!, children: [column] });
  const encode = (batches: readonly RecordBatch[]) => {
    const writer = new RecordBatchStreamWriter({ autoDestroy: false });
    writer.reset(undefined, schema);
    for (const batch of batches) writer.write(batch);
    writer.close();
    const bytes = writer.toUint8Array(true);
    return bytes.subarray(0, bytes.length - 8); // the end is not sent
  };
  const head = encode([]);
  const bytes = encode([new RecordBatch(schema, all)]).subarray(head.length);
  return { data, shape, schema: head, bytes };
}

/** A worker that waits for batches. */
class OpenWorker {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #batches: RecordBatchReader | undefined;

  constructor(model: string, threads: number, rows: Rows) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", SCRIPT, model, "--layers", "-2", "--inputs", "x"],
        ...["--engine", "onnx", "--threads", String(threads), "--quiet"],
      ],
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#writer.write(rows.schema).catch(() => {});
  }

  /** Sends a batch some times; gives the last that comes back. */
  async run({ bytes }: Rows, times: number): Promise<RecordBatch> {
    const sending = (async () => {
      for (let i = 0; i < times; i++) await this.#writer.write(bytes);
    })();
    if (this.#batches === undefined) {
      const frames = arrowFrames(byteReader(this.#process.stdout));
      const batches = await RecordBatchReader.from(frames);
      this.#batches = await batches.open({ autoDestroy: false });
    }
    let last: RecordBatch | undefined;
    for (let i = 0; i < times; i++) last = (await this.#batches!.next()).value;
    await sending;
    return last!;
  }

  async close(): Promise<void> {
    this.#process.kill();
    await this.#process.status;
  }
}

function byteReader(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  let held = new Uint8Array(0);
  return {
    async read(into: Uint8Array): Promise<number | null> {
      while (held.length === 0) {
        const { done, value } = await reader.read();
        if (done) return null;
        held = value as Uint8Array<ArrayBuffer>;
      }
      const count = Math.min(held.length, into.length);
      into.set(held.subarray(0, count));
      held = held.subarray(count);
      return count;
    },
  };
}

/** The rates of one network, at batches of so many rows. */
async function benchmark(name: string, path: string, rows: Rows) {
  const common = { benchmark: "worker", unit: "ms/4 batches" };
  await using model = await loadModel(path);
  const engine = { threads: 2 };
  await using open = await new FeatureExtractor(model).layers([-2])
    .engine("onnx", engine).open();
  const xs = { data: rows.data, shape: rows.shape, dtype: "float32" } as const;
  const predict = async () => {
    for (let i = 0; i < 4; i++) await open.predict(xs, { progress: false });
  };
  const double = new OpenWorker(path, 2, rows);
  const [one, two] = [1, 1].map(() => new OpenWorker(path, 1, rows));
  const first = await double.run(rows, 1);
  const set = await open.predict(xs, { progress: false });
  const found = first.data.children[0]!.children[0]!.values as Float32Array;
  const difference = differenceOf(found, set.features[0]!.data);
  const both = () => Promise.all([one!.run(rows, 2), two!.run(rows, 2)]);
  const cases: [string, () => unknown, () => unknown, number][] = [
    [
      "worker of 2 threads, predict",
      () => double.run(rows, 4),
      predict,
      1 / 0.85,
    ],
    [
      "2 workers of 1 thread, 1 of them",
      both,
      () => one!.run(rows, 4),
      1 / 1.6,
    ],
    ["2 workers of 1 thread, 1 of 2", both, () => double.run(rows, 4), 1 / 0.9],
  ];
  for (const [text, ours, theirs, most] of cases) {
    const pairs = await timePairs(ours, theirs, TIMING);
    report({
      ...{ ...common, case: `${name}: ${text}`, threads: 2, pairs },
      ...{ difference, bound: { most } },
    });
  }
  const pairs = await timePairs(predict, predict, TIMING);
  report({ ...common, case: `${name}: predict against itself`, pairs });
  // How far the machine itself scales: two workers cannot do better.
  await using slow = await new FeatureExtractor(model).layers([-2])
    .engine("onnx", { threads: 1 }).open();
  const alone = async () => {
    for (let i = 0; i < 4; i++) await slow.predict(xs, { progress: false });
  };
  report({
    ...{ ...common, case: `${name}: predict of 2 threads, of 1 thread` },
    pairs: await timePairs(predict, alone, TIMING),
  });
  for (const worker of [double, one!, two!]) await worker.close();
}

/** Time of a row among 100,000, against one among 10,000 of a fresh worker. */
async function flat(rows: Rows): Promise<void> {
  const batches = Math.ceil(10_000 / rows.shape[0]!);
  const pairs: Pair[] = [];
  for (let i = 0; i < 6; i++) {
    const worker = new OpenWorker(DIGITS, 2, rows);
    await worker.run(rows, batches); // until it runs at full speed
    const begin = performance.now();
    await worker.run(rows, batches);
    const few = performance.now() - begin;
    await worker.run(rows, 8 * batches);
    const late = performance.now();
    await worker.run(rows, batches);
    pairs.push({ ours: performance.now() - late, theirs: few });
    await worker.close();
  }
  report({
    ...{ benchmark: "worker", unit: "ms/10,000 rows", threads: 2, pairs },
    case: "digits: rows 90,000 to 100,000, rows 10,000 to 20,000",
    bound: { most: 1.05 },
  });
}

const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);

if (isWanted("digits")) {
  const digits = rowsOf([1024, 28, 28, 1]);
  await benchmark("digits", DIGITS, digits);
  await flat(digits);
}
if (isWanted("MobileNetV2")) {
  const folder = await Deno.makeTempDir();
  try {
    const network = mobileNetV2();
    const path = await saveTo(network, folder);
    network.dispose();
    await benchmark("MobileNetV2", path, rowsOf([32, 224, 224, 3]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

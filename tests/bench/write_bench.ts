/**
 * Whole datasets into files, and out of them.
 *
 *     deno run -A tests/bench/write_bench.ts [--quick] [part=NAME]
 *
 * `part=predict` holds `write` against `predict`, `part=images` a folder of JPEG
 * against Keras, `part=memory` resident memory over many samples against 64 MB,
 * `part=open` the first batch of a large file against NumPy. Without one, each
 * runs in a fresh process.
 *
 * Needs the Python of `sh tests/data/make_venv.sh keras`, or another by the
 * variable `KERAS_PYTHON`. Both networks are MobileNetV2 with random weights.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import {
  type DataSource,
  type FeatureArray,
  FeatureExtractor,
  featureSet,
  imageFolder,
  type NdArray,
  openFeatures,
  pool,
  saveFeatures,
} from "@sonde/sonde";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { timePairs } from "./measure.ts";
import { digitsModel, mobileNetV2 } from "./models.ts";
import { PeerProcess } from "./peers/peer_process.ts";
import { IS_QUICK, report, TIMING } from "./report.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const PYTHON = Deno.env.get("KERAS_PYTHON") ?? `${ROOT}.venv-keras/bin/python`;
const NUM_JPEG = IS_QUICK ? 64 : 2000;
const NUM_ARRAYS = IS_QUICK ? 64 : 256;
const NUM_STREAMED = IS_QUICK ? 20_000 : 100_000;
const NUM_STORED = IS_QUICK ? 50_000 : 1_000_000;
const WIDTH = 512;
const SIZE = 224;
const DIGIT = 28 * 28;
const MB = 1e6;
/** Each timing is many seconds. */
const LONG = { ...TIMING, pairs: 6, warmUps: 1 };
const QUIET = { progress: false };
const PHOTO = {
  name: "x",
  shape: [null, SIZE, SIZE, 3],
  dtype: "float32",
} as const;

type Part = (folder: string) => Promise<void>;
const PARTS: Readonly<Record<string, Part>> = {
  predict: againstPredict,
  images: againstKeras,
  memory: residentMemory,
  open: againstNumpy,
};

const chosen = Deno.args.find((arg) => arg.startsWith("part="))?.slice(5);
if (chosen === undefined) await runAll();
else {
  const folder = await Deno.makeTempDir();
  try {
    await PARTS[chosen]!(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runAll(): Promise<void> {
  for (const part of Object.keys(PARTS)) {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename!, `part=${part}`, ...Deno.args],
      ...{ stdout: "inherit", stderr: "inherit" },
    }).output();
    if (!success) Deno.exitCode = 1;
  }
}

/** The pooled features of MobileNetV2. */
function pooled(): FeatureExtractor {
  return new FeatureExtractor(mobileNetV2()).layers("out_relu")
    .postprocess(pool("mean")).logits(false).engine("onnx");
}

/** Writes to a target that is not there yet, as often as it is called. */
function writer(extractor: FeatureExtractor, folder: string) {
  let count = 0;
  return async (data: DataSource | NdArray) => {
    const target = `${folder}/${count++}.npz`;
    await extractor.write(data, target, QUIET);
    await Deno.remove(target);
  };
}

/** Images of noise, all in memory. */
function noise(count: number): NdArray {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: count * SIZE * SIZE * 3 }, random);
  return { data, shape: [count, SIZE, SIZE, 3], dtype: "float32" };
}

async function againstPredict(folder: string): Promise<void> {
  const extractor = pooled();
  const data = noise(NUM_ARRAYS);
  const write = writer(extractor, folder);
  const predict = () => extractor.predict(data, QUIET);
  report({
    benchmark: "write",
    case: `MobileNetV2 pooled, ${NUM_ARRAYS} arrays, write against predict`,
    pairs: await timePairs(() => write(data), predict, TIMING),
    unit: "ms",
    bound: { most: 1.05 },
  });
  report({
    benchmark: "write",
    case: `MobileNetV2 pooled, ${NUM_ARRAYS} arrays, predict against itself`,
    pairs: await timePairs(predict, predict, TIMING),
    unit: "ms",
  });
}

async function againstKeras(folder: string): Promise<void> {
  const script = `${ROOT}tests/bench/peers/images_keras.py`;
  const photos = `${folder}/photos`;
  await Deno.mkdir(photos);
  const command = [PYTHON, script, photos, String(NUM_JPEG)] as const;
  await using keras = new PeerProcess("Keras", command);
  const { versions } = await keras.ask({}); // the files are there then
  const source = imageFolder(photos, { preprocess: "tf" });
  const extractor = pooled();
  const write = writer(extractor, folder);
  const named = { benchmark: "write", unit: "ms" };
  report({
    ...named,
    case: `${NUM_JPEG} JPEG to features on disk, against Keras`,
    pairs: await timePairs(
      () => write(source),
      () => keras.ask({ target: `${folder}/keras.npz` }),
      LONG,
    ),
    versions: `libjpeg-turbo 3.1.3, sharp 0.35.5, ${versions}`,
    bound: { most: 0.5 },
  });
  // Arrays of all images would take gigabytes: some of them, several times.
  const some = noise(Math.min(NUM_JPEG, 200));
  const oneAfterTheOther = async () => {
    for (let done = 0; done < NUM_JPEG; done += some.shape[0]!) {
      await extractor.predict(some, QUIET);
    }
    const wanted = { size: 64, start: 0, inputs: [PHOTO] };
    for await (const _batch of source.batches(wanted));
  };
  report({
    ...named,
    case: `${NUM_JPEG} JPEG to features on disk, against engine + decoding`,
    pairs: await timePairs(
      () => write(source),
      oneAfterTheOther,
      LONG,
    ),
    versions: "libjpeg-turbo 3.1.3, sharp 0.35.5",
    bound: { most: 1 / 0.9 },
  });
}

async function residentMemory(folder: string): Promise<void> {
  const random = seededRandom(1);
  const values = Float32Array.from({ length: 65 * DIGIT }, random);
  const source: DataSource = {
    length: NUM_STREAMED,
    fingerprint: () => Promise.resolve("noise"),
    async *batches({ size, start }) {
      for (let at = start; at < NUM_STREAMED; at += size) {
        const rows = Math.min(size, NUM_STREAMED - at);
        const data = values.slice(at % DIGIT, at % DIGIT + rows * DIGIT);
        const shape = [rows, 28, 28, 1];
        yield await Promise.resolve({ data, shape, dtype: "float32" });
      }
    },
  };
  let first: number | undefined;
  let most = 0;
  const checkpoints: number[] = [];
  await new FeatureExtractor(await digitsModel()).layers("penultimate")
    .write(source, `${folder}/x.npz`, {
      ...QUIET,
      partSize: 2500, // the default, 32 MB, would hold nearly all of them
      onProgress({ samples }) {
        if (samples < NUM_STREAMED / 20) return; // parts have their size then
        const { rss } = Deno.memoryUsage();
        first ??= rss;
        most = Math.max(most, rss);
        if (samples >= NUM_STREAMED / 10 * (checkpoints.length + 1)) {
          checkpoints.push(rss);
        }
      },
    });
  const fractions = checkpoints.map((bytes) => (bytes / MB).toFixed(0));
  console.error(`resident after each tenth, MB: ${fractions.join(", ")}`);
  const pairs = [{ ours: (most - first!) / MB, theirs: 64 }];
  report({
    benchmark: "write",
    case: `write of ${NUM_STREAMED}, growth to 64 MB`,
    ...{ pairs, unit: "MB", bound: { most: 1 } },
  });
}

async function againstNumpy(folder: string): Promise<void> {
  const path = `${folder}/large.npz`;
  await saveFeatures(largeSet(), path);
  const script = `${ROOT}tests/bench/peers/numpy_load.py`;
  await using numpy = new PeerProcess("NumPy", [PYTHON, script, path, "pool"]);
  const { rows, width, versions } = await numpy.ask({});
  if (rows !== NUM_STORED || width !== WIDTH) {
    throw new Error(`Cannot load ${rows} × ${width}`);
  }
  const firstBatch = async () => {
    await using stored = await openFeatures(path);
    for await (const set of stored.stream({ batch: 256 })) {
      return set.layer("pool").data[0];
    }
  };
  report({
    benchmark: "write",
    case: `openFeatures of ${NUM_STORED} × ${WIDTH}, first batch against NumPy`,
    pairs: await timePairs(firstBatch, () => numpy.ask({}), TIMING),
    unit: "ms",
    versions: String(versions),
    bound: { most: 0.2 },
  });
}

function largeSet() {
  const random = seededRandom(2);
  const some = Float32Array.from({ length: 1000 * WIDTH }, random);
  const data = new Float32Array(NUM_STORED * WIDTH);
  for (let at = 0; at < data.length; at += some.length) data.set(some, at);
  const shape = [NUM_STORED, WIDTH];
  const feature: FeatureArray = { data, shape, dtype: "float32" };
  return featureSet({ features: [feature], layerNames: ["pool"] });
}

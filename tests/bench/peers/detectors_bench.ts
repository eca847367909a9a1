/**
 * Detectors against NumPy and faiss, on the same arrays: scores of logits, fits,
 * neighbours, and one sample at a time.
 *
 *     deno run -A tests/bench/peers/detectors_bench.ts [--quick] [logits] [fit512] [fit2048] [knn] [one]
 *
 * The Python is that of the environment for oodeel, or that of `PYTHON`; it needs
 * NumPy and faiss-cpu.
 *
 * What is compared beside the time: of logits and neighbours the first 100
 * scores, of `vim` its factor, of `mahalanobis` the trace of its inverse.
 *
 * One at a time, detectors that keep the samples of the fit are measured, both
 * sides with these samples prepared; and images, through an open extractor and a
 * scorer, against the same images in one batch.
 *
 * @module
 */
import {
  deepKnn,
  energy,
  entropy,
  FeatureExtractor,
  featureSet,
  loadModel,
  mahalanobis,
  maxLogit,
  msp,
  type NdArray,
  nnGuide,
  relation,
  vim,
} from "@sonde/sonde";
import { fromSafetensors } from "../../../lib/formats/safetensors.ts";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { differenceOf, timePairs } from "../measure.ts";
import { IS_QUICK, report, TIMING } from "../report.ts";
import { RUNTIME_VERSION } from "../runtime_version.ts";
import { PeerProcess } from "./peer_process.ts";
import { ROOT } from "./peers.ts";

const QUIET = { progress: false };
const SCALE = IS_QUICK ? 0.1 : 1;
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
const folder = await Deno.makeTempDir();
const script = new URL("./detectors_peer.py", import.meta.url).pathname;
const python = Deno.env.get("PYTHON") ??
  new URL(".venv-oodeel/bin/python", ROOT).pathname;

try {
  await using peer = new PeerProcess("python", [python, script]);
  if (isWanted("logits")) await measureLogits(peer);
  if (isWanted("fit512")) await measureFits(peer, 512, 10, 3);
  if (isWanted("fit2048")) await measureFits(peer, 2048, 1000, 6);
  if (isWanted("knn")) await measureNeighbors(peer);
  if (isWanted("one")) {
    await measureOnes(peer);
    await measureImages();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.includes(name);
}

/** Numbers near a normal distribution, the same on every run. */
function matrix(rows: number, columns: number, seed: number): NdArray {
  const random = seededRandom(seed);
  const data = new Float32Array(rows * columns); // [rows, columns]
  for (let i = 0; i < data.length; i++) {
    data[i] = 3 * (random() + random() + random() - 1.5);
  }
  return { data, shape: [rows, columns], dtype: "float32" };
}

/** Hands arrays to the other side. */
async function load(
  peer: PeerProcess,
  arrays: Readonly<Record<string, NdArray<Float32Array | Int32Array>>>,
): Promise<void> {
  const described: Record<string, unknown> = {};
  for (const [name, { data, shape, dtype }] of Object.entries(arrays)) {
    const path = `${folder}/${name}.bin`;
    const { buffer, byteOffset, byteLength } = data;
    await Deno.writeFile(
      path,
      new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength),
    );
    described[name] = [path, dtype, shape];
  }
  await peer.ask({ load: described });
}

async function compareWith(
  peer: PeerProcess,
  { name, on, most, ours }: {
    readonly name: string;
    readonly on: string;
    /** How many times theirs it may take; nothing is claimed without it. */
    readonly most?: number;
    readonly ours: () => Promise<Float64Array>;
  },
): Promise<void> {
  const found = await ours();
  const { scores } = await peer.ask({ run: name });
  const expected = Float64Array.from(scores as number[]);
  const pairs = await timePairs(ours, () => peer.ask({ run: name }), {
    ...TIMING,
    warmUps: 1,
  });
  report({
    benchmark: "detectors",
    case: `${name} ${on}`,
    pairs,
    unit: "ms",
    versions: RUNTIME_VERSION,
    difference: differenceOf(found.subarray(0, expected.length), expected),
    tolerance: 1e-3, // the other side is float32, for all but fits
    // Claims are for sizes as they are meant.
    ...(IS_QUICK || most === undefined ? {} : { bound: { most } }),
  });
}

async function measureLogits(peer: PeerProcess): Promise<void> {
  const rows = Math.round(100_000 * SCALE);
  const logits = matrix(rows, 1000, 1);
  await load(peer, { logits });
  const set = featureSet({ logits });
  for (const detector of [maxLogit(), msp(), energy(), entropy()]) {
    const { name } = detector;
    await compareWith(peer, {
      name,
      on: `${rows} x 1000`,
      most: name === "maxLogit" ? 4 : 3,
      ours: () => detector.score(set, QUIET),
    });
  }
}

async function measureFits(
  peer: PeerProcess,
  columns: number,
  classes: number,
  most: number,
): Promise<void> {
  const rows = Math.round(50_000 * SCALE);
  const penultimate = matrix(rows, columns, 2);
  const logits = matrix(rows, classes, 3);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  await load(peer, {
    features: penultimate,
    logits,
    labels: { data: labels, shape: [rows], dtype: "int32" },
  });
  const set = featureSet({ penultimate, logits, labels });
  for (const detector of [mahalanobis(), vim()]) {
    await compareWith(peer, {
      name: detector.name,
      on: `fit of ${rows} x ${columns}`,
      most,
      async ours() {
        const target = `${folder}/scorer.safetensors`;
        await (await detector.fit(set, QUIET)).save(target);
        const { arrays } = fromSafetensors(await Deno.readFile(target));
        const found = arrays.get("alpha") ?? arrays.get("whitening")!;
        const data = found.data as Float64Array;
        if (arrays.has("alpha")) return data;
        // W Wᵀ has the squares of W on its diagonal, summed.
        return Float64Array.of(data.reduce((sum, x) => sum + x * x, 0));
      },
    });
  }
}

async function measureNeighbors(peer: PeerProcess): Promise<void> {
  const [known, asked] = [50_000, 10_000].map((n) => Math.round(n * SCALE));
  const [features, queries] = [matrix(known!, 512, 4), matrix(asked!, 512, 5)];
  await load(peer, { features, queries });
  const scorer = await deepKnn().fit(featureSet({ features: [features] }));
  const set = featureSet({ features: [queries] });
  await compareWith(peer, {
    name: "deepKnn",
    on: `${asked} x 512 against ${known}`,
    most: 2,
    ours: () => scorer.score(set, QUIET),
  });
}

/** Scores of samples one by one, against NumPy one by one. */
async function measureOnes(peer: PeerProcess): Promise<void> {
  const rows = Math.round(10_000 * SCALE);
  const [count, classes] = [100, 10];
  const features = matrix(rows, 512, 6);
  const logits = matrix(rows, classes, 7);
  const queries = matrix(count, 512, 8);
  const queryLogits = matrix(count, classes, 9);
  await load(peer, { features, logits, queries, query_logits: queryLogits });
  const known = featureSet({ penultimate: features, logits });
  const set = featureSet({ penultimate: queries, logits: queryLogits });
  const ones = Array.from({ length: count }, (_, row) => set.select([row]));
  for (const detector of [deepKnn(), nnGuide(), relation()]) {
    const scorer = await detector.fit(known, QUIET);
    await compareWith(peer, {
      name: `${detector.name}One`,
      on: `${count} against ${rows} x 512`,
      async ours() {
        const scores = new Float64Array(count); // [n]
        for (const [row, one] of ones.entries()) {
          scores.set(await scorer.score(one, QUIET), row);
        }
        return scores;
      },
    });
  }
}

/** Images one by one through an open extractor and a scorer, against one batch. */
async function measureImages(): Promise<void> {
  const path = new URL("notebooks/models/digits/model.json", ROOT).pathname;
  await using model = await loadModel(path);
  const extractor = new FeatureExtractor(model).penultimate();
  const [known, count] = [Math.round(4000 * SCALE), 64];
  const images = (rows: number, seed: number) => {
    const { data } = matrix(rows, 28 * 28, seed);
    return { data, shape: [rows, 28, 28, 1], dtype: "float32" } as const;
  };
  const fit = await extractor.predict(images(known, 10), QUIET);
  const scorer = await deepKnn().fit(fit, QUIET);
  const all = images(count, 11);
  const size = 28 * 28;
  const ones = Array.from({ length: count }, (_, i) => ({
    data: all.data.slice(i * size, (i + 1) * size),
    shape: [1, 28, 28, 1],
    dtype: "float32" as const,
  }));
  const open = await extractor.batch(count).open();
  const oneByOne = async () => {
    const scores = new Float64Array(count); // [n]
    for (const [i, one] of ones.entries()) {
      scores.set(await scorer.score(await open.predict(one, QUIET), QUIET), i);
    }
    return scores;
  };
  const atOnce = async () =>
    await scorer.score(await open.predict(all, QUIET), QUIET);
  const difference = differenceOf(await oneByOne(), await atOnce());
  report({
    benchmark: "detectors",
    case: `digits and deepKnn, ${count} images one by one, in one batch`,
    pairs: await timePairs(oneByOne, atOnce, { ...TIMING, warmUps: 1 }),
    unit: "ms",
    versions: RUNTIME_VERSION,
    difference,
  });
  await open.close();
}

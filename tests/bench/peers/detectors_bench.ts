/**
 * Detectors against NumPy and faiss, on the same arrays: scores of logits, fits,
 * and neighbours.
 *
 *     deno run -A tests/bench/peers/detectors_bench.ts [--quick] [logits] [fit512] [fit2048] [knn]
 *
 * The Python is that of the environment for oodeel, or that of `PYTHON`; it needs
 * NumPy and faiss-cpu.
 *
 * What is compared beside the time: of logits and neighbours the first 100
 * scores, of `vim` its factor, of `mahalanobis` the trace of its inverse.
 *
 * @module
 */
import {
  deepKnn,
  energy,
  entropy,
  featureSet,
  mahalanobis,
  maxLogit,
  msp,
  type NdArray,
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
    readonly most: number;
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
    bound: IS_QUICK ? {} : { most }, // for sizes as they are meant
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

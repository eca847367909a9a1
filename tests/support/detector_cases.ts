/**
 * Reads the files of `tests/data/make_detector_cases.py`: sets of features, and
 * their scores by formulas in float64, by oodeel and by pytorch-ood.
 *
 * @module
 */
import {
  concatFeatures,
  type FeatureArray,
  type FeatureSet,
  featureSet,
  type NdArray,
} from "@sonde/sonde";

/** Who computed scores besides NumPy. */
export type Peer = "oodeel" | "pytorch-ood";

/** One detector with its options, on one set. */
export interface DetectorRun {
  readonly detector: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Why the detector must refuse the set; there are no scores then. */
  readonly refused?: string;
  /** Scores of the known rows, then of the unknown ones. */
  readonly numpy?: Float64Array;
  /** Scores of the peers, in their own unit. */
  readonly peers: Readonly<Partial<Record<Peer, Float64Array>>>;
  /** AUROC, and FPR at the first threshold of 95 % TPR, over all rows. */
  readonly areas: Readonly<
    Partial<Record<Peer | "numpy", readonly [number, number]>>
  >;
}

/** A set of features with what was scored on it. */
export interface DetectorCase {
  readonly name: string;
  readonly fit: FeatureSet;
  /** The known rows, then the unknown ones: those that have scores. */
  readonly query: FeatureSet;
  /** All known rows. */
  readonly known: FeatureSet;
  /** All unknown rows. */
  readonly unknown: FeatureSet;
  readonly runs: readonly DetectorRun[];
}

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "float64" | "int32";
  readonly data: string;
}
type Arrays = Readonly<Record<string, Encoded>>;
interface Decoded {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

const DATA = new URL("../data/", import.meta.url);
const PARTS = ["known", "unknown"] as const;
/** Of the blobs, scores of so many rows of each side are kept. */
const KEPT_BLOBS = 40;

/** Names of the sets. */
export const CASE_NAMES: readonly string[] = [
  ...Deno.readDirSync(new URL("detector_cases/", DATA)),
].map(({ name }) => name.replace(".json", "")).sort();

/**
 * Reads one set with its scores.
 *
 * @param name One of {@linkcode CASE_NAMES}.
 * @returns The set.
 */
export function detectorCase(name: string): DetectorCase {
  const record = read(`detector_cases/${name}.json`);
  const features = read(`detector_features/${name}.json`);
  const arrays = decodeAll(features.arrays ?? features);
  const sets = setsOf(
    "fit.x" in arrays ? throughNetwork(arrays) : arrays,
    record.activation,
  );
  const scores = decodeAll(record.arrays);
  const runs = record.runs.map((run: Record<string, unknown>) =>
    runOf(run, scores)
  );
  return { name, ...sets, runs };
}

// deno-lint-ignore no-explicit-any
function read(path: string): any {
  return JSON.parse(Deno.readTextFileSync(new URL(path, DATA)));
}

function decodeAll(arrays: Arrays): Record<string, Decoded> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, dtype, data }]) => {
      const { buffer } = Uint8Array.fromBase64(data);
      const Type = { float32: Float32Array, float64: Float64Array }[
        dtype as string
      ] ?? Int32Array;
      return [name, { data: new Type(buffer), shape }];
    }),
  );
}

function runOf(
  run: Readonly<Record<string, unknown>>,
  scores: Readonly<Record<string, Decoded>>,
): DetectorRun {
  const scoresOf = (who: string) =>
    run[who] === undefined
      ? undefined
      : Float64Array.from(scores[run[who] as string]!.data);
  const peers: Partial<Record<Peer, Float64Array>> = {};
  const areas: Partial<Record<string, readonly [number, number]>> = {};
  for (const who of ["numpy", "oodeel", "pytorch-ood"] as const) {
    const found = scoresOf(who);
    if (found !== undefined && who !== "numpy") peers[who] = found;
    const area = run[`${who} areas`];
    if (area !== undefined) areas[who] = area as [number, number];
  }
  const numpy = scoresOf("numpy");
  return {
    detector: run.detector as string,
    options: run.options as Record<string, unknown>,
    ...(run.refused === undefined ? {} : { refused: run.refused as string }),
    ...(numpy && { numpy }),
    peers,
    areas,
  };
}

function setsOf(
  arrays: Readonly<Record<string, Decoded>>,
  activation: "softmax" | "sigmoid",
): Omit<DetectorCase, "name" | "runs"> {
  const array = (name: string) => floats(arrays[name]!);
  const head = { kernel: array("kernel"), bias: array("bias") };
  const set = (part: string) => {
    const z = array(`${part}.z`);
    const labels = part === "fit" ? arrays["fit.labels"] : undefined;
    return featureSet({
      ...(z.shape.length === 2
        ? { penultimate: z, head }
        : { features: [z as FeatureArray], layerNames: ["map"] }),
      logits: array(`${part}.logits`),
      labels: labels?.data as Int32Array | undefined,
      activation,
    });
  };
  const [known, unknown] = PARTS.map(set) as [FeatureSet, FeatureSet];
  const most = known.ids.length > 10 * KEPT_BLOBS ? KEPT_BLOBS : Infinity;
  const kept = [known, unknown].map((set) => set.select((row) => row < most));
  return { fit: set("fit"), known, unknown, query: concatFeatures(...kept) };
}

function floats({ data, shape }: Decoded): NdArray {
  return { data: data as Float32Array, shape, dtype: "float32" };
}

/**
 * Features and logits of the blobs, from points of the plane. Sums are computed
 * from left to right in float64, as in the script, so that all bits are equal.
 */
function throughNetwork(
  arrays: Readonly<Record<string, Decoded>>,
): Record<string, Decoded> {
  const result: Record<string, Decoded> = { ...arrays };
  for (const part of ["fit", ...PARTS]) {
    const z = dense(
      arrays[`${part}.x`]!,
      arrays["hidden.kernel"]!,
      arrays["hidden.bias"]!,
    );
    z.data.forEach((value, i) => z.data[i] = Math.max(value, 0));
    result[`${part}.z`] = z;
    result[`${part}.logits`] = dense(z, arrays.kernel!, arrays.bias!);
  }
  return result;
}

function dense(x: Decoded, kernel: Decoded, bias: Decoded): Decoded {
  const [rows, columns] = x.shape as [number, number];
  const units = kernel.shape[1]!;
  const data = new Float32Array(rows * units); // [N, units]
  for (let i = 0; i < rows; i++) {
    for (let u = 0; u < units; u++) {
      let sum = bias.data[u]!;
      for (let d = 0; d < columns; d++) {
        sum += x.data[i * columns + d]! * kernel.data[d * units + u]!;
      }
      data[i * units + u] = sum;
    }
  }
  return { data, shape: [rows, units] };
}

/**
 * AUROC and FPR95, by their definition.
 *
 * @param known Scores of known samples.
 * @param unknown Scores of unknown samples.
 * @returns The fraction of pairs in order, ties counted as halves; the fraction of
 * known samples at or above the highest threshold that 95 % of the unknown reach.
 */
export function areasOf(
  known: Float64Array,
  unknown: Float64Array,
): [auroc: number, fpr95: number] {
  const sorted = known.toSorted();
  const below = (x: number, isStrict: boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const isBelow = isStrict ? sorted[middle]! < x : sorted[middle]! <= x;
      if (isBelow) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let wins = 0;
  for (const x of unknown) wins += (below(x, true) + below(x, false)) / 2;
  const descending = unknown.toSorted().reverse();
  const threshold = descending[Math.ceil(0.95 * unknown.length) - 1]!;
  const above = known.length - below(threshold, true);
  return [wins / (known.length * unknown.length), above / known.length];
}

/** The points of the blobs, and the network that they go through. */
export interface BlobsNetwork {
  /** Points of the plane, `[N, 2]`. */
  readonly points: Readonly<Record<"fit" | "known" | "unknown", NdArray>>;
  /** Classes of the points of the fit, `[N]`. */
  readonly labels: Int32Array;
  /** `[2, 64]`, `[64]`, `[64, 2]`, `[2]`. */
  readonly weights: readonly NdArray[];
}

/**
 * Reads the points of the blobs and the weights of their network.
 *
 * @returns Points and weights.
 */
export function blobsNetwork(): BlobsNetwork {
  const arrays = decodeAll(read("detector_features/blobs.json").arrays);
  const array = (name: string) => floats(arrays[name]!);
  return {
    points: {
      fit: array("fit.x"),
      known: array("known.x"),
      unknown: array("unknown.x"),
    },
    labels: arrays["fit.labels"]!.data as Int32Array,
    weights: ["hidden.kernel", "hidden.bias", "kernel", "bias"].map(array),
  };
}

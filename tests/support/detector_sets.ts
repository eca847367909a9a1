/**
 * Small feature sets for tests of detectors.
 *
 * @module
 */
import { fitCoreOf } from "../../lib/detectors/define_detector.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { Pacer } from "../../lib/formats/pacer.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import type { Detector, FeatureSet, NdArray } from "../../lib/types.ts";

/** A float32 matrix of numbers, row after row. */
export function matrix(values: readonly number[], columns: number): NdArray {
  const data = Float32Array.from(values);
  const shape = [data.length / columns, columns];
  return { data, shape, dtype: "float32" };
}

/**
 * The fixture of oodeel: features of two units, and a head whose logits are
 * `(4 - Σx, Σx - 4)`.
 */
export function tinySet(
  rows: readonly (readonly number[])[],
  labels?: readonly number[],
): FeatureSet {
  const logits = rows.flatMap(([a, b]) => [4 - a! - b!, a! + b! - 4]);
  return featureSet({
    penultimate: matrix(rows.flat(), 2),
    logits: matrix(logits, 2),
    head: {
      kernel: matrix([-1, 1, -1, 1], 2),
      bias: { data: Float32Array.of(4, -4), shape: [2], dtype: "float32" },
    },
    activation: "softmax",
    labels,
  });
}

/** Its samples of the fit. */
export const TINY_FIT: FeatureSet = tinySet(
  [[0, 0], [1, 0], [0, 1], [1, 2], [4, 4], [5, 4], [4, 5], [6, 6]],
  [0, 0, 0, 0, 1, 1, 1, 1],
);

/** Its queries. */
export const TINY_QUERY: FeatureSet = tinySet(
  [[0.5, 0.5], [5, 5], [10, -10], [-3, 4]],
);

/** Numbers with mean 0 and variance 1, the same on every run. */
export function normals(count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => {
    const length = Math.sqrt(-2 * Math.log(1 - random()));
    return length * Math.cos(2 * Math.PI * random());
  });
}

/** Settings of {@linkcode blobs}. */
export interface BlobOptions {
  /** How many samples. */
  readonly samples: number;
  /** Units of a feature. @default {6} */
  readonly units?: number;
  /** How many classes. @default {3} */
  readonly classes?: number;
  /** Added to every feature. @default {0} */
  readonly offset?: number;
  /** Whether samples are in none of the classes. @default {false} */
  readonly unknown?: boolean;
  readonly seed?: number;
}

/**
 * Samples around one point per class: of `classes` pairs of units, that of the
 * class is large. The head adds the units of each pair. Unknown samples have pairs
 * of opposite signs, which no known sample has, and small logits.
 */
export function blobs(
  { samples, units = 6, classes = 3, offset = 0, unknown = false, seed = 1 }:
    BlobOptions,
): FeatureSet {
  const noise = normals(samples * units, seed);
  const labels = Array.from({ length: samples }, (_, i) => i % classes);
  const isOf = (unit: number, c: number) => unit % classes === c;
  const features = noise.map((x, i) => {
    const [row, unit] = [Math.floor(i / units), i % units];
    const known = isOf(unit, labels[row]!) ? 4.5 : 0.5;
    const centre = unknown ? (unit < classes ? 1.4 : -0.8) : known;
    return Math.fround(0.2 * x + centre + offset);
  });
  const weight = (unit: number, c: number) => isOf(unit, c) ? 1.2 : 0;
  const logits = labels.flatMap((_, row) =>
    Array.from({ length: classes }, (_, c) => {
      let sum = 0;
      for (let j = 0; j < units; j++) {
        sum += (features[row * units + j]! - offset) * weight(j, c);
      }
      return sum;
    })
  );
  const kernel = Array.from(
    { length: units * classes },
    (_, i) => weight(Math.floor(i / classes), i % classes),
  );
  const bias = new Float32Array(classes)
    .fill(-offset * 1.2 * Math.ceil(units / classes));
  return featureSet({
    penultimate: matrix([...features], units),
    logits: matrix(logits, classes),
    head: {
      kernel: matrix(kernel, classes),
      bias: { data: bias, shape: [classes], dtype: "float32" },
    },
    activation: "softmax",
    labels,
  });
}

/** A function that gives a stream of some rows at a time. */
export function streamOf(
  set: FeatureSet,
  batch: number,
): () => AsyncGenerator<FeatureSet> {
  const count = set.ids.length;
  return async function* () {
    for (let start = 0; start < count; start += batch) {
      await Promise.resolve();
      yield set.select((row) => row >= start && row < start + batch);
    }
  };
}

/** The same samples in another order: row `i` is the old row `order[i]`. */
export function shuffled(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  const keys = Array.from({ length: count }, () => random());
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
}

/** Arrays of a set, as rows of numbers. */
export interface SetRows {
  readonly penultimate?: readonly (readonly number[])[];
  readonly logits?: readonly (readonly number[])[];
  readonly labels?: readonly number[];
  readonly kernel?: readonly (readonly number[])[];
  readonly bias?: readonly number[];
  readonly activation?: FeatureSet["activation"];
}

/** A set of rows of numbers. */
export function rowSet(
  { penultimate, logits, labels, kernel, bias, activation }: SetRows,
): FeatureSet {
  const arrayOf = (rows?: readonly (readonly number[])[]) =>
    rows && matrix(rows.flat(), rows[0]!.length);
  const columns = kernel === undefined ? 0 : kernel[0]!.length;
  return featureSet({
    penultimate: arrayOf(penultimate),
    logits: arrayOf(logits),
    labels,
    head: kernel && {
      kernel: matrix(kernel.flat(), columns),
      bias: {
        data: Float32Array.from(bias ?? Array(columns).fill(0)),
        shape: [columns],
        dtype: "float32",
      },
    },
    activation,
  });
}

/**
 * Scores of the samples of a fit, each as if it were not part of the fit: those of
 * the detector, and those of one fit per sample.
 */
export async function leftOutScores(
  detector: Detector,
  set: FeatureSet,
): Promise<{ readonly found: Float64Array; readonly expected: Float64Array }> {
  const core = await fitCoreOf(detector)!(set, { progress: false });
  const samples = set.ids.length;
  const pacer = new Pacer(undefined, () => "");
  const opened = await core.open({ pacer, samples });
  const found = await opened.score(set, "score", { leftOut: true });
  await opened.close();
  const expected = new Float64Array(samples); // [N]
  for (let row = 0; row < samples; row++) {
    const scorer = await detector.fit(set.select((other) => other !== row));
    const [score] = await scorer.score(set.select([row]));
    expected[row] = score!;
  }
  return { found, expected };
}

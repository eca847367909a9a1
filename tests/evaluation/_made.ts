/**
 * Sets and detectors by hand.
 *
 * @module
 */
import {
  benchmark,
  type BenchmarkOptions,
} from "../../lib/evaluation/benchmark.ts";
import type { BenchmarkTable } from "../../lib/evaluation/benchmark_table.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import type {
  Detector,
  FeatureInput,
  FeatureSet,
  RunOptions,
  Scorer,
} from "../../lib/types.ts";

/** Samples with a feature of two units; the first is the score. */
export function set(...scores: number[]): FeatureSet {
  const rows = scores.flatMap((score, i) => [score, Math.sin(7 * i + score)]);
  const data = Float32Array.from(rows);
  const array = { data, shape: [scores.length, 2], dtype: "float32" } as const;
  return featureSet({ features: [array], layerNames: ["layer"] });
}

export const FIT = set(0.1, 0.2, 0.3);
export const KNOWN = set(...Array.from({ length: 20 }, (_, i) => i));
export const UNKNOWN = { near: set(5, 15, 25, 35), far: set(100, 200) };
export const SETS = { fit: FIT, known: KNOWN, unknown: UNKNOWN };

/** Scores are the first unit, changed by a function. */
export function detector(
  name: string,
  change: (score: number, input: FeatureInput) => number = (score) => score,
  onFit: (known: FeatureInput, options?: RunOptions) => void = () => {},
): Detector {
  const scorer = {
    name,
    score(input: FeatureInput, options?: RunOptions) {
      const { data } = (input as FeatureSet).features[0]!;
      const scores = Float64Array.from(
        { length: data.length / 2 },
        (_, i) => change(data[2 * i]!, input),
      );
      const samples = scores.length;
      options?.onProgress?.({ samples, samplesPerSecond: 0 });
      return Promise.resolve(scores);
    },
  } as Scorer;
  return {
    name,
    fit(known, options) {
      onFit(known, options);
      return Promise.resolve(scorer);
    },
  };
}

/** Runs two detectors on the sets, unless other options say otherwise. */
export function run(
  options: Partial<BenchmarkOptions> = {},
): Promise<BenchmarkTable> {
  const detectors = [detector("plain"), detector("negated", (score) => -score)];
  return benchmark({ ...SETS, detectors, ...options });
}

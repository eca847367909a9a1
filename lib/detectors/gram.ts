import {
  cannot,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import { roundHalfToEven } from "../math/round_half_to_even.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type { DetectorState, KnownSamples, SampleBlock } from "./definition.ts";
import { gramStatisticsOf } from "./gram_statistics_of.ts";
import { argmax, scoreRows, stateArray } from "./rows.ts";
import { SampledRows } from "./sampled_rows.ts";

/**
 * Options of {@linkcode gram}.
 *
 * @category Detectors
 */
export interface GramDetectorOptions {
  /**
   * Powers `p`, positive integers. For features computed by
   * {@linkcode gramStatistics}, their number must be that of its orders.
   *
   * @default {[1, 2, 3, 4, 5]}
   */
  readonly orders?: readonly number[];
  /**
   * Statistics of a class are expected between this quantile and one minus this
   * quantile, in `[0, 0.5)`.
   *
   * @default {0.01}
   */
  readonly quantile?: number;
  /**
   * The channel axis of feature maps, for sets without this information.
   */
  readonly channels?: "first" | "last";
  /**
   * Maximum number of samples per class for the quantiles; of more, a random
   * subset of this size is used.
   *
   * @default {1000}
   */
  readonly maxSamples?: number;
  /**
   * Seed of the random choice of samples.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/** Avoids division by 0 for bounds of 0; the value of the authors' code and of oodeel. */
const EPSILON = 1e-6;

/**
 * Gram matrices: how far the Gram statistics of a sample are outside the bounds
 * of its predicted class, `Σ max(low - s, 0) / (|low| + 1e-6) + max(s - high, 0) /
 * (|high| + 1e-6)` over orders and channels.
 *
 * The statistics are those of {@linkcode gramStatistics}; for large feature maps,
 * use that postprocessing, so that the maps never leave the engine. The bounds are
 * quantiles over the samples of the fit that are predicted as the class, without
 * interpolation: the value at rank `round((n - 1) q)`, halves to even. Detects
 * textures and other correlations of channels that the head does not use.
 * Performs badly if a class has few samples, because single samples determine its
 * bounds then, and if units are always 0 in a class, because their deviations are
 * divided by 1e-6. For a class that is never predicted in the fit, the bounds are
 * those of all samples together.
 *
 * Exact up to `maxSamples` per class: 1,000 samples with 5 orders of 512 channels
 * take 20 MB per class during the fit. For several layers, use `perLayer`.
 *
 * Source: Sastry and Oore, "Detecting Out-of-Distribution Examples with Gram
 * Matrices", ICML 2020, https://arxiv.org/abs/1912.12510. Quantiles instead of
 * the paper's minimum and maximum are those of oodeel, which throws an error for a
 * class that is never predicted in the fit. OpenOOD
 * (`openood/postprocessors/gram_tools.py`) and pytorch-ood (`detector/gram.py`)
 * sum whole rows of the matrix and have minimum and maximum, pytorch-ood by
 * label; both divide the deviations of a layer by their mean over held-out
 * samples, OpenOOD also by the largest probability.
 *
 * @category Detectors
 * @param options Orders, quantile, sampling.
 * @returns A detector of one layer's feature maps `[N, H, W, D]`, vectors `[N, D]` or
 * Gram statistics `[N, P, D]`, with logits; scores are >= 0, without unit.
 * @throws {RangeError} If an option is out of range. The fit throws a `TypeError`
 * for feature maps whose channels are not known.
 *
 * @example Features in and out of bounds
 * ```ts
 * import { featureSet, gram } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     features: [{ data: Float32Array.from(data), shape: [2, 2], dtype: "float32" }],
 *     logits: { data: Float32Array.of(1, 0, 1, 0), shape: [2, 2], dtype: "float32" },
 *   });
 * const scorer = await gram({ orders: [1] }).fit(set(1, 1, 2, 2)); // statistics 1, 2 and 4, 8
 * const [inside, outside] = await scorer.score(set(1.5, 1.5, 4, 1)); // 2.25, 4.5 and 16, 5
 * assert.equal(inside, 0);
 * assert.ok(Math.abs(outside! - (16 - 4) / 4) < 1e-5);
 * ```
 */
export function gram(options: GramDetectorOptions = {}): Detector {
  const action = "create gram()";
  const names = ["orders", "quantile", "channels", "maxSamples", "seed"];
  checkOptions(options, action, names);
  const { quantile = 0.01, maxSamples = 1000, seed = 0, channels } = options;
  const orders = options.orders && checkOrders(options.orders, action);
  checkNumber(quantile, action, "quantile", { min: 0, below: 0.5 });
  checkInteger(maxSamples, action, "maxSamples");
  checkInteger(seed, action, "seed", 0);
  if (channels !== undefined) {
    checkOneOf(channels, action, "channels", ["first", "last"]);
  }
  const statistics = (block: SampleBlock, action: string) =>
    gramStatisticsOf(block, orders, channels, action);
  return defineDetector({
    name: "gram",
    settings: {
      ...(orders && { orders }),
      ...{ quantile, maxSamples, seed },
      ...(channels && { channels }),
    },
    uses: { features: "maps", logits: "classes" },
    fit: (known) => fit(known, statistics, quantile, maxSamples, seed),
    open({ low, high, classes }) {
      const indexOf = new Map(
        Array.from(classes!.data as Int32Array, (label, i) => [label, i]),
      );
      const deviations = (block: SampleBlock) => {
        const { data, columns } = statistics(block, "score with gram()");
        const predicted = argmax(block.logits);
        return scoreRows(block.rows, (row) => {
          const index = indexOf.get(predicted[row]!) ?? indexOf.size;
          const bounds = [low!.data, high!.data] as Float64Array[];
          return deviation(
            data,
            row * columns,
            bounds,
            index * columns,
            columns,
          );
        });
      };
      return {
        score: deviations,
        explain: (block) => ({ class: argmax(block.logits)[0]! }),
      };
    },
  });
}

function checkOrders(orders: readonly number[], action: string): number[] {
  if (!Array.isArray(orders) || orders.length === 0) {
    const rule = '"orders" must be an array of positive integers, not empty';
    const Kind = Array.isArray(orders) ? RangeError : TypeError;
    throw new Kind(cannot(action, rule, orders));
  }
  return orders.map((order) => checkInteger(order, action, "orders"));
}

async function fit(
  { blocks, action, pacer }: KnownSamples,
  statistics: (block: SampleBlock, action: string) => {
    readonly data: Float64Array;
    readonly columns: number;
  },
  quantile: number,
  maxSamples: number,
  seed: number,
): Promise<DetectorState> {
  const kept = new Map<number, SampledRows>();
  let columns = 0;
  for await (const block of blocks()) {
    const predicted = argmax(block.logits);
    const { data, columns: width } = statistics(block, action);
    columns = width;
    for (let row = 0; row < block.rows; row++) {
      const label = predicted[row]!;
      const sample = kept.get(label) ?? new SampledRows(maxSamples, seed);
      kept.set(label, sample);
      const one = {
        rows: 1,
        firstRow: block.firstRow + row,
        ids: [block.ids[row]!],
      };
      const part = data.subarray(row * width, (row + 1) * width);
      sample.add(one, { data: part, rows: 1, columns: width });
    }
  }
  const classes = Int32Array.from(kept.keys()).sort(); // [K]
  const samples = Array.from(
    classes,
    (label) => kept.get(label)!.sample().data,
  );
  const low = new Float64Array((classes.length + 1) * columns); // [K + 1, P * D]
  const high = new Float64Array(low.length); // [K + 1, P * D]
  for (let k = 0; k <= classes.length; k++) {
    const rows = k < classes.length ? [samples[k]!] : samples;
    for (let j = 0; j < columns; j++) {
      const sorted = columnOf(rows, j, columns).sort();
      const last = sorted.length - 1;
      low[k * columns + j] = sorted[roundHalfToEven(last * quantile)]!;
      high[k * columns + j] = sorted[roundHalfToEven(last * (1 - quantile))]!;
      if (j % 64 === 0) await pacer.rest();
    }
  }
  const shape = [classes.length + 1, columns];
  return {
    classes: stateArray(classes),
    low: stateArray(low, shape),
    high: stateArray(high, shape),
  };
}

function columnOf(
  parts: readonly (Float32Array | Float64Array)[],
  column: number,
  columns: number,
): Float64Array {
  const count = parts.reduce((sum, { length }) => sum + length / columns, 0);
  const result = new Float64Array(count); // [n]
  let to = 0;
  for (const part of parts) {
    for (let i = column; i < part.length; i += columns) result[to++] = part[i]!;
  }
  return result;
}

function deviation(
  statistics: Float64Array,
  from: number,
  [low, high]: readonly Float64Array[],
  start: number,
  count: number,
): number {
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const s = statistics[from + j]!;
    const [least, most] = [low![start + j]!, high![start + j]!];
    if (s < least) sum += (least - s) / (Math.abs(least) + EPSILON);
    if (s > most) sum += (s - most) / (Math.abs(most) + EPSILON);
  }
  return sum;
}

import { cannot, checkAwaited, checkOptions } from "../check.ts";
import { softmaxParts } from "../math/softmax.ts";
import type { FeatureInput, RunOptions } from "../types.ts";
import { inputStream } from "./_input_stream.ts";
import type { SampleReader } from "./_sample_reader.ts";

/** The search range of the temperature is `1 / MOST` to `MOST`. */
const MOST = 1e4;
/** Maximum number of Newton steps. */
const MOST_STEPS = 60;

/**
 * Fits the softmax temperature `T` that maximises the likelihood of the labels:
 * it minimises the mean of `-log softmax(logits / T)[label]`.
 *
 * For `energy({ temperature })` and calibrated probabilities. The samples must
 * be held out: on training samples, the model is more confident than it should
 * be. The likelihood has one maximum in `1 / T`, which is found by Newton's
 * method; the samples are read about ten times.
 *
 * Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017,
 * https://arxiv.org/abs/1706.04599.
 *
 * @category Detectors
 * @param known Logits `[N, C]` and labels of held-out samples.
 * @param options Signal, progress.
 * @returns The temperature, without unit, with a relative error of about 1e-9.
 * @throws {TypeError} If logits or labels are missing.
 * @throws {RangeError} If a label is not a class of the logits, or the optimum
 * is not in `[1e-4, 1e4]`, for example because every sample is classified
 * correctly.
 *
 * @example A model that is right two times of three
 * ```ts
 * import { featureSet, fitTemperature } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(4, 0, 4, 0, 4, 0);
 * const logits = { data, shape: [3, 2], dtype: "float32" } as const;
 * const temperature = await fitTemperature(featureSet({ logits, labels: [0, 0, 1] }));
 * // The probability of the first class must be 2 / 3: 4 / T = log 2.
 * assert.ok(Math.abs(temperature - 4 / Math.log(2)) < 1e-6);
 * ```
 */
export async function fitTemperature(
  known: FeatureInput,
  options: RunOptions = {},
): Promise<number> {
  const action = "fit temperature";
  checkAwaited(known, action, "the features");
  const { RUN_OPTIONS, run } = await import("./run.ts");
  checkOptions(options, action, RUN_OPTIONS);
  inputStream(known, action);
  return await run(action, options, undefined, async ({ pacer, onRows }) => {
    const uses = { logits: "classes", labels: true } as const;
    const settings = { action, uses, isFit: true, pacer, onRows };
    const { SampleReader } = await import("./_sample_reader.ts");
    const reader = new SampleReader(known, settings);
    let [low, high] = [1 / MOST, MOST]; // of 1 / T
    const [atLow, atHigh] = [
      await slopes(reader, low),
      await slopes(reader, high),
    ];
    if (!(atLow.first < 0 && atHigh.first > 0)) {
      const rule = atLow.first < 0
        ? "some samples must be classified wrongly"
        : "samples must be classified better than by chance";
      const hint = "pass more held-out samples";
      throw new RangeError(
        cannot(action, rule, atLow.first < 0 ? "none" : "worse", hint),
      );
    }
    let inverse = 1;
    for (let step = 0; step < MOST_STEPS; step++) {
      const { first, second } = await slopes(reader, inverse);
      if (first > 0) high = inverse;
      else low = inverse;
      const newton = inverse - first / second;
      const isInside = newton > low && newton < high;
      const next = isInside ? newton : Math.sqrt(low * high);
      const change = Math.abs(next - inverse);
      inverse = next;
      if (change <= 1e-12 * inverse) break;
    }
    return 1 / inverse;
  });
}

/** The derivatives of the sum of `-log softmax(b · logits)[label]` by `b`. */
async function slopes(
  reader: SampleReader,
  inverse: number,
): Promise<{ readonly first: number; readonly second: number }> {
  let [first, second] = [0, 0];
  for await (const { logits, labels, rows } of reader.blocks()) {
    const { data, columns } = logits;
    for (let row = 0; row < rows; row++) {
      const from = row * columns;
      const label = labels[row]!;
      const { argmax } = softmaxParts(data, from, columns);
      const largest = data[from + argmax]!;
      let [sum, mean, square] = [0, 0, 0];
      for (let j = from; j < from + columns; j++) {
        const below = data[j]! - largest;
        const weight = Math.exp(inverse * below);
        sum += weight;
        mean += weight * below;
        square += weight * below * below;
      }
      mean /= sum;
      first += mean - (data[from + label]! - largest);
      second += square / sum - mean * mean;
    }
  }
  return { first, second };
}

/**
 * Softmax and its logarithm, row by row, in float64, without overflow.
 *
 * @module
 */

type Floats = Float32Array | Float64Array;

/** What a softmax needs of a row: its largest number, and the others beside it. */
export interface SoftmaxParts {
  /** The largest number. */
  max: number;
  /** Its index, the first of equal ones. */
  argmax: number;
  /** `Σ exp(x - max)` over all others than the largest. */
  others: number;
}

/**
 * The parts of the softmax of a row, of numbers that are divided by a temperature.
 *
 * @param data Numbers.
 * @param from The index of the first of the row.
 * @param count How many the row has, at least one.
 * @param temperature The divisor.
 * @returns The parts; `max` is divided too.
 */
export function softmaxParts(
  data: Floats,
  from: number,
  count: number,
  temperature = 1,
): SoftmaxParts {
  let argmax = 0;
  for (let j = 1; j < count; j++) {
    if (data[from + j]! > data[from + argmax]!) argmax = j;
  }
  const largest = data[from + argmax]!;
  let others = 0;
  for (let j = 0; j < count; j++) {
    if (j !== argmax) {
      others += Math.exp((data[from + j]! - largest) / temperature);
    }
  }
  return { max: largest / temperature, argmax, others };
}

/**
 * `log(Σ exp(x / T))` of a row.
 *
 * @param data Numbers.
 * @param from The index of the first of the row.
 * @param count How many the row has, at least one.
 * @param temperature `T`.
 * @returns The logarithm.
 */
export function logSumExp(
  data: Floats,
  from: number,
  count: number,
  temperature = 1,
): number {
  const { max, others } = softmaxParts(data, from, count, temperature);
  return max + Math.log1p(others);
}

/**
 * The softmax of a row.
 *
 * @param data Numbers.
 * @param from The index of the first of the row.
 * @param into Where the probabilities go, as many as the row has.
 * @param temperature The divisor.
 * @returns `into`.
 */
export function softmax(
  data: Floats,
  from: number,
  into: Float64Array,
  temperature = 1,
): Float64Array {
  const count = into.length;
  let largest = -Infinity;
  for (let j = 0; j < count; j++) {
    if (data[from + j]! > largest) largest = data[from + j]!;
  }
  let sum = 0;
  for (let j = 0; j < count; j++) {
    into[j] = Math.exp((data[from + j]! - largest) / temperature);
    sum += into[j]!;
  }
  for (let j = 0; j < count; j++) into[j]! /= sum;
  return into;
}

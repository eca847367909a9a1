/**
 * Quantiles: exact for an array, and for a stream in bounded memory with an
 * error bound.
 *
 * Both interpolate linearly between neighbouring ranks at position
 * `(N - 1) · q`, as NumPy does by default. The position is computed in float64.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";

/**
 * A quantile of an array: `sorted[(N - 1) · q]`, linear between neighbours.
 *
 * Copies the array and sorts the copy.
 *
 * @param values `N` numbers, at least one, none NaN.
 * @param q The quantile level, in `[0, 1]`.
 * @returns The quantile.
 * @throws {RangeError} If `q` is out of range, or the array is empty or holds NaN.
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  checkShare(q);
  checkNotEmpty(values.length);
  checkNoNan(values, "take quantile", 0);
  const sorted = values instanceof Float32Array
    ? values.slice().sort()
    : Float64Array.from(values).sort(); // [N]
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return between(sorted[low]!, sorted[Math.ceil(at)]!, at - low);
}

/** Settings of a {@linkcode QuantileSketch}. */
export interface QuantileSketchOptions {
  /** Number of values up to which all are kept. @default {10_000_000} */
  readonly exactLimit?: number;
  /**
   * Number of values sorted and halved at once, an even number. @default
   * {65_536}
   */
  readonly bufferSize?: number;
}

/** A buffer of values that each represent `2 ** level` values of the stream. */
interface Level {
  values: Float32Array;
  fill: number;
  /** Number of times it was halved to its even and to its odd positions. */
  halved: [number, number];
}

/**
 * Quantiles of a stream of float32 values.
 *
 * Up to `exactLimit` values they are exact. Beyond that, values are kept in
 * levels: a full buffer of a level is sorted and every second value goes to the
 * next level, where it counts twice as much. One such halving at level `l`
 * moves no rank by more than `2 ** l`: upwards if the even positions stay,
 * downwards if the odd ones do. They alternate, so the larger of both sums
 * bounds the error of every rank; {@linkcode rankError} is that bound so far.
 * With buffers of 65,536 it is below 0.0002 for a thousand million values;
 * memory grows by one buffer each time their number doubles.
 *
 * The order of the values can change the result within the bound; nothing is random.
 */
export class QuantileSketch {
  readonly #exactLimit: number;
  readonly #size: number;
  /** Full buffers of level 0, while everything is kept. */
  #whole: Float32Array[] = [];
  #levels: Level[] = [];
  #count = 0;

  /**
   * An empty sketch.
   *
   * @param options Sizes of the sketch.
   * @throws {RangeError} If a number is out of range or the buffer size is odd.
   */
  constructor(options: QuantileSketchOptions = {}) {
    const { exactLimit = 10_000_000, bufferSize = 65_536 } = options;
    const action = "create quantile sketch";
    this.#exactLimit = checkInteger(exactLimit, action, "exactLimit", 0);
    this.#size = checkInteger(bufferSize, action, "bufferSize", 2);
    if (bufferSize % 2 !== 0) {
      throw new RangeError(
        cannot(action, `"bufferSize" must be even`, bufferSize),
      );
    }
  }

  /** The number of values added. */
  get count(): number {
    return this.#count;
  }

  /**
   * Maximum rank error of a quantile, as a fraction of {@linkcode count}; 0
   * while the quantiles are exact.
   */
  get rankError(): number {
    let [up, down] = [0, 0];
    this.#levels.forEach(({ halved }, level) => {
      up += halved[0] * 2 ** level;
      down += halved[1] * 2 ** level;
    });
    const most = Math.max(up, down);
    // One more for the interpolation between two neighbours.
    return most === 0 ? 0 : Math.min(1, (most + 1) / this.#count);
  }

  /**
   * Adds values. Copies them.
   *
   * @param values Any number of values, none NaN.
   * @throws {RangeError} If one is NaN; then none is added.
   */
  add(values: Float32Array): void {
    checkNoNan(values, "add values to quantile sketch", this.#count);
    const bottom = this.#level(0);
    for (let start = 0; start < values.length;) {
      const free = this.#size - bottom.fill;
      const part = values.subarray(start, start + free);
      bottom.values.set(part, bottom.fill);
      bottom.fill += part.length;
      start += part.length;
      this.#count += part.length;
      if (bottom.fill === this.#size) this.#filled(bottom);
    }
  }

  /**
   * The quantile of all values so far.
   *
   * @param q The quantile level, in `[0, 1]`.
   * @returns A value whose rank error is at most {@linkcode rankError}.
   * @throws {RangeError} If `q` is out of range or nothing was added.
   */
  quantile(q: number): number {
    checkShare(q);
    checkNotEmpty(this.#count);
    const sorted = this.#sortedLevels();
    const at = (this.#count - 1) * q;
    const low = Math.floor(at);
    const [first, second] = valuesAt(sorted, low, Math.ceil(at));
    return between(first, second, at - low);
  }

  #level(number: number): Level {
    return this.#levels[number] ??= {
      values: new Float32Array(this.#size), // [bufferSize]
      fill: 0,
      halved: [0, 0],
    };
  }

  #filled(bottom: Level): void {
    if (this.#count <= this.#exactLimit) {
      this.#whole.push(bottom.values.slice());
      bottom.fill = 0;
      return;
    }
    this.#halve(0);
    // From the first halving on, the full buffers are no longer needed.
    for (let full = this.#whole.pop(); full; full = this.#whole.pop()) {
      bottom.values.set(full);
      bottom.fill = this.#size;
      this.#halve(0);
    }
  }

  #halve(number: number): void {
    const level = this.#level(number);
    const above = this.#level(number + 1);
    const sorted = level.values.sort();
    const first = level.halved[0] > level.halved[1] ? 1 : 0;
    for (let i = first; i < sorted.length; i += 2) {
      above.values[above.fill++] = sorted[i]!;
    }
    level.halved[first]++;
    level.fill = 0;
    if (above.fill === this.#size) this.#halve(number + 1);
  }

  #sortedLevels(): Weighted[] {
    const [bottom, ...above] = this.#levels;
    const whole = new Float32Array(
      this.#whole.length * this.#size + bottom!.fill,
    );
    this.#whole.forEach((full, i) => whole.set(full, i * this.#size));
    whole.set(
      bottom!.values.subarray(0, bottom!.fill),
      this.#whole.length * this.#size,
    );
    const values = [
      whole,
      ...above.map(({ values, fill }) => values.slice(0, fill)),
    ];
    return values.map((level, i) => ({ values: level.sort(), weight: 2 ** i }));
  }
}

/** Sorted values with a weight each. */
interface Weighted {
  readonly values: Float32Array;
  readonly weight: number;
}

/** The values at two positions, `low <= high`, of all values repeated by weight. */
function valuesAt(
  levels: readonly Weighted[],
  low: number,
  high: number,
): [number, number] {
  if (levels.length === 1) {
    const { values } = levels[0]!;
    return [values[low]!, values[high]!];
  }
  const next = levels.map(() => 0);
  let [passed, first] = [0, NaN];
  while (true) {
    let best = -1;
    for (let i = 0; i < levels.length; i++) {
      const value = levels[i]!.values[next[i]!];
      if (value === undefined) continue;
      if (best < 0 || value < levels[best]!.values[next[best]!]!) best = i;
    }
    const { values, weight } = levels[best]!;
    const value = values[next[best]!++]!;
    if (passed <= low) first = value;
    passed += weight;
    if (passed > high) return [first, value];
  }
}

/**
 * Linear interpolation between `a` and `b`, exact at both ends; infinite if one
 * of them is.
 */
function between(a: number, b: number, share: number): number {
  if (a === b || share === 0) return a;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a + b;
  const step = b - a;
  if (!Number.isFinite(step)) return a * (1 - share) + b * share;
  return share < 0.5 ? a + step * share : b - step * (1 - share);
}

function checkShare(q: number): void {
  if (typeof q === "number" && q >= 0 && q <= 1) return;
  throw new RangeError(
    cannot("take quantile", `"q" must be in [0, 1]`, q),
  );
}

function checkNotEmpty(count: number): void {
  if (count > 0) return;
  throw new RangeError(
    cannot("take quantile", "there must be at least one value", count),
  );
}

function checkNoNan(
  values: ArrayLike<number>,
  action: string,
  offset: number,
): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === values[i]) continue;
    const rule = `no value may be NaN, as value ${offset + i} is`;
    throw new RangeError(cannot(action, rule, NaN));
  }
}

/**
 * Keys of the samples of a fit, in bounded memory, to detect a calibration on
 * the same samples.
 *
 * @module
 */
import type { SampleBlock, SampleMatrix } from "./definition.ts";

/** Maximum number of keys: up to this many samples, all are stored. */
const MOST_KEYS = 10_000;
/** Number of values of a sample used for its key. */
const MOST_VALUES = 32;

/**
 * The smallest keys of the added samples. A key is computed from the id if that
 * is a string; numbers are indices in most sets, so then it is computed from
 * the values that the detector uses.
 */
export class SampleKeys {
  #keys: number[] = [];
  #count = 0;

  /** Number of added samples. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds samples.
   *
   * @param ids Their ids.
   * @param matrices Their values that the detector uses.
   */
  add(
    ids: SampleBlock["ids"],
    matrices: readonly SampleMatrix[],
  ): void {
    this.#count += ids.length;
    ids.forEach((id, row) =>
      this.#keys.push(SampleKeys.keyOf(id, matrices, row))
    );
    if (this.#keys.length > 4 * MOST_KEYS) this.#keys = smallest(this.#keys);
  }

  /**
   * The keys, to be saved.
   *
   * @returns At most 10,000, ascending.
   */
  keys(): Float64Array {
    this.#keys = smallest(this.#keys);
    return Float64Array.from(this.#keys);
  }

  /**
   * The key of a sample.
   *
   * @param id Its id.
   * @param matrices The values that are used.
   * @param row Its row in them.
   * @returns A uniformly distributed integer of 53 bits.
   */
  static keyOf(
    id: string | number,
    matrices: readonly SampleMatrix[],
    row: number,
  ): number {
    if (typeof id !== "string") return SampleKeys.hashOf(matrices, row);
    const hash = new Hash();
    for (let i = 0; i < id.length; i++) hash.mix(id.charCodeAt(i));
    return hash.value;
  }

  /**
   * The hash of the values of a sample.
   *
   * @param matrices The values.
   * @param row Its row in them.
   * @returns A uniformly distributed integer of 53 bits.
   */
  static hashOf(matrices: readonly SampleMatrix[], row: number): number {
    const hash = new Hash();
    for (const { data, columns } of matrices) {
      const step = Math.max(1, Math.floor(columns / MOST_VALUES));
      for (let j = 0; j < columns; j += step) {
        wordOf[0] = data[row * columns + j]!;
        hash.mix(bits[0]!);
      }
    }
    return hash.value;
  }
}

/** A hash of words of 32 bits. */
class Hash {
  #a = 0x811c9dc5;
  #b = 0x9747b28c;

  mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#b = Math.imul(this.#b ^ (word + (this.#b >>> 15)), 0x85ebca6b);
    this.#a ^= this.#a >>> 13;
  }

  /** An integer of 53 bits. */
  get value(): number {
    return (this.#a >>> 5) * 2 ** 26 + ((this.#b ^ (this.#b >>> 16)) >>> 6);
  }
}

/**
 * The fraction of some samples that are among others.
 *
 * @param keys Keys of the samples.
 * @param others Keys of the others.
 * @returns The fraction, in [0, 1]; exact up to 10,000 samples, otherwise an
 * estimate.
 */
export function sharedPart(keys: Float64Array, others: Float64Array): number {
  // Each list is complete up to the last key of a full list.
  const end = (list: Float64Array) =>
    list.length < MOST_KEYS ? Infinity : list.at(-1)!;
  const most = Math.min(end(keys), end(others));
  const known = new Set(others);
  const comparable = keys.filter((key) => key <= most);
  if (comparable.length === 0) return 0;
  return comparable.filter((key) => known.has(key)).length / comparable.length;
}

function smallest(keys: readonly number[]): number[] {
  return keys.toSorted((a, b) => a - b).slice(0, MOST_KEYS);
}

const wordOf = new Float32Array(1);
const bits = new Uint32Array(wordOf.buffer);

/**
 * A bank of known samples: all up to a limit, otherwise a random subset.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { seededRandom } from "../math/seeded_random.ts";
import type { DetectorState, SampleBlock, SampleMatrix } from "./definition.ts";

interface Part {
  readonly data: Float32Array | Float64Array;
  readonly key: number;
  readonly row: number;
  readonly id: string | number;
}

/** The samples of rows. */
export type SampleNames = Pick<SampleBlock, "rows" | "firstRow" | "ids">;

/** The kept rows, in the order of the samples. */
export interface RowSample {
  /** `[M, D]`, float32 if the features are. */
  readonly data: Float32Array | Float64Array;
  /** Indices of the samples, ascending, `[M]`. */
  readonly rows: Int32Array;
  /** Their ids. */
  readonly ids: readonly (string | number)[];
}

/**
 * Keeps rows while samples are read. The choice depends on the seed and the
 * indices of the samples, not on the blocks.
 */
export class SampledRows {
  readonly #most: number;
  readonly #random: () => number;
  #parts: Part[] = [];
  #limit = Infinity;

  /**
   * Creates an empty bank.
   *
   * @param most Maximum number of rows.
   * @param seed Seed of the choice.
   */
  constructor(most: number, seed: number) {
    this.#most = most;
    this.#random = seededRandom(seed);
  }

  /**
   * Adds samples; must be called for all, in order.
   *
   * @param block The samples.
   * @param matrix Their rows; copied.
   */
  add(block: SampleNames, { data, columns }: SampleMatrix): void {
    for (let i = 0; i < block.rows; i++) {
      const key = this.#random();
      if (key > this.#limit) continue;
      const row = data.slice(i * columns, (i + 1) * columns);
      const [number, id] = [block.firstRow + i, block.ids[i]!];
      this.#parts.push({ data: row, key, row: number, id });
      if (this.#parts.length >= 2 * this.#most) this.#thin(this.#most);
    }
  }

  /**
   * Returns the kept rows.
   *
   * @param most Maximum number of rows to return.
   * @returns Rows, indices and ids.
   */
  sample(most: number = this.#most): RowSample {
    this.#thin(Math.min(most, this.#most));
    const parts = this.#parts.sort((a, b) => a.row - b.row);
    const width = parts[0]?.data.length ?? 0;
    const isFloat32 = parts[0]?.data instanceof Float32Array;
    const data = isFloat32
      ? new Float32Array(parts.length * width) // [M, D]
      : new Float64Array(parts.length * width); // [M, D]
    parts.forEach((part, i) => data.set(part.data, i * width));
    const rows = Int32Array.from(parts, ({ row }) => row); // [M]
    return { data, rows, ids: parts.map(({ id }) => id) };
  }

  /** Keeps the rows with the smallest keys. */
  #thin(most: number): void {
    if (this.#parts.length <= most) return;
    this.#parts.sort((a, b) => a.key - b.key || a.row - b.row);
    this.#parts.length = most;
    this.#limit = this.#parts.at(-1)!.key;
  }
}

/**
 * Encodes ids as an array of a state.
 *
 * @param ids The ids.
 * @returns JSON in UTF-8.
 */
export function encodeIds(
  ids: readonly (string | number)[],
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(ids));
}

/**
 * Decodes ids from {@linkcode encodeIds}.
 *
 * @param data JSON in UTF-8.
 * @returns The ids.
 */
export function decodeIds(data: ArrayBufferView): (string | number)[] {
  return JSON.parse(new TextDecoder().decode(data as Uint8Array<ArrayBuffer>));
}

/**
 * Checks that a bank can hold as many samples as there are neighbours.
 *
 * @param neighbors Number of neighbours.
 * @param maxSamples Maximum number of samples of the bank.
 * @param action The action, for messages.
 * @throws {RangeError} If it cannot.
 */
export function checkBankSize(
  neighbors: number,
  maxSamples: number,
  action: string,
): void {
  if (neighbors <= maxSamples) return;
  const rule = `"neighbors" must be <= "maxSamples", ${maxSamples}`;
  throw new RangeError(cannot(action, rule, neighbors));
}

/**
 * The index of each sample of the fit in the bank, to score it without itself.
 *
 * @param block Samples of the fit.
 * @param indices Indices of the samples of the bank, `[M]`, in the state of the
 * fit.
 * @param neighbors Number of neighbours of each score.
 * @param name The detector's name.
 * @returns One index per sample; -1 for samples that are not in the bank.
 * @throws {RangeError} If too few other samples are left.
 */
export function bankIndices(
  block: SampleNames,
  indices: DetectorState[string],
  neighbors: number,
  name: string,
): Int32Array {
  const rows = indices.data as Int32Array;
  if (rows.length <= neighbors) {
    const rule = `"neighbors" must be < the ${rows.length} samples that are ` +
      "kept, as each is scored without itself";
    throw new RangeError(cannot(`score with ${name}()`, rule, neighbors));
  }
  const indexOf = new Map(Array.from(rows, (row, i) => [row, i]));
  return Int32Array.from(
    { length: block.rows },
    (_, i) => indexOf.get(block.firstRow + i) ?? -1,
  );
}

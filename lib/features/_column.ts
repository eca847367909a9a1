/**
 * One array of a feature set, built batch by batch.
 *
 * @module
 */
import { cannot, shapeText, sizeOf } from "../check.ts";
import type { NdArray } from "../types.ts";
import type { FeatureData } from "./fields.ts";
import { emptyLike, frozenArray, joinRows } from "./rows.ts";

/**
 * Rows that arrive in batches.
 *
 * If the number of rows is known, they are written into one array; otherwise
 * the batches are kept and joined at the end.
 */
export class Column<T extends FeatureData> {
  readonly #name: string;
  readonly #total: number | undefined;
  #first: NdArray<T> | undefined;
  #whole: T | undefined;
  #parts: NdArray<T>[] = [];
  #rows = 0;

  /**
   * An empty column.
   *
   * @param name Its name in messages, as in `layer "conv1"`.
   * @param total Total number of rows, if known.
   */
  constructor(name: string, total: number | undefined) {
    this.#name = name;
    this.#total = total;
  }

  /**
   * Checks that a batch can be added.
   *
   * @param batch The rows, `[n, …]`.
   * @throws {TypeError} If shape or type differ from those of the first batch.
   */
  check(batch: NdArray<T>): void {
    if (this.#first === undefined) return;
    const [now, before] = [batch, this.#first].map(({ shape, dtype }) =>
      `${shapeText([null, ...shape.slice(1)])} of ${dtype}`
    );
    if (now === before) return;
    const rule = `${this.#name} must be ${before} in every batch`;
    throw new TypeError(cannot("join batches", rule, now));
  }

  /**
   * Adds the rows of a batch. The column takes ownership of the array: it keeps
   * it if the total is unknown or equals the size of the batch, and empties it
   * otherwise.
   *
   * @param batch The rows, `[n, …]`.
   * @throws {TypeError} If {@linkcode Column.check} refuses it.
   */
  add(batch: NdArray<T>): void {
    this.check(batch);
    this.#first ??= frozenArray(
      emptyLike(batch.data, 0),
      [0, ...batch.shape.slice(1)],
      batch.dtype,
    );
    if (this.#total === undefined) this.#parts.push(withoutRest(batch));
    else if (this.#rows === 0 && batch.shape[0] === this.#total) {
      this.#whole = withoutRest(batch).data; // the whole array, as in a stream
    } else this.#write(batch, sizeOf(batch.shape.slice(1)));
    this.#rows += batch.shape[0]!;
  }

  /**
   * Returns the rows and releases them.
   *
   * @returns All rows, `[N, …]`.
   */
  finish(): NdArray<T> {
    const first = this.#first!;
    if (this.#total === undefined) {
      const parts = this.#parts;
      this.#parts = [];
      return parts.length === 1 ? parts[0]! : joinRows(parts);
    }
    const whole = this.#whole!;
    this.#whole = undefined;
    const shape = [this.#rows, ...first.shape.slice(1)];
    const size = sizeOf(shape);
    const data = (whole.length === size ? whole : whole.slice(0, size)) as T;
    return frozenArray(data, shape, first.dtype);
  }

  #write(batch: NdArray<T>, width: number): void {
    const needed = this.#rows + batch.shape[0]!;
    this.#whole ??= emptyLike(batch.data, this.#total! * width);
    if (needed * width > this.#whole.length) {
      const larger = emptyLike(batch.data, Math.ceil(needed * 1.5) * width);
      larger.set(this.#whole);
      this.#whole = larger;
    }
    this.#whole.set(batch.data, this.#rows * width);
    free(batch.data);
  }
}

/** Copies a view, which would keep the whole underlying buffer alive. */
function withoutRest<T extends FeatureData>(array: NdArray<T>): NdArray<T> {
  const { data, shape, dtype } = array;
  if (data.byteLength === data.buffer.byteLength) return array;
  return frozenArray(data.slice() as T, shape, dtype);
}

/**
 * Frees the memory of an array without waiting for the garbage collector, which
 * may defer more than 100 MB of arrays. The array is empty afterwards.
 */
function free({ buffer, byteLength }: FeatureData): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}

/**
 * Selects the nearest of many rows.
 *
 * @module
 */

/** Rows that are searched. */
export interface Bank {
  /** `rows * columns` numbers. */
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
  /** Divisor of each row, `[rows]`. @default {1} */
  readonly lengths?: Float64Array;
  /** Addend to the squared distance of each row, >= 0, `[rows]`. @default {0} */
  readonly extra?: Float64Array;
  /**
   * Squared length of each row after the division, `[rows]`, by
   * {@linkcode squaresOf}: makes searches without the runtime faster.
   */
  readonly squares?: Float64Array;
}

/**
 * Squared lengths of the rows of a bank.
 *
 * @param bank The rows, with their divisors.
 * @returns One number per row.
 */
export function squaresOf(
  { data, rows, columns, lengths }: Omit<Bank, "squares">,
): Float64Array {
  const squares = new Float64Array(rows); // [M]
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    const length = lengths?.[row] ?? 1;
    let sum = 0;
    for (let i = at; i < at + columns; i++) sum += (data[i]! / length) ** 2;
    squares[row] = sum;
  }
  return squares;
}

/**
 * The squared distance of a row from a query, or any number above the limit if
 * it exceeds the limit.
 *
 * @param data The rows.
 * @param at Index of the row's first value.
 * @param query The query.
 * @param length The divisor of the row.
 * @param limit Distances above this are not computed exactly.
 * @returns The sum of squared differences.
 */
export function squaredDistance(
  data: Float32Array | Float64Array,
  at: number,
  query: Float64Array,
  length: number,
  limit = Infinity,
): number {
  const columns = query.length;
  let sum = 0;
  for (let j = 0; j < columns;) {
    const end = Math.min(columns, j + 64);
    for (; j < end; j++) {
      const difference = data[at + j]! / length - query[j]!;
      sum += difference * difference;
    }
    if (sum > limit) return sum;
  }
  return sum;
}

/** The nearest rows so far: a heap with the farthest at its top. */
export class NearestList {
  readonly #rows: Int32Array;
  readonly #distances: Float64Array;
  #count = 0;

  /** Creates an empty list of a maximum length. */
  constructor(size: number) {
    this.#rows = new Int32Array(size);
    this.#distances = new Float64Array(size);
  }

  /** The squared distance that a new row must not exceed. */
  get worst(): number {
    return this.#count < this.#rows.length ? Infinity : this.#distances[0]!;
  }

  /** Removes all rows. */
  clear(): void {
    this.#count = 0;
  }

  /**
   * Adds a row if it is near enough.
   *
   * @param row The row.
   * @param distance Its squared distance.
   */
  offer(row: number, distance: number): void {
    const [rows, distances] = [this.#rows, this.#distances];
    if (this.#count < rows.length) {
      let at = this.#count++;
      while (at > 0) { // sift up
        const parent = (at - 1) >> 1;
        if (!isFarther(distance, row, distances[parent]!, rows[parent]!)) break;
        rows[at] = rows[parent]!;
        distances[at] = distances[parent]!;
        at = parent;
      }
      rows[at] = row;
      distances[at] = distance;
    } else if (
      rows.length > 0 && isFarther(distances[0]!, rows[0]!, distance, row)
    ) this.#sink(row, distance);
  }

  #sink(row: number, distance: number): void {
    const [rows, distances, size] = [this.#rows, this.#distances, this.#count];
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const other = child + 1;
      const isOther = other < size && isFarther(
        distances[other]!,
        rows[other]!,
        distances[child]!,
        rows[child]!,
      );
      if (isOther) child = other;
      if (!isFarther(distances[child]!, rows[child]!, distance, row)) break;
      rows[at] = rows[child]!;
      distances[at] = distances[child]!;
      at = child;
    }
    rows[at] = row;
    distances[at] = distance;
  }

  /**
   * Writes the rows, nearest first.
   *
   * @param indices The destination of the row indices.
   * @param distances The destination of the distances.
   * @param start Index of the first value to write.
   */
  write(indices: Int32Array, distances: Float64Array, start: number): void {
    const order = Array.from({ length: this.#count }, (_, i) => i).sort(
      (a, b) =>
        this.#distances[a]! - this.#distances[b]! ||
        this.#rows[a]! - this.#rows[b]!,
    );
    order.forEach((from, to) => {
      indices[start + to] = this.#rows[from]!;
      distances[start + to] = Math.sqrt(this.#distances[from]!);
    });
  }
}

/**
 * Whether the first row is farther; at equal distance, the later row counts as
 * farther.
 */
function isFarther(
  distance: number,
  row: number,
  otherDistance: number,
  otherRow: number,
): boolean {
  return distance > otherDistance ||
    (distance === otherDistance && row > otherRow);
}

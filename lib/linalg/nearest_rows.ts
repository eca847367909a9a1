/**
 * Exact search for the nearest rows of a bank.
 *
 * @module
 */
import { hasNative, type LinalgOptions } from "./native_graph.ts";
import { NativeCandidates } from "./_native_candidates.ts";
import { type Bank, NearestList, squaredDistance } from "./nearest_list.ts";
import { rowProducts } from "./row_products.ts";
import type { Matrix } from "./products.ts";

/** Settings of {@linkcode openNearest}. */
export interface NearestRowsOptions extends LinalgOptions {
  /** Number of neighbours, at most the number of rows of the bank. */
  readonly neighbors: number;
  /** Expected number of queries, if known: a few do not justify a worker. */
  readonly queries?: number | undefined;
}

/** Neighbours of some queries, nearest first. */
export interface NearestRows {
  /**
   * `[n, K]`, row indices of the bank; rows at equal distance in their order.
   */
  readonly indices: Int32Array;
  /** `[n, K]`, Euclidean distances; with extra squares, the roots of the sums. */
  readonly distances: Float64Array;
}

/** An open search. */
export interface NearestSearch {
  /**
   * Finds the neighbours of queries.
   *
   * @param queries `[n, D]`.
   * @param skipped For each query a row of the bank to skip, or -1.
   * @returns The neighbours.
   */
  find(queries: Matrix, skipped?: Int32Array): Promise<NearestRows>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Number of multiplications from which the runtime is used: 0.3 s of plain
 * loops.
 */
const WORTH_OPENING = 4e8;

/**
 * Prepares a search.
 *
 * @param bank `[M, D]`; must not change until it is closed.
 * @param options Number of neighbours, and whether the runtime may be used.
 * @returns The search; close it.
 */
export async function openNearest(
  bank: Bank,
  options: NearestRowsOptions,
): Promise<NearestSearch> {
  const { neighbors, queries = Infinity, pacer } = options;
  const work = queries * bank.rows * bank.columns;
  const isWorth = work >= WORTH_OPENING && neighbors * 4 <= bank.rows;
  const native = isWorth && await hasNative(options)
    ? await NativeCandidates.open(bank, options)
    : undefined;
  return {
    async find(queries, skipped) {
      const count = queries.rows;
      const indices = new Int32Array(count * neighbors); // [n, K]
      const distances = new Float64Array(count * neighbors); // [n, K]
      const candidates = await native?.find(queries);
      for (let row = 0; row < count; row++) {
        const query = queries.data.subarray(
          row * bank.columns,
          (row + 1) * bank.columns,
        );
        const skip = skipped?.[row] ?? -1;
        const best = new NearestList(neighbors);
        const isExact = candidates?.offer(row, query, skip, best) ?? false;
        if (!isExact) offerAll(bank, query, skip, best);
        best.write(indices, distances, row * neighbors);
        if (row % 16 === 0) await pacer?.rest();
      }
      return { indices, distances };
    },
    async close() {
      await native?.close();
    },
  };
}

/**
 * Offers all rows of a bank. With squares, exact distances are computed only for
 * rows whose squared distance `q² + b² - 2 q b` may be small enough.
 */
function offerAll(
  bank: Bank,
  query: Float64Array,
  skip: number,
  best: NearestList,
): void {
  const { data, rows, columns, lengths, extra, squares } = bank;
  best.clear();
  const products = squares && rowProducts(bank, query); // [M]
  const square = query.reduce((sum, x) => sum + x * x, 0);
  for (let row = 0; row < rows; row++) {
    if (row === skip) continue;
    const at = row * columns;
    const length = lengths === undefined ? 1 : lengths[row]!;
    const more = extra === undefined ? 0 : extra[row]!;
    const limit = best.worst - more;
    if (products !== undefined) {
      const both = square + squares![row]!;
      const error = (2 * columns + 8) * Number.EPSILON * both + VANISHING;
      // False if numbers overflow: then the exact distance is computed.
      if (both - 2 * products[row]! / length - error > limit) continue;
    }
    best.offer(row, squaredDistance(data, at, query, length, limit) + more);
  }
}

/** Above the rounding errors of squares that underflow. */
const VANISHING = 2 ** -1000;

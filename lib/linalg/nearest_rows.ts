/**
 * The nearest rows of a bank, exactly.
 *
 * @module
 */
import { hasNative, type LinalgOptions } from "./native_graph.ts";
import { NativeCandidates } from "./_native_candidates.ts";
import { type Bank, NearestList, squaredDistance } from "./_nearest_list.ts";
import type { Matrix } from "./products.ts";

/** Settings of {@linkcode openNearest}. */
export interface NearestOptions extends LinalgOptions {
  /** How many neighbours are wanted, at most the rows of the bank. */
  readonly neighbors: number;
  /** How many queries will come, where that is known: a few are not worth a worker. */
  readonly queries?: number | undefined;
}

/** Neighbours of some queries, nearest first. */
export interface NearestRows {
  /** `[n, K]`, rows of the bank; the first of equally near ones comes first. */
  readonly indices: Int32Array;
  /** `[n, K]`, Euclidean distances; with extra squares, the roots of the sums. */
  readonly distances: Float64Array;
}

/** A bank that is searched. */
export interface NearestSearch {
  /**
   * Finds the neighbours of queries.
   *
   * @param queries `[n, D]`.
   * @param skipped For each query a row of the bank that does not count, or -1.
   * @returns As many neighbours as were requested.
   */
  find(queries: Matrix, skipped?: Int32Array): Promise<NearestRows>;
  /** Frees what is held. */
  close(): Promise<void>;
}

/** Multiplications from which on the runtime is used: 0.3 s of plain loops. */
const WORTH_OPENING = 4e8;

/**
 * Prepares a search.
 *
 * @param bank `[M, D]`; must not change until it is closed.
 * @param options How many neighbours, and whether the runtime may be used.
 * @returns The search; close it.
 */
export async function openNearest(
  bank: Bank,
  options: NearestOptions,
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

/** Offers all rows of a bank. */
function offerAll(
  { data, rows, columns, lengths, extra }: Bank,
  query: Float64Array,
  skip: number,
  best: NearestList,
): void {
  best.clear();
  for (let row = 0; row < rows; row++) {
    if (row === skip) continue;
    const at = row * columns;
    const length = lengths === undefined ? 1 : lengths[row]!;
    const more = extra === undefined ? 0 : extra[row]!;
    const limit = best.worst - more;
    best.offer(row, squaredDistance(data, at, query, length, limit) + more);
  }
}

/**
 * Finds candidates for the nearest rows in float32 on the native runtime; they
 * are ranked again in float64.
 *
 * @module
 */
import type { OnnxGraph } from "../engines/onnx/graph/onnx_graph.ts";
import {
  type Bank,
  type NearestList,
  squaredDistance,
} from "./nearest_list.ts";
import {
  type LinalgOptions,
  type NativeGraph,
  openNative,
} from "./native_graph.ts";
import type { Matrix } from "./products.ts";

/** Maximum number of float32 products in the runtime at once: 64 MB. */
const MOST_PRODUCTS = 2 ** 24;
/** The rounding error of float32 numbers near 1. */
const ROUNDING = 2 ** -24;

/** The smallest float32 number above 0. */
const LEAST = 2 ** -149;
/** Squared lengths below this, and products of such rows, are finite in float32. */
const OVERFLOW = 1e37;

/** Candidates of some queries. */
export interface Candidates {
  /**
   * Offers the candidates of a query.
   *
   * @param row The query's row.
   * @param query The query.
   * @param skip A row of the bank to skip, or -1.
   * @param best The list to offer them to.
   * @returns Whether `best` certainly holds the nearest rows.
   */
  offer(
    row: number,
    query: Float64Array,
    skip: number,
    best: NearestList,
  ): boolean;
}

/** A bank in the native runtime. */
export class NativeCandidates {
  readonly #bank: Bank;
  readonly #graph: NativeGraph;
  readonly #centre: Float64Array;
  readonly #longest: number;
  readonly #most: number;

  private constructor(
    bank: Bank,
    graph: NativeGraph,
    { centre, longest, most }: {
      readonly centre: Float64Array;
      readonly longest: number;
      readonly most: number;
    },
  ) {
    this.#bank = bank;
    this.#graph = graph;
    this.#centre = centre;
    this.#longest = longest;
    this.#most = most;
  }

  /**
   * Passes a bank to the runtime.
   *
   * @param bank The rows; must not change.
   * @param options Number of neighbours.
   * @returns The bank; close it.
   */
  static async open(
    bank: Bank,
    options: LinalgOptions & { readonly neighbors: number },
  ): Promise<NativeCandidates> {
    const { neighbors, pacer } = options;
    const most = Math.min(bank.rows, neighbors + (neighbors >> 1) + 32);
    const centre = meanOf(bank);
    await pacer?.rest();
    const { transposed, halves, longest } = await prepared(bank, centre, pacer);
    const graph = await openNative(
      (graph) => search(graph, bank, transposed, halves, most),
      { ...options, transferable: [transposed] },
    );
    return new NativeCandidates(bank, graph, { centre, longest, most });
  }

  /**
   * Finds candidates.
   *
   * @param queries `[n, D]`.
   * @returns The candidates.
   */
  async find({ data, rows, columns }: Matrix): Promise<Candidates> {
    const most = this.#most;
    const { data: bank, lengths: lengthsOfRows, extra } = this.#bank;
    const step = Math.max(1, Math.floor(MOST_PRODUCTS / this.#bank.rows));
    const lengths = new Float64Array(rows); // [n], squared
    const found = new Int32Array(rows * most); // [n, most]
    const worst = new Float64Array(rows); // [n]
    for (let start = 0; start < rows; start += step) {
      const end = Math.min(rows, start + step);
      const shifted = new Float32Array((end - start) * columns); // [step, D]
      for (let row = start; row < end; row++) {
        for (let j = 0; j < columns; j++) {
          const x = Math.fround(data[row * columns + j]! - this.#centre[j]!);
          shifted[(row - start) * columns + j] = x;
          lengths[row]! += x * x;
        }
      }
      const [scores, indices] = await this.#graph.run([
        { data: shifted, shape: [end - start, columns] },
      ]);
      found.set(indices!.data as Int32Array, start * most);
      for (let row = start; row < end; row++) {
        worst[row] = scores!.data[(row - start + 1) * most - 1]!;
      }
    }
    return {
      offer: (row, query, skip, best) => {
        for (let i = row * most; i < (row + 1) * most; i++) {
          const at = found[i]!;
          if (at === skip) continue;
          const from = at * columns;
          const length = lengthsOfRows?.[at] ?? 1;
          const more = extra?.[at] ?? 0;
          const limit = best.worst - more;
          best.offer(
            at,
            squaredDistance(bank, from, query, length, limit) + more,
          );
        }
        if (most === this.#bank.rows) return true;
        const nearestLeft = lengths[row]! - 2 * worst[row]!;
        return best.worst < nearestLeft - this.#error(lengths[row]!, columns);
      },
    };
  }

  /**
   * Error bound of a squared distance: accumulated rounding errors, and values
   * that underflow in float32. Infinite if float32 overflows.
   */
  #error(length: number, columns: number): number {
    const longest = Math.max(this.#longest, length);
    if (!(longest < OVERFLOW)) return Infinity;
    return ROUNDING * (8 * Math.sqrt(columns) + 32) * longest +
      LEAST * (4 * columns + 4);
  }

  /** Frees the runtime's copy. */
  async close(): Promise<void> {
    await this.#graph.close();
  }
}

/** The largest of `q · b - |b|² / 2`: those of the smallest `|q - b|²`. */
function search(
  graph: OnnxGraph,
  { rows, columns }: Bank,
  transposed: Float32Array,
  halves: Float32Array,
  most: number,
) {
  const queries = graph.input("queries", "float32", ["n", columns]);
  const bank = graph.constant("float32", [columns, rows], transposed);
  const half = graph.constant("float32", [rows], halves);
  const products = graph.node("MatMul", [queries, bank]);
  const scores = graph.node("Sub", [products, half]);
  const count = graph.integers([most]);
  const [values, indices] = graph.nodeWith(2, "TopK", [scores, count]);
  const narrow = graph.node("Cast", [indices!], { to: 6 }); // int32
  return [[values!, "float32"], [narrow, "int32"]] as const;
}

function meanOf({ data, rows, columns, lengths }: Bank): Float64Array {
  const sum = new Float64Array(columns); // [D]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const length = lengths?.[row] ?? 1;
    for (let j = 0; j < columns; j++) sum[j]! += data[from + j]! / length;
  }
  return sum.map((x) => x / rows);
}

/**
 * The transposed bank in float32, shifted by its mean, and half of its squared
 * lengths.
 */
async function prepared(
  { data, rows, columns, lengths: lengthsOfRows, extra }: Bank,
  centre: Float64Array,
  pacer: LinalgOptions["pacer"],
) {
  const transposed = new Float32Array(rows * columns); // [D, M]
  const halves = new Float32Array(rows); // [M]
  let longest = 0;
  for (let start = 0; start < rows; start += 64) {
    const end = Math.min(rows, start + 64); // blocks of rows that fit the cache
    const lengths = new Float64Array(end - start);
    for (let j = 0; j < columns; j++) {
      for (let row = start; row < end; row++) {
        const value = data[row * columns + j]! / (lengthsOfRows?.[row] ?? 1);
        const x = Math.fround(value - centre[j]!);
        transposed[j * rows + row] = x;
        lengths[row - start]! += x * x;
      }
    }
    lengths.forEach((square, i) => {
      const length = square + (extra?.[start + i] ?? 0);
      halves[start + i] = length / 2;
      longest = Math.max(longest, length);
    });
    if (start % 4096 === 0) await pacer?.rest();
  }
  return { transposed, halves, longest };
}

/**
 * Sums of outer products of rows in float64: on the native runtime in a worker,
 * if it may be loaded and the sum is large enough; otherwise in plain loops. Both
 * agree to about 1e-13 of the sum of the absolute products.
 *
 * @module
 */
import type { WorkPacer } from "../types.ts";
import {
  hasNative,
  type LinalgOptions,
  type NativeGraph,
  openNative,
} from "./native_graph.ts";
import { type Matrix, WORTH_SENDING } from "./products.ts";

/** Sums of outer products of rows. */
export interface GramSum {
  /**
   * Adds the outer products of rows.
   *
   * @param rows `[n, D]`; copied.
   */
  add(rows: Matrix): Promise<void>;
  /**
   * Adds the outer products of rows that are written into the buffer directly.
   *
   * @param rows Number of rows.
   * @param write Writes the `D` numbers of a row into an array, from an index.
   */
  fill(
    rows: number,
    write: (target: Float64Array, at: number, row: number) => void,
  ): Promise<void>;
  /**
   * Returns the sum; nothing can be added afterwards.
   *
   * @returns `Σ xᵀx`, `[D, D]`, symmetric.
   */
  sum(): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Number of values sent to the runtime at once: 8 MB. For 8,192 rows of 512 values,
 * one product took 180 ms, four of a quarter each took 26 ms each, on two cores.
 */
const BUFFER_SIZE = 2 ** 20;

/**
 * Number of products in flight. With one, the runtime waits while its result
 * is added and the next rows are copied.
 */
const IN_FLIGHT = 2;

/**
 * Prepares a sum of outer products. The caller must shift rows close to
 * their mean, so that subtracting the mean afterwards does not cancel digits.
 *
 * @param columns `D`, number of values per row.
 * @param options Whether the native runtime may be used; signal.
 * @returns The sum; close it.
 */
export async function openGramSum(
  columns: number,
  options: LinalgOptions = {},
): Promise<GramSum> {
  const { pacer } = options;
  const mayUseNative = columns > 0 && await hasNative(options);
  const most = Math.max(1, Math.min(8192, Math.floor(BUFFER_SIZE / columns)));
  const total = new Float64Array(columns * columns); // [D, D]
  let buffer = new Float64Array(); // [most, D], allocated on first use
  let filled = 0;
  let native: ReturnType<typeof openGram> | undefined;
  const running: Promise<void>[] = [];
  const flush = async (isLast: boolean) => {
    const data = buffer.subarray(0, filled * columns);
    const isSmall = filled * columns * columns < WORTH_SENDING;
    if (!mayUseNative || (native === undefined && isLast && isSmall)) {
      await plainGram({ data, rows: filled, columns }, total, pacer);
    } else {
      if (running.length === IN_FLIGHT) await running.shift();
      const graph = await (native ??= openGram(columns, options));
      const adding = addGram(graph, { data, rows: filled, columns }, total);
      adding.catch(() => {}); // it is awaited later
      running.push(adding);
    }
    filled = 0;
  };
  const fill: GramSum["fill"] = async (rows, write) => {
    if (buffer.length === 0) buffer = new Float64Array(most * columns);
    for (let row = 0; row < rows; row++) {
      write(buffer, filled++ * columns, row);
      if (filled === most) await flush(false);
    }
  };
  return {
    fill,
    add: ({ data, rows }) =>
      fill(rows, (target, at, row) => {
        target.set(data.subarray(row * columns, (row + 1) * columns), at);
      }),
    async sum() {
      if (filled > 0) await flush(true);
      await Promise.all(running);
      for (let i = 0; i < columns; i++) {
        for (let j = 0; j < i; j++) {
          total[j * columns + i] = total[i * columns + j]!;
        }
      }
      return total;
    },
    async close() {
      await (await native?.catch(() => undefined))?.close();
    },
  };
}

/** Outer products of rows, for several sums. */
export interface OuterProducts {
  /**
   * Adds the outer products of rows to a sum.
   *
   * @param total `[D, D]`, of which only the lower triangle is updated.
   * @param rows `[n, D]`; only read, until the promise settles.
   */
  addTo(total: Float64Array, rows: Matrix): Promise<void>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Prepares outer products of rows for several sums, such as one per class. As for
 * {@linkcode openGramSum}, rows must be shifted close to their mean.
 *
 * @param columns `D`, number of values per row.
 * @param options Whether the native runtime may be used; signal.
 * @returns The products; close them.
 */
export async function openOuterProducts(
  columns: number,
  options: LinalgOptions = {},
): Promise<OuterProducts> {
  const mayUseNative = columns > 0 && await hasNative(options);
  let native: ReturnType<typeof openGram> | undefined;
  return {
    async addTo(total, { data, rows }) {
      const isSmall = rows * columns * columns < WORTH_SENDING;
      if (!mayUseNative || (native === undefined && isSmall)) {
        return await plainGram({ data, rows, columns }, total, options.pacer);
      }
      const graph = await (native ??= openGram(columns, options));
      await addGram(graph, { data, rows, columns }, total);
    },
    async close() {
      await (await native?.catch(() => undefined))?.close();
    },
  };
}

/**
 * From this number of columns, one of the four quadrants is not computed, because
 * it lies above the diagonal.
 */
const WORTH_HALVING = 64;

/**
 * The product of the transposed rows with the rows, its lower triangle: the left
 * half of the columns with itself, and the right half with all of them.
 */
function openGram(columns: number, options: LinalgOptions) {
  const left = columns >> 1;
  return openNative((graph) => {
    const rows = graph.input("rows", "float64", ["n", columns]);
    const product = (a: string, b: string) =>
      [graph.node("Gemm", [a, b], { transA: 1 }), "float64"] as const;
    if (columns < WORTH_HALVING) return [product(rows, rows)];
    const sizes = graph.integers([left, columns - left]);
    const [a, b] = graph.nodeWith(2, "Split", [rows, sizes], { axis: 1 });
    return [product(a!, a!), product(b!, rows)];
  }, options);
}

/** Adds the lower triangle of the product of rows to a sum. */
async function addGram(
  graph: NativeGraph,
  { data, rows, columns }: Matrix,
  total: Float64Array,
): Promise<void> {
  let first = 0;
  for (const part of await graph.run([{ data, shape: [rows, columns] }])) {
    const [height, width] = part.shape as [number, number];
    const values = part.data;
    for (let i = 0; i < height; i++) {
      const to = (first + i) * columns;
      for (let j = 0; j < width; j++) total[to + j]! += values[i * width + j]!;
    }
    first += height;
  }
}

/** Adds the lower triangle. */
async function plainGram(
  { data, rows, columns }: Matrix,
  total: Float64Array,
  pacer: WorkPacer | undefined,
): Promise<void> {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let i = 0; i < columns; i++) {
      const factor = data[start + i]!;
      if (factor === 0) continue;
      const to = i * columns;
      for (let j = 0; j <= i; j++) total[to + j]! += factor * data[start + j]!;
    }
    if (row % 64 === 0) await pacer?.rest();
  }
}

/**
 * Products of matrices in float64: on the native runtime in a worker, if it may
 * be loaded and the product is large enough; otherwise in plain loops. Both
 * agree to about 1e-13 of the sum of the absolute products.
 *
 * @module
 */
import type { WorkPacer } from "../types.ts";
import { hasNative, type LinalgOptions, openNative } from "./native_graph.ts";

/** A matrix in float64, row after row. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Products with one matrix. */
export interface Product {
  /**
   * Multiplies.
   *
   * @param left `[n, K]`.
   * @returns `left · right`, `[n, M]`.
   */
  times(left: Matrix): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Number of multiplications above which a product runs on the runtime; a few ms
 * of plain loops.
 */
const WORTH_SENDING = 4e6;

/**
 * Prepares products with a matrix.
 *
 * @param right `[K, M]`; must not change until it is closed.
 * @param options Whether the native runtime may be used; signal.
 * @returns The products; close them.
 */
export async function openProduct(
  right: Matrix,
  options: LinalgOptions = {},
): Promise<Product> {
  const { rows: inner, columns } = right;
  const { pacer } = options;
  const isSmall = inner * columns === 0;
  const mayUseNative = !isSmall && await hasNative(options);
  let native: ReturnType<typeof openNative> | undefined;
  const open = () =>
    openNative((graph) => {
      const left = graph.input("left", "float64", ["n", inner]);
      const constant = graph.constant("float64", [inner, columns], right.data);
      return [[graph.node("MatMul", [left, constant]), "float64"]];
    }, options);
  return {
    async times(left) {
      const work = left.rows * inner * columns;
      if (!mayUseNative || (native === undefined && work < WORTH_SENDING)) {
        return await plainProduct(left, right, pacer);
      }
      const graph = await (native ??= open());
      const [result] = await graph.run([
        { data: left.data, shape: [left.rows, inner] },
      ]);
      return result!.data as Float64Array;
    },
    async close() {
      await (await native?.catch(() => undefined))?.close();
    },
  };
}

/**
 * Multiplies two matrices.
 *
 * @param left `[n, K]`.
 * @param right `[K, M]`.
 * @param options Whether the native runtime may be used; signal.
 * @returns `left · right`, `[n, M]`.
 */
export async function product(
  left: Matrix,
  right: Matrix,
  options: LinalgOptions = {},
): Promise<Float64Array> {
  const opened = await openProduct(right, options);
  try {
    return await opened.times(left);
  } finally {
    await opened.close();
  }
}

/** Products of any two matrices. */
export interface Multiplier {
  /**
   * Multiplies.
   *
   * @param left `[n, K]`.
   * @param right `[K, M]`.
   * @returns `left · right`, `[n, M]`.
   */
  multiply(left: Matrix, right: Matrix): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Prepares products of any two matrices; the runtime is opened for the first
 * product that is large enough.
 *
 * @param options Whether the native runtime may be used; signal.
 * @returns The products; close them.
 */
export function openMultiply(options: LinalgOptions = {}): Multiplier {
  let native: ReturnType<typeof openNative> | undefined;
  const open = () =>
    openNative((graph) => {
      const left = graph.input("left", "float64", ["n", "k"]);
      const right = graph.input("right", "float64", ["k", "m"]);
      return [[graph.node("MatMul", [left, right]), "float64"]];
    }, options);
  return {
    async multiply(left, right) {
      await options.pacer?.rest();
      const { rows, columns } = left;
      const isWorth = rows * columns * right.columns >= WORTH_SENDING;
      if (!isWorth || !await hasNative(options)) {
        return await plainProduct(left, right, options.pacer);
      }
      const graph = await (native ??= open());
      const [result] = await graph.run([
        { data: left.data, shape: [rows, columns] },
        { data: right.data, shape: [columns, right.columns] },
      ]);
      return result!.data as Float64Array;
    },
    async close() {
      await (await native?.catch(() => undefined))?.close();
    },
  };
}

/**
 * Transposes a matrix.
 *
 * @param data `[rows, columns]`.
 * @param rows Number of rows.
 * @param columns Number of columns.
 * @returns `[columns, rows]`.
 */
export function transposed(
  data: Float64Array,
  rows: number,
  columns: number,
): Float64Array {
  const result = new Float64Array(data.length); // [columns, rows]
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + i] = data[i * columns + j]!;
    }
  }
  return result;
}

/** The plain version; rows of the right matrix are read in order. */
async function plainProduct(
  left: Matrix,
  right: Matrix,
  pacer: WorkPacer | undefined,
): Promise<Float64Array> {
  const { rows, columns: inner } = left;
  const { columns } = right;
  const result = new Float64Array(rows * columns); // [n, M]
  const [a, b] = [left.data, right.data];
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      if (factor === 0) continue;
      const from = k * columns;
      for (let j = 0; j < columns; j++) {
        result[start + j]! += factor * b[from + j]!;
      }
    }
    await pacer?.rest();
  }
  return result;
}

/** Sums of outer products of rows. */
export interface GramSum {
  /**
   * Adds the outer products of rows.
   *
   * @param rows `[n, D]`; copied.
   */
  add(rows: Matrix): Promise<void>;
  /**
   * Returns the sum; nothing can be added afterwards.
   *
   * @returns `Σ xᵀx`, `[D, D]`, symmetric.
   */
  sum(): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/** Number of values sent to the runtime at once: 32 MB. */
const BUFFER_SIZE = 2 ** 22;

/**
 * Prepares a sum of outer products. The caller must shift the rows near their
 * mean, to avoid cancellation when the mean is subtracted afterwards.
 *
 * @param columns Number of columns.
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
  let buffer = new Float64Array(); // [most, D], allocated when it is first used
  let filled = 0;
  let native: ReturnType<typeof openGram> | undefined;
  let running: Promise<void> = Promise.resolve();
  const flush = async (isLast: boolean) => {
    const data = buffer.subarray(0, filled * columns);
    const isSmall = filled * columns * columns < WORTH_SENDING;
    if (!mayUseNative || (native === undefined && isLast && isSmall)) {
      await plainGram({ data, rows: filled, columns }, total, pacer);
    } else {
      await running; // one product at a time, while the next rows are read
      const graph = await (native ??= openGram(columns, options));
      running = graph.run([{ data, shape: [filled, columns] }])
        .then((parts) => addParts(parts.map((part) => part.data), total));
      running.catch(() => {}); // awaited later
    }
    filled = 0;
  };
  return {
    async add(rows) {
      let start = 0;
      while (start < rows.rows) {
        if (buffer.length === 0) buffer = new Float64Array(most * columns);
        const end = Math.min(rows.rows, start + most - filled);
        const part = rows.data.subarray(start * columns, end * columns);
        buffer.set(part, filled * columns);
        filled += end - start;
        start = end;
        if (filled === most) await flush(false);
      }
    },
    async sum() {
      if (filled > 0) await flush(true);
      await running;
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
   * @param total `[D, D]`; only the lower triangle is updated.
   * @param rows `[n, D]`; only read, until the promise settles.
   */
  addTo(total: Float64Array, rows: Matrix): Promise<void>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/**
 * Prepares outer products of rows for several sums, such as one per class. As
 * for {@linkcode openGramSum}, rows must be shifted near their mean.
 *
 * @param columns Number of columns.
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
      const parts = await graph.run([{ data, shape: [rows, columns] }]);
      addParts(parts.map((part) => part.data), total);
    },
    async close() {
      await (await native?.catch(() => undefined))?.close();
    },
  };
}

/** The product of the transposed rows with the rows. */
function openGram(columns: number, options: LinalgOptions) {
  return openNative((graph) => {
    const rows = graph.input("rows", "float64", ["n", columns]);
    const transposed = graph.node("Transpose", [rows], { perm: [1, 0] });
    return [[graph.node("MatMul", [transposed, rows]), "float64"]];
  }, options);
}

function addParts(
  [part]: readonly ArrayLike<number>[],
  total: Float64Array,
): void {
  for (let i = 0; i < total.length; i++) total[i]! += part![i]!;
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

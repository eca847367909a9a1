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
export const WORTH_SENDING = 4e6;

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

/**
 * The plain version; rows of the right matrix are read in order.
 *
 * @param left `[n, K]`.
 * @param right `[K, M]`.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns `left · right`, `[n, M]`.
 */
export async function plainProduct(
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

/** Rows of floats, of either width. */
export interface FloatRows {
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Subtracts a point from rows, in float64.
 *
 * @param matrix The rows, `[n, D]`.
 * @param origin The point, `[D]`.
 * @returns New rows.
 */
export function centred(matrix: FloatRows, origin: Float64Array): Matrix {
  const { data, rows, columns } = matrix;
  const result = new Float64Array(rows * columns); // [n, D]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    for (let j = 0; j < columns; j++) {
      result[from + j] = data[from + j]! - origin[j]!;
    }
  }
  return { data: result, rows, columns };
}

/**
 * Principal component analysis to two dimensions.
 *
 * The eigenvectors come from `ml-pca`, loaded on the first call. It decomposes
 * the smaller of two symmetric matrices, the covariance `[D, D]` or the Gram
 * matrix `[n, n]` of the rows, which have the same nonzero eigenvalues, so that
 * vectors of 100,000 units cost no more than their products.
 *
 * @module
 */
import { checkInteger } from "../check.ts";
import { chooseRows, type Points, type Rows } from "./points.ts";

/** Side of the largest matrix that is decomposed; takes 0.4 s. */
const LARGEST_MATRIX = 512;
/**
 * Maximum number of multiplications for a matrix of products; takes a second or
 * two.
 */
const MOST_PRODUCTS = 1e9;

/** Settings of {@linkcode pca}. */
export interface PcaOptions {
  /** Maximum number of rows projected, evenly spaced. @default {5000} */
  readonly maxRows?: number;
}

/** The projected points, and their share of the variance. */
export interface PcaPoints extends Points {
  /** Fraction of the variance along each axis, over the fitted rows. */
  readonly explained: readonly [number, number];
  /** Number of rows that the axes were fitted on. */
  readonly fitted: number;
}

/**
 * Projects rows to their first two principal components.
 *
 * Exact for at most 512 rows or at most 512 units; otherwise the axes are
 * fitted on as many evenly spaced rows as 512² products of `D` units (at most
 * 10⁹) allow; `fitted` is their number. The sign of an axis makes its largest
 * loading positive. Does not change the rows.
 *
 * @param rows Vectors, `[N, D]`.
 * @param options Maximum number of rows.
 * @returns One point per row; zeros along an axis without variance.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If `maxRows` is not a positive integer.
 */
export async function pca(
  rows: Rows,
  options: PcaOptions = {},
): Promise<PcaPoints> {
  const { maxRows = 5000 } = options;
  checkInteger(maxRows, "project by PCA", "maxRows");
  const { chosen, skipped, width } = chooseRows(
    rows,
    maxRows,
    "project by PCA",
  );
  const { data } = rows;
  const byUnits = width <= LARGEST_MATRIX;
  const most = byUnits
    ? Math.floor(MOST_PRODUCTS / width ** 2)
    : Math.min(LARGEST_MATRIX, Math.floor(Math.sqrt(MOST_PRODUCTS / width)));
  const fitted = thin(chosen, Math.max(2, most));
  const mean = meanRow(data, fitted, width);
  const centred = centredRows(data, fitted, width, mean);
  const products = byUnits
    ? unitProducts(centred, width)
    : rowProducts(centred, width);
  const { vectors, explained } = await topTwo(products);
  const axes = vectors.map((vector) =>
    orient(byUnits ? vector : combine(centred, vector, width))
  );
  return {
    x: along(data, chosen, width, mean, axes[0]!),
    y: along(data, chosen, width, mean, axes[1]!),
    rows: chosen,
    skipped,
    explained,
    fitted: fitted.length,
  };
}

function thin(rows: Int32Array, most: number): Int32Array {
  const length = Math.min(most, rows.length);
  return Int32Array.from(
    { length },
    (_, i) => rows[Math.floor(i * rows.length / length)]!,
  );
}

function meanRow(
  data: ArrayLike<number>,
  rows: Int32Array,
  width: number,
): Float64Array {
  const mean = new Float64Array(width); // [D]
  for (const row of rows) {
    for (let j = 0; j < width; j++) mean[j]! += data[row * width + j]!;
  }
  return mean.map((sum) => sum / rows.length);
}

function centredRows(
  data: ArrayLike<number>,
  rows: Int32Array,
  width: number,
  mean: Float64Array,
): Float64Array[] {
  return Array.from(rows, (row) => {
    const centred = new Float64Array(width); // [D]
    for (let j = 0; j < width; j++) {
      centred[j] = data[row * width + j]! - mean[j]!;
    }
    return centred;
  });
}

function zeros(side: number): Float64Array[] {
  return Array.from({ length: side }, () => new Float64Array(side)); // [side, side]
}

/** The covariance without its divisor, `[D, D]`. */
function unitProducts(
  centred: readonly Float64Array[],
  width: number,
): Float64Array[] {
  const products = zeros(width);
  for (const row of centred) {
    for (let i = 0; i < width; i++) {
      const value = row[i]!;
      if (value === 0) continue;
      const line = products[i]!;
      for (let j = 0; j <= i; j++) line[j]! += value * row[j]!;
    }
  }
  return mirror(products);
}

/** The Gram matrix, `[n, n]`. */
function rowProducts(
  centred: readonly Float64Array[],
  width: number,
): Float64Array[] {
  const count = centred.length;
  const products = zeros(count);
  for (let i = 0; i < count; i++) {
    const a = centred[i]!;
    for (let j = 0; j <= i; j++) {
      const b = centred[j]!;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += a[k]! * b[k]!;
      products[i]![j] = sum;
    }
  }
  return mirror(products);
}

function mirror(products: Float64Array[]): Float64Array[] {
  for (let i = 0; i < products.length; i++) {
    for (let j = 0; j < i; j++) products[j]![i] = products[i]![j]!;
  }
  return products;
}

/**
 * The two eigenvectors with the largest eigenvalues; zeros for those that do
 * not exist.
 */
async function topTwo(products: Float64Array[]): Promise<{
  vectors: [Float64Array, Float64Array];
  explained: [number, number];
}> {
  const side = products.length;
  let total = 0;
  for (let i = 0; i < side; i++) total += products[i]![i]!;
  const vectors: [Float64Array, Float64Array] = [
    new Float64Array(side), // [side]
    new Float64Array(side), // [side]
  ];
  const explained: [number, number] = [0, 0];
  if (!(total > 0)) return { vectors, explained };
  const { PCA } = await import("ml-pca");
  const matrix = products.map((row) => Array.from(row, (v) => v / total));
  const found = new PCA(matrix, { isCovarianceMatrix: true });
  const values = found.getEigenvalues();
  const columns = found.getEigenvectors();
  for (const axis of [0, 1] as const) {
    const value = values[axis] ?? 0;
    // Eigenvalues below the rounding error of the largest are noise.
    if (axis >= side || value <= 1e-12 * values[0]!) continue;
    explained[axis] = value;
    for (let i = 0; i < side; i++) vectors[axis][i] = columns.get(i, axis);
  }
  return { vectors, explained };
}

/**
 * An axis of unit length, as a sum of rows, from an eigenvector of the Gram
 * matrix.
 */
function combine(
  centred: readonly Float64Array[],
  shares: Float64Array,
  width: number,
): Float64Array {
  const axis = new Float64Array(width); // [D]
  centred.forEach((row, i) => {
    for (let j = 0; j < width; j++) axis[j]! += shares[i]! * row[j]!;
  });
  const length = Math.sqrt(axis.reduce((sum, v) => sum + v * v, 0));
  return length === 0 ? axis : axis.map((v) => v / length);
}

function orient(axis: Float64Array): Float64Array {
  let largest = 0;
  for (const value of axis) {
    // Values that are equal up to rounding count as equal; the first decides.
    if (Math.abs(value) > Math.abs(largest) * (1 + 1e-9)) largest = value;
  }
  return largest < 0 ? axis.map((v) => -v) : axis;
}

function along(
  data: ArrayLike<number>,
  rows: Int32Array,
  width: number,
  mean: Float64Array,
  axis: Float64Array,
): Float64Array {
  return Float64Array.from(rows, (row) => {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      sum += (data[row * width + j]! - mean[j]!) * axis[j]!;
    }
    return sum;
  }); // [n]
}

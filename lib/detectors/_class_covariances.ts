/**
 * One Gaussian for each class, as whitening factors.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { defaultCutoff, whitening } from "../linalg/pseudo_inverse.ts";
import type { OuterProducts } from "../linalg/outer_products.ts";
import type { KnownSamples } from "./definition.ts";
import { measureMoments } from "./moments.ts";

/** Gaussians of classes. */
export interface ClassGaussians {
  /** Labels, ascending, `[K]`. */
  readonly classes: Int32Array;
  /** `D`. */
  readonly columns: number;
  /** Number of coordinates per class. */
  readonly width: number;
  /**
   * Number of columns of {@linkcode factors}: `width` if all classes share one
   * factor, otherwise `K · width`; `K` for variances.
   */
  readonly factorColumns: number;
  /** The point subtracted from features before the product, `[D]`. */
  readonly mean: Float64Array;
  /** `log π_k - ½ (Σ log λ + R log 2π)`, `[K]`. */
  readonly constants: Float64Array;
  /** Means of the classes in their coordinates, `[K, width]`. */
  readonly centres: Float64Array;
  /**
   * Concatenated factors, `[D, factorColumns]`; missing coordinates of a class
   * are 0.
   */
  readonly factors: Float64Array;
}

/** Maximum total number of values in the covariances of classes: 1 GB. */
const MOST_NUMBERS = 2 ** 27;

/**
 * Number of rows of a class multiplied at once; at most its number of columns.
 */
const MOST_ROWS = 256;

/** Sums of one class, around its first row. */
interface ClassSum {
  readonly shift: Float64Array;
  readonly sum: Float64Array;
  /** `Σ xxᵀ`, its lower triangle, or `Σ x²`. */
  readonly products: Float64Array;
  /** Rows that are not yet added to `products`, and their number. */
  readonly rows: Float64Array;
  filled: number;
  count: number;
}

/**
 * Fits one Gaussian for each label.
 *
 * @param known The samples.
 * @param covariance Whether each class has a separate covariance.
 * @returns The Gaussians.
 * @throws {RangeError} If a class has one sample and needs its own covariance,
 * or the covariances are too large.
 */
export async function fitClassGaussians(
  known: KnownSamples,
  covariance: "full" | "tied" | "diag",
): Promise<ClassGaussians> {
  if (covariance === "tied") return await tiedGaussians(known);
  const sums = await sumClasses(known, covariance === "full");
  const classes = Int32Array.from(sums.keys()).sort(); // [K]
  for (const label of classes) {
    if (sums.get(label)!.count > 1) continue;
    const rule = `each class must have two samples or more, also ${label}`;
    const hint = 'use gmm({ covariance: "tied" }), or leave the class out';
    throw new RangeError(cannot(known.action, rule, 1, hint));
  }
  const ordered = Array.from(classes, (label) => sums.get(label)!);
  return covariance === "full"
    ? await fullGaussians(classes, ordered, known)
    : diagonalGaussians(classes, ordered, known);
}

async function tiedGaussians(known: KnownSamples): Promise<ClassGaussians> {
  const moments = await measureMoments(known, {
    classOf: ({ labels }) => labels,
  });
  const { classes, counts, samples, columns, means, mean } = moments;
  const covariance = moments.within.map((x) => x / samples); // [D, D]
  const { factor, rank, values } = await whitening(
    covariance,
    columns,
    defaultCutoff(columns),
    known.pacer,
  );
  if (rank === 0) refuseEqual("features must differ within a class", known, "");
  const volume = logVolume(values);
  const centres = new Float64Array(classes.length * rank); // [K, R]
  classes.forEach((_, k) => {
    const offset = mean.map((x, j) => means[k * columns + j]! - x); // [D]
    centres.set(timesFactor(offset, factor, rank), k * rank);
  });
  return {
    classes,
    columns,
    width: rank,
    factorColumns: rank,
    mean,
    constants: counts.map((count) => Math.log(count / samples) - volume),
    centres,
    factors: factor,
  };
}

/**
 * Refuses features without variance, for which all densities would be equal.
 */
function refuseEqual(
  rule: string,
  { action }: KnownSamples,
  advice: string,
): never {
  const hint = advice + "use a detector without a covariance, as deepKnn()";
  throw new RangeError(cannot(action, rule, "all are equal", hint));
}

/** Refuses a class without variance. */
function refuseClass(label: number, known: KnownSamples): never {
  const advice = 'use gmm({ covariance: "tied" }), leave the class out, or ';
  const rule = `features must differ within each class, also ${label}`;
  refuseEqual(rule, known, advice);
}

async function fullGaussians(
  classes: Int32Array,
  sums: readonly ClassSum[],
  known: KnownSamples,
): Promise<ClassGaussians> {
  const columns = sums[0]!.shift.length;
  const [count, width] = [sums.length, columns];
  const total = sums.reduce((all, sum) => all + sum.count, 0);
  const mean = meanOfAll(sums, total);
  const constants = new Float64Array(count); // [K]
  const centres = new Float64Array(count * width); // [K, D]
  const factors = new Float64Array(columns * count * width); // [D, K * D]
  for (const [k, sum] of sums.entries()) {
    const { factor, rank, values } = await whitening(
      covarianceOf(sum),
      columns,
      defaultCutoff(columns),
      known.pacer,
    );
    if (rank === 0) refuseClass(classes[k]!, known);
    constants[k] = Math.log(sum.count / total) - logVolume(values);
    const offset = meanOf(sum).map((x, j) => x - mean[j]!); // [D]
    centres.set(timesFactor(offset, factor, rank), k * width);
    for (let j = 0; j < columns; j++) {
      const row = factor.subarray(j * rank, (j + 1) * rank);
      factors.set(row, j * count * width + k * width);
    }
  }
  const factorColumns = count * width;
  return {
    ...{ classes, columns, width, factorColumns, mean },
    ...{ constants, centres, factors },
  };
}

function diagonalGaussians(
  classes: Int32Array,
  sums: readonly ClassSum[],
  known: KnownSamples,
): ClassGaussians {
  const columns = sums[0]!.shift.length;
  const count = sums.length;
  const total = sums.reduce((all, sum) => all + sum.count, 0);
  const constants = new Float64Array(count); // [K]
  const centres = new Float64Array(count * columns); // [K, D]
  const factors = new Float64Array(columns * count); // [D, K]
  sums.forEach((sum, k) => {
    const variances = sum.products.map((x, j) =>
      Math.max(0, x / sum.count - (sum.sum[j]! / sum.count) ** 2)
    ); // [D]
    const least = defaultCutoff(columns) *
      variances.reduce((a, b) => Math.max(a, b), 0);
    const above = variances.filter((x) => x > least);
    if (above.length === 0) refuseClass(classes[k]!, known);
    constants[k] = Math.log(sum.count / total) - logVolume(above);
    centres.set(meanOf(sum), k * columns);
    variances.forEach((x, j) =>
      factors[j * count + k] = x > least ? 1 / Math.sqrt(x) : 0
    );
  });
  return {
    ...{ classes, columns, width: columns, factorColumns: count },
    ...{ mean: meanOfAll(sums, total), constants, centres, factors },
  };
}

/** Sums around the first row of each class, in one pass. */
async function sumClasses(
  known: KnownSamples,
  isFull: boolean,
): Promise<Map<number, ClassSum>> {
  const sums = new Map<number, ClassSum>();
  let outer: OuterProducts | undefined;
  const { openOuterProducts } = await import("../linalg/outer_products.ts");
  const flush = async (sum: ClassSum) => {
    const { rows, filled, products } = sum;
    const columns = sum.shift.length;
    const data = rows.subarray(0, filled * columns);
    if (isFull) {
      outer ??= await openOuterProducts(columns, { pacer: known.pacer });
      await outer.addTo(products, { data, rows: filled, columns });
    } else data.forEach((x, i) => products[i % columns]! += x * x);
    sum.filled = 0;
  };
  try {
    for await (const { features, labels, rows } of known.blocks()) {
      const { data, columns } = features;
      const size = isFull ? columns * columns : columns;
      for (let row = 0; row < rows; row++) {
        const values = data.subarray(row * columns, (row + 1) * columns);
        let sum = sums.get(labels[row]!);
        if (sum === undefined) {
          checkSize(size * (sums.size + 1), known.action);
          sum = emptySum(values, size);
          sums.set(labels[row]!, sum);
        }
        addRow(sum, values);
        if (sum.filled * columns === sum.rows.length) await flush(sum);
      }
    }
    for (const sum of sums.values()) await flush(sum);
    return sums;
  } finally {
    await outer?.close();
  }
}

function emptySum(
  first: Float32Array | Float64Array,
  size: number,
): ClassSum {
  const columns = first.length;
  return {
    shift: Float64Array.from(first),
    sum: new Float64Array(columns),
    products: new Float64Array(size), // [D, D] or [D]
    rows: new Float64Array(columns * Math.min(columns, MOST_ROWS)),
    filled: 0,
    count: 0,
  };
}

function addRow(sum: ClassSum, values: Float32Array | Float64Array): void {
  const { shift, rows } = sum;
  const columns = shift.length;
  const to = sum.filled * columns;
  for (let j = 0; j < columns; j++) {
    const x = values[j]! - shift[j]!;
    rows[to + j] = x;
    sum.sum[j]! += x;
  }
  sum.filled++;
  sum.count++;
}

function checkSize(numbers: number, action: string): void {
  if (numbers <= MOST_NUMBERS) return;
  const rule = "covariances of all classes must hold at most " +
    `${MOST_NUMBERS} numbers together`;
  const hint = 'use gmm({ covariance: "diag" })';
  throw new RangeError(cannot(action, rule, numbers, hint));
}

function meanOf({ shift, sum, count }: ClassSum): Float64Array {
  return shift.map((x, j) => x + sum[j]! / count);
}

/**
 * Shifts rows by the mean of the first class, to avoid rounding errors for
 * large means.
 */
function meanOfAll(sums: readonly ClassSum[], total: number): Float64Array {
  const base = meanOf(sums[0]!);
  const offset = new Float64Array(base.length); // [D]
  for (const sum of sums) {
    meanOf(sum).forEach((x, j) => offset[j]! += sum.count * (x - base[j]!));
  }
  return base.map((x, j) => x + offset[j]! / total);
}

function covarianceOf({ sum, products, count }: ClassSum): Float64Array {
  const side = sum.length;
  const covariance = new Float64Array(side * side); // [D, D]
  for (let i = 0; i < side; i++) {
    for (let j = 0; j <= i; j++) {
      const off = (sum[i]! / count) * (sum[j]! / count);
      const value = products[i * side + j]! / count - off;
      covariance[i * side + j] = value;
      covariance[j * side + i] = value;
    }
  }
  return covariance;
}

/** `½ (Σ log λ + R log 2π)`. */
function logVolume(values: Float64Array): number {
  return values.reduce((sum, x) => sum + Math.log(2 * Math.PI * x), 0) / 2;
}

function timesFactor(
  row: Float64Array,
  factor: Float64Array,
  rank: number,
): Float64Array {
  const result = new Float64Array(rank); // [R]
  row.forEach((x, j) => {
    for (let r = 0; r < rank; r++) result[r]! += x * factor[j * rank + r]!;
  });
  return result;
}

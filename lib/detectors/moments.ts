/**
 * Means and scatter of known samples, in one pass and in constant memory.
 *
 * Rows are shifted by the first row of their class before products are summed,
 * to avoid cancellation: adding 1e4 to all features does not change the result
 * at float32 precision.
 *
 * @module
 */
import type { LinalgOptions } from "../linalg/native_graph.ts";
import type { openGramSum } from "../linalg/outer_products.ts";
import type { KnownSamples, SampleBlock, SampleMatrix } from "./definition.ts";

/** Moments of samples. */
export interface Moments {
  /** `N`. */
  readonly samples: number;
  /** `D`. */
  readonly columns: number;
  /** The labels that occur, ascending, `[C]`; `[0]` without classes. */
  readonly classes: Int32Array;
  /** Samples of each class, `[C]`. */
  readonly counts: Float64Array;
  /** Means of the classes, `[C, D]`. */
  readonly means: Float64Array;
  /** The mean of all samples, `[D]`. */
  readonly mean: Float64Array;
  /** `Σ (x - µ_c)(x - µ_c)ᵀ` over all samples, `[D, D]`. */
  readonly within: Float64Array;
}

/** Options for moments. */
export interface MomentsOptions extends LinalgOptions {
  /**
   * Returns the class of each row of a block, -1 for rows to skip; default: all
   * of one class.
   */
  readonly classOf?: (block: SampleBlock) => Int32Array;
  /** Returns the rows of a block. @default {its features} */
  readonly rowsOf?: (block: SampleBlock) => SampleMatrix;
}

interface ClassSum {
  readonly shift: Float64Array;
  readonly sum: Float64Array;
  count: number;
}

/**
 * Computes means and scatter.
 *
 * @param known The samples.
 * @param options Classes and rows.
 * @returns The moments.
 */
export async function measureMoments(
  known: KnownSamples,
  options: MomentsOptions = {},
): Promise<Moments> {
  const { classOf, rowsOf = ({ features }) => features } = options;
  const linalg = { native: options.native, pacer: known.pacer };
  const sums = new Map<number, ClassSum>();
  let columns = 0;
  let gram: Awaited<ReturnType<typeof openGramSum>> | undefined;
  const { openGramSum } = await import("../linalg/outer_products.ts");
  try {
    for await (const block of known.blocks()) {
      const rows = rowsOf(block);
      columns = rows.columns;
      gram ??= await openGramSum(columns, linalg);
      const { from, of } = classified(rows, classOf?.(block), sums);
      await gram.fill(of.length, (target, at, i) => {
        addShifted(rows, from[i]!, of[i]!, target, at);
      });
    }
    const scatter = await gram!.sum();
    const moments = momentsOf(sums, columns);
    // Correction for the difference of shifts and means.
    const offsets = moments.offsets;
    const off = await outerSum(offsets, columns, linalg);
    const within = scatter.map((x, i) => x - off[i]!);
    return { ...moments.known, within };
  } finally {
    await gram?.close();
  }
}

/**
 * Computes means only.
 *
 * @param known The samples.
 * @param options Classes and rows.
 * @returns The moments, without the scatter.
 */
export async function measureMeans(
  known: KnownSamples,
  options: MomentsOptions = {},
): Promise<Omit<Moments, "within">> {
  const { classOf, rowsOf = ({ features }) => features } = options;
  const sums = new Map<number, ClassSum>();
  let columns = 0;
  for await (const block of known.blocks()) {
    const rows = rowsOf(block);
    columns = rows.columns;
    const { from, of } = classified(rows, classOf?.(block), sums);
    const unused = new Float64Array(columns);
    of.forEach((sum, i) => addShifted(rows, from[i]!, sum, unused, 0));
  }
  return momentsOf(sums, columns).known;
}

/**
 * The rows of a block to use, each with the sum of its class; the shift of a
 * class is its first row.
 */
function classified(
  { data, rows, columns }: SampleMatrix,
  labels: Int32Array | undefined,
  sums: Map<number, ClassSum>,
): { readonly from: Int32Array; readonly of: readonly ClassSum[] } {
  const from = new Int32Array(rows); // [n], where each row begins
  const of: ClassSum[] = [];
  for (let row = 0; row < rows; row++) {
    const label = labels === undefined ? 0 : labels[row]!;
    if (label < 0) continue;
    const start = row * columns;
    let known = sums.get(label);
    if (known === undefined) {
      const shift = Float64Array.from(data.subarray(start, start + columns));
      known = { shift, sum: new Float64Array(columns), count: 0 };
      sums.set(label, known);
    }
    known.count++;
    from[of.length] = start;
    of.push(known);
  }
  return { from: from.subarray(0, of.length), of };
}

/** Adds a row to the sum of its class, and writes the shifted row. */
function addShifted(
  { data, columns }: SampleMatrix,
  from: number,
  { shift, sum }: ClassSum,
  target: Float64Array,
  at: number,
): void {
  for (let j = 0; j < columns; j++) {
    const value = data[from + j]! - shift[j]!;
    target[at + j] = value;
    sum[j]! += value;
  }
}

function momentsOf(
  sums: ReadonlyMap<number, ClassSum>,
  columns: number,
): { known: Omit<Moments, "within">; offsets: Float64Array } {
  const classes = Int32Array.from(sums.keys()).sort(); // [C]
  const counts = new Float64Array(classes.length); // [C]
  const means = new Float64Array(classes.length * columns); // [C, D]
  const offsets = new Float64Array(classes.length * columns); // [C, D]
  const mean = new Float64Array(columns); // [D]
  classes.forEach((label, c) => {
    const { shift, sum, count } = sums.get(label)!;
    counts[c] = count;
    const root = Math.sqrt(count);
    for (let j = 0; j < columns; j++) {
      const offset = sum[j]! / count;
      means[c * columns + j] = shift[j]! + offset;
      offsets[c * columns + j] = root * offset;
    }
  });
  const samples = counts.reduce((total, count) => total + count, 0);
  // Shifted by the first class's mean, to avoid rounding errors for large
  // means.
  for (let j = 0; j < columns; j++) {
    const base = means[j]!;
    let sum = 0;
    for (let c = 1; c < classes.length; c++) {
      sum += counts[c]! * (means[c * columns + j]! - base);
    }
    mean[j] = base + sum / samples;
  }
  return {
    known: { samples, columns, classes, counts, means, mean },
    offsets,
  };
}

async function outerSum(
  data: Float64Array,
  columns: number,
  options: LinalgOptions,
): Promise<Float64Array> {
  const { openGramSum } = await import("../linalg/outer_products.ts");
  const gram = await openGramSum(columns, options);
  try {
    await gram.add({ data, rows: data.length / (columns || 1), columns });
    return await gram.sum();
  } finally {
    await gram.close();
  }
}

/**
 * The scatter of all samples around a point: that of the classes, plus that of
 * their means. Without cancellation.
 *
 * @param moments Moments of samples.
 * @param origin The point, `[D]`.
 * @param options Whether the native runtime may be used; signal.
 * @returns `Σ (x - origin)(x - origin)ᵀ`, `[D, D]`.
 */
export async function scatterAround(
  { classes, counts, means, within, columns }: Moments,
  origin: Float64Array,
  options: LinalgOptions,
): Promise<Float64Array> {
  const offsets = new Float64Array(classes.length * columns); // [C, D]
  counts.forEach((count, c) => {
    const root = Math.sqrt(count);
    for (let j = 0; j < columns; j++) {
      offsets[c * columns + j] = root * (means[c * columns + j]! - origin[j]!);
    }
  });
  const between = await outerSum(offsets, columns, options);
  return within.map((x, i) => x + between[i]!);
}

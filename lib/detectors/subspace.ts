/**
 * The residual subspace of known features, for `vim` and `residual`.
 *
 * @module
 */
import {
  cannot,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import type { Matrix } from "../linalg/products.ts";
import type { ProjectedNorms } from "../linalg/projected_norms.ts";
import type { WorkPacer } from "../types.ts";
import type {
  DetectorState,
  KnownSamples,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import { transposed } from "./_matrices.ts";
import { stateMatrix } from "./rows.ts";

/**
 * Settings of detectors that use a subspace.
 *
 * @category Detectors
 */
export interface SubspaceOptions {
  /**
   * Number of principal components to remove: a positive integer below `D`, or
   * a fraction of the variance in `(0, 1)`, for the smallest number of
   * components that reaches it.
   *
   * @default {0.99}
   */
  readonly dims?: number;
  /**
   * Origin of the subspace: the mean of the known features, or the point that
   * the head maps to zero logits, `-(kernelᵀ)⁺ bias`.
   *
   * @default {"mean"}
   */
  readonly origin?: "mean" | "head";
}

/**
 * Checks settings of a subspace.
 *
 * @param options The options to check.
 * @param name The detector's name.
 * @returns The settings.
 */
export function checkSubspace(
  options: SubspaceOptions,
  name: string,
): { readonly dims: number; readonly origin: "mean" | "head" } {
  const action = `create ${name}()`;
  checkOptions(options, action, ["dims", "origin"]);
  const { dims = 0.99, origin = "mean" } = options;
  checkDims(dims, action);
  checkOneOf(origin, action, "origin", ["mean", "head"]);
  return { dims, origin };
}

/**
 * Checks the number of components.
 *
 * @param dims The number to check.
 * @param action The action, for messages.
 * @throws {RangeError} If it is neither a positive integer nor in `(0, 1)`.
 */
export function checkDims(dims: number, action: string): void {
  checkNumber(dims, action, "dims", { above: 0 });
  if (dims >= 1) checkInteger(dims, action, "dims");
}

/** A subspace. */
export interface Subspace {
  /** `o`, `[D]`. */
  readonly origin: Float64Array;
  /** `R`, `[D, D - k]`: one direction per column. */
  readonly residual: Float64Array;
  /** `D - k`. */
  readonly width: number;
  /** `N`, number of samples of the fit. */
  readonly samples: number;
  /** `Σ ‖z - o‖²` over these samples. */
  readonly scatter: number;
}

/**
 * Computes the residual subspace of `(z - o)ᵀ(z - o) / N`, without further
 * centring.
 *
 * @param known The samples.
 * @param settings Dimensions and origin.
 * @returns The subspace.
 * @throws {RangeError} If all features are the origin, or there is no residual.
 */
export async function fitSubspace(
  known: KnownSamples,
  { dims, origin }: ReturnType<typeof checkSubspace>,
): Promise<Subspace> {
  const { pacer, action } = known;
  const { measureMoments, scatterAround } = await import("./moments.ts");
  const moments = await measureMoments(known);
  const { samples, columns, mean } = moments;
  const point = origin === "mean"
    ? mean
    : await headOrigin(await known.head(), pacer);
  const scatter = await scatterAround(moments, point, { pacer });
  const { symmetricEigen } = await import("../linalg/symmetric_eigen.ts");
  const { values, vectors } = await symmetricEigen(
    scatter.map((x) => x / samples),
    columns,
    pacer,
  );
  if (!(values[0]! > 0)) {
    const rule = `features must differ from the ${
      origin === "mean" ? "mean" : "origin of the head"
    }`;
    const hint = "fit on more samples, or use deepKnn()";
    throw new RangeError(cannot(action, rule, "all are equal", hint));
  }
  if (columns === 1) {
    const rule = "features must have two units or more, to leave a residual";
    throw new RangeError(cannot(action, rule, columns, "use mahalanobis()"));
  }
  const count = dims >= 1 ? dims : componentsFor(values, dims);
  if (count >= columns) {
    const rule = dims >= 1
      ? `"dims" must be below the ${columns} units of the features`
      : `"dims" must leave a residual, below the share that all ${columns} ` +
        "components reach";
    throw new RangeError(cannot(action, rule, dims, 'pass a lower "dims"'));
  }
  const width = columns - count;
  const residual = new Float64Array(columns * width); // [D, D - k]
  for (let r = 0; r < width; r++) {
    for (let i = 0; i < columns; i++) {
      residual[i * width + r] = vectors[(count + r) * columns + i]!;
    }
  }
  const total = values.reduce((sum, value) => sum + value, 0); // the trace
  return { origin: point, residual, width, samples, scatter: samples * total };
}

/**
 * Prepares lengths of residuals.
 *
 * @param state `origin` `[D]` and `residual` `[D, D - k]`.
 * @param context Context for scoring.
 * @returns `‖Rᵀ(z - o)‖` of rows; close it.
 */
export async function openResidual(
  { origin, residual }: DetectorState,
  context: ScoringContext,
): Promise<ProjectedNorms> {
  const { openProjectedNorms } = await import("../linalg/projected_norms.ts");
  return await openProjectedNorms(
    stateMatrix(residual!),
    origin!.data as Float64Array,
    context,
  );
}

/**
 * The smallest number of components that explain a fraction of the variance.
 *
 * @param values Variances of the components, descending.
 * @param share The fraction, in `(0, 1)`.
 * @returns The number.
 */
export function componentsFor(values: Float64Array, share: number): number {
  const spread = values.map((value) => Math.max(0, value));
  const total = spread.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  // Tolerance for rounding errors.
  const enough = (share - 1e-12) * total;
  const last = spread.findIndex((value) => (sum += value) >= enough);
  return last < 0 ? values.length : last + 1;
}

/** `-(kernelᵀ)⁺ bias`, by the smaller of two symmetric matrices. */
async function headOrigin(
  { kernel, bias }: {
    readonly kernel: SampleMatrix;
    readonly bias: Float64Array;
  },
  pacer: WorkPacer,
): Promise<Float64Array> {
  const { rows, columns } = kernel;
  const matrix = { data: Float64Array.from(kernel.data), rows, columns }; // [D, C]
  const columnsFirst = transposed(matrix); // [C, D]
  const isTall = columns <= rows;
  const [left, right, side] = isTall
    ? [columnsFirst, matrix, columns]
    : [matrix, columnsFirst, rows];
  const { product } = await import("../linalg/products.ts");
  const gram = await product(left, right, { pacer }); // [side, side]
  const { symmetricEigen } = await import("../linalg/symmetric_eigen.ts");
  const eigen = await symmetricEigen(gram, side, pacer);
  // Eigenvalues are squares of singular values.
  const { defaultCutoff, whiteningOf } = await import(
    "../linalg/pseudo_inverse.ts"
  );
  const cutoff = defaultCutoff(Math.max(rows, columns)) ** 2;
  const { factor, rank } = whiteningOf(eigen, cutoff);
  const inverse = { data: factor, rows: side, columns: rank };
  const times = (a: Matrix, b: Matrix) => product(a, b, { pacer });
  const column = (data: Float64Array) => ({
    data,
    rows: data.length,
    columns: 1,
  });
  // W (WᵀW)⁺ b, or (WWᵀ)⁺ W b.
  const start = isTall ? bias : await times(matrix, column(bias));
  const middle = await times(transposed(inverse), column(start)); // [rank]
  const solved = await times(inverse, column(middle)); // [side]
  const result = isTall ? await times(matrix, column(solved)) : solved;
  return result.map((x) => -x);
}

/**
 * Determinants, inverses and solutions, computed by Gauss-Jordan elimination
 * with row pivoting, and Cholesky factors, column by column: for matrices of a
 * known size of at most 16. Each step is a few operations on the whole batch of
 * matrices.
 *
 * Source: Keras 3.15 `keras.ops.linalg`.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import {
  constantOf,
  knownSize,
  movedAxis,
  rank,
  rsqrt,
} from "./operation_forms.ts";

/** The largest matrix size that is supported. */
const MOST_ROWS = 16;

function sizeOfMatrix<T>(ops: Ops<T>, x: T, name: string): number {
  const size = knownSize(ops, x, -1, name);
  if (size === knownSize(ops, x, -2, name) && size <= MOST_ROWS) return size;
  throw new TypeError(
    cannot(
      `call operation "${name}"`,
      `matrices must be square, with at most ${MOST_ROWS} rows`,
      ops.shape(x),
    ),
  );
}

/** An entry, row or column of matrices `[…, n, m]`, keeping both axes. */
function part<T>(ops: Ops<T>, x: T, row?: number, column?: number): T {
  const axes = rank(ops, x);
  const at = (axis: number, index: number | undefined) =>
    index === undefined ? [] : [{ axis, start: index, stop: index + 1 }];
  return ops.slice(x, [...at(axes - 2, row), ...at(axes - 1, column)]);
}

/** A constant matrix: 1 where the test holds, 0 elsewhere. */
function matrixOf<T>(
  ops: Ops<T>,
  rows: number,
  columns: number,
  test: (row: number, column: number) => boolean,
): T {
  const values = Array.from(
    { length: rows * columns },
    (_, i) => Number(test(Math.floor(i / columns), i % columns)),
  );
  return constantOf(ops, values, "float32", [rows, columns]);
}

/** A constant column `[n, 1]`. */
function column<T>(ops: Ops<T>, n: number, test: (i: number) => boolean): T {
  return matrixOf(ops, n, 1, test);
}

function identity<T>(ops: Ops<T>, n: number): T {
  return matrixOf(ops, n, n, (row, column) => row === column);
}

/**
 * Gauss-Jordan elimination of `[A | B]`.
 *
 * @returns `A⁻¹ B`, and the determinant of `A`, `[…, 1, 1]`.
 */
function eliminate<T>(
  ops: Ops<T>,
  a: T,
  b: T | undefined,
  n: number,
): { solution: T | undefined; determinant: T } {
  const axes = rank(ops, a);
  let rows = b === undefined ? a : ops.concatenate([a, b], axes - 1);
  const ones = ops.add(ops.multiply(a, ops.constant(0)), ops.constant(1));
  let determinant = n === 0
    ? ops.prod(ones, { axis: [axes - 2, axes - 1], keepdims: true })
    : part(ops, ones, 0, 0);
  const eye = identity(ops, n);
  for (let k = 0; k < n; k++) {
    const unit = column<T>(ops, n, (i) => i === k); // [n, 1]
    const swapped = swapPivot(ops, rows, k, { unit, eye, n });
    rows = swapped.rows;
    const value = part(ops, rows, k, k); // […, 1, 1]
    determinant = ops.multiply(determinant, ops.multiply(swapped.sign, value));
    const isZero = ops.equal(value, ops.constant(0));
    const safe = b === undefined
      ? ops.where(isZero, ops.constant(1), value)
      : value;
    const row = ops.divide(part(ops, rows, k), safe); // […, 1, m]
    const others = ops.subtract(
      part(ops, rows, undefined, k),
      ops.multiply(unit, part(ops, rows, undefined, k)),
    );
    rows = ops.add(
      ops.multiply(
        ops.subtract(rows, ops.multiply(others, row)),
        ops.subtract(ops.constant(1), unit),
      ),
      ops.multiply(unit, row),
    );
  }
  const solution = b === undefined
    ? undefined
    : ops.slice(rows, [{ axis: axes - 1, start: n }]);
  return { solution, determinant };
}

/**
 * Swaps row `k` and the row with the largest value of column `k` from there on.
 *
 * @returns The rows, and the sign of the swap: 1 if they are the same row.
 */
function swapPivot<T>(
  ops: Ops<T>,
  rows: T,
  k: number,
  { unit, eye, n }: { readonly unit: T; readonly eye: T; readonly n: number },
): { rows: T; sign: T } {
  const axes = rank(ops, rows);
  const size = ops.abs(part(ops, rows, undefined, k)); // […, n, 1]
  const rest = ops.where(
    ops.cast(column<T>(ops, n, (i) => i >= k), "bool"),
    size,
    ops.constant(-1),
  );
  const index = ops.argmax(ops.squeeze(rest, axes - 1), axes - 2); // […]
  const pivot = ops.expandDims(ops.oneHot(index, n), axes - 1); // […, n, 1]
  // A reflection swaps the two rows; no reflection if they are the same row.
  const difference = ops.subtract(pivot, unit);
  const transposed = ops.transpose(
    difference,
    [...Array(axes - 2).keys(), axes - 1, axes - 2],
  );
  const exchange = ops.subtract(eye, ops.multiply(difference, transposed));
  const isSame = ops.sum(ops.multiply(pivot, unit), {
    axis: [axes - 2, axes - 1],
    keepdims: true,
  });
  const sign = ops.subtract(
    ops.multiply(ops.constant(2), isSame),
    ops.constant(1),
  );
  return { rows: ops.matmul(exchange, rows), sign };
}

const determinant: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const n = sizeOfMatrix(ops, x, args.name);
  const { determinant } = eliminate(ops, x, undefined, n);
  return corner(ops, determinant);
};

/** Removes the axes of `[…, 1, 1]`. */
function corner<T>(ops: Ops<T>, x: T): T {
  return ops.squeeze(ops.squeeze(x, rank(ops, x) - 1), rank(ops, x) - 2);
}

function inverseOf<T>(ops: Ops<T>, x: T, name: string): T {
  const n = sizeOfMatrix(ops, x, name);
  const zero = ops.multiply(x, ops.constant(0));
  return eliminate(ops, x, ops.add(zero, identity(ops, n)), n).solution!;
}

const solve: Compute = (ops, args) => {
  const a = ops.float(args.tensor("a"));
  const b = ops.float(args.tensor("b"));
  return solved(ops, a, b, args);
};

export function solved<T>(ops: Ops<T>, a: T, b: T, args: Arguments<T>): T {
  const n = sizeOfMatrix(ops, a, args.name);
  const isVector = rank(ops, b) === rank(ops, a) - 1;
  const columns = isVector ? ops.expandDims(b, rank(ops, b)) : b;
  if (rank(ops, columns) !== rank(ops, a)) {
    args.refuse("b", "have the axes of the matrices, or one less");
  }
  const { solution } = eliminate(ops, a, columns, n);
  return isVector ? ops.squeeze(solution!, rank(ops, a) - 1) : solution!;
}

/** The lower or upper triangle, with the diagonal. */
export function triangular<T>(
  ops: Ops<T>,
  x: T,
  n: number,
  isLower: boolean,
): T {
  const half = matrixOf<T>(
    ops,
    n,
    n,
    (row, column) => isLower ? row >= column : row <= column,
  );
  return ops.multiply(x, half);
}

function choleskyOf<T>(ops: Ops<T>, x: T, name: string): T {
  const n = sizeOfMatrix(ops, x, name);
  if (n === 0) return x;
  const axes = rank(ops, x);
  const columns: T[] = [];
  for (let j = 0; j < n; j++) {
    const sum = columns.reduce(
      (rest, done) =>
        ops.subtract(rest, ops.multiply(done, part(ops, done, j))),
      part(ops, x, undefined, j),
    ); // […, n, 1]
    const scale = rsqrt(ops, part(ops, sum, j));
    const below = column<T>(ops, n, (i) => i >= j);
    columns.push(ops.multiply(ops.multiply(sum, scale), below));
  }
  return ops.concatenate(columns, axes - 1);
}

function mirroredMatrix<T>(ops: Ops<T>, x: T): T {
  return movedAxis(ops, x, -1, rank(ops, x) - 2);
}

const cholesky: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const lower = choleskyOf(ops, x, args.name);
  return args.boolean("upper", false) ? mirroredMatrix(ops, lower) : lower;
};

const logDeterminant: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const n = sizeOfMatrix(ops, x, args.name);
  const value = corner(ops, eliminate(ops, x, undefined, n).determinant);
  return [ops.sign(value), ops.log(ops.abs(value))];
};

const inverse: Compute = (ops, args) =>
  inverseOf(ops, ops.float(args.tensor("x")), args.name);

/** Factories by name. */
export const ELIMINATION_OPERATIONS: FactoryTable = operations({
  "Det(x)": determinant,
  "Slogdet(x)": logDeterminant,
  "Logdet(x)": (ops, args) => {
    const x = ops.float(args.tensor("x"));
    const factor = choleskyOf(ops, x, args.name);
    const n = sizeOfMatrix(ops, x, args.name);
    const diagonal = ops.sum(ops.multiply(factor, identity(ops, n)), {
      axis: -1,
    });
    return ops.multiply(
      ops.constant(2),
      ops.sum(ops.log(diagonal), { axis: -1 }),
    );
  },
  "Inv(x)": inverse,
  "Solve(a, b)": solve,
  "SolveTriangular(a, b, lower)": (ops, args) => {
    const a = ops.float(args.tensor("a"));
    const n = sizeOfMatrix(ops, a, args.name);
    const half = triangular(ops, a, n, args.boolean("lower", false));
    return solved(ops, half, ops.float(args.tensor("b")), args);
  },
  "Cholesky(x, upper)": cholesky,
  "CholeskyInverse(x, upper)": (ops, args) => {
    const x = ops.float(args.tensor("x"));
    const n = sizeOfMatrix(ops, x, args.name);
    const isUpper = args.boolean("upper", false);
    const half = triangular(ops, x, n, !isUpper);
    const other = mirroredMatrix(ops, half);
    const product = isUpper ? ops.matmul(other, half) : ops.matmul(half, other);
    return inverseOf(ops, product, args.name);
  },
  "tf.linalg.det(input:x)": determinant,
  "tf.linalg.inv(input:x, adjoint)": (ops, args) => {
    args.refuseUnless("adjoint", false);
    return inverse(ops, args);
  },
  "tf.linalg.solve(matrix:a, rhs:b, adjoint)": (ops, args) => {
    args.refuseUnless("adjoint", false);
    return solve(ops, args);
  },
  "tf.linalg.cholesky(input:x)": cholesky,
});

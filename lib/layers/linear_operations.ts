/**
 * Operations of `keras.ops` on vectors and matrices.
 *
 * Determinants, inverses and solutions are computed by Gauss-Jordan elimination
 * with row pivoting, Cholesky factors column by column, for matrices of a known
 * size of at most 16: each step is a few operations on all matrices at once.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.linalg`.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerFactory } from "./layer.ts";
import { type Arguments, type Compute, operation } from "./operation.ts";
import {
  axisOf,
  binary,
  constantOf,
  knownSize,
  movedAxis,
  rank,
  rsqrt,
  square,
} from "./operation_forms.ts";

/** The largest matrix that elimination is written out for. */
const MOST_ROWS = 16;

/** A matrix product; of vectors, as NumPy has it. */
export function matmul<T>(ops: Ops<T>, a: T, b: T): T {
  const [left, right] = [rank(ops, a) === 1, rank(ops, b) === 1];
  const p = left ? ops.expandDims(a, 0) : a;
  const q = right ? ops.expandDims(b, 1) : b;
  const product = ops.matmul(p, q);
  const rows = left ? ops.squeeze(product, rank(ops, product) - 2) : product;
  return right ? ops.squeeze(rows, rank(ops, rows) - 1) : rows;
}

/** Sums of products over pairs of axes. */
export function tensordot<T>(
  ops: Ops<T>,
  a: T,
  b: T,
  [ofA, ofB]: readonly [readonly number[], readonly number[]],
): T {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const first = letters.slice(0, rank(ops, a));
  const second = letters.slice(rank(ops, a), rank(ops, a) + rank(ops, b));
  ofA.forEach((axis, i) => {
    second[axisOf(ops, b, ofB[i]!)] = first[axisOf(ops, a, axis)]!;
  });
  const result = [...first, ...second].filter((letter, _i, all) =>
    all.indexOf(letter) === all.lastIndexOf(letter)
  );
  return ops.einsum(
    `${first.join("")},${second.join("")}->${result.join("")}`,
    a,
    b,
  );
}

export const tensordotCompute: Compute = (ops, args) => {
  const [a, b] = [args.tensor("x1"), args.tensor("x2")];
  const raw = args.raw("axes") ?? 2;
  if (typeof raw === "number") {
    const count = Array.from({ length: raw }, (_, i) => i);
    const ofA = count.map((i) => rank(ops, a) - raw + i);
    return tensordot(ops, a, b, [ofA, count]);
  }
  const isPair = Array.isArray(raw) && raw.length === 2;
  if (!isPair) return args.refuse("axes", "be a number, or two lists");
  const [ofA, ofB] = raw.map((axes) => [axes].flat()) as [number[], number[]];
  return tensordot(ops, a, b, [ofA, ofB]);
};

/** A scalar product, a matrix product, or one over the last axis. */
function dot<T>(ops: Ops<T>, a: T, b: T): T {
  if (rank(ops, a) === 0 || rank(ops, b) === 0) return ops.multiply(a, b);
  const axis = Math.max(rank(ops, b) - 2, 0);
  return tensordot(ops, a, b, [[rank(ops, a) - 1], [axis]]);
}

function inner<T>(ops: Ops<T>, a: T, b: T): T {
  if (rank(ops, a) === 0 || rank(ops, b) === 0) return ops.multiply(a, b);
  return tensordot(ops, a, b, [[rank(ops, a) - 1], [rank(ops, b) - 1]]);
}

function outer<T>(ops: Ops<T>, a: T, b: T): T {
  const column = ops.expandDims(ops.reshape(a, [-1]), 1);
  return ops.multiply(column, ops.reshape(b, [-1]));
}

/** A sum of products of any number of operands, from left to right. */
export const einsum: Compute = (ops, args) => {
  const xs = args.tensors("operands");
  const equation = args.string("subscripts").replaceAll(" ", "");
  const [inputs, output] = equation.split("->");
  const letters = inputs!.split(",");
  if (xs.length === 2 && output !== undefined && isPlain(letters)) {
    return ops.einsum(equation, xs[0]!, xs[1]!);
  }
  const isKnown = letters.length === xs.length && xs.length >= 1 &&
    !inputs!.includes(".") && isPlain(letters);
  if (!isKnown) {
    args.refuse("subscripts", "name each axis of each operand once");
  }
  const wanted = output ??
    [...new Set(inputs!.replaceAll(",", ""))].sort().filter((letter) =>
      inputs!.indexOf(letter) === inputs!.lastIndexOf(letter)
    ).join("");
  if (xs.length === 1) return summedTo(ops, xs[0]!, letters[0]!, wanted);
  let at = xs[0] as typeof xs[number];
  let names = letters[0]!;
  for (let i = 1; i < xs.length; i++) {
    const later = letters.slice(i + 1).join("") + wanted;
    const kept = [...new Set(names + letters[i])]
      .filter((letter) => later.includes(letter)).join("");
    const next = i === xs.length - 1 ? wanted : kept;
    at = ops.einsum(
      `${names},${letters[i]}->${next}`,
      at,
      xs[i] as typeof at,
    );
    names = next;
  }
  return at;
};

function isPlain(letters: readonly string[]): boolean {
  return letters.every((text) => {
    const plain = text.replace("...", "");
    return new Set(plain).size === plain.length;
  });
}

/** One operand summed over what the result does not have, its axes in order. */
function summedTo<T>(ops: Ops<T>, x: T, letters: string, wanted: string): T {
  const gone = [...letters].flatMap((letter, i) =>
    wanted.includes(letter) ? [] : [i]
  );
  const left = [...letters].filter((letter) => wanted.includes(letter));
  const sum = gone.length === 0 ? x : ops.sum(x, { axis: gone });
  return ops.transpose(sum, [...wanted].map((letter) => left.indexOf(letter)));
}

function cross<T>(ops: Ops<T>, a: T, b: T, name: string): T {
  const part = (x: T, i: number) =>
    ops.slice(x, [{ axis: rank(ops, x) - 1, start: i, stop: i + 1 }]);
  for (const x of [a, b]) {
    if (knownSize(ops, x, -1, name) === 3) continue;
    throw new TypeError(
      cannot(
        `call operation "${name}"`,
        "vectors must have 3 values",
        ops.shape(x),
      ),
    );
  }
  const term = (i: number, j: number) =>
    ops.subtract(
      ops.multiply(part(a, i), part(b, j)),
      ops.multiply(part(a, j), part(b, i)),
    );
  const terms = [term(1, 2), term(2, 0), term(0, 1)];
  return ops.concatenate(terms, rank(ops, terms[0]!) - 1);
}

/** Vector norms over axes; of matrices Frobenius' and those by sums. */
export const norm: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const raw = args.raw("ord");
  const keepdims = args.boolean("keepdims", false);
  const axis = args.has("axis") ? args.ints("axis") : [...ops.shape(x).keys()];
  const over = { axis, keepdims };
  const isEuclidean = raw === undefined || raw === null ||
    raw === "euclidean" || raw === "fro" && axis.length === 2 ||
    raw === 2 && axis.length === 1;
  if (isEuclidean) return ops.sqrt(ops.sum(square(ops, x), over));
  const size = ops.abs(x);
  const order = raw === "inf" || raw === "Infinity" ? Infinity : raw;
  if (axis.length === 1 && typeof order === "number") {
    if (order === Infinity) return ops.max(size, over);
    if (order === -Infinity) return ops.min(size, over);
    if (order === 1) return ops.sum(size, over);
    if (order === 0) {
      return ops.sum(ops.float(ops.cast(x, "bool")), over);
    }
    const sum = ops.sum(ops.power(size, ops.constant(order)), over);
    return ops.power(sum, ops.constant(1 / order));
  }
  if (axis.length === 2 && (order === 1 || order === Infinity)) {
    const [rows, columns] = axis.map((i) => axisOf(ops, x, i));
    const [first, second] = order === 1 ? [rows!, columns!] : [columns!, rows!];
    const sums = ops.sum(size, { axis: first, keepdims: true });
    const most = ops.max(sums, { axis: second, keepdims: true });
    return keepdims ? most : [first, second].sort((a, b) => b - a).reduce(
      (y, i) => ops.squeeze(y, i),
      most,
    );
  }
  return args.refuse("ord", "be a norm that needs no singular values");
};

// ---- elimination ----

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

/** Entry, row or column of matrices `[…, n, m]`, both axes kept. */
function part<T>(ops: Ops<T>, x: T, row?: number, column?: number): T {
  const axes = rank(ops, x);
  const at = (axis: number, index: number | undefined) =>
    index === undefined ? [] : [{ axis, start: index, stop: index + 1 }];
  return ops.slice(x, [...at(axes - 2, row), ...at(axes - 1, column)]);
}

/** A constant column `[n, 1]`: 1 where the test holds, 0 elsewhere. */
function column<T>(ops: Ops<T>, n: number, test: (i: number) => boolean): T {
  const values = Array.from({ length: n }, (_, i) => Number(test(i)));
  return constantOf(ops, values, "float32", [n, 1]);
}

function identity<T>(ops: Ops<T>, n: number): T {
  const values = Array.from(
    { length: n * n },
    (_, i) => Number(i % (n + 1) === 0),
  );
  return constantOf(ops, values, "float32", [n, n]);
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
  let determinant = part(
    ops,
    ops.add(ops.multiply(a, ops.constant(0)), ops.constant(1)),
    0,
    0,
  );
  const isMatrix = identity(ops, n);
  for (let k = 0; k < n; k++) {
    const own = column<T>(ops, n, (i) => i === k); // [n, 1]
    const size = ops.abs(part(ops, rows, undefined, k)); // […, n, 1]
    const rest = ops.where(
      ops.cast(column<T>(ops, n, (i) => i >= k), "bool"),
      size,
      ops.constant(-1),
    );
    const index = ops.argmax(ops.squeeze(rest, axes - 1), axes - 2); // […]
    const pivot = ops.expandDims(ops.oneHot(index, n), axes - 1); // […, n, 1]
    // The reflection that exchanges the two rows; none where they are the same.
    const away = ops.subtract(pivot, own);
    const transposed = ops.transpose(
      away,
      [...Array(axes - 2).keys(), axes - 1, axes - 2],
    );
    const exchange = ops.subtract(isMatrix, ops.multiply(away, transposed));
    rows = ops.matmul(exchange, rows);
    const isSame = ops.sum(ops.multiply(pivot, own), {
      axis: [axes - 2, axes - 1],
      keepdims: true,
    });
    const sign = ops.subtract(
      ops.multiply(ops.constant(2), isSame),
      ops.constant(1),
    );
    const value = part(ops, rows, k, k); // […, 1, 1]
    determinant = ops.multiply(determinant, ops.multiply(sign, value));
    const isZero = ops.equal(value, ops.constant(0));
    const safe = b === undefined
      ? ops.where(isZero, ops.constant(1), value)
      : value;
    const row = ops.divide(part(ops, rows, k), safe); // […, 1, m]
    const others = ops.subtract(
      part(ops, rows, undefined, k),
      ops.multiply(own, part(ops, rows, undefined, k)),
    );
    rows = ops.add(
      ops.multiply(
        ops.subtract(rows, ops.multiply(others, row)),
        ops.subtract(ops.constant(1), own),
      ),
      ops.multiply(own, row),
    );
  }
  const solution = b === undefined
    ? undefined
    : ops.slice(rows, [{ axis: axes - 1, start: n }]);
  return { solution, determinant };
}

const determinant: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const n = sizeOfMatrix(ops, x, args.name);
  const { determinant } = eliminate(ops, x, undefined, n);
  return corner(ops, determinant);
};

/** `[…, 1, 1]` without these axes. */
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

function solved<T>(ops: Ops<T>, a: T, b: T, args: Arguments<T>): T {
  const n = sizeOfMatrix(ops, a, args.name);
  const isVector = rank(ops, b) === rank(ops, a) - 1;
  const columns = isVector ? ops.expandDims(b, rank(ops, b)) : b;
  if (rank(ops, columns) !== rank(ops, a)) {
    args.refuse("b", "have the axes of the matrices, or one less");
  }
  const { solution } = eliminate(ops, a, columns, n);
  return isVector ? ops.squeeze(solution!, rank(ops, a) - 1) : solution!;
}

/** The lower triangle, with its diagonal, or the upper one. */
function triangular<T>(ops: Ops<T>, x: T, n: number, isLower: boolean): T {
  const values = Array.from({ length: n * n }, (_, i) => {
    const [row, col] = [Math.floor(i / n), i % n];
    return Number(isLower ? row >= col : row <= col);
  });
  return ops.multiply(x, constantOf(ops, values, "float32", [n, n]));
}

function choleskyOf<T>(ops: Ops<T>, x: T, name: string): T {
  const n = sizeOfMatrix(ops, x, name);
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

/** Factories by name. */
export const LINEAR_OPERATIONS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    Matmul: binary(matmul),
    Dot: binary(dot),
    Inner: binary(inner),
    Outer: binary(outer),
    Cross: operation(
      ["x1", "x2", "axisa", "axisb", "axisc", "axis"],
      (ops, args) => {
        for (const key of ["axisa", "axisb", "axisc", "axis"]) {
          args.refuseUnless(key, -1);
        }
        return cross(ops, args.tensor("x1"), args.tensor("x2"), args.name);
      },
    ),
    Tensordot: operation(["x1", "x2", "axes"], tensordotCompute),
    Einsum: operation(["*operands", "subscripts"], einsum),
    Norm: operation(["x", "ord", "axis", "keepdims"], norm),
    Det: operation(["x"], determinant),
    Slogdet: operation(["x"], logDeterminant),
    Logdet: operation(["x"], (ops, args) => {
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
    }),
    Inv: operation(
      ["x"],
      (ops, args) => inverseOf(ops, ops.float(args.tensor("x")), args.name),
    ),
    Solve: operation(["a", "b"], solve),
    SolveTriangular: operation(["a", "b", "lower"], (ops, args) => {
      const a = ops.float(args.tensor("a"));
      const n = sizeOfMatrix(ops, a, args.name);
      const half = triangular(ops, a, n, args.boolean("lower", false));
      return solved(ops, half, ops.float(args.tensor("b")), args);
    }),
    Cholesky: operation(["x", "upper"], cholesky),
    CholeskyInverse: operation(["x", "upper"], (ops, args) => {
      const x = ops.float(args.tensor("x"));
      const n = sizeOfMatrix(ops, x, args.name);
      const isUpper = args.boolean("upper", false);
      const half = triangular(ops, x, n, !isUpper);
      const other = mirroredMatrix(ops, half);
      const product = isUpper
        ? ops.matmul(other, half)
        : ops.matmul(half, other);
      return inverseOf(ops, product, args.name);
    }),
  });

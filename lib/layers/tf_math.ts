/**
 * Further functions of `tf.math`, `tf.linalg`, `tf.bitwise` and `tf.nn`.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { logAddExp } from "./_math_functions.ts";
import { bessel, inverseErf } from "./_special_functions.ts";
import { matrixTransposed } from "./tf_operations.ts";
import { logSoftmax } from "./activations.ts";
import { solved, triangular } from "./elimination_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, operations } from "./operation.ts";
import {
  integer,
  knownSize,
  normalizedAxis,
  rank,
  square,
} from "./operation_forms.ts";
import { linspace } from "./series_operations.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** `x · f(y)`, and 0 where `x` is 0. */
function timesUnlessZero(
  change: <T>(ops: Ops<T>, y: T) => T,
): Compute {
  return (ops, args) => {
    const [x, y] = args.pair("x", "y");
    const isZero = ops.equal(ops.float(x), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.multiply(x, change(ops, y)));
  };
}

/** Scales values down to a norm along axes; by default of the whole batch. */
const clipByNorm: Compute = (ops, args) => {
  const x = args.tensor("t");
  const axis = args.has("axes")
    ? args.ints("axes").map((i) => normalizedAxis(ops, x, i))
    : [...ops.shape(x).keys()];
  const bound = args.tensor("clip_norm");
  const sum = ops.sum(square(ops, x), { axis, keepdims: true });
  const isZero = ops.equal(sum, c(ops, 0));
  const root = ops.sqrt(ops.where(isZero, c(ops, 1), sum));
  const norm = ops.where(isZero, sum, root);
  return ops.divide(ops.multiply(x, bound), ops.maximum(norm, bound));
};

/** `log Σ exp(x)` up to each value, in `log2(size)` steps. */
const cumulativeLogSumExp: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.axis(x, 0);
  const size = knownSize(ops, x, axis, args.name);
  const isReversed = args.boolean("reverse", false);
  const shifted = (y: typeof x, step: number) => {
    const widths = ops.shape(y).map((_, i): [number, number] =>
      i === axis ? [step, 0] : [0, 0]
    );
    const rest = ops.slice(y, [{ axis, start: 0, stop: size - step }]);
    return ops.pad(rest, widths, -Infinity);
  };
  let value = isReversed ? ops.flip(x, [axis]) : x;
  for (let step = 1; step < size; step *= 2) {
    value = logAddExp(ops, value, shifted(value, step));
  }
  if (args.boolean("exclusive", false)) value = shifted(value, 1);
  return isReversed ? ops.flip(value, [axis]) : value;
};

/** A polynomial by Horner's rule; the first coefficient is of the highest power. */
const polynomial: Compute = (ops, args) => {
  const x = args.tensor("x");
  const [first, ...rest] = args.tensors("coeffs");
  if (first === undefined) return args.refuse("coeffs", "not be empty");
  const start = ops.broadcastLike(ops.float(first), x);
  return rest.reduce(
    (sum, value) => ops.add(ops.multiply(sum, x), ops.float(value)),
    start,
  );
};

/** `max(x, 0) − x · label + log(1 + exp(−|x|))`. */
const sigmoidCrossEntropy: Compute = (ops, args) => {
  const [labels, x] = [args.tensor("labels"), args.tensor("logits")];
  const tail = ops.log1p(ops.exp(ops.negative(ops.abs(x))));
  return ops.add(
    ops.subtract(ops.maximum(x, c(ops, 0)), ops.multiply(x, labels)),
    tail,
  );
};

/** The same, with the positive term times a weight. */
const weightedCrossEntropy: Compute = (ops, args) => {
  const [labels, x] = [args.tensor("labels"), args.tensor("logits")];
  const weight = args.tensor("pos_weight");
  const factor = ops.add(
    c(ops, 1),
    ops.multiply(ops.subtract(weight, c(ops, 1)), labels),
  );
  const tail = ops.add(
    ops.log1p(ops.exp(ops.negative(ops.abs(x)))),
    ops.maximum(ops.negative(x), c(ops, 0)),
  );
  return ops.add(
    ops.multiply(ops.subtract(c(ops, 1), labels), x),
    ops.multiply(factor, tail),
  );
};

/** `−Σ label · log softmax(x)`. */
const softmaxCrossEntropy: Compute = (ops, args) => {
  const [labels, x] = [args.tensor("labels"), args.tensor("logits")];
  const axis = args.axis(x, -1);
  const parts = ops.multiply(labels, logSoftmax(ops, x, [axis]));
  return ops.negative(ops.sum(parts, { axis }));
};

const triangularSolve: Compute = (ops, args) => {
  args.refuseUnless("adjoint", false);
  const a = ops.float(args.tensor("a"));
  const n = knownSize(ops, a, -1, args.name);
  const half = triangular(ops, a, n, args.boolean("lower", true));
  return solved(ops, half, ops.float(args.tensor("b")), args);
};

/** Solves with the matrix of a Cholesky factor. */
const choleskySolve: Compute = (ops, args) => {
  const factor = ops.float(args.tensor("a"));
  const n = knownSize(ops, factor, -1, args.name);
  const half = triangular(ops, factor, n, true);
  const matrix = ops.matmul(half, matrixTransposed(ops, half, true));
  return solved(ops, matrix, ops.float(args.tensor("b")), args);
};

/** Factories by name. */
export const TF_MATH: FactoryTable = operations({
  "clip_by_norm(t, clip_norm, axes)": clipByNorm,
  "linspace(start, stop, num, name, axis)": (ops, args) => {
    if (ops.dtype(args.tensor("start")) !== "float32") {
      args.refuse("start", "be floats");
    }
    return linspace(ops, args);
  },
  "linalg.adjoint(matrix)": (ops, args) =>
    matrixTransposed(ops, args.tensor("matrix"), true),
  "linalg.cholesky_solve(chol:a, rhs:b)": choleskySolve,
  "linalg.triangular_solve(matrix:a, rhs:b, lower, adjoint)": triangularSolve,
  "math.accumulate_n(inputs)": (ops, args) =>
    args.tensors("inputs").reduce((a, b) => ops.add(a, b)),
  "math.bessel_i0(x)": (ops, args) => bessel(ops, args.tensor("x"), 0),
  "math.bessel_i1(x)": (ops, args) => bessel(ops, args.tensor("x"), 1),
  "math.bessel_i0e(x)": (ops, args) => bessel(ops, args.tensor("x"), 0, true),
  "math.bessel_i1e(x)": (ops, args) => bessel(ops, args.tensor("x"), 1, true),
  "math.conj(x)": (_ops, args) => args.tensor("x"),
  "math.cumulative_logsumexp(x, axis, exclusive, reverse)": cumulativeLogSumExp,
  "math.erfcinv(x)": (ops, args) =>
    inverseErf(ops, ops.subtract(c(ops, 1), args.tensor("x"))),
  "math.erfinv(x)": (ops, args) => inverseErf(ops, args.tensor("x")),
  "math.ndtri(x)": (ops, args) => {
    const twice = ops.multiply(args.tensor("x"), c(ops, 2));
    const value = inverseErf(ops, ops.subtract(twice, c(ops, 1)));
    return ops.multiply(value, c(ops, Math.SQRT2));
  },
  "math.polyval(coeffs, x)": polynomial,
  "math.xlog1py(x, y)": timesUnlessZero((ops, y) => ops.log1p(y)),
  "math.xlogy(x, y)": timesUnlessZero((ops, y) => ops.log(y)),
  "compat.v1.nn.sigmoid_cross_entropy_with_logits(labels, logits)":
    sigmoidCrossEntropy,
  "compat.v1.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis, name, dim:axis)":
    softmaxCrossEntropy,
  "nn.weighted_cross_entropy_with_logits(labels, logits, pos_weight)":
    weightedCrossEntropy,
  "math.real(input)": (_ops, args) => args.tensor("input"),
  "rank(input)": (ops, args) => integer(ops, rank(ops, args.tensor("input"))),
}, "tf.");

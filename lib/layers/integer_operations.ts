/**
 * Operations of `keras.ops` on bits and divisors of integers of 32 bits, and
 * indices of shapes.
 *
 * Source: Keras 3.15 `keras.ops.numpy` on TensorFlow.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { logicalXor } from "./_math_functions.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, operations } from "./operation.ts";
import { type Binary, constantOf, integer, rank } from "./operation_forms.ts";

/** Bits below the sign. */
const NUM_BITS = 31;

/** Steps of Euclid's algorithm for 32 bits: neighbours in Fibonacci's series. */
const MOST_DIVISIONS = 46;

function isZero<T>(ops: Ops<T>, x: T): T {
  return ops.equal(x, integer(ops, 0));
}

/** Two integers, of one shape. */
function integers<T>(ops: Ops<T>, a: T, b: T, name: string): [T, T] {
  for (const x of [a, b]) {
    if (ops.dtype(x) === "int32") continue;
    throw new TypeError(
      cannot(
        `call operation "${name}"`,
        "its inputs must be integers",
        ops.dtype(x),
      ),
    );
  }
  return [ops.broadcastLike(a, b), ops.broadcastLike(b, a)];
}

/** Integers 2⁰, 2¹, … along a new last axis. */
function powers<T>(ops: Ops<T>, numAxes: number): T {
  const values = Array.from({ length: NUM_BITS }, (_, i) => 2 ** i);
  return constantOf(ops, values, "int32", [
    ...Array<number>(numAxes).fill(1),
    NUM_BITS,
  ]);
}

/** The bits below the sign along a new last axis, and the sign: booleans. */
function bitsOf<T>(ops: Ops<T>, x: T): { bits: T; sign: T } {
  const axes = rank(ops, x);
  const shifted = ops.floorDivide(
    ops.expandDims(x, axes),
    powers<T>(ops, axes),
  );
  const bits = ops.cast(ops.mod(shifted, integer(ops, 2)), "bool");
  return { bits, sign: ops.greater(integer(ops, 0), x) };
}

/**
 * The integer of these bits. With a sign it is −1 minus the inverted bits, so
 * that numbers near 0 have small sums.
 */
function fromBits<T>(ops: Ops<T>, bits: T, sign: T): T {
  const axis = rank(ops, sign);
  const isCounted = logicalXor(ops, bits, ops.expandDims(sign, axis));
  const values = powers<T>(ops, axis);
  const parts = ops.multiply(ops.cast(isCounted, "int32"), values);
  const sum = ops.sum(parts, { axis: -1 });
  return ops.where(sign, ops.subtract(integer(ops, -1), sum), sum);
}

/** An operation on each pair of bits. */
function bitwise(compute: Binary): Compute {
  return (ops, args) => {
    const [a, b] = args.pair("x", "y");
    const [p, q] = integers(ops, a, b, args.name).map((x) => bitsOf(ops, x));
    return fromBits(
      ops,
      compute(ops, p!.bits, q!.bits),
      compute(ops, p!.sign, q!.sign),
    );
  };
}

/** All bits inverted: −1 − x. */
const inverted: Compute = (ops, args) => {
  const x = args.tensor("x");
  if (ops.dtype(x) !== "int32") args.refuse("x", "be integers");
  return ops.subtract(integer(ops, -1), x);
};

/** 2ⁿ of integers from 0 to 30. */
function powerOfTwo<T>(ops: Ops<T>, n: T): T {
  const values = Array.from({ length: NUM_BITS }, (_, i) => 2 ** i);
  return ops.take(constantOf(ops, values, "int32"), n, 0);
}

/**
 * Shifts by 0 to 31 bits; TensorFlow bounds other numbers to these. A shift by
 * 31 is one by 30 and one by 1.
 */
function shift(kind: "multiply" | "floorDivide"): Compute {
  return (ops, args) => {
    const [a, b] = integers(ops, ...args.pair("x", "y"), args.name);
    const by = ops.minimum(
      ops.maximum(b, integer(ops, 0)),
      integer(ops, NUM_BITS),
    );
    const most = ops.minimum(by, integer(ops, NUM_BITS - 1));
    const rest = powerOfTwo(ops, ops.subtract(by, most));
    return ops[kind](ops[kind](a, powerOfTwo(ops, most)), rest);
  };
}

/** The largest common divisor, by Euclid's algorithm. */
function commonDivisor<T>(ops: Ops<T>, x: T, y: T): T {
  let [a, b] = [ops.abs(x), ops.abs(y)];
  for (let i = 0; i < MOST_DIVISIONS; i++) {
    const isDone = isZero(ops, b);
    const rest = ops.mod(a, ops.where(isDone, integer(ops, 1), b));
    [a, b] = [
      ops.where(isDone, a, b),
      ops.where(isDone, integer(ops, 0), rest),
    ];
  }
  return a;
}

/** The smallest common multiple: 0 of two zeros. */
function commonMultiple<T>(ops: Ops<T>, x: T, y: T): T {
  const [a, b] = [ops.abs(x), ops.abs(y)];
  const divisor = commonDivisor(ops, a, b);
  const isNone = isZero(ops, divisor);
  const safe = ops.where(isNone, integer(ops, 1), divisor);
  const multiple = ops.multiply(a, ops.floorDivide(b, safe));
  return ops.where(isNone, integer(ops, 0), multiple);
}

function ofIntegers(compute: Binary): Compute {
  return (ops, args) => {
    const [a, b] = args.pair("x1", "x2");
    return compute(ops, ...integers(ops, a, b, args.name));
  };
}

/**
 * Indices of each axis, of row-major indices. TensorFlow reverses the sizes
 * for indices of several axes.
 */
const unravelIndex: Compute = (ops, args) => {
  const x = args.tensor("indices");
  if (ops.dtype(x) !== "int32") args.refuse("indices", "be integers");
  const shape = args.ints("shape");
  const sizes = rank(ops, x) === 1 ? shape.toReversed() : shape;
  let rest = x;
  const indices = sizes.map((size) => {
    const index = ops.mod(rest, integer(ops, size));
    rest = ops.floorDivide(rest, integer(ops, size));
    return index;
  });
  return indices.reverse();
};

/** Factories by name. */
export const INTEGER_OPERATIONS: FactoryTable = operations({
  "BitwiseAnd | tf.bitwise.bitwise_and(x, y)": bitwise((ops, a, b) =>
    ops.logicalAnd(a, b)
  ),
  "BitwiseInvert | BitwiseNot | tf.bitwise.invert(x)": inverted,
  "BitwiseLeftShift | LeftShift | tf.bitwise.left_shift(x, y)": shift(
    "multiply",
  ),
  "BitwiseOr | tf.bitwise.bitwise_or(x, y)": bitwise((ops, a, b) =>
    ops.logicalOr(a, b)
  ),
  "BitwiseRightShift | RightShift | tf.bitwise.right_shift(x, y)": shift(
    "floorDivide",
  ),
  "BitwiseXor | tf.bitwise.bitwise_xor(x, y)": bitwise(logicalXor),
  "Gcd(x1, x2)": ofIntegers(commonDivisor),
  "Lcm(x1, x2)": ofIntegers(commonMultiple),
  "UnravelIndex(indices, shape)": unravelIndex,
});

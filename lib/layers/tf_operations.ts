/**
 * Functions of TensorFlow that stand as nodes in models of Keras 2, as
 * `TFOpLambda` and `SlicingOpLambda`: what everybody writes by hand.
 *
 * Source: TensorFlow 2.15.
 *
 * @module
 */
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import { activationNamed, gelu, leakyRelu } from "./activations.ts";
import type { LayerFactory } from "./layer.ts";
import { type Compute, operation } from "./operation.ts";
import {
  axisOf,
  binary,
  cast,
  less,
  rank,
  reduction,
  rsqrt,
  square,
  unary,
} from "./operation_forms.ts";
import { sliceSpec } from "./slicing.ts";

const X_Y = ["x", "y"];

/** A reduction of TensorFlow. */
function tfReduction(
  compute: <T>(ops: Ops<T>, x: T, options: ReduceOptions) => T,
): LayerFactory {
  return reduction(compute, ["input_tensor", "axis", "keepdims"]);
}

const transpose: Compute = (ops, args) => {
  const x = args.tensor("a");
  const axes = args.has("perm")
    ? args.ints("perm")
    : [...ops.shape(x).keys()].reverse();
  return ops.transpose(x, axes);
};

/** A matrix with its last two axes transposed, if requested. */
function transposedIf<T>(ops: Ops<T>, x: T, isTransposed: boolean): T {
  const axes = [...ops.shape(x).keys()];
  return isTransposed
    ? ops.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!])
    : x;
}

/** Factories by name. */
export const TF_OPERATIONS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    "tf.__operators__.add": binary((ops, a, b) => ops.add(a, b), X_Y),
    "tf.math.add": binary((ops, a, b) => ops.add(a, b), X_Y),
    "tf.math.subtract": binary((ops, a, b) => ops.subtract(a, b), X_Y),
    "tf.math.multiply": binary((ops, a, b) => ops.multiply(a, b), X_Y),
    "tf.math.truediv": binary((ops, a, b) => ops.divide(a, b), X_Y),
    "tf.math.divide": binary((ops, a, b) => ops.divide(a, b), X_Y),
    "tf.math.pow": binary((ops, a, b) => ops.power(a, b), X_Y),
    "tf.math.maximum": binary((ops, a, b) => ops.maximum(a, b), X_Y),
    "tf.math.minimum": binary((ops, a, b) => ops.minimum(a, b), X_Y),
    "tf.math.greater": binary((ops, a, b) => ops.greater(a, b), X_Y),
    "tf.math.less": binary(less, X_Y),
    "tf.linalg.matmul": operation(
      ["a", "b", "transpose_a", "transpose_b"],
      (ops, args) =>
        ops.matmul(
          transposedIf(
            ops,
            args.tensor("a"),
            args.boolean("transpose_a", false),
          ),
          transposedIf(
            ops,
            args.tensor("b"),
            args.boolean("transpose_b", false),
          ),
        ),
    ),
    "tf.math.negative": unary((ops, x) => ops.negative(x)),
    "tf.math.abs": unary((ops, x) => ops.abs(x)),
    "tf.math.exp": unary((ops, x) => ops.exp(x)),
    "tf.math.log": unary((ops, x) => ops.log(x)),
    "tf.math.sqrt": unary((ops, x) => ops.sqrt(x)),
    "tf.math.rsqrt": unary(rsqrt),
    "tf.math.square": unary(square),
    "tf.math.tanh": unary((ops, x) => ops.tanh(x)),
    "tf.math.sigmoid": unary((ops, x) => ops.sigmoid(x)),
    "tf.nn.sigmoid": unary((ops, x) => ops.sigmoid(x)),
    "tf.nn.tanh": unary((ops, x) => ops.tanh(x)),
    "tf.nn.relu": unary(
      (ops, x) => activationNamed("relu", 2)!(ops, x),
      ["features"],
    ),
    "tf.nn.relu6": unary(
      (ops, x) => activationNamed("relu6", 2)!(ops, x),
      ["features"],
    ),
    "tf.nn.silu": unary(
      (ops, x) => activationNamed("silu", 2)!(ops, x),
      ["features"],
    ),
    "tf.nn.gelu": operation(
      ["features", "approximate"],
      (ops, args) =>
        gelu(ops, args.tensor("features"), args.boolean("approximate", false)),
    ),
    "tf.nn.leaky_relu": operation(
      ["features", "alpha"],
      (ops, args) =>
        leakyRelu(ops, args.tensor("features"), args.number("alpha", 0.2)),
    ),
    "tf.nn.softmax": operation(
      ["logits", "axis"],
      (ops, args) =>
        ops.softmax(args.tensor("logits"), args.number("axis", -1)),
    ),
    "tf.math.reduce_mean": tfReduction((ops, x, o) => ops.mean(x, o)),
    "tf.math.reduce_sum": tfReduction((ops, x, o) => ops.sum(x, o)),
    "tf.math.reduce_max": tfReduction((ops, x, o) => ops.max(x, o)),
    "tf.math.reduce_min": tfReduction((ops, x, o) => ops.min(x, o)),
    "tf.reshape": operation(
      ["tensor", "shape"],
      (ops, args) => ops.reshape(args.tensor("tensor"), args.ints("shape")),
    ),
    "tf.transpose": operation(["a", "perm", "conjugate"], transpose),
    "tf.compat.v1.transpose": operation(["a", "perm", "conjugate"], transpose),
    "tf.expand_dims": operation(["input", "axis"], (ops, args) => {
      const x = args.tensor("input");
      const axis = args.number("axis");
      return ops.expandDims(x, axis < 0 ? axis + rank(ops, x) + 1 : axis);
    }),
    "tf.concat": operation(["values", "axis"], (ops, args) => {
      const xs = args.tensors("values");
      return ops.concatenate(xs, axisOf(ops, xs[0]!, args.number("axis")));
    }),
    "tf.stack": operation(["values", "axis"], (ops, args) => {
      const xs = args.tensors("values");
      const axis = args.number("axis", 0);
      return ops.stack(xs, axis < 0 ? axis + rank(ops, xs[0]!) + 1 : axis);
    }),
    "tf.cast": operation(["x", "dtype"], cast),
    "tf.clip_by_value": operation(
      ["t", "clip_value_min", "clip_value_max"],
      (ops, args) =>
        ops.minimum(
          ops.maximum(args.tensor("t"), args.tensor("clip_value_min")),
          args.tensor("clip_value_max"),
        ),
    ),
    SlicingOpLambda: operation(
      ["tensor", "slice_spec", "function", "var"],
      sliceSpec,
    ),
  });

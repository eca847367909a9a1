/**
 * Raw operations that stand as nodes in functional models: `x * 2`,
 * `ops.relu(x)`, `x[:, 0]`.
 *
 * Keras 3 names them by class (`Multiply`) and keeps options in the config;
 * Keras 2 names them by function (`tf.math.multiply`) and passes everything as
 * arguments. Where both mean the same, they share an entry.
 *
 * Source: Keras 3.15 `keras.ops`; TensorFlow 2.15 for `tf.…`.
 *
 * @module
 */
import { elu, gelu, leakyRelu } from "./activations.ts";
import type { LayerFactory } from "./layer.ts";
import { type Compute, operation } from "./operation.ts";
import {
  activation,
  axisOf,
  binary,
  cast,
  less,
  logSumExp,
  rank,
  reduction,
  rsqrt,
  square,
  unary,
  variance,
} from "./operation_forms.ts";
import { getItem } from "./slicing.ts";
import { TF_OPERATIONS } from "./tf_operations.ts";

const reshape: Compute = (ops, args) => {
  const key = args.has("newshape") ? "newshape" : "shape";
  return ops.reshape(args.tensor("x"), args.ints(key));
};

const transpose: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.has("axes")
    ? args.ints("axes")
    : [...ops.shape(x).keys()].reverse();
  return ops.transpose(x, axes);
};

const swapaxes: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = [...ops.shape(x).keys()];
  const [a, b] = [args.number("axis1"), args.number("axis2")]
    .map((axis) => axisOf(ops, x, axis)) as [number, number];
  [axes[a], axes[b]] = [axes[b]!, axes[a]!];
  return ops.transpose(x, axes);
};

const moveaxis: Compute = (ops, args) => {
  const x = args.tensor("x");
  const from = args.ints("source").map((axis) => axisOf(ops, x, axis));
  const to = args.ints("destination").map((axis) => axisOf(ops, x, axis));
  const axes = [...ops.shape(x).keys()].filter((axis) => !from.includes(axis));
  const pairs = to.map((at, i) => [at, from[i]!] as const)
    .sort(([a], [b]) => a - b);
  for (const [at, axis] of pairs) axes.splice(at, 0, axis);
  return ops.transpose(x, axes);
};

const expandDims: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.ints("axis");
  const most = rank(ops, x) + axes.length; // of the result
  return axes.map((axis) => axis < 0 ? axis + most : axis)
    .sort((a, b) => a - b)
    .reduce((y, axis) => ops.expandDims(y, axis), x);
};

const squeeze: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.has("axis")
    ? args.ints("axis").map((axis) => axisOf(ops, x, axis))
    : [...ops.shape(x).entries()].filter(([, size]) => size === 1)
      .map(([axis]) => axis);
  return axes.sort((a, b) => b - a).reduce(
    (y, axis) => ops.squeeze(y, axis),
    x,
  );
};

const clip: Compute = (ops, args) => {
  let x = args.tensor("x");
  if (args.has("x_min")) x = ops.maximum(x, args.tensor("x_min"));
  return args.has("x_max") ? ops.minimum(x, args.tensor("x_max")) : x;
};

const pad: Compute = (ops, args) => {
  if (args.has("mode") && args.string("mode").toLowerCase() !== "constant") {
    args.refuse("mode", `be "constant"`);
  }
  const x = args.tensor("x");
  const given = args.raw("pad_width");
  const widths = Array.isArray(given) && Array.isArray(given[0])
    ? given as [number, number][]
    : ops.shape(x).map((): [number, number] => {
      const [before, after = before] = args.ints("pad_width");
      return [before!, after!];
    });
  const value = args.has("constant_values")
    ? args.number("constant_values")
    : 0;
  return ops.pad(x, widths, value);
};

const oneHot: Compute = (ops, args) => {
  const x = args.tensor("x");
  const encoded = ops.oneHot(ops.cast(x, "int32"), args.number("num_classes"));
  const last = rank(ops, encoded) - 1;
  const axis = axisOf(ops, encoded, args.number("axis", -1));
  if (args.boolean("sparse", false)) args.refuse("sparse", "be false");
  if (axis === last) return encoded;
  const axes = [...ops.shape(x).keys()];
  axes.splice(axis, 0, last);
  return ops.transpose(encoded, axes);
};

const normalize: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.has("axis") ? args.ints("axis") : [-1];
  const order = args.number("order", 2);
  if (order !== 2) args.refuse("order", "be 2");
  const epsilon = args.has("epsilon") ? args.number("epsilon") : 1e-7;
  const sum = ops.sum(square(ops, x), { axis, keepdims: true });
  const least = ops.constant(epsilon * epsilon);
  return ops.multiply(x, rsqrt(ops, ops.maximum(sum, least)));
};

const take: Compute = (ops, args) => {
  const indices = ops.cast(args.tensor("indices"), "int32");
  const x = args.tensor("x");
  if (!args.has("axis")) args.refuse("axis", "be given");
  return ops.take(x, indices, axisOf(ops, x, args.number("axis")));
};

const repeat: Compute = (ops, args) => {
  const x = args.tensor("x");
  if (!args.has("axis")) args.refuse("axis", "be given");
  const [times, ...more] = args.ints("repeats");
  if (more.length > 0) args.refuse("repeats", "be one number");
  return ops.repeat(x, times!, axisOf(ops, x, args.number("axis")));
};

const tile: Compute = (ops, args) => {
  const x = args.tensor("x");
  const times = args.ints("repeats");
  const first = rank(ops, x) - times.length;
  if (first < 0) args.refuse("repeats", "have at most one number an axis");
  return times.reduce(
    (y, n, i) => n === 1 ? y : ops.concatenate(Array(n).fill(y), first + i),
    x,
  );
};

const flip: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.has("axis") ? args.ints("axis") : [...ops.shape(x).keys()];
  return ops.flip(x, axes.map((axis) => axisOf(ops, x, axis)));
};

const argmax: Compute = (ops, args) => {
  const x = args.tensor("x");
  if (!args.has("axis")) args.refuse("axis", "be given");
  const axis = axisOf(ops, x, args.number("axis"));
  const index = ops.argmax(x, axis);
  return args.boolean("keepdims", false) ? ops.expandDims(index, axis) : index;
};

const softmax: Compute = (ops, args) => {
  const axis = args.has("axis") ? args.ints("axis") : [-1];
  const x = args.tensor("x");
  if (axis.length === 1) return ops.softmax(x, axis[0]!);
  const largest = ops.max(x, { axis, keepdims: true });
  const raised = ops.exp(ops.subtract(x, largest));
  return ops.divide(raised, ops.sum(raised, { axis, keepdims: true }));
};

const logSoftmax: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.has("axis") ? args.ints("axis") : [-1];
  return ops.subtract(x, logSumExp(ops, x, { axis, keepdims: true }));
};

const KERAS_3: Readonly<Record<string, LayerFactory>> = {
  Add: binary((ops, a, b) => ops.add(a, b)),
  Subtract: binary((ops, a, b) => ops.subtract(a, b)),
  Multiply: binary((ops, a, b) => ops.multiply(a, b)),
  Divide: binary((ops, a, b) => ops.divide(a, b)),
  TrueDivide: binary((ops, a, b) => ops.divide(a, b)),
  FloorDivide: binary((ops, a, b) => ops.floorDivide(a, b)),
  Mod: binary((ops, a, b) => ops.mod(a, b)),
  Power: binary((ops, a, b) => ops.power(a, b)),
  Maximum: binary((ops, a, b) => ops.maximum(a, b)),
  Minimum: binary((ops, a, b) => ops.minimum(a, b)),
  Greater: binary((ops, a, b) => ops.greater(a, b)),
  GreaterEqual: binary((ops, a, b) => ops.greaterEqual(a, b)),
  Less: binary(less),
  LessEqual: binary((ops, a, b) => ops.greaterEqual(b, a)),
  Equal: binary((ops, a, b) => ops.equal(a, b)),
  NotEqual: binary((ops, a, b) => ops.logicalNot(ops.equal(a, b))),
  LogicalAnd: binary((ops, a, b) => ops.logicalAnd(a, b)),
  LogicalOr: binary((ops, a, b) => ops.logicalOr(a, b)),
  LogicalNot: unary((ops, x) => ops.logicalNot(x)),
  Matmul: binary((ops, a, b) => ops.matmul(a, b)),
  Einsum: operation(
    ["x1", "x2", "subscripts"], // the last stands in the config
    (ops, args) =>
      ops.einsum(
        args.string("subscripts"),
        args.tensor("x1"),
        args.tensor("x2"),
      ),
  ),
  Where: operation(
    ["condition", "x1", "x2"],
    (ops, args) =>
      ops.where(args.tensor("condition"), args.tensor("x1"), args.tensor("x2")),
  ),

  Absolute: unary((ops, x) => ops.abs(x)),
  Negative: unary((ops, x) => ops.negative(x)),
  Exp: unary((ops, x) => ops.exp(x)),
  Expm1: unary((ops, x) => ops.expm1(x)),
  Log: unary((ops, x) => ops.log(x)),
  Log1p: unary((ops, x) => ops.log1p(x)),
  Sqrt: unary((ops, x) => ops.sqrt(x)),
  Rsqrt: unary(rsqrt),
  Square: unary(square),
  Reciprocal: unary((ops, x) => ops.divide(ops.constant(1), x)),
  Sign: unary((ops, x) => ops.sign(x)),
  Floor: unary((ops, x) => ops.floor(x)),
  Ceil: unary((ops, x) => ops.ceil(x)),
  Sin: unary((ops, x) => ops.sin(x)),
  Cos: unary((ops, x) => ops.cos(x)),
  Tanh: unary((ops, x) => ops.tanh(x)),
  Erf: unary((ops, x) => ops.erf(x)),
  Isnan: unary((ops, x) => ops.isNaN(x)),
  Round: operation(["x", "decimals"], (ops, args) => {
    if (args.number("decimals", 0) !== 0) args.refuse("decimals", "be 0");
    return ops.round(args.tensor("x"));
  }),

  Relu: activation("relu"),
  Relu6: activation("relu6"),
  Sigmoid: activation("sigmoid"),
  HardSigmoid: activation("hard_sigmoid"),
  HardSilu: activation("hard_silu"),
  HardTanh: activation("hard_tanh"),
  TanhShrink: activation("tanh_shrink"),
  Silu: activation("silu"),
  Selu: activation("selu"),
  Softplus: activation("softplus"),
  Softsign: activation("softsign"),
  LogSigmoid: activation("log_sigmoid"),
  Elu: operation(
    ["x", "alpha"],
    (ops, args) => elu(ops, args.tensor("x"), args.number("alpha", 1)),
  ),
  LeakyRelu: operation(
    ["x", "negative_slope"],
    (ops, args) =>
      leakyRelu(ops, args.tensor("x"), args.number("negative_slope", 0.2)),
  ),
  Gelu: operation(
    ["x", "approximate"],
    (ops, args) =>
      gelu(ops, args.tensor("x"), args.boolean("approximate", true)),
  ),
  Softmax: operation(["x", "axis"], softmax),
  LogSoftmax: operation(["x", "axis"], logSoftmax),
  Normalize: operation(["x", "axis", "order", "epsilon"], normalize),
  OneHot: operation(["x", "num_classes", "axis", "dtype", "sparse"], oneHot),

  Sum: reduction((ops, x, options) => ops.sum(x, options)),
  Mean: reduction((ops, x, options) => ops.mean(x, options)),
  Max: reduction((ops, x, options) => ops.max(x, options)),
  Min: reduction((ops, x, options) => ops.min(x, options)),
  Prod: reduction((ops, x, options) => ops.prod(x, options)),
  Any: reduction((ops, x, options) => ops.any(x, options)),
  All: reduction((ops, x, options) => ops.all(x, options)),
  Var: reduction(variance),
  Std: reduction((ops, x, options) => ops.sqrt(variance(ops, x, options))),
  Logsumexp: reduction(logSumExp),
  Argmax: operation(["x", "axis", "keepdims"], argmax),

  Reshape: operation(["x", "newshape", "shape"], reshape),
  Transpose: operation(["x", "axes"], transpose),
  Swapaxes: operation(["x", "axis1", "axis2"], swapaxes),
  Moveaxis: operation(["x", "source", "destination"], moveaxis),
  ExpandDims: operation(["x", "axis"], expandDims),
  Squeeze: operation(["x", "axis"], squeeze),
  Concatenate: operation(["xs", "axis"], (ops, args) => {
    const xs = args.tensors("xs");
    return ops.concatenate(xs, axisOf(ops, xs[0]!, args.number("axis", 0)));
  }),
  Stack: operation(["x", "axis"], (ops, args) => {
    const xs = args.tensors("x");
    const axis = args.number("axis", 0);
    return ops.stack(xs, axis < 0 ? axis + rank(ops, xs[0]!) + 1 : axis);
  }),
  GetItem: operation(["x", "key"], getItem),
  Clip: operation(["x", "x_min", "x_max"], clip),
  Cast: operation(["x", "dtype"], cast),
  ConvertToTensor: operation(
    ["x", "dtype"],
    (ops, args) => args.has("dtype") ? cast(ops, args) : args.tensor("x"),
  ),
  Pad: operation(["x", "pad_width", "mode", "constant_values"], pad),
  Take: operation(["x", "indices", "axis"], take),
  Repeat: operation(["x", "repeats", "axis"], repeat),
  Tile: operation(["x", "repeats"], tile),
  Flip: operation(["x", "axis"], flip),
};

/** Factories by name. */
export const OPERATIONS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({ ...KERAS_3, ...TF_OPERATIONS });

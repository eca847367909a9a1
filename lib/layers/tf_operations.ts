/**
 * Functions of TensorFlow that stand as nodes in models of Keras 2, as
 * `TFOpLambda` and `SlicingOpLambda`.
 *
 * A parameter `"name:key"` is TensorFlow's name, and the key by which the
 * computation of `keras.ops` reads it.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import { activationNamed, elu, gelu, leakyRelu } from "./activations.ts";
import {
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan2,
  arctanh,
  cosh,
  divideNoNan,
  fmod,
  logicalXor,
  sinh,
  tan,
} from "./elementwise_operations.ts";
import { grayscale, resize } from "./image_operations.ts";
import type { LayerFactory } from "./layer.ts";
import { einsum, matmul, norm, tensordotCompute } from "./linear_operations.ts";
import {
  blocks,
  channelsOfCall,
  conv,
  logSoftmax,
  pooling,
  softmax,
} from "./neural_operations.ts";
import { type Arguments, type Compute, operation } from "./operation.ts";
import {
  axisOf,
  binary,
  cast,
  isFinite,
  isInfinite,
  knownSize,
  less,
  logSumExp,
  rank,
  reduction,
  rsqrt,
  square,
  truncated,
  unary,
  variance,
} from "./operation_forms.ts";
import {
  cumsum,
  extremeIndex,
  moments,
  sorted,
  topK,
} from "./reduction_operations.ts";
import {
  broadcastTo,
  concatenate,
  expandDims,
  oneHot,
  pad,
  partsBetween,
  reshape,
  roll,
  squeeze,
  stack,
  tile,
  transpose,
  unstack,
} from "./shape_operations.ts";
import { sliceSpec } from "./slicing.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

type Unary = <T>(ops: Ops<T>, x: T) => T;
type Binary = <T>(ops: Ops<T>, a: T, b: T) => T;

const UNARY: Readonly<Record<string, Unary>> = {
  "math.abs": (ops, x) => ops.abs(x),
  "math.acos": arccos,
  "math.acosh": arccosh,
  "math.asin": arcsin,
  "math.asinh": arcsinh,
  "math.atan": (ops, x) => ops.atan(x),
  "math.atanh": arctanh,
  "math.ceil": (ops, x) => ops.ceil(x),
  "math.cos": (ops, x) => ops.cos(x),
  "math.cosh": cosh,
  "math.erf": (ops, x) => ops.erf(x),
  "math.erfc": (ops, x) => ops.subtract(c(ops, 1), ops.erf(x)),
  "math.exp": (ops, x) => ops.exp(x),
  "math.expm1": (ops, x) => ops.expm1(x),
  "math.floor": (ops, x) => ops.floor(x),
  "math.is_finite": isFinite,
  "math.is_inf": isInfinite,
  "math.is_nan": (ops, x) => ops.isNaN(x),
  "math.log": (ops, x) => ops.log(x),
  "math.log1p": (ops, x) => ops.log1p(x),
  "math.log_sigmoid": (ops, x) => activationNamed("log_sigmoid", 3)!(ops, x),
  "math.logical_not": (ops, x) => ops.logicalNot(x),
  "math.negative": (ops, x) => ops.negative(x),
  "math.reciprocal": (ops, x) => ops.divide(c(ops, 1), x),
  "math.rint": (ops, x) => ops.round(x),
  "math.round": (ops, x) => ops.round(x),
  "math.rsqrt": rsqrt,
  "math.sigmoid": (ops, x) => ops.sigmoid(x),
  "math.sign": (ops, x) => ops.sign(x),
  "math.sin": (ops, x) => ops.sin(x),
  "math.sinh": sinh,
  "math.sqrt": (ops, x) => ops.sqrt(x),
  "math.square": square,
  "math.tan": tan,
  "math.tanh": (ops, x) => ops.tanh(x),
  "nn.sigmoid": (ops, x) => ops.sigmoid(x),
  "nn.tanh": (ops, x) => ops.tanh(x),
  "identity": (_ops, x) => x,
  "stop_gradient": (_ops, x) => x,
};

/** Activations, whose parameter is `features`. */
const FEATURES: Readonly<Record<string, string>> = {
  "nn.relu": "relu",
  "nn.relu6": "relu6",
  "nn.selu": "selu",
  "nn.softplus": "softplus",
  "math.softplus": "softplus",
  "nn.softsign": "softsign",
  "nn.silu": "silu",
  "nn.swish": "silu",
};

const BINARY: Readonly<Record<string, Binary>> = {
  "__operators__.add": (ops, a, b) => ops.add(a, b),
  "__operators__.eq": (ops, a, b) => ops.equal(a, b),
  "__operators__.ne": (ops, a, b) => ops.logicalNot(ops.equal(a, b)),
  "math.add": (ops, a, b) => ops.add(a, b),
  "math.divide": (ops, a, b) => ops.divide(a, b),
  "math.divide_no_nan": divideNoNan,
  "math.equal": (ops, a, b) => ops.equal(a, b),
  "math.floordiv": (ops, a, b) => ops.floorDivide(a, b),
  "math.floormod": (ops, a, b) => ops.mod(a, b),
  "math.greater": (ops, a, b) => ops.greater(a, b),
  "math.greater_equal": (ops, a, b) => ops.greaterEqual(a, b),
  "math.less": less,
  "math.less_equal": (ops, a, b) => ops.greaterEqual(b, a),
  "math.logical_and": (ops, a, b) => ops.logicalAnd(a, b),
  "math.logical_or": (ops, a, b) => ops.logicalOr(a, b),
  "math.logical_xor": logicalXor,
  "math.maximum": (ops, a, b) => ops.maximum(a, b),
  "math.minimum": (ops, a, b) => ops.minimum(a, b),
  "math.multiply": (ops, a, b) => ops.multiply(a, b),
  "math.multiply_no_nan": (ops, a, b) => {
    const isZero = ops.equal(ops.float(b), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.multiply(a, b));
  },
  "math.not_equal": (ops, a, b) => ops.logicalNot(ops.equal(a, b)),
  "math.pow": (ops, a, b) => ops.power(a, b),
  "math.squared_difference": (ops, a, b) => square(ops, ops.subtract(a, b)),
  "math.subtract": (ops, a, b) => ops.subtract(a, b),
  "math.truediv": (ops, a, b) => ops.divide(a, b),
  "math.xdivy": (ops, a, b) => {
    const isZero = ops.equal(ops.float(a), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.divide(a, b));
  },
  "compat.v1.floor_div": (ops, a, b) => ops.floorDivide(a, b),
  "math.mod": (ops, a, b) => ops.mod(a, b),
  "floor_div": (ops, a, b) => ops.floorDivide(a, b),
  "truncatemod": fmod,
};

const REDUCE = ["input_tensor:x", "axis", "keepdims"];
const REDUCTIONS: Readonly<
  Record<string, <T>(ops: Ops<T>, x: T, options: ReduceOptions) => T>
> = {
  all: (ops, x, o) => ops.all(x, o),
  any: (ops, x, o) => ops.any(x, o),
  "euclidean_norm": (ops, x, o) => ops.sqrt(ops.sum(square(ops, x), o)),
  logsumexp: logSumExp,
  max: (ops, x, o) => ops.max(x, o),
  mean: (ops, x, o) => ops.mean(x, o),
  min: (ops, x, o) => ops.min(x, o),
  prod: (ops, x, o) => ops.prod(x, o),
  std: (ops, x, o) => ops.sqrt(variance(ops, x, o)),
  sum: (ops, x, o) => ops.sum(x, o),
  variance,
};

/** A matrix with its last two axes exchanged, if requested. */
function exchanged<T>(ops: Ops<T>, x: T, isTransposed: boolean): T {
  const axes = [...ops.shape(x).keys()];
  return isTransposed
    ? ops.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!])
    : x;
}

const product: Compute = (ops, args) => {
  for (const key of ["adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse"]) {
    args.refuseUnless(key, false);
  }
  return matmul(
    ops,
    exchanged(ops, args.tensor("a"), args.boolean("transpose_a", false)),
    exchanged(ops, args.tensor("b"), args.boolean("transpose_b", false)),
  );
};

/** `x / √max(Σ x², epsilon)`. */
const l2Normalize: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.has("axis") ? { axis: args.ints("axis") } : {};
  const sum = ops.sum(square(ops, x), { ...axis, keepdims: true });
  const least = c(ops, args.number("epsilon", 1e-12));
  return ops.multiply(x, rsqrt(ops, ops.maximum(sum, least)));
};

const biasAdd: Compute = (ops, args) => {
  const x = args.tensor("value");
  const bias = args.tensor("bias");
  if (channelsOfCall(args) === "last") return ops.add(x, bias);
  const size = knownSize(ops, bias, 0, args.name);
  const ones = Array<number>(rank(ops, x) - 2).fill(1);
  return ops.add(x, ops.reshape(bias, [size, ...ones]));
};

/** Parts of one size, or of the sizes that are listed. */
const split: Compute = (ops, args) => {
  const x = args.tensor("value");
  const axis = axisOf(ops, x, args.number("axis", 0));
  const size = knownSize(ops, x, axis, args.name);
  const raw = args.raw("num_or_size_splits");
  if (typeof raw === "number") {
    if (size % raw !== 0) args.refuse("num_or_size_splits", `divide ${size}`);
    const step = size / raw;
    const bounds = Array.from({ length: raw + 1 }, (_, i) => i * step);
    return partsBetween(ops, x, axis, bounds);
  }
  const sizes = args.ints("num_or_size_splits");
  const rest = size - sizes.reduce((sum, n) => n === -1 ? sum : sum + n, 0);
  const all = sizes.map((n) => n === -1 ? rest : n);
  const bounds = all.reduce((ends, n) => [...ends, ends.at(-1)! + n], [0]);
  if (bounds.at(-1) !== size) {
    args.refuse("num_or_size_splits", `add up to ${size}`);
  }
  return partsBetween(ops, x, axis, bounds);
};

const where: Compute = (ops, args) => {
  if (!args.has("x")) args.refuse("x", "be there");
  return ops.where(
    args.tensor("condition"),
    args.tensor("x"),
    args.tensor("y"),
  );
};

/** Values along an axis by indices; those of a batch are refused. */
const gather: Compute = (ops, args) => {
  args.refuseUnless("batch_dims", 0);
  args.refuseUnless("validate_indices");
  const x = args.tensor("x");
  const axis = args.has("axis") ? axisOf(ops, x, args.number("axis")) : 0;
  return ops.take(x, ops.cast(args.tensor("indices"), "int32"), axis);
};

const encoded: Compute = (ops, args) => {
  const [on, off] = [args.number("on_value", 1), args.number("off_value", 0)];
  if (on !== 1 || off !== 0) args.refuse("on_value", "be 1, and the other 0");
  return oneHot(ops, args);
};

const sizes: Compute = (ops, args) => {
  args.refuseUnless("out_type", "int32", "int64");
  return ops.sizes(args.tensor("input"));
};

/** Sums of several tensors. */
const addN: Compute = (ops, args) =>
  args.tensors("inputs").reduce((a, b) => ops.add(a, b));

const slice: Compute = (ops, args) => {
  const x = args.tensor("x");
  const begin = args.ints("begin");
  return ops.slice(
    x,
    args.ints("size").flatMap((size, axis) => {
      const start = begin[axis]!;
      if (size !== -1) return [{ axis, start, stop: start + size }];
      return start === 0 ? [] : [{ axis, start }];
    }),
  );
};

function filled(value: number): Compute {
  return (ops, args) => {
    const x = args.tensor("input");
    const dtype = args.has("dtype") ? args.string("dtype") : ops.dtype(x);
    const all = ops.broadcastLike(c(ops, value), x);
    if (/^b?float/.test(dtype)) return all;
    return ops.cast(all, dtype === "bool" ? "bool" : "int32");
  };
}

const depthwise: Compute = (ops, args) => {
  const x = args.tensor("input");
  const kernel = ops.float(args.tensor("filter"));
  if (channelsOfCall(args) !== "last") {
    args.refuse("data_format", "be channels last");
  }
  const strides = args.ints("strides").slice(1, 3);
  const dilation = args.has("dilations") ? args.ints("dilations") : [1, 1];
  const padding = args.string("padding").toLowerCase();
  if (padding !== "same" && padding !== "valid") {
    args.refuse("padding", "be SAME or VALID");
  }
  return ops.conv(x, ops.expandDims(ops.merge(kernel, 2, 3), 2), {
    strides,
    dilation,
    padding: padding as "same" | "valid",
    groups: knownSize(ops, x, -1, args.name),
  });
};

const POOL = [
  ...["input:inputs", "ksize:pool_size", "strides", "padding", "data_format"],
];
const BLOCK = ["input:x", "block_size", "data_format"];
const CONV = [
  ...["input:inputs", "filters:kernel", "strides", "padding", "data_format"],
  "dilations:dilation_rate",
];

const OTHERS: Readonly<Record<string, readonly [readonly string[], Compute]>> =
  {
    "linalg.matmul": [[
      ...["a", "b", "transpose_a", "transpose_b", "adjoint_a", "adjoint_b"],
      ...["a_is_sparse", "b_is_sparse", "output_type"],
    ], product],
    "linalg.l2_normalize": [["x", "axis", "epsilon"], l2Normalize],
    "math.l2_normalize": [["x", "axis", "epsilon"], l2Normalize],
    "nn.l2_normalize": [["x", "axis", "epsilon"], l2Normalize],
    "math.atan2": [
      ["y", "x"],
      (ops, args) => arctan2(ops, args.tensor("y"), args.tensor("x")),
    ],
    "norm": [["tensor:x", "ord", "axis", "keepdims"], norm],
    "compat.v1.norm": [[
      "tensor:x",
      "ord",
      "axis",
      "keepdims",
      "name",
      "keep_dims:keepdims",
    ], norm],
    "linalg.norm": [["tensor:x", "ord", "axis", "keepdims"], norm],
    "einsum": [["equation:subscripts", "*operands"], einsum],
    "linalg.einsum": [["equation:subscripts", "*operands"], einsum],
    "tensordot": [["a:x1", "b:x2", "axes"], tensordotCompute],
    "linalg.tensordot": [["a:x1", "b:x2", "axes"], tensordotCompute],
    "nn.bias_add": [["value", "bias", "data_format"], biasAdd],
    "nn.elu": [["features"], (ops, args) => elu(ops, args.tensor("features"))],
    "nn.gelu": [
      ["features", "approximate"],
      (ops, args) =>
        gelu(ops, args.tensor("features"), args.boolean("approximate", false)),
    ],
    "nn.leaky_relu": [
      ["features", "alpha"],
      (ops, args) =>
        leakyRelu(ops, args.tensor("features"), args.number("alpha", 0.2)),
    ],
    "nn.softmax": [["logits:x", "axis"], softmax],
    "nn.log_softmax": [["logits:x", "axis"], logSoftmax],
    "nn.moments": [["x", "axes", "shift", "keepdims"], (ops, args) => {
      args.refuseUnless("shift");
      return moments(ops, args);
    }],
    "nn.max_pool2d": [POOL, pooling("maxPool")],
    "nn.max_pool1d": [POOL, pooling("maxPool")],
    "nn.max_pool3d": [POOL, pooling("maxPool")],
    "nn.max_pool": [POOL, pooling("maxPool")],
    "nn.avg_pool2d": [POOL, pooling("averagePool")],
    "nn.avg_pool1d": [POOL, pooling("averagePool")],
    "nn.avg_pool3d": [POOL, pooling("averagePool")],
    "nn.avg_pool": [POOL, pooling("averagePool")],
    "nn.conv2d": [[
      ...[
        "input:inputs",
        "filters:kernel",
        "strides",
        "padding",
        "data_format",
      ],
      "dilations:dilation_rate",
    ], conv],
    "nn.conv1d": [[
      ...["input:inputs", "filters:kernel", "stride:strides", "padding"],
      ...["data_format", "dilations:dilation_rate"],
    ], conv],
    "compat.v1.nn.conv2d": [[
      ...["input:inputs", "filter:kernel", "strides", "padding"],
      ...["use_cudnn_on_gpu", "data_format", "dilations:dilation_rate", "name"],
      "filters:kernel",
    ], conv],
    "compat.v1.nn.conv1d": [[
      ...["value:inputs", "filters:kernel", "stride:strides", "padding"],
      ...["use_cudnn_on_gpu", "data_format", "name", "input:inputs"],
      "dilations:dilation_rate",
    ], conv],
    "nn.convolution": [CONV, conv],
    "nn.depthwise_conv2d": [
      ["input", "filter", "strides", "padding", "data_format", "dilations"],
      depthwise,
    ],
    "nn.depth_to_space": [BLOCK, blocks(false)],
    "nn.space_to_depth": [BLOCK, blocks(true)],
    "image.resize": [[
      ...["images", "size", "method:interpolation", "preserve_aspect_ratio"],
      "antialias",
    ], (ops, args) => {
      args.refuseUnless("preserve_aspect_ratio", false);
      return resize(ops, args);
    }],
    "image.rgb_to_grayscale": [["images"], tfGrayscale],
    "compat.v1.pad": [[
      ...["tensor:x", "paddings:pad_width", "mode", "constant_values"],
    ], pad],
    "pad": [["tensor:x", "paddings:pad_width", "mode", "constant_values"], pad],
    "split": [["value", "num_or_size_splits", "axis", "num"], split],
    "unstack": [["value:x", "num", "axis"], unstack],
    "stack": [["values:x", "axis"], stack],
    "concat": [["values:xs", "axis"], concatenate],
    "squeeze": [["input:x", "axis"], squeeze],
    "compat.v1.squeeze": [["input:x", "axis", "squeeze_dims:axis"], squeeze],
    "expand_dims": [["input:x", "axis"], expandDims],
    "compat.v1.expand_dims": [["input:x", "axis", "dim:axis"], expandDims],
    "tile": [["input:x", "multiples:repeats"], tile],
    "reshape": [["tensor:x", "shape"], reshape],
    "transpose": [["a:x", "perm:axes", "conjugate"], transpose],
    "compat.v1.transpose": [
      ["a:x", "perm:axes", "name", "conjugate"],
      transpose,
    ],
    "broadcast_to": [["input:x", "shape"], broadcastTo],
    "roll": [["input:x", "shift", "axis"], roll],
    "reverse": [["tensor", "axis"], (ops, args) => {
      const x = args.tensor("tensor");
      return ops.flip(x, args.ints("axis").map((axis) => axisOf(ops, x, axis)));
    }],
    "repeat": [["input", "repeats", "axis"], (ops, args) => {
      const x = args.tensor("input");
      if (!args.has("axis")) args.refuse("axis", "be there");
      return ops.repeat(x, args.number("repeats"), args.number("axis"));
    }],
    "slice": [["input_:x", "begin", "size"], slice],
    "where": [["condition", "x", "y"], where],
    "compat.v1.where": [["condition", "x", "y"], where],
    "gather": [[
      "params:x",
      "indices",
      "validate_indices",
      "axis",
      "batch_dims",
    ], gather],
    "compat.v1.gather": [
      ["params:x", "indices", "validate_indices", "name", "axis", "batch_dims"],
      gather,
    ],
    "one_hot": [[
      ...["indices:x", "depth:num_classes", "on_value", "off_value", "axis"],
      "dtype",
    ], encoded],
    "shape": [["input", "out_type"], sizes],
    "compat.v1.shape": [["input", "name", "out_type"], sizes],
    "zeros_like": [["input", "dtype"], filled(0)],
    "compat.v1.zeros_like": [
      ["tensor:input", "dtype", "name", "optimize"],
      filled(0),
    ],
    "ones_like": [["input", "dtype"], filled(1)],
    "compat.v1.ones_like": [
      ["tensor:input", "dtype", "name", "optimize"],
      filled(1),
    ],
    "math.argmax": [["input:x", "axis", "output_type"], tfExtreme(1)],
    "math.argmin": [["input:x", "axis", "output_type"], tfExtreme(-1)],
    "argmax": [["input:x", "axis", "output_type"], tfExtreme(1)],
    "argmin": [["input:x", "axis", "output_type"], tfExtreme(-1)],
    "math.top_k": [["input:x", "k", "sorted", "index_type"], topK],
    "nn.top_k": [["input:x", "k", "sorted", "index_type"], topK],
    "sort": [["values:x", "axis", "direction"], sorted("values")],
    "argsort": [["values:x", "axis", "direction", "stable"], sorted("indices")],
    "math.cumsum": [
      ["x", "axis", "exclusive", "reverse"],
      (ops, args) => cumsum(ops, args.has("axis") ? args : args.set("axis", 0)),
    ],
    "math.add_n": [["inputs"], addN],
    "add_n": [["inputs"], addN],
    "math.scalar_mul": [
      ["scalar", "x"],
      (ops, args) => ops.multiply(args.tensor("scalar"), args.tensor("x")),
    ],
    "cast": [["x", "dtype"], cast],
    "convert_to_tensor": [
      ["value:x", "dtype", "dtype_hint"],
      (ops, args) => args.has("dtype") ? cast(ops, args) : args.tensor("x"),
    ],
    "clip_by_value": [
      ["t", "clip_value_min", "clip_value_max"],
      (ops, args) =>
        ops.minimum(
          ops.maximum(args.tensor("t"), args.tensor("clip_value_min")),
          args.tensor("clip_value_max"),
        ),
    ],
    "math.truncatediv": [
      ["x", "y"],
      (ops, args) =>
        truncated(ops, ops.divide(args.tensor("x"), args.tensor("y"))),
    ],
  };

/** Without an axis TensorFlow takes the first one. */
function tfExtreme(sign: 1 | -1): Compute {
  return (ops, args) =>
    extremeIndex(sign)(ops, args.has("axis") ? args : args.set("axis", 0));
}

/** TensorFlow keeps the digits of its own weights. */
function tfGrayscale<T>(ops: Ops<T>, args: Arguments<T>): T | T[] {
  if (ops.dtype(args.tensor("images")) !== "float32") {
    args.refuse("images", "be floats");
  }
  return grayscale(ops, args);
}

function named<A>(
  table: Readonly<Record<string, A>>,
  make: (entry: A) => LayerFactory,
  prefix = "tf.",
): Record<string, LayerFactory> {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [prefix + name, make(entry)]),
  );
}

/** Factories by name. */
export const TF_OPERATIONS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    ...named(
      UNARY,
      (compute) =>
        operation(
          ["x:x", "input:x"],
          (ops, args) => compute(ops, args.tensor("x")),
        ),
    ),
    ...named(
      FEATURES,
      (name) =>
        unary((ops, x) => activationNamed(name, 2)!(ops, x), ["features"]),
    ),
    ...named(BINARY, (compute) => binary(compute, ["x", "y"])),
    ...named(
      REDUCTIONS,
      (compute) => reduction(compute, REDUCE),
      "tf.math.reduce_",
    ),
    ...named(OTHERS, ([parameters, compute]) => operation(parameters, compute)),
    SlicingOpLambda: operation(
      ["tensor", "slice_spec", "function", "var"],
      sliceSpec,
    ),
  });

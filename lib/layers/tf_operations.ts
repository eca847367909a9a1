/**
 * Functions of TensorFlow that are nodes in models of Keras 2, as `TFOpLambda`
 * and `SlicingOpLambda`.
 *
 * A parameter `"name:key"` is TensorFlow's name, and the key by which the
 * computation of `keras.ops` reads it.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */

import { filled, slice } from "./indexing_operations.ts";
import {
  addN,
  biasAdd,
  concatenatedRelu,
  encoded,
  gather,
  l2Normalize,
  localResponse,
  product,
  sizes,
  split,
  tfExtreme,
  tfGrayscale,
  tfSoftmax,
  where,
} from "./_tf_functions.ts";
import { elu, gelu, leakyRelu, logSoftmax, softmax } from "./activations.ts";
import { resize } from "./image_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { einsum, tensordotCompute, tfNorm } from "./linear_operations.ts";
import { blocks, conv, depthwise, pooling } from "./neural_operations.ts";
import { operations } from "./operation.ts";
import { axisOf, binary, cast, truncated } from "./operation_forms.ts";
import { cumsum, moments, sorted, topK } from "./reduction_operations.ts";
import {
  concatenate,
  expandDims,
  pad,
  reshape,
  roll,
  squeeze,
  stack,
  transpose,
  unstack,
} from "./shape_operations.ts";
import { sliceSpec } from "./slicing.ts";

/** Factories by name. */
export const TF_OPERATIONS: FactoryTable = Object.freeze({
  ...operations({
    "linalg.matmul(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, a_is_sparse, b_is_sparse, output_type)":
      product,
    "linalg.l2_normalize | math.l2_normalize | nn.l2_normalize(x, axis, epsilon)":
      l2Normalize,
    "norm | linalg.norm(tensor:x, ord, axis, keepdims)": tfNorm,
    "compat.v1.norm(tensor:x, ord, axis, keepdims, name, keep_dims:keepdims)":
      tfNorm,
    "einsum | linalg.einsum(equation:subscripts, *operands)": einsum,
    "tensordot | linalg.tensordot(a:x1, b:x2, axes)": tensordotCompute,
    "nn.bias_add(value, bias, data_format)": biasAdd,
    "nn.local_response_normalization(input, depth_radius, bias, alpha, beta)":
      localResponse,

    "compat.v1.nn.crelu(features, name, axis)": concatenatedRelu,

    "nn.elu(features)": (ops, args) => elu(ops, args.tensor("features")),
    "nn.gelu(features, approximate)": (ops, args) =>
      gelu(ops, args.tensor("features"), args.boolean("approximate", false)),
    "nn.leaky_relu(features, alpha)": (ops, args) =>
      leakyRelu(ops, args.tensor("features"), args.number("alpha", 0.2)),
    "nn.softmax(logits:x, axis)": tfSoftmax(softmax),
    "nn.log_softmax(logits:x, axis)": tfSoftmax(logSoftmax),
    "nn.moments(x, axes, shift, keepdims)": (ops, args) => {
      args.refuseUnless("shift");
      return moments(ops, args);
    },
    "nn.max_pool | nn.max_pool1d | nn.max_pool2d | nn.max_pool3d(input:inputs, ksize:pool_size, strides, padding, data_format)":
      pooling("maxPool"),
    "nn.avg_pool | nn.avg_pool1d | nn.avg_pool2d | nn.avg_pool3d(input:inputs, ksize:pool_size, strides, padding, data_format)":
      pooling("averagePool"),
    "nn.conv2d | nn.convolution(input:inputs, filters:kernel, strides, padding, data_format, dilations:dilation_rate)":
      conv,
    "nn.conv1d(input:inputs, filters:kernel, stride:strides, padding, data_format, dilations:dilation_rate)":
      conv,
    "compat.v1.nn.conv2d(input:inputs, filter:kernel, strides, padding, use_cudnn_on_gpu, data_format, dilations:dilation_rate, name, filters:kernel)":
      conv,
    "compat.v1.nn.conv1d(value:inputs, filters:kernel, stride:strides, padding, use_cudnn_on_gpu, data_format, name, input:inputs, dilations:dilation_rate)":
      conv,
    "nn.depthwise_conv2d(input:inputs, filter:kernel, strides, padding, data_format, dilations:dilation_rate)":
      depthwise,
    "nn.depth_to_space(input:x, block_size, data_format)": blocks(false),
    "nn.space_to_depth(input:x, block_size, data_format)": blocks(true),
    "image.resize(images, size, method:interpolation, preserve_aspect_ratio, antialias)":
      (ops, args) => {
        args.refuseUnless("preserve_aspect_ratio", false);
        return resize(ops, args);
      },
    "image.rgb_to_grayscale(images)": tfGrayscale,
    "pad | compat.v1.pad(tensor:x, paddings:pad_width, mode, constant_values)":
      pad,
    "split(value, num_or_size_splits, axis, num)": split,
    "unstack(value:x, num, axis)": unstack,
    "stack(values:x, axis)": stack,
    "concat(values:xs, axis)": concatenate,
    "squeeze(input:x, axis)": squeeze,
    "compat.v1.squeeze(input:x, axis, squeeze_dims:axis)": squeeze,
    "expand_dims(input:x, axis)": expandDims,
    "compat.v1.expand_dims(input:x, axis, dim:axis)": expandDims,
    "reshape(tensor:x, shape)": reshape,
    "transpose(a:x, perm:axes, conjugate)": transpose,
    "compat.v1.transpose(a:x, perm:axes, name, conjugate)": transpose,
    "roll(input:x, shift, axis)": roll,
    "reverse(tensor, axis)": (ops, args) => {
      const x = args.tensor("tensor");
      return ops.flip(x, args.ints("axis").map((axis) => axisOf(ops, x, axis)));
    },
    "repeat(input, repeats, axis)": (ops, args) => {
      const x = args.tensor("input");
      args.demand("axis");
      return ops.repeat(x, args.number("repeats"), args.number("axis"));
    },
    "slice(input_:inputs, begin:start_indices, size:shape)": slice,
    "where | compat.v1.where(condition, x, y)": where,
    "gather(params:x, indices, validate_indices, axis, batch_dims)": gather,
    "compat.v1.gather(params:x, indices, validate_indices, name, axis, batch_dims)":
      gather,
    "compat.v1.nn.embedding_lookup(params:x, ids:indices, partition_strategy, name)":
      gather,
    "one_hot(indices:x, depth:num_classes, on_value, off_value, axis, dtype)":
      encoded,
    "shape(input, out_type)": sizes,
    "compat.v1.shape(input, name, out_type)": sizes,
    "zeros_like(input:x, dtype)": filled(0),
    "compat.v1.zeros_like(tensor:x, dtype, name, optimize)": filled(0),
    "ones_like(input:x, dtype)": filled(1),
    "compat.v1.ones_like(tensor:x, dtype, name, optimize)": filled(1),
    "argmax | math.argmax(input:x, axis, output_type)": tfExtreme(1),
    "argmin | math.argmin(input:x, axis, output_type)": tfExtreme(-1),
    "math.top_k | nn.top_k(input:x, k, sorted, index_type)": topK,
    "sort(values:x, axis, direction)": sorted("values"),
    "argsort(values:x, axis, direction, stable)": sorted("indices"),
    "math.cumsum(x, axis, exclusive, reverse)": (ops, args) =>
      cumsum(ops, args.orElse("axis", 0)),
    "add_n | math.add_n(inputs)": addN,
    "math.scalar_mul(scalar:x1, x:x2)": binary((ops, a, b) =>
      ops.multiply(a, b)
    ),
    "compat.v1.math.scalar_mul(scalar:x1, x:x2, name)": binary((ops, a, b) =>
      ops.multiply(a, b)
    ),
    "ensure_shape(x, shape)": (_ops, args) => args.tensor("x"),
    "cast(x, dtype)": cast,
    "convert_to_tensor(value:x, dtype, dtype_hint)": (ops, args) =>
      args.has("dtype") ? cast(ops, args) : args.tensor("x"),
    "clip_by_value(t, clip_value_min, clip_value_max)": (ops, args) =>
      ops.minimum(
        ops.maximum(args.tensor("t"), args.beside("clip_value_min", "t")),
        args.beside("clip_value_max", "t"),
      ),
    "truncatediv(x, y)": (ops, args) => {
      const [a, b] = args.pair("x", "y");
      const isWhole = ops.dtype(a) === "int32" && ops.dtype(b) === "int32";
      if (!isWhole) return truncated(ops, ops.divide(a, b));
      const isExact = ops.equal(
        ops.mod(a, b),
        ops.cast(ops.constant(0), "int32"),
      );
      const isRounded = ops.logicalOr(
        isExact,
        ops.equal(ops.sign(a), ops.sign(b)),
      );
      const floor = ops.floorDivide(a, b);
      return ops.add(floor, ops.cast(ops.logicalNot(isRounded), "int32"));
    },
  }, "tf."),
  ...operations({
    "SlicingOpLambda(tensor, slice_spec, function, var)": sliceSpec,
  }),
});

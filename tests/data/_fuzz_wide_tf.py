"""Chains of functions of TensorFlow in models of tf_keras, for seeds from 100:
each call becomes a `TFOpLambda` or `SlicingOpLambda`."""

import numpy as np
import tensorflow as tf

from _fuzz_draw import Feed, Plan
from _fuzz_wide_ops import array, known, matrix

ANY = ("abs ceil cos erf expm1 floor negative round sigmoid sign sin softplus square tanh asinh atan rint "
       "is_finite is_nan log_sigmoid reciprocal_no_nan erfc").split()
UNIT = "asin acos atanh sinh cosh tan exp".split()
ABOVE_1 = "log log1p sqrt rsqrt reciprocal acosh".split()
NN = "elu relu relu6 selu softsign leaky_relu silu gelu softplus crelu".split()
TWO = ("add subtract multiply maximum minimum squared_difference atan2 greater greater_equal less less_equal equal not_equal "
       "divide_no_nan multiply_no_nan xdivy").split()
WHOLE_TWO = "add subtract multiply maximum minimum floordiv floormod less equal not_equal mod".split()
OVER = ("reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_std reduce_variance reduce_logsumexp "
        "reduce_euclidean_norm count_nonzero").split()


def of_type(x, kind):
    return x if x.dtype == kind else tf.cast(x, kind)


def elementwise(d, x, y):
    f, whole, sizes, math = of_type(x, tf.float32), of_type(x, tf.int32), known(x), tf.math
    return [
        lambda: getattr(math, d.of(*ANY))(f), lambda: getattr(math, d.of(*UNIT))(tf.tanh(f) * 0.9), lambda: getattr(math, d.of(*ABOVE_1))(tf.abs(f) + 1.1),
        lambda: getattr(tf.nn, d.of(*NN))(f), lambda: getattr(math, d.of(*TWO))(f, array(d, sizes)), lambda: getattr(math, d.of(*TWO))(array(d, sizes), f),
        lambda: getattr(math, d.of(*TWO))(f, of_type(y, tf.float32)), lambda: getattr(math, d.of(*WHOLE_TWO))(whole, d.of(-3, -1, 2, 5)),
        lambda: getattr(math, d.of(*WHOLE_TWO))(whole, whole * 2 + 1), lambda: tf.truncatediv(whole, d.of(-3, 2)), lambda: tf.truncatemod(whole, d.of(-3, 2)),
        lambda: tf.pow(tf.abs(f) + 0.1, d.of(2.0, 0.5, -1.5)), lambda: f / array(d, sizes, 0.6), lambda: 1.5 - f, lambda: 2.0 / (f * f + 0.5), lambda: f % 1.5,
        lambda: f // 0.7, lambda: -x if x.dtype != tf.bool else tf.logical_not(x), lambda: f ** 2.0, lambda: whole % 3, lambda: 7 - whole, lambda: abs(f),
        lambda: tf.cast(x, d.of("int32", "bool", "float32", "uint8")), lambda: tf.clip_by_value(f, d.real(-2, 0), d.real(0, 2)), lambda: tf.where(f > 0.1, f, d.real(-1, 1)),
        lambda: tf.where(f < array(d, sizes), array(d, sizes), f), lambda: tf.add_n([f, of_type(y, tf.float32), f]), lambda: tf.identity(x), lambda: tf.stop_gradient(x),
        lambda: tf.ones_like(x), lambda: tf.zeros_like(f), lambda: tf.nn.bias_add(f, d.rng.normal(size=sizes[-1]).astype("float32")) if sizes and sizes[-1] else f,
        lambda: tf.math.scalar_mul(d.real(-2, 2), f), lambda: (f > 0.0) & (f < 1.0), lambda: tf.nn.leaky_relu(f, alpha=d.real(0, 0.6)), lambda: tf.nn.gelu(f, approximate=d.chance(0.5)),
    ]


def over_axes(d, x, axis):
    f, rank, keep, math = of_type(x, tf.float32), len(x.shape), d.chance(0.5), tf.math
    axes = d.of(axis, [axis], list({d.int(1, rank - 1), d.int(1, rank - 1)}), list(range(1, rank)))
    size = known(x)[axis - 1 if axis > 0 else axis]
    found = [
        lambda: getattr(math, d.of(*OVER))(f, axis=axes, keepdims=keep), lambda: getattr(math, d.of("reduce_sum", "reduce_max", "reduce_prod"))(of_type(x, tf.int32), axis=axes, keepdims=keep),
        lambda: getattr(math, d.of("reduce_any", "reduce_all"))(f > 0.0, axis=axes, keepdims=keep), lambda: getattr(tf, d.of("argmax", "argmin"))(f, axis=axis),
        lambda: tf.norm(f, ord=d.of("euclidean", 1, 2, 3, np.inf), axis=axis, keepdims=keep), lambda: math.l2_normalize(f, axis=axes), lambda: tf.nn.softmax(f, axis=axis),
        lambda: tf.nn.log_softmax(f, axis=axis), lambda: tf.cumsum(f, axis=axis, exclusive=d.chance(0.4), reverse=d.chance(0.4)), lambda: math.cumprod(f, axis=axis, exclusive=d.chance(0.4), reverse=d.chance(0.4)),
        lambda: tf.reverse(x, [axis]), lambda: tf.roll(x, d.int(-3, 3), axis), lambda: tf.roll(x, [1, -2], [1, -1]), lambda: tf.expand_dims(x, d.of(axis, -1, 1)), lambda: d.of(*tf.nn.moments(f, [axis], keepdims=keep)),
        lambda: tf.concat([x, x], axis), lambda: tf.stack([x, x], d.of(axis, -1)), lambda: tf.repeat(x, d.int(1, 3), axis), lambda: tf.gather(x, d.of([0, 0], [[0], [0]]), axis=axis),
        lambda: tf.squeeze(math.reduce_mean(f, axis=axis, keepdims=True), [axis]), lambda: tf.linalg.normalize(f, axis=axis)[0],
    ]
    if size is not None:
        at = d.int(0, size)
        found += [
            lambda: d.of(*tf.split(x, [at, size - at], axis)), lambda: d.of(*tf.split(tf.concat([x, x], axis), 2, axis)), lambda: d.of(*tf.unstack(x, axis=axis)) if size else x,
            lambda: tf.sort(f, axis=axis, direction=d.of("ASCENDING", "DESCENDING")), lambda: tf.argsort(f, axis=axis), lambda: tf.one_hot(tf.argmax(f, axis=axis), size, axis=d.of(-1, 1)),
        ]
    return found


def reshaped(d, x):
    rank, sizes = len(x.shape), known(x)
    f, widths = of_type(x, tf.float32), [[0, 0]] + [[d.int(0, 2), d.int(0, 2)] for _ in sizes]
    found = [
        lambda: tf.transpose(x, [0, *(1 + int(i) for i in d.rng.permutation(rank - 1))]), lambda: tf.pad(f, widths, constant_values=d.of(0, 1)), lambda: tf.tile(x, [1] + [d.int(1, 2) for _ in sizes]),
        lambda: x[:, d.of(slice(None, None, 2), slice(-1, None), slice(1, 100), slice(None, None, -1), 0, -1)], lambda: x[..., d.of(slice(None, 2), slice(-2, None), slice(None, None, -2), None)],
        lambda: x[:, tf.newaxis], lambda: x[:, ..., -1], lambda: tf.concat([x[:, :0], x], 1), lambda: tf.reshape(x, tf.concat([tf.shape(x)[:1], [-1]], 0)),
        lambda: tf.reduce_sum(f[..., :0], -1), lambda: tf.cast(tf.shape(x)[1], tf.float32) * f, lambda: tf.broadcast_to(x[:, :1], tf.shape(x)),
    ]
    if None not in sizes:
        total = int(np.prod(sizes))
        part = d.of(*[p for p in (1, 2, 3, 4) if total % p == 0])
        found += [lambda: tf.reshape(x, d.of((-1, total), (-1, part, total // part), (-1, total // part, 1, part))), lambda: tf.compat.v1.pad(f, widths[:1] + [[0, s - 1] for s in sizes], mode=d.of("REFLECT", "SYMMETRIC")),
                  lambda: tf.slice(x, [0] + [min(1, s - 1) for s in sizes], [-1] + [1 for _ in sizes])]
    if rank > 2:
        found += [lambda: tf.linalg.band_part(f, d.int(-1, 1), d.int(-1, 1)), lambda: tf.linalg.matrix_transpose(x), lambda: tf.linalg.diag_part(f)]
    if rank < 4:
        found.append(lambda: tf.linalg.diag(f) if sizes else f)
    return found


def linear(d, x):
    f, rank, last = of_type(x, tf.float32), len(x.shape), known(x)[-1]
    if last in (None, 0):
        return []
    found = [lambda: tf.matmul(f, matrix(d, last, 3)) if rank == 2 else tf.tensordot(f, matrix(d, last, 2), 1), lambda: tf.tensordot(f, matrix(d, 2, last), [[rank - 1], [1]]), lambda: tf.math.top_k(f, min(2, last))[d.int(0, 1)]]
    if rank == 3:
        square = lambda: tf.matmul(f, f, transpose_b=True) + 2.0 * np.eye(known(x)[0], dtype="float32")
        found += [lambda: tf.matmul(f, f, transpose_a=True), lambda: tf.matmul(f, f, transpose_b=True)]
        if known(x)[0] not in (None, 0):
            found += [lambda: tf.linalg.inv(square()), lambda: tf.linalg.det(square()), lambda: tf.linalg.solve(square(), f), lambda: tf.linalg.cholesky(square()), lambda: tf.linalg.trace(square())]
    return found


def neural(d, x):
    f, sizes = of_type(x, tf.float32), known(x)
    if len(x.shape) != 4 or 0 in sizes or sizes[-1] is None:
        return []
    depth, pads, edge, image = sizes[-1], d.of("SAME", "VALID"), (d.int(1, 2), d.int(1, 3)), tf.image
    colors = lambda: tf.tensordot(tf.sigmoid(f), np.abs(matrix(d, depth, 3)), 1)
    found = [
        lambda: tf.nn.max_pool2d(f, d.int(1, 2), d.int(1, 2), pads), lambda: tf.nn.avg_pool2d(f, list(edge), 1, pads), lambda: tf.nn.conv2d(f, matrix(d, *edge, depth, 2), d.int(1, 2), pads),
        lambda: tf.nn.depthwise_conv2d(f, matrix(d, *edge, depth, 2), [1, 1, 1, 1], pads), lambda: image.rgb_to_grayscale(colors()), lambda: image.flip_left_right(f), lambda: image.rgb_to_hsv(colors()),
        lambda: tf.nn.space_to_depth(tf.tile(f, [1, 2, 2, 1]), 2), lambda: tf.nn.depth_to_space(tf.tile(f, [1, 1, 1, 4]), 2),
    ]
    if None not in sizes:
        kind = d.of("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic")
        found += [lambda: image.resize(f, (d.int(1, 6), d.int(1, 6)), method=kind, antialias=d.chance(0.3)), lambda: image.resize_with_pad(f, d.int(2, 6), d.int(2, 6)), lambda: image.resize_with_crop_or_pad(f, d.int(1, 6), d.int(1, 6)),
                  lambda: image.central_crop(f, 0.6), lambda: image.rot90(f, d.int(0, 3)), lambda: image.per_image_standardization(f), lambda: image.adjust_contrast(f, 1.5)]
    return found


def step(d, x, y):
    rank = len(x.shape)
    y = y if list(y.shape) == list(x.shape) else x
    families = [elementwise(d, x, y)]
    if rank > 1:
        axis = d.of(d.int(1, rank - 1), -d.int(1, rank - 1))
        families += [over_axes(d, x, axis), reshaped(d, x), linear(d, x), neural(d, x)]
    return d.of(*d.of(*[f for f in families if f]))()


def tf_chain(d):
    shape = tuple(d.of(1, 2, 3, 4, 5) for _ in range(d.int(1, 3)))
    feed = Feed(shape, d.of("float", "float", "float", "ids"), unknown=d.unknown(range(len(shape))))

    def build(tensors):
        (x,) = tensors
        y = x
        for _ in range(d.int(1, 5)):
            x, y = step(d, x, y), x
            if len(x.shape) > 5 or np.prod([s or 4 for s in x.shape[1:]]) > 4000:
                raise ValueError("too large")
        return x

    return Plan("tf chain", [feed], build=build)

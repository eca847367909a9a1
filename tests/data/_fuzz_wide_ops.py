"""Chains of the operations of Keras 3, for seeds from 100: nearly all that a
functional model can hold, on floats, integers and flags, with axes of size 0
and 1, and axes whose sizes the model does not know."""

import numpy as np

from _fuzz_draw import Feed, Plan

ANY = ("abs absolute arcsinh arctan celu ceil cos deg2rad elu erf expm1 fabs floor gelu hard_shrink hard_sigmoid "
       "hard_silu hard_swish hard_tanh isfinite isnan isinf leaky_relu log_sigmoid nan_to_num negative ones_like "
       "rad2deg real relu relu6 round selu sigmoid sign signbit silu sin sinc soft_shrink softplus softsign "
       "sparse_plus sparse_sigmoid square squareplus swish tanh tanh_shrink threshold trunc zeros_like copy "
       "stop_gradient isreal logical_not exp2 erfc cbrt isposinf isneginf").split()
UNIT = "arcsin arccos arctanh sinh cosh tan exp".split()
ABOVE_1 = "log log2 log10 log1p sqrt rsqrt reciprocal arccosh".split()
TWO = ("add subtract multiply maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 greater greater_equal less "
       "less_equal equal not_equal divide_no_nan logical_and logical_or logical_xor heaviside isclose").split()
WHOLE_TWO = "add subtract multiply maximum minimum floor_divide mod greater less_equal equal not_equal divide".split()
OVER = "sum mean max min prod var std amax amin any all count_nonzero logsumexp median ptp nanmean nansum nanmax nanvar".split()


def known(x):
    return [None if s is None else int(s) for s in x.shape[1:]]


def array(d, sizes, low=None):
    """Constants that broadcast to sizes; an unknown one gets a 1."""
    kept = [s if s is not None and d.chance(0.7) else 1 for s in sizes][d.int(0, max(0, len(sizes) - 1)):]
    value = d.rng.normal(size=kept)
    return (value if low is None else low + np.abs(value)).astype("float32")


def matrix(d, *sizes):
    return (d.rng.normal(size=sizes) / np.sqrt(max(1, sizes[0]))).astype("float32")


def of_type(ops, x, kind):
    """The tensor as floats, integers or flags."""
    return x if str(x.dtype) == kind else ops.cast(x, kind)


def is_float(x):
    return "float" in str(x.dtype)


def elementwise(d, ops, x, y):
    sizes, f = known(x), of_type(ops, x, "float32")
    name = d.of(*ANY)
    return [
        lambda: getattr(ops, name)(x) if hasattr(ops, name) else ops.abs(x),
        lambda: getattr(ops, name)(f) if hasattr(ops, name) else ops.abs(f),
        lambda: getattr(ops, d.of(*UNIT))(ops.tanh(f) * 0.9), lambda: getattr(ops, d.of(*ABOVE_1))(ops.abs(f) + 1.1),
        lambda: getattr(ops, d.of(*TWO))(f, array(d, sizes)), lambda: getattr(ops, d.of(*TWO))(array(d, sizes), f),
        lambda: getattr(ops, d.of(*TWO))(f, of_type(ops, y, "float32")),
        lambda: getattr(ops, d.of(*WHOLE_TWO))(of_type(ops, x, "int32"), d.of(-3, -1, 2, 5)),
        lambda: getattr(ops, d.of(*WHOLE_TWO))(of_type(ops, x, "int32"), ops.cast(f, "int32") * 2 + 1),
        lambda: getattr(ops, d.of(*WHOLE_TWO))(of_type(ops, x, "int32"), array(d, sizes, 0.5)),
        lambda: ops.divide(f, array(d, sizes, 0.6)), lambda: ops.power(ops.abs(f) + 0.1, d.of(2, 0.5, -1.5, array(d, sizes))),
        lambda: ops.mod(f, d.real(0.5, 3) * d.of(1, -1)), lambda: ops.fmod(f, d.real(0.5, 3)) if hasattr(ops, "fmod") else f,
        lambda: ops.clip(x, -1, 2), lambda: ops.clip(f, d.real(-2, 0), d.real(0, 2)), lambda: ops.cast(x, d.of("int32", "bool", "float32", "uint8", "int8")),
        lambda: ops.where(f > 0.1, f, d.real(-1, 1)), lambda: ops.where(array(d, sizes) > 0, f, array(d, sizes)),
        lambda: ops.where(ops.logical_or(f < -0.5, f > 0.5), of_type(ops, x, "int32"), 7), lambda: ops.round(f, d.of(0, 1, 2)),
        lambda: ops.select([f > 1.0, f > 0.0], [f * 2.0, -f], d.real(-1, 1)), lambda: ops.full_like(x, d.of(2, 3)),
        lambda: ops.isin(of_type(ops, x, "int32"), np.array([0, 1, 3], "int32")) if hasattr(ops, "isin") else x,
        lambda: ops.digitize(f, np.array([-1.0, 0.0, 0.7], "float32")), lambda: ops.gelu(f, approximate=d.chance(0.5)),
        lambda: 1.5 - f / 2.0 + f ** 2, lambda: -x if not "bool" in str(x.dtype) else ~x, lambda: abs(f) % 1.5, lambda: f // 0.7,
        lambda: ops.saturate_cast(f * 100, d.of("uint8", "int8")) if hasattr(ops, "saturate_cast") else f,
        lambda: ops.ldexp(f, ops.cast(ops.clip(f, -3, 3), "int32")) if hasattr(ops, "ldexp") else f,
    ]


def over_axes(d, ops, x, axis):
    f, rank = of_type(ops, x, "float32"), len(x.shape)
    keep = d.chance(0.5)
    some = [d.int(1, rank - 1) for _ in range(2)]
    axes = d.of(axis, sorted(set(some)), tuple(a - rank for a in set(some)), tuple(range(1, rank)))
    size = known(x)[axis - 1 if axis > 0 else axis]
    found = [
        lambda: getattr(ops, d.of(*OVER))(f, axis=axes, keepdims=keep), lambda: getattr(ops, d.of("sum", "max", "min", "mean", "prod", "any", "all"))(x, axis=axes, keepdims=keep),
        lambda: getattr(ops, d.of("argmax", "argmin"))(f, axis=axis, keepdims=keep), lambda: d.of(*ops.moments(f, axes=[axis], keepdims=keep)),
        lambda: ops.norm(f, ord=d.of(None, 1, 2, 3, np.inf, -np.inf, 0), axis=axis, keepdims=keep), lambda: ops.average(f, axis=axis),
        lambda: ops.quantile(f, d.of(0.3, 0.5, [0.25, 1.0][0]), axis=axis, keepdims=keep), lambda: ops.logsumexp(f, axis=axes, keepdims=keep),
        lambda: ops.softmax(f, axis=d.of(axis, -1)), lambda: ops.log_softmax(f, axis=axis), lambda: ops.normalize(f, axis=axis, order=d.of(1, 2, 3)),
        lambda: ops.sparsemax(f, axis=axis), lambda: ops.cumsum(x, axis=axis), lambda: ops.cumprod(f, axis=axis), lambda: ops.flip(x, axis=axis),
        lambda: ops.roll(x, d.int(-4, 4), axis=axis), lambda: ops.max(f, axis=axis, keepdims=keep, initial=d.real(-1, 1)),
        lambda: ops.squeeze(ops.mean(f, axis=axis, keepdims=True), axis=axis), lambda: ops.expand_dims(x, d.of(axis, -1, 1)),
        lambda: ops.concatenate([x, x], axis=axis), lambda: ops.stack([x, x], axis=d.of(axis, -1)), lambda: ops.append(f, ops.tanh(f), axis=axis),
        lambda: ops.diff(ops.concatenate([f, f + 1.0], axis=axis), n=d.int(1, 2) if size else 1, axis=axis), lambda: ops.trapezoid(f, dx=0.5, axis=axis),
        lambda: ops.repeat(x, d.int(1, 3), axis=axis), lambda: ops.swapaxes(x, axis, d.of(1, -1)), lambda: ops.moveaxis(x, axis, d.of(1, -1)),
        lambda: ops.take(x, d.of(0, -1, [0, -1, 0], [[0], [-1]]), axis=axis), lambda: ops.unstack(x, axis=axis)[-1] if size else x,
        lambda: ops.batch_normalization(f, array(d, [size])[:1] * np.ones(size or 1, "float32"), array(d, [size], 0.3) * np.ones(size or 1, "float32"), axis=axis),
        lambda: ops.layer_normalization(f) if hasattr(ops, "layer_normalization") else f,
        lambda: ops.rms_normalization(f, axis=axis) if hasattr(ops, "rms_normalization") else f,
    ]
    if size is not None:
        found += [
            lambda: ops.sort(x, axis=axis), lambda: ops.argsort(f, axis=axis), lambda: d.of(*ops.split(x, [d.int(0, size)], axis=axis)),
            lambda: ops.glu(ops.concatenate([f, f * 0.5], axis=axis), axis=axis), lambda: ops.repeat(x, [d.int(0, 2) for _ in range(size)], axis=axis),
            lambda: d.of(*ops.array_split(x, d.int(1, 3), axis=axis)), lambda: ops.take_along_axis(f, ops.argsort(f, axis=axis), axis=axis),
            lambda: ops.one_hot(ops.argmax(f, axis=axis), size, axis=d.of(-1, 1)), lambda: ops.count_nonzero(ops.one_hot(ops.cast(ops.round(f), "int32"), 4), axis=-1),
        ]
    return found


def reshaped(d, ops, x, axis):
    rank, sizes = len(x.shape), known(x)
    order = [0, *(1 + int(i) for i in d.rng.permutation(rank - 1))]
    found = [
        lambda: ops.transpose(x, order), lambda: ops.pad(x, [(0, 0)] + [(d.int(0, 2), d.int(0, 2)) for _ in sizes], constant_values=d.of(0, 1)),
        lambda: ops.tile(x, [1] + [d.int(1, 2) for _ in sizes]), lambda: x[:, d.of(slice(None, None, 2), slice(-1, None), slice(1, 100), slice(0, 0))],
        lambda: x[..., d.of(slice(None, 2), slice(-2, None), None, slice(None, None, 3))], lambda: x[:, None], lambda: x[:, ..., -1], lambda: x[:, 0],
        lambda: ops.roll(x, (1, -2), axis=(1, -1)), lambda: ops.expand_dims(x, (1, -1)) if rank < 4 else x, lambda: ops.flip(x, axis=(1, -1)) if rank > 2 else x,
        lambda: ops.concatenate([x[:, :0], x], axis=1), lambda: ops.sum(of_type(ops, x, "float32")[..., :0], axis=-1),
    ]
    if None not in sizes:
        total = int(np.prod(sizes))
        part = d.of(*[p for p in (1, 2, 3, 4) if total % p == 0])
        found += [
            lambda: ops.reshape(x, d.of((-1, total), (-1, part, total // part), (-1, total // part, 1, part))), lambda: x[:, ::-1], lambda: x[..., ::-2],
            lambda: ops.pad(x, [(0, 0)] + [(d.int(0, s - 1), d.int(0, s - 1)) for s in sizes], mode=d.of("reflect", "symmetric")),
            lambda: ops.hstack([x, x]), lambda: ops.dstack([x, x]) if rank > 2 else x, lambda: d.of(*ops.hsplit(ops.concatenate([x, x], axis=1), 2)),
        ]
    if rank > 2:
        a, b = d.of((1, 2), (2, 1), (-1, -2), (1, -1)) if rank > 3 else d.of((1, 2), (-1, 1))
        found += [
            lambda: ops.tril(x, d.int(-1, 1)), lambda: ops.triu(x, d.int(-1, 1)), lambda: ops.rot90(x, k=d.int(-1, 3), axes=(1, 2)),
            lambda: ops.diagonal(x, offset=d.of(0, 0, 1, -1), axis1=a, axis2=b) if None not in sizes else x,
            lambda: ops.trace(x, axis1=a, axis2=b) if None not in sizes else x,
        ]
    return found


def linear(d, ops, x):
    f, rank, last = of_type(ops, x, "float32"), len(x.shape), known(x)[-1]
    if last in (None, 0):
        return []
    found = [
        lambda: ops.matmul(f, matrix(d, last, 3)), lambda: ops.dot(f, matrix(d, last, 2)), lambda: ops.tensordot(f, matrix(d, last, 2), axes=1),
        lambda: ops.tensordot(f, matrix(d, 2, last), axes=[[rank - 1], [1]]), lambda: ops.einsum("...i,ij->...j", f, matrix(d, last, 2)),
        lambda: ops.matmul(f, matrix(d, last)[:, 0] if False else matrix(d, last, 1)[:, 0]), lambda: ops.inner(f, matrix(d, 2, last)) if rank == 2 else f,
        lambda: ops.cross(f[..., :3], array(d, [3])[:1] * np.ones(3, "float32")) if last >= 3 else f,
    ]
    if rank == 3:
        square = lambda: ops.matmul(f, ops.transpose(f, (0, 2, 1))) + 2.0 * np.eye(known(x)[0], dtype="float32")
        found += [
            lambda: ops.einsum("bij,bkj->bik", f, f), lambda: ops.einsum("bij->bji", f), lambda: ops.einsum("bij->b", f), lambda: ops.matmul(f, ops.swapaxes(f, 1, 2)),
            lambda: ops.einsum("bij,jk,kl->bil", f, matrix(d, last, 2), matrix(d, 2, 3)), lambda: ops.norm(f, ord=d.of(None, "fro", 1, np.inf), axis=(1, 2)),
        ]
        if known(x)[0] not in (None, 0):
            found += [lambda: ops.inv(square()), lambda: ops.det(square()), lambda: ops.cholesky(square()), lambda: ops.solve(square(), f),
                      lambda: ops.solve_triangular(square(), f, lower=True), lambda: ops.logdet(square()) if hasattr(ops, "logdet") else f]
    return found


def neural(d, ops, x):
    """Windows and images; channels are last."""
    f, rank, sizes = of_type(ops, x, "float32"), len(x.shape), known(x)
    depth = sizes[-1]
    if not 3 <= rank <= 5 or 0 in sizes or depth is None:
        return []
    count, pads = rank - 2, d.of("same", "valid")
    strides = d.of(1, 2, d.ints(count, 1, 2))
    window = d.ints(count, 1, 3)
    edge = [d.int(1, 3) for _ in range(count)]
    found = [
        lambda: ops.max_pool(f, window, strides=strides, padding=pads), lambda: ops.average_pool(f, window, strides=strides, padding=pads),
        lambda: ops.conv(f, matrix(d, *edge, depth, 2), strides=d.int(1, 2), padding=pads), lambda: ops.conv(f, matrix(d, *edge, depth, 2), dilation_rate=2, padding="same"),
        lambda: ops.conv_transpose(f, matrix(d, *edge, 2, depth), strides=d.int(1, 2), padding=pads),
    ]
    if count < 3:
        found += [lambda: ops.depthwise_conv(f, matrix(d, *edge, depth, 2), padding=pads),
                  lambda: ops.separable_conv(f, matrix(d, *edge, depth, 1), matrix(d, *[1] * count, depth, 3), padding=pads)]
    if None not in sizes:
        found += [lambda: ops.adaptive_average_pool(f, tuple(edge)), lambda: ops.adaptive_max_pool(f, tuple(edge))]
    if rank == 4:
        image, size = ops.image, (d.int(1, 6), d.int(1, 6))
        kind = d.of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        colors = lambda: ops.matmul(ops.sigmoid(f), np.abs(matrix(d, depth, 3)))
        found += [
            lambda: image.resize(f, size, interpolation=kind, antialias=d.chance(0.2)), lambda: image.pad_images(f, d.int(0, 2), 1, d.int(0, 2), 0),
            lambda: image.resize(f, size, interpolation=kind, **{d.of("crop_to_aspect_ratio", "pad_to_aspect_ratio"): True}), lambda: image.rgb_to_grayscale(colors()),
            lambda: image.extract_patches(f, d.int(1, 2), padding=pads), lambda: image.rgb_to_hsv(colors()), lambda: image.crop_images(f, 0, 0, 0, 0),
            lambda: image.affine_transform(f, np.array([0.9, 0.31, -0.3, -0.2, 1.1, 0.7, 0, 0], "float32"), interpolation=d.of("bilinear", "nearest"),
                                           fill_mode=d.of("constant", "nearest", "reflect", "wrap"), fill_value=1.0),
            lambda: ops.depth_to_space(ops.concatenate([f] * 4, axis=-1), 2), lambda: ops.space_to_depth(ops.tile(f, [1, 2, 2, 1]), 2),
            lambda: ops.dot_product_attention(f, f * 0.5, ops.tanh(f), is_causal=d.chance(0.3)),
        ]
    return found


def step(d, x, y):
    """One operation on a tensor of `[N, …]`; `y` is the tensor before it."""
    ops, rank = d.keras.ops, len(x.shape)
    y = y if y.shape == x.shape else x
    axis = d.of(d.int(1, rank - 1), -d.int(1, rank - 1)) if rank > 1 else None
    families = [elementwise(d, ops, x, y)]
    if axis is not None:
        families += [over_axes(d, ops, x, axis), reshaped(d, ops, x, axis), linear(d, ops, x), neural(d, ops, x)]
    return d.of(*d.of(*[f for f in families if f]))()


def wide_chain(d):
    shape = tuple(d.of(1, 2, 3, 4, 5) for _ in range(d.int(1, 4)))
    feed = Feed(shape, d.of("float", "float", "float", "ids", "mask"), unknown=d.unknown(range(len(shape))))

    def build(tensors):
        (x,) = tensors
        y, found = x, []
        for _ in range(d.int(1, 6)):
            x, y = step(d, x, y), x
            if len(x.shape) > 5 or np.prod([s or 4 for s in x.shape[1:]]) > 4000:
                raise ValueError("too large")
            if d.chance(0.1):
                found.append(x)
        return [*found, x]

    return Plan("wide chain", [feed], build=build)

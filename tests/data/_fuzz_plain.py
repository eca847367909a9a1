"""Draws of layers without places or time: dense, merging, norms, shapes, operations."""

import numpy as np

from _fuzz_draw import Feed, Plan
from _fuzz_maps import placed


def grid(d, low=1, high=3):
    """An input of any rank."""
    return tuple(d.of(1, 2, 3, 4, 5) for _ in range(d.int(low, high)))


def dense(d):
    feed = Feed(grid(d, 1, 3))
    layer = d.L.Dense(d.int(1, 6), **d.some(activation=d.activation(), use_bias=d.chance(0.7)))
    return Plan("Dense", [feed], [layer])


def einsum_dense(d):
    a, b, c = d.int(1, 4), d.int(1, 4), d.int(1, 4)
    equation, shape, output, biases = d.of(
        ("ab,bc->ac", (b,), (c,), ["c"]),
        ("abc,cd->abd", (a, b), (a, c), ["d", "bd", "b"]),
        ("...x,xy->...y", (a, b), (None, c), ["y"]),
        # Not "abc,bde->acde": TensorFlow gives others than NumPy and JAX there.
        ("abc,bcde->ade", (a, b), (c, 3), ["e", "de", "d"]),
        ("abc,bd->adc", (a, b), (c, b), ["d", "c", "dc"]),
        ("ab...,bc->ac...", (a, b), (c, b), [None]),
        ("abc,cde->abde", (a, b), (a, 2, c), ["e", "de", "be"]),
    )
    layer = d.L.EinsumDense(equation, output_shape=output, activation=d.activation(),
                            bias_axes=d.of(None, *biases))
    return Plan("EinsumDense", [Feed(shape)], [layer])


def activation_layer(d):
    shape = grid(d, 1, 3)
    name = d.of("Activation", "Activation", "Activation", "ELU", "LeakyReLU", "PReLU", "ReLU",
                "Softmax", *([] if d.is3 else ["ThresholdedReLU"]))
    if name == "Activation":
        layer = d.L.Activation(d.activation() or "gelu")
    elif name == "ELU":
        layer = d.L.ELU(**d.some(alpha=d.real(0, 3)))
    elif name == "LeakyReLU":
        layer = d.L.LeakyReLU(**d.some(**{"negative_slope" if d.is3 else "alpha": d.real(0, 1)}))
    elif name == "PReLU":
        axes = [a + 1 for a in range(len(shape)) if d.chance(0.4)]
        layer = d.L.PReLU(shared_axes=d.of(None, axes or None))
    elif name == "ReLU":
        layer = d.L.ReLU(**d.some(max_value=d.of(None, d.real(0, 3)), negative_slope=d.real(0, 1),
                                  threshold=d.real(0, 2)))
    elif name == "Softmax":
        axes = d.of(-1, 1, len(shape), -len(shape), list(range(1, len(shape) + 1)), [-1])
        layer = d.L.Softmax(axis=axes)
        if d.chance(0.4):
            feeds = [Feed(shape), Feed(shape, "mask")]
            return Plan("Softmax", feeds, build=lambda xs: layer(xs[0], mask=xs[1]))
    else:
        layer = d.L.ThresholdedReLU(**d.some(theta=d.real(0, 2)))
    return Plan(name, [Feed(shape)], [layer], smooth=False)


def merging(d):
    name = d.of("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
    shape = grid(d, 1, 3)
    count = 2 if name in ("Subtract", "Dot") else d.int(2, 4)
    shapes = [shape] * count
    if name == "Concatenate":
        axis = d.int(1, len(shape))
        shapes = [(*shape[: axis - 1], d.int(1, 4), *shape[axis:]) for _ in range(count)]
        layer = d.L.Concatenate(axis=d.of(axis, axis - len(shape) - 1))
    elif name == "Dot":
        shape, other = list(grid(d, 1, 2)), list(grid(d, 1, 2))
        a, b = d.int(1, len(shape)), d.int(1, len(other))
        other[b - 1] = shape[a - 1]
        axes = d.of((a, b), (a - len(shape) - 1, b - len(other) - 1)) if a != b or d.chance(0.5) else a
        layer, shapes = d.L.Dot(axes=axes, **d.some(normalize=d.chance(0.5))), [tuple(shape), tuple(other)]
    else:
        layer = getattr(d.L, name)()
        if d.chance(0.4):
            shapes = [tuple(s if d.chance(0.6) else 1 for s in shape) for _ in range(count)]
        if d.chance(0.2):
            shapes[-1] = shapes[-1][-1:]
    feeds = [Feed(s) for s in shapes]
    if d.chance(0.2) and len({len(s) for s in shapes}) == 1 and len(shapes[0]) == 2:
        if len({s[0] for s in shapes}) == 1 and name != "Dot":
            return masked_merge(d, name, layer, feeds)
    return Plan(name, feeds, build=lambda xs: layer(xs))


def masked_merge(d, name, layer, feeds):
    """What a merge does with masks, seen by a mean over the steps that are left."""
    for feed in feeds:
        feed.holes = 0.0
    maskings = [d.L.Masking(0.0) if d.chance(0.8) else None for _ in feeds]
    mean = d.L.GlobalAveragePooling1D()

    def build(xs):
        y = layer([m(x) if m else x for m, x in zip(maskings, xs)])
        return [y, mean(y)]

    return Plan(name, feeds, build=build)


def norm(d):
    names = ["BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization",
             "BatchNormalization", "LayerNormalization"]
    name = d.of(*names, *(["RMSNormalization"] if d.is3 else []))
    shape = grid(d, 1, 4) if name != "GroupNormalization" else grid(d, 2, 4)
    axis = d.of(-1, -1, d.int(1, len(shape)), -d.int(1, len(shape)))
    size = shape[axis - 1 if axis > 0 else len(shape) + axis]
    free = {"epsilon": d.of(1e-3, 1e-5, 1e-2, 0.5)}
    center = {"center": d.chance(0.7), "scale": d.chance(0.7)}
    if name == "BatchNormalization":
        options = {"axis": axis, **d.some(**free, **center)}
    elif name == "LayerNormalization":
        axes = sorted({d.int(1, len(shape)) for _ in range(d.int(1, 2))})
        options = {"axis": d.of(axis, axes, [a - len(shape) - 1 for a in axes]), **d.some(**free, **center)}
    elif name == "GroupNormalization":
        groups = [g for g in range(1, size + 1) if size % g == 0]
        options = {"axis": axis, "groups": d.of(*groups, -1, size), **d.some(**free, **center)}
    elif name == "UnitNormalization":
        axes = sorted({d.int(1, len(shape)) for _ in range(d.int(1, 3))})
        options = {"axis": d.of(axis, axes)}
    else:
        options = {"axis": axis, **d.some(**free)}
    return Plan(name, [Feed(shape)], [getattr(d.L, name)(**options)])


def preprocessing(d):
    name = d.of("Normalization", "Normalization", "Rescaling", "Discretization", "CategoryEncoding")
    shape = grid(d, 1, 3)
    if name == "Normalization":
        axis = d.of(-1, None, d.int(1, len(shape)), tuple(range(1, len(shape) + 1)))
        axes = [] if axis is None else [axis] if isinstance(axis, int) else list(axis)
        sizes = [shape[a - 1 if a > 0 else len(shape) + a] for a in axes]
        layer = d.L.Normalization(axis=axis, **d.some(invert=d.chance(0.4)))
        if d.chance(0.5):
            mean = d.rng.normal(size=sizes).astype("float32")
            variance = d.rng.uniform(0.1, 3, sizes).astype("float32")
            layer = d.L.Normalization(axis=axis, mean=mean.tolist(), variance=variance.tolist(),
                                      invert=d.chance(0.4))
        else:
            layer.adapt((d.rng.normal(size=(9, *shape)) * 2 + 1).astype("float32"))
        plan = Plan(name, [Feed(shape)], [layer])
        plan.notes["keep_weights"] = True
        return plan
    if name == "Rescaling":
        many = d.chance(0.3)
        number = lambda: [d.real(-2, 2) for _ in range(shape[-1])] if many else d.real(-2, 2)
        return Plan(name, [Feed(shape)], [d.L.Rescaling(number(), **d.some(offset=number()))])
    if name == "Discretization":
        bounds = sorted({d.of(d.real(-3, 3), -0.5, 0.5, 1.0, 0.0) for _ in range(d.int(1, 5))})
        mode = d.of("int", "int", "one_hot", "multi_hot", "count")
        shape = shape if mode == "int" else (d.int(1, 4),)
        layer = d.L.Discretization(bin_boundaries=bounds, output_mode=mode)
        return Plan(name, [Feed(shape)], [layer], smooth=False)
    mode, tokens = d.of("multi_hot", "one_hot", "count"), d.int(2, 6)
    shape = (1,) if mode == "one_hot" and d.chance(0.5) else (d.int(1, 5),)
    layer = d.L.CategoryEncoding(num_tokens=tokens, output_mode=mode)
    if mode == "count" and d.chance(0.5):
        feeds = [Feed(shape, "ids", tokens), Feed(shape)]
        return Plan(name, feeds, build=lambda xs: layer(xs[0], count_weights=xs[1]))
    return Plan(name, [Feed(shape, "ids", tokens)], [layer])


def shaping(d):
    shape = grid(d, 1, 4)
    name = d.of("Flatten", "Reshape", "Permute", "RepeatVector", "Identity", "ActivityRegularization")
    if name == "Flatten":
        feed, _, options = placed(d, d.int(1, 3), first=0.4, unknown=False)
        return Plan(name, [feed], [d.L.Flatten(**options)])
    if name == "Reshape":
        total = int(np.prod(shape))
        parts = [p for p in (1, 2, 3, 4, 5) if total % p == 0]
        part = d.of(*parts)
        target = d.of((total,), (part, total // part), (part, -1), (-1, part), (1, part, -1), (-1,))
        return Plan(name, [Feed(shape)], [d.L.Reshape(target)])
    if name == "Permute":
        order = tuple(int(i) + 1 for i in d.rng.permutation(len(shape)))
        return Plan(name, [Feed(shape)], [d.L.Permute(order)])
    if name == "RepeatVector":
        return Plan(name, [Feed((d.int(1, 5),))], [d.L.RepeatVector(d.int(1, 4))])
    layer = d.L.Identity() if name == "Identity" else d.L.ActivityRegularization(0.1, 0.2)
    return Plan(name, [Feed(shape)], [layer])


def random_layers(d):
    """What does nothing at inference."""
    feed, _, options = placed(d, 2, first=0)
    names = ["Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout2D", "AlphaDropout"]
    name = d.of(*names)
    return Plan(name, [feed], [getattr(d.L, name)(d.real(0.1, 0.9)), d.L.Conv2D(2, 1)])


def spectral(d):
    inner = d.of(lambda: d.L.Dense(d.int(1, 4), activation=d.activation()),
                 lambda: d.L.Conv2D(d.int(1, 4), 2, padding="same"))()
    feed, _, _ = placed(d, 2, first=0)
    return Plan("SpectralNormalization", [feed], [d.L.SpectralNormalization(inner, **d.some(power_iterations=d.int(1, 3)))])


UNARY = ("absolute negative exp expm1 square sign sin cos tanh erf relu relu6 sigmoid hard_sigmoid hard_silu "
         "hard_tanh tanh_shrink silu selu softplus softsign log_sigmoid elu leaky_relu gelu floor ceil").split()
POSITIVE = "log log1p sqrt rsqrt reciprocal".split()
BINARY = ("add subtract multiply maximum minimum divide power mod floor_divide greater greater_equal less "
          "less_equal equal not_equal").split()
REDUCE = "sum mean max min prod var std logsumexp any all argmax".split()


def operations(d):
    """Raw operations of Keras 3 as nodes of a model."""
    ops = d.keras.ops
    shape, kind = grid(d, 1, 3), d.of("unary", "binary", "number", "reduce", "shape", "slice", "other")
    feed, rank = Feed(shape), len(shape) + 1
    axis = d.of(d.int(1, rank - 1), -d.int(1, rank - 1))
    if kind == "unary":
        name = d.of(*UNARY, *POSITIVE)
        feed.positive = name in POSITIVE
        more = {"approximate": d.chance(0.5)} if name == "gelu" else {}
        return Plan(f"ops.{name}", [feed], build=lambda xs: getattr(ops, name)(xs[0], **more), smooth=False)
    if kind in ("binary", "number"):
        name = d.of(*BINARY)
        other = d.real(0.2, 3) if kind == "number" else None
        feeds = [feed] if other else [feed, Feed(tuple(s if d.chance(0.7) else 1 for s in shape))]
        for each in feeds:
            each.positive = name == "power"
        if name == "divide" and not other:
            feeds[1].positive = True
        if name in ("mod", "floor_divide"):
            feeds, other = [feed], d.real(0.3, 2)
        is_left = d.chance(0.6) or name in ("mod", "floor_divide", "divide", "power")
        of = lambda xs: (xs[0], xs[1] if other is None else other)
        build = lambda xs: getattr(ops, name)(*(of(xs) if is_left else of(xs)[::-1]))
        return Plan(f"ops.{name}", feeds, build=build, smooth=name not in ("mod", "floor_divide"))
    if kind == "reduce":
        name = d.of(*REDUCE)
        axes = axis if name == "argmax" else d.of(axis, tuple(range(1, rank)))
        keep = d.chance(0.5)
        return Plan(f"ops.{name}", [feed], build=lambda xs: getattr(ops, name)(xs[0], axis=axes, keepdims=keep),
                    smooth=name != "argmax")
    if kind == "slice":
        keys = [slice(None)]
        for size in shape:
            start, stop = sorted((d.int(0, size - 1), d.int(1, size)))
            keys.append(d.of(slice(None), slice(start, max(stop, start + 1)), d.int(-size, size - 1),
                             slice(None, None, 2), slice(None, None, -1), slice(-1, None)))
        if d.chance(0.3):
            keys.insert(d.int(1, len(keys)), None)
        if d.chance(0.2):
            keys = [Ellipsis, keys[-1] if rank > 1 else slice(None)]
        return Plan("ops.getitem", [feed], build=lambda xs: xs[0][tuple(keys)])
    if kind == "shape":
        order = (0, *(int(i) + 1 for i in d.rng.permutation(rank - 1)))
        build = d.of(
            lambda xs: ops.transpose(xs[0], order),
            lambda xs: ops.expand_dims(xs[0], axis),
            lambda xs: ops.reshape(xs[0], (-1, int(np.prod(shape)))),
            lambda xs: ops.flip(xs[0], axis),
            lambda xs: ops.repeat(xs[0], 2, axis=axis),
            lambda xs: ops.tile(xs[0], (1,) * (rank - 1) + (3,)),
            lambda xs: ops.pad(xs[0], ((0, 0),) + ((1, 2),) * (rank - 1), constant_values=0.5),
            lambda xs: ops.swapaxes(xs[0], 1, rank - 1),
            lambda xs: ops.moveaxis(xs[0], axis, 1),
            lambda xs: ops.take(xs[0], d.int(0, 0), axis=axis),
        )
        return Plan("ops.shape", [feed], build=build)
    low, high = sorted((d.real(-1, 1), d.real(-1, 1)))
    build = d.of(
        lambda xs: ops.clip(xs[0], low, high),
        lambda xs: ops.softmax(xs[0], axis=axis),
        lambda xs: ops.log_softmax(xs[0], axis=axis),
        lambda xs: ops.where(xs[0] > low, xs[0], high),
        lambda xs: ops.stack([xs[0], xs[0] * 2.0], axis=axis),
        lambda xs: ops.concatenate([xs[0], -xs[0]], axis=axis),
        lambda xs: ops.normalize(xs[0], axis=axis, order=d.of(1, 2)),
        lambda xs: 1.5 - xs[0] / 2.0 + xs[0] ** 2,
        lambda xs: ops.matmul(xs[0], ops.swapaxes(xs[0], -1, -2)) if rank > 2 else ops.sum(xs[0], -1),
        lambda xs: ops.cast(xs[0], "int32"),
        lambda xs: ops.round(xs[0]),
    )
    return Plan("ops.other", [feed], build=build, smooth=False)


PLAIN = {
    dense: 4, einsum_dense: 3, activation_layer: 8, merging: 6, norm: 8, preprocessing: 5,
    shaping: 3, random_layers: 1,
}
PLAIN_KERAS_3 = {operations: 8, spectral: 2}

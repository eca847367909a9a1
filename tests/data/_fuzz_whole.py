"""Models drawn as wholes: operations one after another, constants as arguments,
inputs in records, and models inside wrappers."""

import numpy as np

from _fuzz_draw import Feed, Plan


def constant(d, shape):
    """An array that broadcasts to a shape."""
    kept = [s if d.chance(0.7) else 1 for s in shape][d.int(0, max(0, len(shape) - 1)):]
    return d.rng.normal(size=kept).astype("float32")


def step(d, x):
    """One operation of Keras on a tensor of `[N, …]`, with odd axes."""
    ops, rank, shape = d.keras.ops, len(x.shape), tuple(x.shape[1:])
    axis = d.int(1, rank - 1) if rank > 1 else 0
    axis = axis - rank if d.chance(0.5) else axis
    some = [
        lambda: ops.abs(x), lambda: ops.square(x), lambda: ops.tanh(x), lambda: ops.sin(x),
        lambda: ops.log1p(ops.abs(x)), lambda: ops.exp(ops.minimum(x, 2.0)), lambda: ops.negative(x),
        lambda: ops.maximum(x, d.real(-1, 1)), lambda: ops.add(x, constant(d, shape)),
        lambda: ops.multiply(constant(d, shape), x), lambda: ops.subtract(d.real(-2, 2), x),
        lambda: ops.divide(x, 1.5 + np.abs(constant(d, shape))), lambda: ops.where(x > 0.1, x, d.real(-1, 1)),
        lambda: ops.softmax(x, axis=axis), lambda: ops.log_softmax(x, axis=axis), lambda: ops.logsumexp(x, axis=axis, keepdims=True),
        lambda: ops.cumsum(x, axis=axis), lambda: ops.flip(x, axis=axis), lambda: ops.roll(x, d.int(-3, 3), axis=axis),
        lambda: ops.repeat(x, d.int(1, 2), axis=axis), lambda: ops.expand_dims(x, axis), lambda: ops.norm(x, axis=axis, keepdims=True),
        lambda: ops.concatenate([x, ops.tanh(x)], axis=axis), lambda: ops.stack([x, ops.square(x)], axis=axis),
        lambda: ops.diff(ops.concatenate([x, x + 1.0], axis=axis), axis=axis), lambda: ops.leaky_relu(x, d.real(0, 0.5)),
    ]
    if rank > 2:
        axes = [1 + int(i) for i in d.rng.permutation(rank - 1)]
        keep = d.chance(0.5)
        some += [
            lambda: ops.transpose(x, [0, *axes]), lambda: ops.mean(x, axis=axis, keepdims=keep), lambda: ops.sum(x, axis=axis, keepdims=keep),
            lambda: ops.max(x, axis=axis, keepdims=keep), lambda: ops.var(x, axis=axis, keepdims=keep), lambda: ops.moveaxis(x, 1, -1),
            lambda: x[:, ::-1], lambda: x[:, -1], lambda: x[..., :: d.int(1, 2)], lambda: x[:, None, ..., 0],
            lambda: ops.reshape(x, (-1, int(np.prod(shape)))), lambda: ops.matmul(x, d.rng.normal(size=(x.shape[-1], 3)).astype("float32")),
            lambda: ops.tensordot(x, d.rng.normal(size=(x.shape[-1], 2)).astype("float32"), axes=1),
        ]
    return d.of(*some)()


def chain(d):
    shape = tuple(d.int(1, 4) for _ in range(d.int(1, 3)))

    def build(tensors):
        (x,) = tensors
        for _ in range(d.int(1, 5)):
            x = step(d, x)
            if len(x.shape) > 5 or np.prod(x.shape[1:]) > 4000:
                raise ValueError("too large")
        return x

    return Plan("chain of operations", [Feed(shape)], build=build, static=True)


def branches(d):
    """Several inputs in a record whose keys are not the inputs' names."""
    width, count = d.int(2, 4), d.int(2, 3)

    def build(tensors):
        K, L = d.keras, d.L
        made = [L.Dense(width, activation=d.of(None, "tanh"))(x) for x in tensors]
        y = made[0]
        for other in made[1:]:
            merge = d.of(L.Add, L.Multiply, L.Subtract, L.Concatenate)()
            other = other if y.shape[-1] == width else L.Dense(y.shape[-1])(other)
            y = merge([y, other])
        return step(d, y) if d.is3 else K.layers.Activation("relu")(y)

    return Plan("record of inputs", [Feed((d.int(1, 4),)) for _ in range(count)], build=build, static=True, notes={"record": True})


def inner_model(d, shape):
    """A small model, of functions or in a row, itself with one inside now and then."""
    K, L = d.keras, d.L
    layers = [d.of(
        lambda: L.Dense(d.int(1, 4), activation=d.of(None, "relu", "tanh")),
        lambda: L.LayerNormalization(),
        lambda: L.BatchNormalization(),
        lambda: L.Flatten(),
    )() for _ in range(d.int(1, 3))]
    if d.chance(0.4):
        return K.Sequential([K.layers.Input(shape), *layers])
    x = y = K.Input(shape)
    for layer in layers:
        y = layer(y)
    if d.chance(0.3):
        z = K.Input(tuple(y.shape[1:]))
        y = K.Model(z, L.Dense(2)(z))(y)
    if len(layers) > 1 and d.chance(0.4):
        y = L.Concatenate()([L.Flatten()(x), L.Flatten()(y)])
    return K.Model(x, y)


def wrapped(d):
    steps, shape = d.int(1, 4), tuple(d.int(1, 3) for _ in range(d.int(1, 2)))

    def build(tensors):
        (x,) = tensors
        y = d.L.TimeDistributed(inner_model(d, shape))(x)
        if len(y.shape) == 3 and d.chance(0.5):
            inner = d.of(d.L.LSTM, d.L.GRU, d.L.SimpleRNN)(d.int(1, 3), return_sequences=d.chance(0.5))
            y = d.L.Bidirectional(inner)(y) if d.chance(0.6) else inner(y)
        return y

    return Plan("model in a wrapper", [Feed((steps, *shape))], build=build, static=True)


WHOLE = {wrapped: 2, branches: 2}
WHOLE_KERAS_3 = {chain: 4}

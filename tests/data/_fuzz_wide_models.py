"""Models drawn as wholes for seeds from 100: layers called several times, models
in models with masks, wrappers in wrappers, records in records, and 8-bit weights."""

import numpy as np

from _fuzz_draw import Feed, Plan
from _fuzz_sequences import gates, recurrent_layer, source
from _fuzz_whole import inner_model


def at_end(d, y):
    """Something over time that hears a mask, or none."""
    L = d.L
    if len(y.shape) != 3:
        return y
    return d.of(
        lambda: L.GlobalAveragePooling1D()(y), lambda: L.LSTM(2)(y), lambda: L.GRU(2, return_sequences=True)(y), lambda: y,
        lambda: L.Bidirectional(L.SimpleRNN(2, return_sequences=d.chance(0.5)))(y), lambda: L.Attention()([y, y]),
        lambda: L.MultiHeadAttention(2, 2)(y, y), lambda: L.TimeDistributed(L.Dense(2))(y),
    )()


def keeps_shape(d, width):
    """A layer that can be called on what it gives."""
    L = d.L
    return d.of(
        lambda: L.Dense(width, activation=d.of(None, "tanh")), lambda: L.LSTM(width, return_sequences=True, go_backwards=d.chance(0.3)),
        lambda: L.GRU(width, return_sequences=True), lambda: L.Conv1D(width, d.int(1, 3), padding=d.of("same", "causal")), lambda: L.LayerNormalization(),
        lambda: L.BatchNormalization(), lambda: L.TimeDistributed(L.Dense(width, activation="relu")), lambda: L.PReLU(shared_axes=[1]),
        lambda: L.Bidirectional(L.LSTM(width, return_sequences=True), merge_mode=d.of("sum", "ave", "mul")), lambda: model_over_time(d, width),
    )()


def model_over_time(d, width):
    """A model of `[N, T, width]`, whose time axis is open."""
    K, L = d.keras, d.L
    x = K.Input((None, width))
    y = d.of(lambda: L.Dense(width), lambda: L.LSTM(width, return_sequences=True), lambda: L.Add()([x, L.Dense(width)(x)]))()
    y = y if not callable(y) else y(x)
    if d.chance(0.3):
        y = L.Activation("tanh")(y)
    return K.Model(x, y)


def shared(d):
    """One layer or model, called one to three times, with masks and without."""
    width = d.int(1, 4)
    first, enter, _ = source(d, width)
    second, enter_2, _ = source(d, width)
    layer = keeps_shape(d, width)

    def build(xs):
        a, b = enter(xs[0]), enter_2(xs[1])
        found = [layer(a)]
        for _ in range(d.int(1, 2)):
            found.append(layer(d.of(b, found[-1])))
        return [at_end(d, y) for y in found]

    return Plan("shared", [first, second], build=build)


def nested(d):
    """A model in a model in a model; masks begin inside or outside."""
    K, L = d.keras, d.L
    width = d.int(1, 3)
    feed, enter, _ = source(d, width)

    def wrap(depth):
        x = K.Input((None, width))
        y = keeps_shape(d, width)(x)
        if depth:
            inner = wrap(depth - 1)
            y = inner(y)
            y = inner(y) if d.chance(0.3) else y
        if d.chance(0.3):
            y = L.Concatenate()([x, y])
            y = L.Dense(width)(y)
        return K.Model(x, y)

    def build(xs):
        entry = enter
        if d.chance(0.4):  # the mask is made inside
            inner = K.Input(tuple(xs[0].shape[1:]), dtype=xs[0].dtype if d.is3 else xs[0].dtype.name)
            entry = K.Model(inner, enter(inner) if isinstance(enter, L.Layer) else L.Dense(width)(inner))
        y = wrap(d.int(0, 2))(entry(xs[0]))
        return [at_end(d, y), y] if d.chance(0.5) else at_end(d, y)

    return Plan("nested", [feed], build=build)


def several(d):
    """A model of several inputs and outputs, inside another, called more than once."""
    K, L = d.keras, d.L
    width = d.int(1, 4)

    def build(xs):
        a, b = K.Input((width,)), K.Input((width,))
        merged = d.of(L.Add, L.Multiply, L.Subtract, L.Maximum)()([L.Dense(width)(a), b])
        outputs = [merged, L.Dense(2, activation="softmax")(merged)]
        if d.chance(0.3):
            outputs.append(a)
        inner = K.Model([a, b], outputs)
        first = inner(list(xs))
        second = inner([xs[1], first[0]])
        return [L.Concatenate()([*first, second[1]]), *[L.Activation("linear")(y) for y in second]]

    return Plan("several", [Feed((width,)), Feed((width,))], build=build)


def deep_wrapper(d):
    """Wrappers around wrappers and models, masked now and then."""
    L = d.L
    steps, inner_steps, width = d.int(1, 4), d.int(1, 4), d.int(1, 3)
    feed = Feed((steps, inner_steps, width))
    kind = d.of("twice", "both ways", "recurrent", "model", "shared", "attention")

    def build(xs):
        (x,) = xs
        if kind == "twice":
            y = L.TimeDistributed(L.TimeDistributed(d.of(L.Dense(2), inner_model(d, (width,)))))(x)
        elif kind == "both ways":
            y = L.TimeDistributed(L.Bidirectional(d.of(L.LSTM, L.GRU)(2, return_sequences=d.chance(0.5), **gates(d, "LSTM"))))(x)
        elif kind == "recurrent":
            y = L.TimeDistributed(recurrent_layer(d, return_sequences=d.chance(0.5))[1])(x)
        elif kind == "model":
            model = d.keras.Sequential([d.L.Input((inner_steps, width)) if d.is3 else L.InputLayer((inner_steps, width)), L.Masking(0.0), d.of(L.LSTM, L.GRU)(2), L.Dense(3)])
            y = L.TimeDistributed(model)(x)
        elif kind == "attention":
            z = d.keras.Input((inner_steps, width))
            y = L.TimeDistributed(d.keras.Model(z, L.MultiHeadAttention(1, 2)(z, z)))(x)
        else:
            layer = L.TimeDistributed(inner_model(d, (inner_steps, width)))
            y = L.Concatenate()([layer(x), layer(L.Activation("tanh")(x))])
        if len(y.shape) == 3 and d.chance(0.5):
            y = L.Masking(0.0)(y) if d.chance(0.5) else y
            return [y, at_end(d, y)]
        return y

    return Plan(f"wrapper {kind}", [feed], build=build, static=True)


def records(d):
    """Inputs in records of lists; keys are in another order than names."""
    L, width = d.L, d.int(1, 3)

    def build(xs):
        made = [L.Dense(width)(x) for x in xs]
        return [L.Add()(made[:2]), L.Multiply()(made[1:])]

    return Plan("records", [Feed((d.int(1, 3),)) for _ in range(3)], build=build, static=True, notes={"structure": d.of(
        lambda a, b, c: {"z": a, "y": [b, c]}, lambda a, b, c: [a, {"m": b, "b": c}], lambda a, b, c: {"in_7": a, "in_9": b, "in_8": c},
        lambda a, b, c: {"10": a, "9": b, "x": c}, lambda a, b, c: (a, [b, c]), lambda a, b, c: {"a": {"z": a, "c": b}, "B": c},
    )})


def constants(d):
    """Arrays as arguments of layers."""
    L, steps, width = d.L, d.int(1, 4), d.int(1, 3)
    numbers = lambda *sizes: d.rng.normal(size=sizes).astype("float32")
    mask = d.rng.random((1, steps, steps)) < 0.7

    def build(xs):
        (x,) = xs
        return d.of(
            lambda: L.MultiHeadAttention(1, 2)(x, x, attention_mask=mask), lambda: L.Add()([x, numbers(1, steps, width)]), lambda: L.Multiply()([numbers(1, 1, width), x]),
            lambda: L.Maximum()([x, numbers(1, steps, 1)]), lambda: L.Subtract()([numbers(1, steps, width), x]), lambda: d.keras.ops.concatenate([x, d.keras.ops.add(x, numbers(width))], 1),
            lambda: L.Average()([x, numbers(1, 1, width), numbers(1, steps, 1)]), lambda: L.Minimum()([x, d.keras.ops.zeros((1, steps, width))]),
        )()

    return Plan("constants", [Feed((steps, width))], build=build, static=True)


def quantized(d):
    """Weights of 8 and 4 bits."""
    L, how = d.L, d.of("int8", "int8", "int4")
    if d.chance(0.3):
        feed, first = Feed((d.int(1, 4),), "ids", 6), [L.Embedding(6, d.int(2, 5))]
    else:
        feed, first = Feed((*[d.int(1, 3)] * d.int(0, 1), d.int(2, 6))), []
    layers = [*first, *[L.Dense(d.int(1, 5), activation=d.of(None, "relu", "tanh"), use_bias=d.chance(0.7)) for _ in range(d.int(1, 2))]]

    def build(xs):
        (x,) = xs
        for layer in layers:
            x = layer(x)
        return x

    return Plan(f"quantized {how}", [feed], build=build, static=True, notes={"quantize": how})


WIDE_BOTH = {shared: 5, nested: 5, several: 3, deep_wrapper: 5}
WIDE_KERAS_3 = {records: 2, constants: 2, quantized: 2}

"""Two models with one output for each of many computations, some of which mix
the samples of a batch.

`mixed_samples/any.keras` accepts any number of samples, `fixed.keras` six at
once. `expected.json` has the input of twelve samples, and for each output its
layer, its values of `predict` in batches of six, and whether the values of a
sample change with the other samples of its batch. Outputs that do not have one
row for each sample have no values.

Versions: keras 3.15.1, tensorflow 2.21.0.
Run: python tests/data/make_mixed_samples.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers as k
from keras import ops as o

FOLDER = pathlib.Path(__file__).resolve().parent / "mixed_samples"
FOLDER.mkdir(exist_ok=True)
ROWS = 6


def swap(f):
    return lambda x: o.swapaxes(f(o.swapaxes(x, 0, 1)), 0, 1)


def flat(x):
    return o.reshape(x, (-1, 12))


# Of inputs [N, 4, 3].
APART = [
    lambda x: o.softmax(x, axis=1), k.Softmax(axis=(1, 2)), k.UnitNormalization(),
    lambda x: o.flip(x, axis=2), lambda x: o.sort(x, axis=1), lambda x: o.roll(x, 1, axis=1),
    lambda x: x - o.mean(x, axis=(1, 2), keepdims=True), k.Concatenate(axis=1),
    lambda x: o.einsum("abc,abd->acd", x, x), lambda x: o.reshape(x, (-1, 2, 6)),
    lambda x: o.reshape(o.reshape(x, (-1, 3)) * 2, (-1, 4, 3)), swap(lambda x: x * 2),
    swap(lambda x: o.softmax(x, axis=0)), lambda x: o.take(x, [0, 2], axis=1),
    lambda x: o.transpose(o.softmax(o.transpose(x, (1, 2, 0)), axis=0), (2, 0, 1)),
    k.LayerNormalization(), k.GroupNormalization(3), k.BatchNormalization(), k.LSTM(3),
    k.Bidirectional(k.GRU(2)), k.TimeDistributed(k.Dense(2)), k.Conv1D(2, 2),
    lambda x: k.MultiHeadAttention(2, 3)(x, x), lambda x: k.Attention()([x, x]),
    lambda x: k.Dot(axes=1)([x, x]), lambda x: o.stack([x, x], axis=1), lambda x: x[:, 0],
    lambda x: o.cross(x, x), lambda x: o.top_k(x, 2)[0], lambda x: o.cumsum(x, axis=1),
]
MIXED = [
    lambda x: o.softmax(x, axis=0), lambda x: o.log_softmax(x, axis=0), k.Softmax(axis=0),
    k.UnitNormalization(axis=0), lambda x: o.flip(x, axis=0), lambda x: o.flip(x),
    lambda x: o.cumsum(x, axis=0), lambda x: o.roll(x, 1, axis=0),
    lambda x: x - o.mean(x, axis=0), lambda x: x / o.mean(o.abs(x)),
    lambda x: x / o.norm(x, axis=0), lambda x: o.normalize(x, axis=0),
    lambda x: x / o.std(x, axis=0), lambda x: x - o.moments(x, axes=[0])[0],
    lambda x: x - o.logsumexp(x, axis=0), lambda x: x - o.max(x, axis=0),
    lambda x: x * o.var(x, axis=(0, 2), keepdims=True), lambda x: x - o.average(x, axis=0),
    lambda x: x - x[0], lambda x: x - o.take(x, [0], axis=0),
    lambda x: o.matmul(flat(x), o.transpose(flat(x))), lambda x: o.einsum("abc,dbc->ad", x, x),
    swap(lambda x: o.softmax(x, axis=1)),
    lambda x: o.transpose(o.softmax(o.transpose(x, (1, 2, 0))), (2, 0, 1)),
    lambda x: o.expand_dims(x, 0) - o.expand_dims(x, 1),
    lambda x: (x - o.min(x)) / (o.max(x) - o.min(x)),
    swap(k.LSTM(3, return_sequences=True)), swap(k.Conv1D(3, 2, padding="same")),
]
REFUSED = [
    lambda x: o.concatenate([x, x * 2], axis=0), lambda x: o.tile(x, (2, 1, 1)),
    lambda x: o.repeat(x, 2, axis=0), lambda x: o.pad(x, ((1, 0), (0, 0), (0, 0))),
    lambda x: o.diff(x, axis=0), lambda x: o.cumsum(x), lambda x: o.ravel(x),
    lambda x: o.append(x, x), lambda x: o.reshape(x, (-1, 3)), lambda x: o.reshape(x, (-1, 8)),
    lambda x: o.stack([x, x], axis=0), lambda x: o.transpose(x, (1, 0, 2)),
    lambda x: o.argmax(x, axis=0),
]
# Only with a known number of samples.
FIXED_APART = [lambda x: k.Dense(2)(o.reshape(x, (ROWS, 12))), lambda x: o.reshape(x, (ROWS, -1))]
FIXED_MIXED = [
    lambda x: o.sort(x, axis=0), lambda x: x - o.median(x, axis=0),
    lambda x: o.stack(o.unstack(x, axis=0)[::-1]), lambda x: o.cumprod(x, axis=0),
]


def short(array):
    return [float(f"{v:.8g}") for v in array.reshape(-1)]


def applied(f, x):
    return f([x, x]) if isinstance(f, k.Concatenate) else f(x)


def made(name, x, apart, mixed, refused, a):
    keras.utils.set_random_seed(1)
    ys = [applied(f, x) for f in [*apart, *mixed, *refused]]
    model = keras.Model(x, ys)
    model.save(FOLDER / name)
    # All samples but the first, and all but the last.
    others = [np.concatenate([a[:1], a[7:12]]), np.concatenate([a[6:11], a[5:6]])]
    entries = []
    for i, y in enumerate(ys):
        one = keras.Model(x, y)
        first, second, b, c = (np.asarray(one(v)) for v in (a[:ROWS], a[ROWS:], *others))
        has_rows = i < len(apart) + len(mixed)
        assert not has_rows or len(first) == ROWS, (i, first.shape)
        depends = has_rows and not (np.array_equal(first[0], b[0]) and np.array_equal(first[-1], c[-1]))
        assert depends == (len(apart) <= i < len(apart) + len(mixed)), i
        values = np.concatenate([first, second]) if has_rows else None
        entries.append({
            "layer": y._keras_history.operation.name,
            "depends": depends,
            **({} if values is None else {"shape": values.shape, "y": short(values)}),
        })
    return entries


A = np.random.default_rng(0).standard_normal((2 * ROWS, 4, 3)).astype("float32")
EXPECTED = {
    "x": short(A),
    "any": made("any.keras", keras.Input((4, 3), name="x"), APART, MIXED, REFUSED, A),
    "fixed": made(
        "fixed.keras", keras.Input(batch_shape=(ROWS, 4, 3), name="x"),
        [*APART[:4], *APART[-8:], *FIXED_APART], [*MIXED[:10], *FIXED_MIXED], REFUSED, A,
    ),
}
text = json.dumps(EXPECTED, separators=(",", ":")).replace('{"layer"', '\n{"layer"')
(FOLDER / "expected.json").write_text(text + "\n")

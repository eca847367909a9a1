"""Stateful recurrent layers of the real Keras: their first batch, and the next.

A file begins with zero states, as states are not stored. `next` is what Keras
gives for the same batch once more: it must not be what Sonde gives for it.

Versions: keras 3.15.1, tf_keras 2.21.0 (tensorflow 2.21.0).
Run: python tests/data/make_stateful.py
"""

import json
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tf_keras

from _recipe import HERE, clear

FOLDER = clear(HERE / "stateful")
RNG = np.random.default_rng(5)
EXPECTED = {}


def draw(*shape):
    return RNG.normal(size=shape).astype("float32")


def array(value):
    value = np.asarray(value, "float32")
    return {"shape": value.shape, "data": [float(f"{v:.9g}") for v in value.ravel()]}


def case(k, name, x, call):
    i = k.Input(batch_shape=x.shape)
    model = k.Model(i, call(k, i))
    for weight in model.weights:
        weight.assign(draw(*weight.shape) * 0.6)
    model.save(FOLDER / name)
    again = k.models.load_model(FOLDER / name)
    y, later = (again.predict(x, verbose=0) for _ in range(2))
    EXPECTED[name] = {"x": array(x), "y": array(y), "next": array(later)}


def lstm(k, i):
    return k.layers.Dense(3)(k.layers.LSTM(4, stateful=True, name="rnn")(i))


def masked_gru(k, i):
    i = k.layers.Masking()(i)
    return k.layers.GRU(3, stateful=True, return_sequences=True, name="rnn")(i)


def both(k, i):
    rnn = k.layers.SimpleRNN(3, stateful=True, return_sequences=True)
    return k.layers.Bidirectional(rnn, name="rnn")(i)


def cells(k, i):
    rnn = [k.layers.GRUCell(3), k.layers.LSTMCell(2)]
    return k.layers.RNN(rnn, stateful=True, name="rnn")(i)


def maps(k, i):
    return k.layers.ConvLSTM1D(2, 2, stateful=True, name="rnn")(i)


def from_state(k, i):
    state = k.layers.Dense(3)(k.layers.Flatten()(i))
    return k.layers.GRU(3, stateful=True, name="rnn")(i, initial_state=state)


def over_time(k, i):
    return k.layers.TimeDistributed(k.layers.GRU(2, stateful=True), name="rnn")(i)


def over_time_model(k, i):
    j = k.Input(batch_shape=(i.shape[0], *i.shape[2:]))
    model = k.Model(j, k.layers.GRU(2, stateful=True, name="rnn")(j))
    return k.layers.TimeDistributed(model)(i)


def called_twice(k, i):
    rnn = k.layers.GRU(2, stateful=True, return_sequences=True, name="rnn")
    return rnn(rnn(i))


X = draw(4, 3, 2)
X[0, 2] = X[1, 0] = X[3] = 0  # masked
for k, kind in ((keras, "keras"), (tf_keras, "h5")):
    case(k, f"lstm.{kind}", X, lstm)
    case(k, f"masked_gru.{kind}", X, masked_gru)
    case(k, f"both.{kind}", X, both)
    case(k, f"cells.{kind}", X, cells)
    case(k, f"maps.{kind}", draw(4, 3, 4, 2), maps)
    case(k, f"called_twice.{kind}", X, called_twice)
case(tf_keras, "from_state.h5", X, from_state)  # Keras 3 begins with it each time
case(keras, "over_time.keras", draw(4, 3, 2, 2), over_time)
case(keras, "over_time_model.keras", draw(4, 3, 2, 2), over_time_model)

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

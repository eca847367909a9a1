"""Forms of Keras 2: recurrent layers with `time_major`, between two transposes,
and `tf.reshape` by sizes that are computed in the graph. Added to `old_layers`
and its `expected.json`, after `make_more_old_layers.py`.

    .venv-keras/bin/python tests/data/make_keras2_forms.py

Versions: tf_keras 2.21.0, tensorflow 2.21.0.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers as kl

FOLDER = pathlib.Path(__file__).parent / "old_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
rng = np.random.default_rng(31)


def swapped(x):
    return tf.transpose(x, [1, 0, 2])


def whole(x):
    return swapped(kl.LSTM(4, time_major=True, return_sequences=True, name="rnn")(swapped(x)))


def both(x):
    layer = kl.GRU(3, time_major=True, return_sequences=True, name="rnn")
    return swapped(kl.Bidirectional(layer, name="both")(swapped(x)))


def masked(x):
    rnn = kl.SimpleRNN(4, time_major=True, go_backwards=True, name="rnn")
    return rnn(kl.Masking(name="mask")(swapped(x)))


def rows(x):
    return tf.reshape(x, (tf.shape(x)[0], -1))


def heads(x):
    y = kl.Dense(6, name="dense")(x)
    return tf.reshape(y, [tf.shape(y)[0], tf.shape(y)[1], 2, 3])


def like(x):
    return tf.reshape(kl.Dense(3, name="dense")(x), tf.shape(x))


for name, compute, length in (
    ("time_major", whole, 5), ("time_major_both", both, 5), ("time_major_masked", masked, 5),
    ("reshape_rows", rows, 5), ("reshape_heads", heads, None), ("reshape_like", like, 5),
):
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    x[1, 2] = 0
    source = tf_keras.Input((length, 3), name="x")
    model = tf_keras.Model(source, compute(source))
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    y = model(x).numpy()
    model.save(FOLDER / f"{name}.h5")
    EXPECTED[f"{name}.h5"] = {
        key: {"shape": v.shape, "data": v.reshape(-1).tolist()} for key, v in (("x", x), ("y", y))
    }
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

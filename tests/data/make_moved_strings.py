"""Models that move strings before they look them up: added to `text_layers` and
its `expected.json`, after `make_text_layers.py`.

    .venv-keras/bin/python tests/data/make_moved_strings.py

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = pathlib.Path(__file__).parent / "text_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
WORDS = ["a", "b", "zzz", "", "c d", "ü", "b", "d", "a", "e", "ü", "x"]
SPELLED = [" A\t", "b", "ZZZ", "\n", "C D", "Ü", " B", "d ", "A", "\u00a0E", "ü", "X"]


def table(lib, **options):
    return lib.layers.StringLookup(vocabulary=["a", "b", "c d", "d", "e", "ü"], **options)


def reshaped(lib, x):
    moved = lib.layers.Permute((2, 1))(lib.layers.Reshape((2, -1))(x))
    return lib.layers.Flatten()(table(lib)(lib.layers.Flatten()(moved)))


def columns(lib, x):
    one = table(lib, output_mode="one_hot")
    many = table(lib, output_mode="multi_hot", num_oov_indices=2)
    return lib.layers.Concatenate()([one(x[:, 1:2]), many(x[:, ::3]), one(x[:, -1:])])


def split(lib, x):
    parts = tf.split(x, 2, axis=1)
    return lib.layers.Concatenate()([table(lib)(part) for part in reversed(parts)])


def backwards(lib, x):
    return table(lib)(tf.reverse(tf.expand_dims(x, 1)[:, 0], axis=[1]))


def changed(lib, x):
    lower = tf.strings.lower(tf.strings.strip(x), encoding="utf-8")
    one = table(lib)(tf.reverse(lower, axis=[1]))
    return lib.layers.Concatenate()([one, table(lib)(tf.strings.lower(x)), table(lib)(tf.strings.upper(x))])


CASES = [
    ("reshaped", reshaped, keras), ("columns", columns, tf_keras), ("split", split, tf_keras),
    ("backwards", backwards, tf_keras), ("reshaped", reshaped, tf_keras), ("changed", changed, tf_keras),
]
for name, call, lib in CASES:
    x = lib.Input((4,), dtype="string", name="x")
    model = lib.Model(x, call(lib, x))
    rows = np.reshape(SPELLED if name == "changed" else WORDS, (3, 4)).tolist()
    y = model(tf.constant(rows))
    file = FOLDER / f"{'k3' if lib is keras else 'k2'}_moved_{name}.keras"
    model.save(file)
    EXPECTED[file.name] = {"x": rows, "y": {"shape": list(y.shape), "data": np.ravel(y.numpy()).tolist()}}
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED, ensure_ascii=True) + "\n")

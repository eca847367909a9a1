"""Models with ragged inputs, and TextVectorization with a ragged output.

Each is called on two batches of ragged tensors; the samples of a batch are
equally long. `ragged/expected.json` has the batches and what Keras gives.

Versions: keras 3.15.1, tf_keras 2.21.0 (tensorflow 2.21.0).
Run: python tests/data/make_ragged.py
"""

import json
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from _recipe import HERE, clear

FOLDER = clear(HERE / "ragged")
RNG = np.random.default_rng(3)
EXPECTED = {}
IDS = [RNG.integers(1, 9, (3, 4)).astype("int32"), RNG.integers(1, 9, (2, 6)).astype("int32")]
ROWS = [RNG.normal(size=(3, 4, 2)).astype("float32"), RNG.normal(size=(2, 6, 2)).astype("float32")]
TEXTS = [[["a b"], ["b zzz"]], [["a a c"]], [[""], [""]], [["b c b a a"]]]


def record(name, model, batches, calls):
    model.save(FOLDER / name)
    made = [model(x) for x in calls]
    EXPECTED[name] = [
        {"x": np.asarray(x).tolist(), "shape": list(y.shape), "y": np.ravel(y).tolist()}
        for x, y in zip(batches, made)
    ]


def case(lib, name, batches, call):
    first = batches[0]
    x = lib.Input((None, *first.shape[2:]), ragged=True, dtype=str(first.dtype), name="x")
    record(name, lib.Model(x, call(lib.layers, x)), batches, [tf.RaggedTensor.from_tensor(b) for b in batches])


def texts(lib, name, **options):
    x = lib.Input((1,), dtype="string", name="x")
    layer = lib.layers.TextVectorization(vocabulary=["a", "b", "c"], ragged=True, name="text", **options)
    table = lib.layers.Embedding(9, 2)
    y = lib.layers.GlobalMaxPooling1D()(table(layer(x)))
    record(name, lib.Model(x, y), TEXTS[:2] + TEXTS[3:], [tf.constant(b) for b in TEXTS[:2] + TEXTS[3:]])


case(tf_keras, "k2_lstm.h5", IDS, lambda L, x: L.LSTM(3)(L.Embedding(9, 2)(x)))
case(tf_keras, "k2_back.keras", ROWS, lambda L, x: L.Bidirectional(L.GRU(2))(x))
case(tf_keras, "k2_mean.keras", ROWS, lambda L, x: tf.reduce_mean(L.Dense(3)(x), axis=1))
case(tf_keras, "k2_hot.keras", IDS, lambda L, x: L.CategoryEncoding(9, output_mode="count")(x))
case(keras, "k3_pool.keras", IDS, lambda L, x: L.GlobalAveragePooling1D()(L.Embedding(9, 2)(x)))
texts(tf_keras, "k2_text.keras")
texts(keras, "k3_text.keras")
texts(keras, "k3_text_trimmed.keras", output_sequence_length=2)

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

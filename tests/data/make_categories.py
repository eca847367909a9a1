"""HashedCrossing of strings and integers, a FeatureSpace with crosses, and layers
with sparse results or without unknown values.

Files of Keras 3 (`k3_*`) and of tf_keras (`k2_*`) go to `categories`, and what
they give to `categories/expected.json`.

Versions: keras 3.15.1, tf_keras 2.21.0 (tensorflow 2.21.0).
Run: python tests/data/make_categories.py
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from _recipe import HERE, clear

FOLDER = clear(HERE / "categories")
EXPECTED = {}
WORDS = ["a", "b", "", "longer than sixteen bytes", "ü"]
OTHERS = ["x", "b", "", "a", "\U0001f600"]
NUMBERS = [1, -5, 0, 2**31 - 1, -(2**31)]
MORE = [7, 7, -1, 256, 65535]


def write(name, model, inputs):
    y = model({k: tf.constant(v) for k, v in inputs.items()})
    y = tf.sparse.to_dense(y) if isinstance(y, tf.SparseTensor) else y
    model.save(FOLDER / name)
    EXPECTED[name] = {
        "x": inputs,
        "y": {"shape": list(y.shape), "data": np.ravel(y.numpy()).tolist()},
    }


def case(lib, name, columns, bins, shape=(1,), **options):
    """A crossing of inputs, each a column of words or numbers."""
    inputs, values = [], {}
    for i, column in enumerate(columns):
        kind = "string" if isinstance(column[0], str) else "int64"
        inputs.append(lib.Input(shape, dtype=kind, name=f"in{i}"))
        values[f"in{i}"] = [[v] for v in column] if shape else column
    y = lib.layers.HashedCrossing(bins, name="cross", **options)(inputs)
    write(name, lib.Model(inputs, y), values)


def alone(lib):
    """Layers with sparse results, or without an index for unknown values."""
    tag, L = ("k3" if lib is keras else "k2"), lib.layers
    words, numbers = np.reshape(WORDS[:4], (-1, 2)).tolist(), [[1, 3], [0, 3], [2, 2]]
    for name, layer, rows in [
        ("sparse_strings", L.StringLookup(vocabulary=["b", "a"], output_mode="count", sparse=True), words),
        ("sparse_integers", L.IntegerLookup(vocabulary=[3, 1], output_mode="multi_hot", sparse=True), numbers),
        ("sparse_hashes", L.Hashing(4, output_mode="one_hot", sparse=True), [[w] for w in WORDS]),
        ("sparse_encoded", L.CategoryEncoding(5, output_mode="count", sparse=True), numbers),
        ("sparse_bins", L.Discretization([0.5, 2.0], output_mode="multi_hot", sparse=True), np.array(numbers, "float32").tolist()),
        ("sparse_texts", L.TextVectorization(vocabulary=["b", "a"], output_mode="tf_idf", idf_weights=[0.5, 2.0], sparse=True), [[" ".join(r)] for r in words]),
        ("known", L.IntegerLookup(vocabulary=[3, 1], num_oov_indices=0, mask_token=0), [[1, 3], [0, 3], [1, 1]]),
        ("known_counts", L.IntegerLookup(vocabulary=[3, 1], num_oov_indices=0, output_mode="count"), [[1, 3], [3, 3]]),
        ("inverse", L.IntegerLookup(vocabulary=[7, 5], invert=True, mask_token=9, num_oov_indices=2), [[0, 1], [2, 3], [4, 5], [-1, 99]]),
        ("inverse_known", L.IntegerLookup(vocabulary=[7, 5], invert=True, oov_token=-3, num_oov_indices=0), [[0, 1], [2, -1]]),
        ("tokens", L.TextVectorization(vocabulary=["b", "a"], split=None), WORDS),
    ]:
        is_row = isinstance(rows[0], list)
        first = rows[0][0] if is_row else rows[0]
        kind = "string" if isinstance(first, str) else "float32" if isinstance(first, float) else "int32"
        x = lib.Input((len(rows[0]),) if is_row else (), dtype=kind, name="in0")
        try:
            write(f"{tag}_{name}.keras", lib.Model(x, layer(x)), {"in0": rows})
        except Exception as error:  # noqa: BLE001
            print(tag, name, type(error).__name__, str(error)[:200])


def space():
    """What FeatureSpace makes: integers of lookups and of bins are crossed."""
    kinds = {
        "s": "string_categorical",
        "i": "integer_categorical",
        "f": "float_discretized",
        "h": keras.utils.FeatureSpace.string_hashed(num_bins=5),
    }
    made = keras.utils.FeatureSpace(
        features=kinds, crosses=[("s", "i"), ("i", "f")], crossing_dim=8, output_mode="concat"
    )
    rows = {"s": ["a", "b", "c", "a"], "i": [1, 2, 3, 1], "f": [0.1, 0.5, 0.7, 0.2], "h": ["x", "y", "z", "x"]}
    made.adapt(tf.data.Dataset.from_tensor_slices(rows))
    model = keras.Model(made.get_inputs(), made.get_encoded_features())
    write("k3_space.keras", model, {k: [[v] for v in values] for k, values in rows.items()})


def mixed(lib):
    """One input of strings, and what an engine computes: not supported."""
    text = lib.Input((1,), dtype="string", name="in0")
    number = lib.Input((1,), dtype="int64", name="in1")
    found = lib.layers.IntegerLookup(vocabulary=[7, 8])(number)
    y = lib.layers.HashedCrossing(9, name="cross")([text, found])
    write("k3_mixed.keras", lib.Model([text, number], y), {"in0": [["a"]], "in1": [[7]]})


for lib, tag in ((keras, "k3"), (tf_keras, "k2")):
    case(lib, f"{tag}_strings.keras", [WORDS, OTHERS], 1000)
    case(lib, f"{tag}_both.keras", [NUMBERS, WORDS], 77)
    case(lib, f"{tag}_numbers.keras", [NUMBERS, MORE], 2**23)
    case(lib, f"{tag}_one_hot.keras", [WORDS, OTHERS], 11, output_mode="one_hot")
    case(lib, f"{tag}_flat.keras", [NUMBERS, MORE], 13, (), output_mode="one_hot")
    case(lib, f"{tag}_flat_strings.h5", [WORDS, MORE], 13, ())
    case(lib, f"{tag}_sparse.keras", [WORDS, OTHERS], 11, output_mode="one_hot", sparse=True)
    alone(lib)
case(tf_keras, "k2_three.keras", [WORDS, NUMBERS, OTHERS], 999)
case(tf_keras, "k2_three_numbers.keras", [MORE, NUMBERS, MORE], 1)
case(keras, "k3_large.keras", [WORDS, OTHERS], 2**31 - 1)
space()
mixed(keras)

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

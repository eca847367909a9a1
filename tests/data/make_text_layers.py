"""Models on strings and on numbers that stand for something.

    .venv-keras/bin/python tests/data/make_text_layers.py

Files of Keras 3 (`k3_*`) and of tf_keras (`k2_*`) go to `text_layers`, and what
their own `predict` gives to `text_layers/expected.json`; `hashes.json` there
has hashes of TensorFlow.
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
FOLDER.mkdir(exist_ok=True)
EXPECTED = {}

CORPUS = [
    "The cat sat on the mat.",
    "A dog: barks! Loudly, at the CAT",
    "ÄPFEL und Birnen, über 3 Bäume",
    "",
    "the mat\tthe\nmat  dog's tail_end",
]
TEXTS = [
    "the cat, the dog",
    "Birnen ÄPFEL äpfel unknown",
    "",
    "  barks LOUDLY\u00a0at a zebra\x0bon mat ",
    "one two three four five six seven eight the mat",
    "\U0001f600 the-mat! über",
]
WORDS = ["a", "b", "zzz", "", "[UNK]", "c d", "ü", "b"]
NUMBERS = [10, 20, 7, 0, -1, 30, 11, 20]


def vectorization(lib, **options):
    layer = lib.layers.TextVectorization(name="text", **options)
    if options.get("vocabulary") is None:
        layer.adapt(CORPUS)
    return layer


def model_of(lib, layer, shape, dtype, more=None):
    x = lib.Input(shape, dtype=dtype, name="x")
    y = layer(x)
    return lib.Model(x, more(lib, y) if more else y)


def embedded(lib, y):
    y = lib.layers.Embedding(40, 3, mask_zero=True, name="embedding")(y)
    y = lib.layers.GlobalAveragePooling1D(name="pool")(y)
    return lib.layers.Dense(2, activation="softmax", name="head")(y)


def encoded(lib, y):
    return lib.layers.Dense(3, name="dense")(y)


def text_cases(lib):
    yield "default", {}, embedded
    yield "length", {"output_sequence_length": 4}, embedded
    yield "lower", {"standardize": "lower", "output_sequence_length": 12}, None
    yield "strip", {"standardize": "strip_punctuation", "output_sequence_length": 9}, None
    yield "none", {"standardize": None, "output_sequence_length": 9}, None
    yield "character", {
        "split": "character",
        "output_sequence_length": 11,
        "vocabulary": [*"teao ndü", "\U0001f600", "\n"],
    }, None
    yield "ngrams", {"ngrams": 2, "output_sequence_length": 20}, None
    yield "ngram_sizes", {"ngrams": (1, 3), "output_sequence_length": 20}, None
    yield "max_tokens", {"max_tokens": 7, "output_sequence_length": 6}, None
    yield "multi_hot", {"output_mode": "multi_hot"}, encoded
    yield "count", {"output_mode": "count", "max_tokens": 40, "pad_to_max_tokens": True}, None
    yield "tf_idf", {"output_mode": "tf_idf"}, None
    yield "given", {"vocabulary": ["the", "mat", "cat"], "output_sequence_length": 5}, None
    yield "given_idf", {
        "vocabulary": ["the", "mat", "cat"],
        "idf_weights": [0.5, 1.5, 2.5],
        "output_mode": "tf_idf",
    }, None


def string_cases(lib):
    layer = lib.layers.StringLookup
    v = ["b", "a", "c d"]
    yield "strings", layer(vocabulary=v), None
    yield "strings_mask", layer(vocabulary=v, mask_token=""), None
    yield "strings_oov", layer(vocabulary=v, num_oov_indices=5, mask_token=""), None
    yield "strings_one_hot", layer(vocabulary=v, output_mode="one_hot"), None
    yield "strings_multi_hot", layer(vocabulary=v, output_mode="multi_hot", num_oov_indices=2), None
    yield "strings_count", layer(vocabulary=v, output_mode="count", mask_token=""), None
    yield "strings_tf_idf", layer(vocabulary=v, output_mode="tf_idf", idf_weights=[0.25, 0.75, 2.0]), None
    yield "hashing", lib.layers.Hashing(7), None
    yield "hashing_mask", lib.layers.Hashing(5, mask_value=""), None
    yield "hashing_salt", lib.layers.Hashing(1000, salt=[133, 137]), None
    yield "hashing_one_hot", lib.layers.Hashing(4, output_mode="one_hot"), None
    yield "hashing_count", lib.layers.Hashing(4, output_mode="count"), None


def number_cases(lib):
    layer = lib.layers.IntegerLookup
    v = [20, 10, 30]
    yield "integers", layer(vocabulary=v), None
    yield "integers_mask", layer(vocabulary=v, mask_token=0), None
    yield "integers_oov", layer(vocabulary=v, num_oov_indices=3, mask_token=0), None
    yield "integers_one_hot", layer(vocabulary=v, output_mode="one_hot"), None
    yield "integers_multi_hot", layer(vocabulary=v, output_mode="multi_hot", mask_token=0), None
    yield "integers_count", layer(vocabulary=v, output_mode="count", num_oov_indices=2), None
    yield "integers_tf_idf", layer(vocabulary=v, output_mode="tf_idf", idf_weights=[0.25, 0.75, 2.0]), None
    yield "hashing_integers", lib.layers.Hashing(9), None
    yield "hashing_integers_mask", lib.layers.Hashing(9, mask_value=0), None
    yield "category", lib.layers.CategoryEncoding(31, output_mode="multi_hot"), None


def values(y):
    """Numbers; null for NaN, as of the mean over an empty text."""
    return [None if v != v else v for v in np.ravel(y.numpy()).tolist()]


def write(name, model, x, versions):
    y = model(tf.constant(x))
    for ending in versions:
        try:
            model.save(FOLDER / f"{name}.{ending}")
        except Exception as error:  # noqa: BLE001
            print(f"{name}.{ending}: {type(error).__name__}: {error}")
            continue
        EXPECTED[f"{name}.{ending}"] = {
            "x": x,
            "y": {"shape": list(y.shape), "data": values(y)},
        }


def write_all(lib, prefix):
    for name, options, more in text_cases(lib):
        keras.utils.set_random_seed(1)
        tf.random.set_seed(1)
        layer = vectorization(lib, **options)
        model = model_of(lib, layer, (1,), "string", more)
        given = options.get("vocabulary") is not None
        versions = ["keras", "h5"] if given else ["keras"]
        write(f"{prefix}_{name}", model, [[text] for text in TEXTS], versions)
    for name, layer, more in string_cases(lib):
        rows = np.reshape(WORDS, (4, 2)).tolist() if "_hot" in name or "count" in name or "idf" in name else [[w] for w in WORDS]
        if "one_hot" in name:
            rows = [[w] for w in WORDS]
        model = model_of(lib, layer, (len(rows[0]),), "string", more)
        write(f"{prefix}_{name}", model, rows, ["keras"])
    for name, layer, more in number_cases(lib):
        kept = [abs(n) for n in NUMBERS] if name == "category" else NUMBERS
        width = 1 if "one_hot" in name and lib is tf_keras else 2
        rows = np.reshape(kept, (-1, width)).tolist()
        model = model_of(lib, layer, (width,), "int64", more)
        write(f"{prefix}_{name}", model, rows, ["keras"])
    flat = model_of(lib, lib.layers.StringLookup(vocabulary=["b", "a"]), (), "string")
    write(f"{prefix}_flat", flat, WORDS, ["keras", "h5"])


def write_two_inputs():
    lib = keras
    text = lib.Input((), dtype="string", name="text")
    tag = lib.Input((1,), dtype="string", name="tag")
    size = lib.Input((2,), name="size")
    keras.utils.set_random_seed(2)
    inner_text = lib.Input((), dtype="string", name="inner")
    layer = vectorization(lib, output_mode="count")
    inner = lib.Model(inner_text, lib.layers.Dense(3)(layer(inner_text)), name="nested")
    lookup = lib.layers.StringLookup(name="tags")
    lookup.adapt(["x", "y", "x"])
    y = lib.layers.Concatenate(name="all")([
        inner(text),
        lib.layers.Flatten()(lib.layers.Embedding(6, 2)(lookup(tag))),
        lib.layers.CategoryEncoding(4, output_mode="one_hot")(
            lib.layers.Hashing(4, name="bins")(tag)
        ),
        size,
    ])
    model = lib.Model([text, tag, size], lib.layers.Dense(2, name="head")(y))
    x = [TEXTS, [["x"], ["y"], ["z"], ["x"], [""], ["y"]], np.linspace(-1, 1, 12).reshape(6, 2).tolist()]
    y = model([tf.constant(x[0]), tf.constant(x[1]), tf.constant(x[2], "float32")])
    model.save(FOLDER / "k3_two_inputs.keras")
    EXPECTED["k3_two_inputs.keras"] = {
        "x": x,
        "y": {"shape": list(y.shape), "data": values(y)},
    }


def hashes():
    texts = [("ab€" * 60)[:n] for n in [*range(0, 70), 100, 127, 128, 129, 150]]
    fast = tf.strings.to_hash_bucket_fast(texts, 2**31 - 1).numpy().tolist()
    strong = tf.strings.to_hash_bucket_strong(texts, 2**31 - 1, key=[1, 2**40]).numpy().tolist()
    return {"texts": texts, "fast": fast, "strong": strong}


write_all(keras, "k3")
write_all(tf_keras, "k2")
write_two_inputs()
lost = keras.layers.IntegerLookup()
lost.adapt([1, 2, 2])
model_of(keras, lost, (1,), "int64").save(FOLDER / "k3_no_vocabulary.h5")
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED, ensure_ascii=True) + "\n")
(FOLDER / "hashes.json").write_text(json.dumps(hashes(), ensure_ascii=True) + "\n")

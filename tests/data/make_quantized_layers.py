"""Layers in 8 and 4 bits, added to `old_layers` and its `expected.json`: after
`make_more_old_layers.py`, run

    .venv-keras/bin/python tests/data/make_quantized_layers.py

Versions: keras 3.15.1, tensorflow 2.21.0.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras.quantizers import AbsMaxQuantizer, Int4QuantizationConfig, Int8QuantizationConfig

FOLDER = pathlib.Path(__file__).parent / "old_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
rng = np.random.default_rng(48)


def case(name, shape, call, how, ends=("keras",), dtype="float32", reloaded=False, lora=None):
    i = keras.Input(shape, dtype=dtype)
    model = keras.Model(i, call(i))
    for w in model.weights:
        w.assign(rng.normal(size=w.shape).astype("float32"))
    if lora is not None:
        model.layers[-1].enable_lora(lora)
        for w in model.layers[-1].weights:
            w.assign(rng.normal(size=w.shape).astype("float32"))
    if isinstance(how, str):
        model.quantize(how)
    else:
        model.quantize(config=how)
    x = rng.normal(size=(3, *shape)).astype("float32") if dtype == "float32" else rng.integers(0, 11, (3, *shape))
    for end in ends:
        file = FOLDER / f"quantized_{name}.{end}"
        model.save(file)
        # Saving merges LoRA, and rounds once more.
        y = (keras.models.load_model(file) if reloaded else model).predict(x, verbose=0)
        EXPECTED[file.name] = {
            key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
            for key, v in (("x", x), ("y", y))
        }


L = keras.layers
both = ("keras", "h5")
grouped = lambda size, inputs=None: Int4QuantizationConfig(block_size=size, activation_quantizer=inputs)
case("dense_blocks", (10,), L.Dense(5, activation="relu"), grouped(4), both)
case("dense_columns", (10,), L.Dense(5), grouped(-1))
case("dense_columns_rounded", (10,), L.Dense(4, use_bias=False), grouped(-1, AbsMaxQuantizer()))
case("dense_weights", (10,), L.Dense(4), Int8QuantizationConfig(activation_quantizer=None))
case("embedding_blocks", (6,), L.Embedding(11, 7), grouped(3), both, dtype="int32")
case("embedding_rows", (6,), L.Embedding(11, 6), grouped(-1), dtype="int32")
case("einsum", (5, 8), L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", activation="tanh"), "int8", both)
case("einsum_batch", (5, 8), L.EinsumDense("abc,bcd->adb", (6, 5)), "int8")
case("einsum_two", (5, 2, 4), L.EinsumDense("abcd,cde->abe", (None, 3), bias_axes="e"), "int8")
case("einsum_int4", (5, 8), L.EinsumDense("abc,cd->abd", (None, 6)), "int4")


def logits(tied):
    table = L.ReversibleEmbedding(11, 6, tie_weights=tied, logit_soft_cap=None if tied else 3.0)
    return lambda i: L.Rescaling(2.0)(table(table(i), reverse=True))


case("reversible", (4,), logits(True), "int8", both, dtype="int32")
case("reversible_untied", (4,), logits(False), "int8", dtype="int32")
case("lora", (8,), L.Dense(6), "int8", both, reloaded=True, lora=2)

# Advice that is followed: a state that is kept from call to call, and no more.
i = keras.Input(batch_shape=(2, 5, 3))
model = keras.Model(i, L.LSTM(4, stateful=True, name="l")(i))
x = rng.normal(size=(2, 5, 3)).astype("float32")
for name in ("stateful", "stateful_off"):
    model.save(FOLDER / f"{name}.keras")
    EXPECTED[f"{name}.keras"] = {
        key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
        for key, v in (("x", x), ("y", model(x).numpy()))
    }
    model.get_layer("l").stateful = False
    model.get_layer("l").reset_states() if hasattr(model.get_layer("l"), "reset_states") else None

# EinsumDense in 4 bits: odd numbers of columns, several summed axes, in any order.
rng = np.random.default_rng(49)
einsum = L.EinsumDense
case("einsum_blocks", (5, 10), einsum("abc,cde->abde", (None, 3, 3), bias_axes="e"), grouped(4), both)
case("einsum_columns", (5, 8), einsum("abc,cd->abd", (None, 5), activation="relu"), grouped(-1))
case("einsum_columns_rounded", (5, 8), einsum("abc,dc->abd", (None, 5), bias_axes="d"), grouped(-1, AbsMaxQuantizer()))
case("einsum_two_int4", (5, 2, 4), einsum("abcd,cde->abe", (None, 3), bias_axes="e"), grouped(3))
case("einsum_batch_int4", (5, 8), einsum("abc,bcd->adb", (6, 5)), grouped(-1))

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

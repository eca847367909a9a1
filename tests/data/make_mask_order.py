"""A model in which MultiHeadAttention removes masks that other layers would
read, depending on the order in which Keras runs layers of the same depth, and
on which layers return their input itself.

`mask_order/model.keras`, and `expected.json` with the input and each output.

Versions: keras 3.15.1, tensorflow 2.21.0.
Run: python tests/data/make_mask_order.py
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

FOLDER = pathlib.Path(__file__).resolve().parent / "mask_order"
FOLDER.mkdir(exist_ok=True)
keras.utils.set_random_seed(1)


def masked(x):
    return k.Embedding(7, 4, mask_zero=True)(x)


def heads(x):
    return k.MultiHeadAttention(1, 2)(x, x)


def same_depth(x, heads_are_last):
    m = masked(x)
    pair = [k.Attention()([m, m]), heads(m)]
    return pair if heads_are_last else pair[::-1]


def same_tensor(x):
    m = masked(x)
    dropped = k.GaussianNoise(0.1)(k.Dropout(0.1)(m))
    return [heads(m), k.Attention()([k.Identity()(dropped), dropped])]


def deeper(x):
    m = masked(x)
    return [k.Attention()([m, m]), k.Dense(2)(heads(m))]


def nested(x):
    a = keras.Input((5, 4))
    inner = keras.Model(a, [k.Attention()([a, a]), heads(a)])
    return inner(masked(x))


x = keras.Input((5,), dtype="int32", name="x")
ys = [*same_depth(x, True), *same_depth(x, False), *same_tensor(x), *deeper(x), *nested(x)]
path = FOLDER / "model.keras"
keras.Model(x, ys).save(path)
model = keras.saving.load_model(path)
values = np.array([[3, 1, 2, 0, 0], [5, 0, 0, 0, 0], [0, 4, 0, 6, 1]], "int32")
outputs = [
    {"shape": y.shape, "data": [float(f"{v:.8g}") for v in y.reshape(-1)]}
    for y in model.predict(values, verbose=0)
]
text = json.dumps({"x": values.tolist(), "outputs": outputs}, separators=(",", ":"))
(FOLDER / "expected.json").write_text(text.replace('{"shape"', '\n{"shape"') + "\n")

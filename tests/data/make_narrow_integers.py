"""Models over integers of 8 and 16 bits, which wrap around on overflow.

`narrow_integers/<type>.keras` are of Keras 3, `<type>_k2.h5` of Keras 2: two
inputs, and one output for each operation. `expected.json` has the inputs, and
each output with its layer.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_narrow_integers.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = pathlib.Path(__file__).resolve().parent / "narrow_integers"
FOLDER.mkdir(exist_ok=True)
EXPECTED = {}
o = keras.ops


def keep(name, model, outputs, xs):
    model.save(FOLDER / name)
    ys = model(xs)
    EXPECTED[name] = {
        "inputs": [x.reshape(-1).tolist() for x in xs],
        "outputs": [
            [layer, list(y.shape), np.asarray(y).astype("float64").reshape(-1).tolist()]
            for layer, y in zip(outputs, ys)
        ],
    }


def drawn(dtype):
    rng = np.random.default_rng(len(dtype) + np.iinfo(dtype).bits)
    info = np.iinfo(dtype)
    return [rng.integers(info.min, info.max, (3, 4), endpoint=True).astype(dtype) for _ in range(2)]


def keras_3(dtype):
    a, b = (keras.Input((4,), dtype=dtype, name=n) for n in "ab")
    cast = o.cast(o.cast(a, "int32") * 3, dtype)
    ys = [
        a + b, a - 100, a * b, o.bitwise_not(a), o.left_shift(a, 3), o.square(b), o.abs(a),
        o.maximum(a, b) + a, o.flip(o.reshape(a, (-1, 2, 2)), 1) + a[:, None, :2] * 2,
        o.sum(a, axis=1), o.cumsum(b, axis=1), a / 3, a // 7, a % 7,
        a + np.array([1, 2, 300, 4], "int32"), a + np.array([1, 2, 3, 4], dtype),
        o.argmax(a, axis=1) * 200, o.cast(a, "int32") * 3, cast + cast,
        o.concatenate([a, b], 1) + a[:, :1], o.where(a > 3, a, 0) + a,
        keras.layers.Add()([a, b]), o.clip(a, 1, 90) * 5,
    ]
    keep(f"{dtype}.keras", keras.Model([a, b], ys), [y._keras_history.operation.name for y in ys], drawn(dtype))


def keras_2(dtype):
    a, b = (tf_keras.Input((4,), dtype=dtype, name=n) for n in "ab")
    ys = [a + b, a - 100, a * b, tf.reshape(a, (-1, 2, 2))[:, ::-1] * 3, tf.reduce_sum(a, axis=1), tf.cast(a, tf.int32) + 1, tf.cast(a, tf.float32) / 255.0]
    model = tf_keras.Model([a, b], ys)
    keep(f"{dtype}_k2.h5", model, model.output_names, drawn(dtype))


if __name__ == "__main__":
    for dtype in ("uint8", "int8", "uint16", "int16"):
        keras_3(dtype)
    for dtype in ("uint8", "int8"):
        keras_2(dtype)
    (FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

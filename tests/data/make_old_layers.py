"""Layers of old versions, and LoRA: `old_layers/*` and what Keras computes.

CuDNN layers run on GPUs alone, so the numbers are those of the plain layers
with the same weights, converted by tf_keras' own code.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_old_layers.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import h5py
import keras
import numpy as np
import tf_keras
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights

FOLDER = pathlib.Path(__file__).resolve().parent / "old_layers"
FOLDER.mkdir(exist_ok=True)
EXPECTED = {}
rng = np.random.default_rng(17)


def keep(name, x, y):
    EXPECTED[name] = {
        key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
        for key, v in (("x", x), ("y", y))
    }


def cudnn(name, cls, plain, **options):
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    i = tf_keras.Input((5, 3))
    layer = plain(4, **options)
    model = tf_keras.Model(i, layer(i))
    weights = [rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    keep(name, x, model.predict(x, verbose=0))
    with tf_keras.backend.get_graph().as_default() if False else np.errstate():
        old = cls(4, name="rnn", **options)
        old.build((None, 5, 3))
        converted = _convert_rnn_weights(old, weights)
        j = tf_keras.Input((5, 3), name="x")
        # The class is put into a file of the plain layer: it cannot be called here.
        saved = plain(4, name="rnn", **options)
        tf_keras.Model(j, saved(j)).save(FOLDER / name)
    config = old.get_config()
    with h5py.File(FOLDER / name, "r+") as f:
        model_config = json.loads(f.attrs["model_config"])
        for entry in model_config["config"]["layers"]:
            if entry["config"]["name"] == "rnn":
                entry["class_name"] = cls.__name__
                entry["config"] = config
        f.attrs["model_config"] = json.dumps(model_config)
        group = f["model_weights"]["rnn"]
        names = [n.decode() if isinstance(n, bytes) else n for n in group.attrs["weight_names"]]
        for n, value in zip(names, converted):
            del group[n]
            group[n] = value


cudnn("cudnn_lstm.h5", CuDNNLSTM, tf_keras.layers.LSTM, return_sequences=True)
cudnn("cudnn_lstm_last.h5", CuDNNLSTM, tf_keras.layers.LSTM, go_backwards=True)
cudnn("cudnn_gru.h5", CuDNNGRU, tf_keras.layers.GRU, return_sequences=True)

for name, make, shape in (
    ("lora_dense.keras", lambda: keras.layers.Dense(5, name="d", activation="tanh"), (4,)),
    ("lora_conv.keras", lambda: keras.layers.Conv2D(3, 2, name="d"), (5, 4, 2)),
    ("lora_einsum.keras", lambda: keras.layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", name="d"), (3, 4)),
):
    i = keras.Input(shape)
    layer = make()
    model = keras.Model(i, layer(i))
    layer.enable_lora(2, lora_alpha=3)
    layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    x = rng.normal(size=(2, *shape)).astype("float32")
    model.save(FOLDER / name)
    keep(name, x, model.predict(x, verbose=0))
    if name == "lora_dense.keras":
        model.save(FOLDER / "lora_dense.h5")
        keep("lora_dense.h5", x, model.predict(x, verbose=0))

x = rng.uniform(0, 255, (2, 6, 5, 3)).astype("float32")
for kind, options in {
    "area": dict(interpolation="area"), "lanczos3": dict(interpolation="lanczos3"),
    "lanczos5": dict(interpolation="lanczos5"), "antialias": dict(antialias=True),
    "crop": dict(crop_to_aspect_ratio=True, interpolation="bicubic"),
    "pad": dict(pad_to_aspect_ratio=True, fill_value=7.0),
}.items():
    i = keras.Input((6, 5, 3))
    model = keras.Model(i, keras.layers.Resizing(4, 4, **options)(i))
    model.save(FOLDER / f"resizing_{kind}.keras")
    keep(f"resizing_{kind}.keras", x, model.predict(x, verbose=0))

for mode in ("int8", "int4", "float8"):
    i = keras.Input((6,))
    model = keras.Model(i, keras.layers.Dense(5, name="d", activation="relu")(i))
    model.get_layer("d").set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_layer("d").get_weights()])
    model.quantize(mode)
    model.save(FOLDER / f"quantized_{mode}.keras")
    x = rng.normal(size=(3, 6)).astype("float32")
    keep(f"quantized_{mode}.keras", x, model.predict(x, verbose=0))

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")

"""More files for `old_layers`, added to its `expected.json`: after
`make_old_layers.py`, run

    .venv-keras/bin/python tests/data/make_more_old_layers.py

Numbers of CuDNN layers are those of the plain layers, as CuDNN ones run on GPUs
alone; bfloat16 is compared with the same weights in float32.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy as np
import tf_keras
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights

FOLDER = pathlib.Path(__file__).parent / "old_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
rng = np.random.default_rng(14)


def keep(name, x, y):
    EXPECTED[name] = {
        key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
        for key, v in (("x", x), ("y", y))
    }


def bidirectional(name, cls, plain, **options):
    """Inner layers are renamed in a file of the plain ones, which cannot be called here."""
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    i = tf_keras.Input((5, 3), name="x")
    layer = tf_keras.layers.Bidirectional(plain(4, name="rnn", **options), name="both")
    model = tf_keras.Model(i, layer(i))
    layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    keep(name, x, model.predict(x, verbose=0))
    model.save(FOLDER / name)
    old = cls(4, name="rnn", **options)
    old.build((None, 5, 3))
    with h5py.File(FOLDER / name, "r+") as f:
        config = json.loads(f.attrs["model_config"])
        for entry in config["config"]["layers"]:
            if entry["config"]["name"] == "both":
                inner = entry["config"]["layer"]
                inner["class_name"] = cls.__name__
                inner["config"] = old.get_config()
        f.attrs["model_config"] = json.dumps(config)
        group = f["model_weights"]["both"]
        names = [n.decode() if isinstance(n, bytes) else n for n in group.attrs["weight_names"]]
        for start in (0, 3):
            part = names[start : start + 3]
            for n, value in zip(part, _convert_rnn_weights(old, [group[n][()] for n in part])):
                del group[n]
                group[n] = value


bidirectional("cudnn_lstm_both.h5", CuDNNLSTM, tf_keras.layers.LSTM, return_sequences=True)
bidirectional("cudnn_gru_both.h5", CuDNNGRU, tf_keras.layers.GRU)


def embedding():
    i = keras.Input((6,), dtype="int32", name="x")
    layer = keras.layers.Embedding(11, 5, name="table")
    model = keras.Model(i, layer(i))
    layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    model.quantize("int8")
    ids = rng.integers(0, 11, (3, 6)).astype("int32")
    y = model.predict(ids, verbose=0)
    for end in ("keras", "h5"):
        model.save(FOLDER / f"quantized_embedding.{end}")
        keep(f"quantized_embedding.{end}", ids, y)


def halves():
    i = keras.Input((4,), name="x")
    d = keras.layers.Dense(5, name="d", dtype="bfloat16")
    model = keras.Model(i, d(i))
    d.set_weights([rng.normal(size=w.shape).astype("float32") for w in d.get_weights()])
    x = rng.normal(size=(3, 4)).astype("float32")
    kernel, bias = (np.asarray(w, "float32") for w in d.get_weights())
    model.save(FOLDER / "bfloat16.h5")
    keep("bfloat16.h5", x, x @ kernel + bias)


embedding()
halves()
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

"""Writes the networks that TensorFlow.js can run as its own model.json.

    .venv-oodeel/bin/python tests/bench/peers/make_tfjs.py [names]

After make_models.py. TensorFlow.js has no MultiHeadAttention, so no vision
transformer; Keras 2 wrote the files, as its converter asks.
"""

import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "data"))

from _recipe import clear, import_converter

tensorflowjs = import_converter()

import tensorflow as tf

from networks import NETWORKS, set_weights

for name in sys.argv[1:] or NETWORKS:
    if name == "vit":
        continue
    folder = HERE.parents[3] / "out" / "peers" / name
    model = NETWORKS[name](tf.keras)
    set_weights(model, np.load(folder / "weights.npz"))
    tensorflowjs.converters.save_keras_model(model, str(clear(folder / "tfjs")))
    print(name, flush=True)

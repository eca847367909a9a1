"""Layers with options that are seldom set, each in a model of the real Keras.

`option_layers/expected.json` has the input of each model, and what it gives.

Versions: keras 3.15.1, tf_keras 2.21.0 (tensorflow 2.21.0).
Run: python tests/data/make_option_layers.py
"""

import json
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tf_keras

from _recipe import HERE, clear

FOLDER = clear(HERE / "option_layers")
RNG = np.random.default_rng(12)
EXPECTED = {}


def array(value):
    value = np.asarray(value, "float32")
    return {"shape": value.shape, "data": [float(f"{v:.9g}") for v in value.ravel()]}


def case(k, name, shape, make):
    x = RNG.normal(size=(3, *shape)).astype("float32")
    i = k.Input(shape)
    model = k.Model(i, make(k.layers)(i))
    for weight in model.weights:
        value = RNG.uniform(0.3, 2, weight.shape) if "variance" in weight.name else RNG.normal(size=tuple(weight.shape))
        weight.assign(value.astype("float32"))
    model.save(FOLDER / name)
    EXPECTED[name] = {"x": array(x), "y": array(model(x, training=False))}


for k, tag, ending in ((keras, "k3", "keras"), (tf_keras, "k2", "h5")):
    case(k, f"{tag}_renorm.{ending}", (4, 3), lambda L: L.BatchNormalization(renorm=True))
for name in ("Conv2DTranspose", "SeparableConv2D"):
    case(tf_keras, f"k2_{name.lower()}_groups.keras", (5, 4, 4), lambda L: getattr(L, name)(4, 2, groups=2))

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

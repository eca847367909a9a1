"""Models whose inputs are dicts, by Keras 3 ("k3") and tf_keras ("k2").

    KERAS=k3 .venv-keras/bin/python tests/data/faults/dict_keys/make.py
    KERAS=k2 .venv-keras/bin/python tests/data/faults/dict_keys/make.py

Each model gets ones under its first key and twos under its second one; what its
own `predict` gives is in expected_k3.json and expected_k2.json.
"""

import json
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
WHO = os.environ["KERAS"]
if WHO == "k2":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    import keras

import numpy as np

HERE = Path(__file__).parent
L = keras.layers
expected = {}


def inputs():
    return keras.Input((3,), name="first"), keras.Input((3,), name="second")


def body(first, second):
    kernel = keras.initializers.Constant
    a = L.Dense(2, name="da", kernel_initializer=kernel(1.0))(first)
    b = L.Dense(2, name="db", kernel_initializer=kernel(10.0))(second)
    return L.Add(name="s")([a, b])


def save(name, model, keys):
    ones = np.ones((1, 3), "float32")
    feeds = {key: (i + 1) * ones for i, key in enumerate(keys)}
    result = model.predict(feeds, verbose=0)
    for kind in "keras", "h5":
        model.save(HERE / f"{WHO}_{name}.{kind}")
    expected[name] = {"keys": keys, "value": result.tolist()}


first, second = inputs()
save("swapped", keras.Model({"second": first, "first": second}, body(first, second)), ["second", "first"])
first, second = inputs()
save("others", keras.Model({"query": first, "doc": second}, body(first, second)), ["query", "doc"])

# A model of a dict, called on a dict within another one.
first, second = inputs()
inner = keras.Model({"second": first, "first": second}, body(first, second), name="inner")
x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
save("nested", keras.Model([x, y], inner({"second": x, "first": y})), ["x", "y"])

# A model of a list, called on a dict by the names of its inputs.
first, second = inputs()
inner = keras.Model([second, first], body(first, second), name="inner")
x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
save("named", keras.Model([x, y], inner({"first": x, "second": y})), ["x", "y"])

with open(HERE / f"expected_{WHO}.json", "w") as file:
    json.dump(expected, file, indent=1, sort_keys=True)

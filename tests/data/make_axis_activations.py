"""ConvLSTM layers with channels first, whose activations are over an axis: added
to `old_layers` and its `expected.json`, after `make_computed_sizes.py`.

    .venv-keras/bin/python tests/data/make_axis_activations.py

Versions: keras 3.15.1, tensorflow 2.21.0.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "old_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
rng = np.random.default_rng(51)
L = keras.layers
for name, layer, shape in [
    ("1d", L.ConvLSTM1D(2, 2, data_format="channels_first", activation="softmax"), (3, 2, 5)),
    ("2d", L.ConvLSTM2D(3, 2, data_format="channels_first", recurrent_activation="softmax"), (2, 2, 4, 4)),
]:
    x = keras.Input(shape)
    model = keras.Model(x, layer(x))
    for w in model.weights:
        w.assign(rng.normal(size=w.shape).astype("float32"))
    file = FOLDER / f"axis_activation_{name}.keras"
    model.save(file)
    values = rng.normal(size=(2, *shape)).astype("float32")
    EXPECTED[file.name] = {
        key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
        for key, v in (("x", values), ("y", model.predict(values, verbose=0)))
    }
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

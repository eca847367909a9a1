"""A model of four samples at once, whose constants have a row for each.

`mixed_samples/ordered.keras` has one output for each of some computations.
`ordered.json` has the input of eight samples, and for each output its layer, its
values of `predict`, and whether the values of a sample change with its position
in the batch.

Versions: keras 3.15.1, tensorflow 2.21.0.
Run: python tests/data/make_ordered_samples.py
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
from keras import ops as o

FOLDER = pathlib.Path(__file__).resolve().parent / "mixed_samples"
R = np.random.default_rng(0)


def constant(*shape):
    return o.convert_to_tensor(R.standard_normal(shape).astype("float32"))


A = R.standard_normal((8, 2, 3)).astype("float32")
X = keras.Input(batch_shape=(4, 2, 3), name="x")
ORDERED = [
    X + constant(4, 2, 3), X * constant(4, 1, 1), k.BatchNormalization(axis=0)(X),
    o.concatenate([X, constant(4, 2, 1)], axis=2), o.matmul(X, constant(4, 3, 2)),
    o.where(X > constant(4, 1, 3), X, 0.0), o.stack([X, constant(4, 2, 3)], axis=1),
]
APART = [X + constant(1, 2, 3), k.BatchNormalization(axis=1)(X), o.matmul(X, constant(3, 2))]
YS = [*ORDERED, *APART]
model = keras.Model(X, YS)
for layer in model.layers:
    layer.set_weights([R.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
model.save(FOLDER / "ordered.keras")
OUTPUTS = [np.asarray(y) for y in model.predict(A, batch_size=4, verbose=0)]
TURNED = [np.asarray(y) for y in model.predict(A[::-1], batch_size=4, verbose=0)]
ENTRIES = []
for i, (y, out, turned) in enumerate(zip(YS, OUTPUTS, TURNED)):
    depends = not np.array_equal(out, turned[::-1])
    assert depends == (i < len(ORDERED)), i
    values = [float(f"{v:.8g}") for v in out.reshape(-1)]
    name = y._keras_history.operation.name
    ENTRIES.append({"layer": name, "depends": depends, "shape": out.shape, "y": values})
RECORD = {"x": [float(f"{v:.8g}") for v in A.reshape(-1)], "outputs": ENTRIES}
(FOLDER / "ordered.json").write_text(json.dumps(RECORD, separators=(",", ":")) + "\n")

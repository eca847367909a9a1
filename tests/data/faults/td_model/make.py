"""TimeDistributed over models, by Keras 3 ("k3") and tf_keras ("k2").

    KERAS=k3 .venv-keras/bin/python tests/data/faults/td_model/make.py
    KERAS=k2 .venv-keras/bin/python tests/data/faults/td_model/make.py

What the writer computes of the inputs, and of layers inside, is in
expected_k3.json and expected_k2.json, keyed "model:layer".
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
keras.utils.set_random_seed(3)
rng = np.random.default_rng(5)
expected = {}


def save(name, model, x, inner):
    """Inner: paths of layers, with what gives one time step of them."""
    for variable in model.weights:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    for kind in "keras", "h5":
        model.save(HERE / f"{WHO}_{name}.{kind}")
    values = {"input": x, "output": model.predict(x, verbose=0)}
    for path, part in inner.items():
        steps = [np.asarray(part(x[:, t])) for t in range(x.shape[1])]
        values[path] = np.stack(steps, 1)
    for key, value in values.items():
        expected[f"{name}:{key}"] = np.asarray(value, "float32")


def frame(kind):
    layers = [L.Conv2D(3, 3, name="cv", activation="relu"), L.GlobalAveragePooling2D(name="pool")]
    if kind == "sequential":
        return keras.Sequential([keras.Input((6, 6, 2)), *layers], name="frame")
    x = i = keras.Input((6, 6, 2))
    for layer in layers:
        x = layer(x)
    return keras.Model(i, x, name="frame")


video = rng.normal(size=(2, 5, 6, 6, 2)).astype("float32")
for kind in "functional", "sequential":
    v = keras.Input((5, 6, 6, 2), name="video")
    inner = frame(kind)
    model = keras.Model(v, L.LSTM(4, name="l")(L.TimeDistributed(inner, name="td")(v)))
    cv = keras.Model(inner.inputs, inner.get_layer("cv").output)
    save(kind, model, video, {"td/cv": cv, "td": inner})

# A branch, a nested model, and a Bidirectional inside; a mask over the frames.
i = keras.Input((4, 3))
deep = keras.Sequential([keras.Input((4, 3)), L.Dense(3, name="d")], name="deep")
a = deep(i)
b = L.Bidirectional(L.GRU(2, return_sequences=True), name="bi")(L.Add(name="add")([a, i]))
inner = keras.Model(i, L.Flatten(name="flat")(L.Concatenate(name="cat")([a, b])), name="step")
v = keras.Input((6, 4, 3), name="steps")
y = L.TimeDistributed(inner, name="td")(v)
model = keras.Model(v, L.Dense(2, name="out")(L.LSTM(3, name="l")(y)))
x = rng.normal(size=(2, 6, 4, 3)).astype("float32")
bi = keras.Model(inner.inputs, inner.get_layer("bi").output)
save("branched", model, x, {"td/bi": bi, "td": inner})

# Sentences of words: a mask is made inside; two levels.
words = keras.Sequential([keras.Input((4,)), L.Embedding(7, 3, mask_zero=True, name="e"), L.LSTM(3, name="rnn")], name="words")
text = keras.Input((3, 4), name="text")
model = keras.Model(text, L.GRU(2, name="g")(L.TimeDistributed(words, name="td")(text)))
x = rng.integers(0, 7, size=(2, 3, 4)).astype("float32")
x[:, :, 3] = 0
save("masked", model, x, {"td": words})

clip = keras.Sequential([keras.Input((3, 6)), L.TimeDistributed(L.Dense(2, name="held"), name="inner_td"), L.Flatten(name="flat")], name="clip")
v = keras.Input((2, 3, 6), name="clips")
model = keras.Model(v, L.GlobalAveragePooling1D(name="mean")(L.TimeDistributed(clip, name="td")(v)))
x = rng.normal(size=(2, 2, 3, 6)).astype("float32")
save("levels", model, x, {"td": clip})

# Frames that a Masking layer takes out: TimeDistributed hands the mask on.
m = keras.Sequential([keras.Input((3,)), L.Dense(4, name="d", activation="tanh")], name="point")
v = keras.Input((5, 3), name="points")
model = keras.Model(v, L.LSTM(3, name="l")(L.TimeDistributed(m, name="td")(L.Masking(name="mask")(v))))
x = rng.normal(size=(2, 5, 3)).astype("float32")
x[0, 3:] = 0
save("frames", model, x, {})

# Any number of time steps.
m = keras.Sequential([keras.Input((3,)), L.Dense(4, name="d", activation="tanh"), L.Dense(2, name="e")], name="point")
v = keras.Input((None, 3), name="points")
model = keras.Model(v, L.LSTM(3, name="l")(L.TimeDistributed(m, name="td")(v)))
save("any", model, rng.normal(size=(2, 4, 3)).astype("float32"), {"td/d": keras.Model(m.inputs, m.get_layer("d").output)})

meta = {key: list(value.shape) for key, value in expected.items()}
with open(HERE / f"expected_{WHO}.json", "w") as file:
    json.dump({key: {"shape": meta[key], "data": [float(f"{v:.8g}") for v in value.ravel()]} for key, value in expected.items()}, file)

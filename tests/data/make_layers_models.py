"""Makes tests/data/layers_models: Keras 2 models of the forms that TF.js itself cannot tap.

    sh tests/data/make_venv.sh
    .venv-oodeel/bin/python tests/data/make_layers_models.py

Each folder holds model.json, its weights, and cases.json: inputs by name, the
output of each layer under its path (`outer/inner`, `name:1` for the second
call of a shared layer), the model's outputs, and the logits where the model
has one head. All numbers are by tf.keras, layer by layer.
"""

import numpy as np
import tensorflow as tf

from _recipe import ABOUT, HERE, Pool, clear, import_converter
from _recipe import set_random_weights, versions, write_record

tensorflowjs = import_converter()
K = tf.keras.layers
TARGET = HERE / "layers_models"


def write(name, model, inputs, layers, outputs, logits=None, penultimate=None):
    """Saves a model, and writes down what its layers compute."""
    folder = clear(TARGET / name)
    tensorflowjs.converters.save_keras_model(model, str(folder))
    pool = Pool()
    record = {
        "about": ABOUT,
        "madeBy": "tests/data/make_layers_models.py",
        "versions": versions(tensorflowjs),
        "name": name,
        "inputs": {key: pool.add(f"input {key}", value) for key, value in inputs.items()},
        "layers": {key: pool.add(key, value) for key, value in layers.items()},
        "outputs": [pool.share(f"output {i}", value) for i, value in enumerate(outputs)],
    }
    if logits is not None:
        record["logits"] = pool.share("logits", logits)
        record["penultimate"] = pool.share("penultimate", penultimate)
    write_record(folder / "cases.json", {**record, "arrays": pool.arrays})
    found = model.predict(list(inputs.values()) if len(inputs) > 1 else list(inputs.values())[0], verbose=0)
    for got, expected in zip(found if len(outputs) > 1 else [found], outputs):
        assert np.abs(got - expected).max() < 1e-5


def normal(rng, *shape):
    return rng.normal(0, 1, shape).astype("float32")


def linear(layer, x):
    """A Dense without its activation."""
    kernel, bias = layer.get_weights()
    return np.asarray(x) @ kernel + bias


def two_levels():
    """A functional model in a Sequential in a functional one."""
    rng = np.random.default_rng(31)
    x = tf.keras.Input((7, 7, 3), name="core_input")
    core = tf.keras.Model(
        x, K.BatchNormalization(name="norm")(K.Conv2D(5, 3, activation="relu", name="conv")(x)), name="core",
    )
    features = tf.keras.Sequential(
        [K.Conv2D(3, 2, padding="same", input_shape=(7, 7, 4), name="stem"), core, K.GlobalAveragePooling2D(name="pool")],
        name="features",
    )
    image = tf.keras.Input((7, 7, 4), name="image")
    head = K.Dense(4, activation="softmax", name="head")
    model = tf.keras.Model(image, head(features(image)), name="two_levels")
    set_random_weights(model, rng)
    value = normal(rng, 3, 7, 7, 4)
    stem = features.get_layer("stem")(value)
    conv = core.get_layer("conv")(stem)
    norm = core.get_layer("norm")(conv, training=False)
    pool = features.get_layer("pool")(norm)
    scores = head(pool)
    layers = {
        "features": pool, "features/stem": stem, "features/core": norm,
        "features/core/conv": conv, "features/core/norm": norm, "features/pool": pool, "head": scores,
    }
    write("two_levels", model, {"image": value}, layers, [scores], linear(head, pool), pool)


def shared():
    """One Dense called twice, and one model called twice."""
    rng = np.random.default_rng(32)
    a, b = (tf.keras.Input((6,), name=name) for name in ("a", "b"))
    dense = K.Dense(8, activation="tanh", name="dense")
    tower = tf.keras.Sequential([K.Dense(5, activation="relu", input_shape=(8,), name="hidden"), K.Dense(3, name="out")], name="tower")
    both = K.Concatenate(name="both")([tower(dense(a)), tower(dense(b))])
    head = K.Dense(2, activation="softmax", name="head")
    model = tf.keras.Model([a, b], head(both), name="shared")
    set_random_weights(model, rng)
    va, vb = normal(rng, 4, 6), normal(rng, 4, 6)
    da, db = dense(va), dense(vb)
    ha, hb = (tower.get_layer("hidden")(d) for d in (da, db))
    ta, tb = (tower.get_layer("out")(h) for h in (ha, hb))
    joined = np.concatenate([ta, tb], 1)
    scores = head(joined)
    layers = {
        "dense": da, "dense:1": db, "tower": ta, "tower:1": tb,
        "tower/hidden": ha, "tower:1/hidden": hb, "both": joined, "head": scores,
    }
    write("shared", model, {"a": va, "b": vb}, layers, [scores], linear(head, joined), joined)


def several_inputs():
    """Three inputs of different ranks, merged."""
    rng = np.random.default_rng(33)
    image = tf.keras.Input((6, 6, 2), name="image")
    series = tf.keras.Input((5, 3), name="series")
    extra = tf.keras.Input((4,), name="extra")
    conv, pool = K.Conv2D(3, 3, activation="relu", name="conv"), K.GlobalMaxPooling2D(name="pool")
    line, mean = K.Conv1D(4, 2, activation="relu", name="line"), K.GlobalAveragePooling1D(name="mean")
    both, hidden = K.Concatenate(name="both"), K.Dense(9, activation="relu", name="hidden")
    head = K.Dense(3, activation="softmax", name="head")
    y = head(hidden(both([pool(conv(image)), mean(line(series)), extra])))
    model = tf.keras.Model([image, series, extra], y, name="several_inputs")
    set_random_weights(model, rng)
    values = {"image": normal(rng, 4, 6, 6, 2), "series": normal(rng, 4, 5, 3), "extra": normal(rng, 4, 4)}
    c = conv(values["image"])
    s = line(values["series"])
    j = both([pool(c), mean(s), values["extra"]])
    h = hidden(j)
    layers = {"conv": c, "line": s, "both": j, "hidden": h, "head": head(h)}
    write("several_inputs", model, values, layers, [head(h)], linear(head, h), h)


def several_outputs():
    """Two heads over one trunk: none of them is the head."""
    rng = np.random.default_rng(34)
    x = tf.keras.Input((6,), name="x")
    trunk = K.Dense(10, activation="relu", name="trunk")
    kind = K.Dense(3, activation="softmax", name="kind")
    size = K.Dense(1, name="size")
    model = tf.keras.Model(x, [kind(trunk(x)), size(trunk.output)], name="several_outputs")
    set_random_weights(model, rng)
    value = normal(rng, 5, 6)
    t = trunk(value)
    write("several_outputs", model, {"x": value}, {"trunk": t, "kind": kind(t), "size": size(t)}, [kind(t), size(t)])


two_levels()
shared()
several_inputs()
several_outputs()

"""Models saved in another form, as errors of `loadModel` advise, and what they
compute: subclassed models as functional ones, and a call with `training=True`
without it: `subclassed/*`.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_subclassed.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tf_keras

FOLDER = pathlib.Path(__file__).resolve().parent / "subclassed"
FOLDER.mkdir(exist_ok=True)
EXPECTED = {}


def keep(name, kit):
    class Net(kit.Model):
        def __init__(self):
            super().__init__()
            self.hidden = kit.layers.Dense(3, activation="relu")
            self.norm = kit.layers.BatchNormalization()
            self.out = kit.layers.Dense(2)

        def call(self, x, training=False):
            return self.out(self.norm(self.hidden(x) * 2, training=training))

    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2, 4)).astype("float32")
    model = Net()
    model(inputs)
    model.set_weights([rng.uniform(0.5, 1, w.shape) for w in model.get_weights()])
    x = kit.Input((4,))
    kit.Model(x, model.call(x)).save(FOLDER / name)
    outputs = np.asarray(model(inputs))
    EXPECTED[name] = {"x": inputs.reshape(-1).tolist(), "y": outputs.reshape(-1).tolist()}


def keep_functional(name):
    """A subclass that passes inputs and outputs to its base, as those of keras_hub."""

    class Net(keras.Model):
        def __init__(self, units):
            x = keras.Input((4,))
            hidden = keras.layers.Dense(units, activation="relu")(x)
            super().__init__(inputs=x, outputs=keras.layers.Dense(2)(hidden))
            self.units = units

        def get_config(self):
            return {"units": self.units}

    keras.utils.set_random_seed(2)
    model = Net(3)
    inputs = np.random.default_rng(2).normal(size=(2, 4)).astype("float32")
    keras.Model(model.inputs, model.outputs).save(FOLDER / name)
    outputs = np.asarray(model(inputs))
    EXPECTED[name] = {"x": inputs.reshape(-1).tolist(), "y": outputs.reshape(-1).tolist()}


def keep_without_training(name):
    tf_keras.utils.set_random_seed(3)
    x = tf_keras.Input((4,))
    hidden = tf_keras.layers.BatchNormalization()(x, training=True)
    hidden = tf_keras.layers.Dropout(0.5)(hidden, training=True)
    model = tf_keras.Model(x, tf_keras.layers.Dense(2)(hidden))
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(0.5, 1, w.shape) for w in model.get_weights()])
    copy = tf_keras.models.model_from_json(
        model.to_json().replace('"training": true', '"training": false')
    )
    copy.set_weights(model.get_weights())
    copy.save(FOLDER / name)
    inputs = rng.normal(size=(2, 4)).astype("float32")
    # By hand: inference of BatchNormalization, and no dropout.
    gamma, beta, mean, variance, kernel, bias = model.get_weights()
    order = [w.name.split("/")[-1].split(":")[0] for w in model.weights]
    assert order == ["gamma", "beta", "moving_mean", "moving_variance", "kernel", "bias"]
    normal = (inputs - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    outputs = normal @ kernel + bias
    EXPECTED[name] = {"x": inputs.reshape(-1).tolist(), "y": outputs.reshape(-1).tolist()}


keep("k3.keras", keras)
keep_without_training("k2_training.keras")
keep_functional("k3_functional.keras")
keep("k2.keras", tf_keras)
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED))

"""What the fixtures' scripts with TensorFlow share: modules, and random weights."""

import importlib.machinery
import os
import pathlib
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

from _record import ABOUT, Pool, clear, write_record

HERE = pathlib.Path(__file__).resolve().parent


def import_converter():
    """Imports tensorflowjs; what it only imports becomes empty modules."""
    names = [
        "tensorflow_decision_forests",
        "jax",
        "jax.experimental",
        "jax.experimental.jax2tf",
    ]
    for name in names:
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = module
    sys.modules["jax"].experimental = sys.modules["jax.experimental"]
    sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]
    import tensorflowjs

    return tensorflowjs


def versions(*modules):
    """Versions of what made a record."""
    found = {"python": sys.version.split()[0]}
    for module in (tf, np, *modules):
        found[module.__name__] = module.__version__
    return found


def set_random_weights(model, rng):
    """Gives every weight a value that leaves activations near one.

    Biases, and the moving averages of batch normalisation, are random too: a
    loader that mixes two of them up must not get the same numbers.
    """
    for layer in model.layers:
        if isinstance(layer, tf.keras.Model):
            set_random_weights(layer, rng)
            continue
        values = []
        for weight in layer.weights:
            name, shape = weight.name.split("/")[-1].split(":")[0], weight.shape
            if name in ("gamma", "moving_variance"):
                value = rng.uniform(0.5, 1.5, shape)
            elif "kernel" in name:
                fan_in = int(np.prod(shape[:-2 if "depthwise" in name else -1]))
                value = rng.normal(0, np.sqrt(2 / fan_in), shape)
            else:
                value = rng.normal(0, 0.3, shape)
            values.append(value.astype("float32"))
        if values:
            layer.set_weights(values)

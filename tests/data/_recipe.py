"""What the fixtures' scripts share: modules, random weights, and how arrays are written.

A record is a JSON file with a pool of named arrays, so that none is written
twice. An array is its shape, its dtype and its numbers as base64 of
little-endian bytes, so that float32 comes back to the last bit.
"""

import base64
import importlib.machinery
import json
import os
import pathlib
import shutil
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).resolve().parent
ABOUT = (
    "Arrays: shape, dtype, and base64 of little-endian numbers in row-major "
    "order. An expected value names an array of the pool."
)


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


def clear(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Pool:
    """Arrays under their names, each written once."""

    def __init__(self):
        self.arrays = {}

    def add(self, name, value):
        """Keeps an array; the same name must bring the same numbers."""
        value = np.asarray(value)
        if value.dtype == np.float64:
            value = value.astype("float32")
        encoded = {
            "shape": list(value.shape),
            "dtype": str(value.dtype),
            "data": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode(),
        }
        if self.arrays.setdefault(name, encoded) != encoded:
            raise ValueError(f"two different arrays are named {name}")
        return name

    def share(self, name, value):
        """Keeps an array under `name`, or gives the name that holds the same numbers."""
        value = np.asarray(value, "float32")
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        for known, encoded in self.arrays.items():
            if encoded["data"] == data and encoded["shape"] == list(value.shape):
                return known
        return self.add(name, value)


def write_record(path, record):
    """Writes a record, one array or case a line."""
    lines = ["{"]
    entries = list(record.items())
    for i, (key, value) in enumerate(entries):
        comma = "," if i < len(entries) - 1 else ""
        if isinstance(value, list) and value:
            rows = ",\n".join("    " + json.dumps(row) for row in value)
            lines.append(f"  {json.dumps(key)}: [\n{rows}\n  ]{comma}")
        elif isinstance(value, dict) and key == "arrays":
            rows = ",\n".join(
                f"    {json.dumps(name)}: {json.dumps(row)}"
                for name, row in value.items()
            )
            lines.append(f"  {json.dumps(key)}: {{\n{rows}\n  }}{comma}")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}{comma}")
    lines.append("}")
    path.write_text("\n".join(lines) + "\n")
    json.loads(path.read_text())

"""What the installed Keras has: classes of layers, and of operations.

Writes `keras_lists.json`. Versions: keras 3.15.1, tf_keras 2.21.0.
Run: python tests/data/make_keras_lists.py
"""

import importlib
import inspect
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import tf_keras
from keras.src.ops.operation import Operation


def layers(api):
    return sorted(
        name for name, cls in vars(api.layers).items()
        if inspect.isclass(cls) and issubclass(cls, api.layers.Layer)
    )


def operations():
    found = set()
    for name in ("core", "image", "linalg", "math", "nn", "numpy"):
        module = importlib.import_module(f"keras.src.ops.{name}")
        found.update(
            key for key, cls in vars(module).items()
            if inspect.isclass(cls) and issubclass(cls, Operation)
            and cls.__module__ == module.__name__
        )
    return sorted(found)


record = {
    "versions": {"keras": keras.__version__, "tf_keras": tf_keras.__version__},
    "layers": layers(keras),
    "layers2": layers(tf_keras),
    "operations": operations(),
}
path = pathlib.Path(__file__).resolve().parent / "keras_lists.json"
path.write_text(json.dumps(record, indent=1) + "\n")

"""What Keras' other ways give for drawn models of which we differ from what was recorded.

    python tests/data/fuzz_second_opinion.py out/fuzz 1_00126.h5 1_00174.keras
    python tests/data/fuzz_second_opinion.py --tensorflow out/fuzz 1_00933.keras

Each file is opened once more by Keras on JAX, with every float32 in its
description replaced by float64, and run on the inputs of its case: with other
kernels than TensorFlow's for float32, and without that one's rounding. A file
of tf_keras is run by it where it can. With --tensorflow the file is run as it
is by who wrote it, in TensorFlow as it is installed: with oneDNN's kernels,
which `fuzz_layers.py` leaves out, and as a graph, as `predict` does. The folder
gets opinions.jsonl with the outputs of a case a line, to which each run adds;
`deno task fuzz:layers` then compares a case that differs with these too. A file
that Keras itself cannot open again gets no opinion.

Versions: keras 3.15.1, tf_keras 2.21.0, jax 0.7 or later.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

IS_TENSORFLOW = "--tensorflow" in sys.argv
os.environ["KERAS_BACKEND"] = "tensorflow" if IS_TENSORFLOW else "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import h5py
import keras
import numpy as np

if not IS_TENSORFLOW:
    keras.config.set_floatx("float64")

# Keras 3 does not find its own operations in a .h5 file; those of the name of a
# layer would stand in that one's stead.
OPERATIONS = {
    name: value
    for module in (keras.src.ops.numpy, keras.src.ops.nn, keras.src.ops.core)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, keras.Operation) and not hasattr(keras.layers, name)
}

KINDS = {"float32": "<f4", "int32": "<i4", "bool": "u1"}


def unpacked(array):
    kind = array["dtype"]
    value = np.frombuffer(base64.b64decode(array["base64"]), KINDS[kind]).reshape(array["shape"])
    real = "float32" if IS_TENSORFLOW else "float64"
    return value.astype({"float32": real, "bool": "bool"}.get(kind, kind))


def packed(value):
    value = np.asarray(value)
    kind = {"b": "bool", "i": "int32", "u": "int32"}.get(value.dtype.kind, "float32")
    stored = value.astype({"bool": "uint8"}.get(kind, kind))
    return {"shape": list(value.shape), "dtype": kind, "base64": base64.b64encode(stored.tobytes()).decode()}


def wider(text, policy=None):
    """The description in float64, or in float32; without half precision."""
    for half in ("mixed_float16", "mixed_bfloat16", "bfloat16", "float16") if policy else ():
        text = text.replace(f'"{half}"', '"float32"')
    return text if IS_TENSORFLOW else text.replace('"float32"', '"float64"')


def widened(path, target, policy=None):
    """The file with another description; weights are cast as they are loaded."""
    if path.suffix == ".h5":
        shutil.copy(path, target)
        with h5py.File(target, "r+") as file:
            text = file.attrs["model_config"]
            file.attrs["model_config"] = wider(text if isinstance(text, str) else text.decode(), policy)
        return
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(target, "w") as copy:
        for name in whole.namelist():
            data = whole.read(name)
            copy.writestr(name, wider(data.decode(), policy) if name == "config.json" else data)


def flat(value):
    return [x for one in value for x in flat(one)] if isinstance(value, (list, tuple)) else [value]


def opinion(case, folder, api):
    path = folder / case["file"]
    with tempfile.TemporaryDirectory() as temporary:
        target = pathlib.Path(temporary) / path.name
        widened(path, target, case.get("policy"))
        model = api.models.load_model(target, OPERATIONS if api is keras else None, compile=False)
    inputs = [unpacked(array) for array in case["inputs"]]
    fed = inputs[0] if len(inputs) == 1 else inputs
    found = model.predict(fed, verbose=0) if IS_TENSORFLOW else model(fed, training=False)
    return [packed(value) for value in flat(found)]


def apis(case):
    """Who is asked; TensorFlow lacks some kernels for float64."""
    if case["api"] != "tf_keras":
        return [keras]
    import tf_keras

    if IS_TENSORFLOW:
        return [tf_keras]
    tf_keras.backend.set_floatx("float64")
    return [tf_keras, keras]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tensorflow", action="store_true", help="as it is, instead of JAX in float64")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    cases = {}
    for listing in sorted(options.folder.glob("cases*.jsonl")):
        for line in listing.read_text().splitlines():
            case = json.loads(line)
            cases[case["file"]] = case
    with open(options.folder / "opinions.jsonl", "a") as out:
        for file in options.files:
            for api in apis(cases[file]):
                try:
                    outputs = opinion(cases[file], options.folder, api)
                except Exception as error:
                    text = f"{type(error).__name__}: {str(error)[:200]}"
                    print(f"no opinion of {api.__name__} on {file}: {text}", file=sys.stderr)
                    continue
                out.write(json.dumps({"file": file, "outputs": outputs}, separators=(",", ":")) + "\n")
                break


main()

"""Draws small models of the real Keras by seed, saves them, and says what they give.

    python tests/data/fuzz_layers.py --seed 1 --count 500 --out out/fuzz
    deno task fuzz:layers out/fuzz

Options of every layer over their whole range, all weights random; see the
_fuzz_*.py files. What Keras refuses is drawn again, and so is what no float32
can tell: a model of which an output moves by more than 1e-5 of its row's
largest value when inputs and weights move by 1e-6 of theirs. The folder gets
<number>.keras or .h5, and cases.jsonl with a case a line.

Seeds from 100 draw more (see WIDE): further kinds, half-precision policies,
Keras 3's Sequential, and features of inner layers; seeds from 300 draw layers on
strings (see TEXT). Earlier seeds give what they always gave.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0. KERAS_BACKEND says
who computes: tensorflow (the default) or jax.
"""

import argparse
import base64
import collections
import gc
import json
import os
import pathlib
import sys
import traceback
import warnings
import zipfile

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # wrappers of tf_keras look there
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from _fuzz_draw import Draw
from _fuzz_maps import MAPS, MAPS_KERAS_3
from _fuzz_plain import PLAIN, PLAIN_KERAS_3
from _fuzz_sequences import SEQUENCES, SEQUENCES_KERAS_3
from _fuzz_text import texts
from _fuzz_whole import WHOLE, WHOLE_KERAS_3
from _fuzz_wide_models import WIDE_BOTH, WIDE_KERAS_3
from _fuzz_wide_ops import wide_chain
from _fuzz_wide_tf import tf_chain

warnings.filterwarnings("ignore")
tf.get_logger().setLevel("CRITICAL")
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

BOTH = {**MAPS, **PLAIN, **SEQUENCES, **WHOLE}
KINDS = {
    True: {**BOTH, **MAPS_KERAS_3, **PLAIN_KERAS_3, **SEQUENCES_KERAS_3, **WHOLE_KERAS_3},
    False: BOTH,
}
WIDE = 100  # the first seed that draws from these too
MORE = {
    True: {**KINDS[True], **WIDE_BOTH, **WIDE_KERAS_3, wide_chain: 40},
    False: {**BOTH, **WIDE_BOTH, tf_chain: 40},
}
TEXT = 300  # the first seed that draws strings too
WITH_TEXT = {is3: {**kinds, texts: 30} for is3, kinds in MORE.items()}
POLICIES = ("mixed_float16", "mixed_bfloat16", "bfloat16", "float16")


class Unstable(Exception):
    """No float32 can tell what the model gives."""


def flat(value):
    return [x for one in value for x in flat(one)] if isinstance(value, (list, tuple)) else [value]


def model_of(d, plan):
    """The model, Sequential or of functions."""
    K, inputs = d.keras, []
    for feed in plan.feeds:
        shape = tuple(None if i in feed.unknown and not plan.static else s for i, s in enumerate(feed.shape))
        dtype = {"ids": "int32", "mask": "bool", "text": "string"}.get(feed.kind, "float32")
        inputs.append((shape, dtype))
    if plan.layers is not None and d.chance(0.4):
        (shape, dtype), = inputs
        first = K.Input(shape, dtype=dtype) if d.is3 else K.layers.InputLayer(input_shape=shape, dtype=dtype)
        return K.Sequential([first, *plan.layers])
    # Inputs of a record get names in the other order than its keys.
    names = [f"in_{9 - i}" for i in range(len(inputs))] if plan.notes.get("record") else [None] * len(inputs)
    tensors = [K.Input(shape, dtype=dtype, name=name) for (shape, dtype), name in zip(inputs, names)]
    if plan.layers is None:
        found = flat(plan.build(tensors))
        if d.wide:  # an output of each is one layer with one result
            found = [K.layers.Identity()(x) if d.is3 else tf.identity(x) for x in found]
    else:
        (x,) = tensors
        for layer in plan.layers:
            x = layer(x)
        found = flat(x)
    if plan.notes.get("record"):
        tensors = {f"key_{i}": x for i, x in enumerate(tensors)}
    if "structure" in plan.notes:
        names = [x.name for x in tensors]
        model = K.Model(plan.notes["structure"](*tensors), found)
        plan.notes["order"] = [names.index(x.name) for x in model.inputs]  # by keys
        return model
    return K.Model(tensors[0] if len(tensors) == 1 else tensors, found[0] if len(found) == 1 else found)


def weight_name(weight):
    return getattr(weight, "path", weight.name).split(":")[0].split("/")[-1]


def draw_weights(d, model):
    """Random values for every weight: nothing hides behind 0 and 1."""
    scale = d.of(0.5, 1.0, 2.0)
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight_name(weight)
        kinds = ("float32", "float16") if d.wide else ("float32",)  # bfloat16 too
        if not any(kind in str(weight.dtype) for kind in kinds):
            continue
        if "variance" in name:
            value = d.rng.uniform(0.05, 3, shape) * d.of(1, 1, 1e-3)
        elif "kernel" in name:
            fan_in = max(1, int(np.prod(shape[:-1])))
            value = d.rng.normal(size=shape) / np.sqrt(fan_in) * scale
        elif name in ("gamma", "scale"):
            value = d.rng.normal(size=shape) + d.of(0.0, 1.0)
        else:
            value = d.rng.normal(size=shape) * 0.7
        weight.assign(value.astype("float32"))


def run(d, plan, model, arrays):
    given = [keras.ops.convert_to_tensor(x) if d.is3 and x.dtype != object else tf.constant(x) for x in arrays]
    if plan.notes.get("structure"):
        given = [plan.notes["structure"](*given)]
    # Of Keras 3's Sequential this raises, so that seeds below 100 draw none.
    if plan.notes.get("record") if d.wide else isinstance(model.input, dict):
        given = {f"key_{i}": x for i, x in enumerate(given)}
    found = model(given[0] if len(given) == 1 else given, training=False)
    return [np.asarray(y) for y in flat(found)]


def check_stable(d, plan, model, arrays, outputs):
    """Moves inputs and weights a little, and looks at how far the outputs go."""
    move = lambda x: (x * (1 + 1e-6 * d.rng.uniform(-1, 1, x.shape))).astype("float32")
    kept = [np.asarray(w) for w in model.get_weights()]
    moved = [move(w) if w.dtype == np.float32 else w for w in kept]
    model.set_weights(moved)
    others = run(d, plan, model, [move(x) if x.dtype == np.float32 else x for x in arrays])
    model.set_weights(kept)
    for is_, was in zip(others, outputs):
        if was.dtype.kind != "f":
            if not np.array_equal(is_, was):
                raise Unstable
            continue
        for a, b in zip(is_, was):
            ends = np.isfinite(b)
            largest = np.max(np.abs(b[ends]), initial=1e-30)
            if 1e-30 < largest < 1e-10:  # what is left of a difference
                raise Unstable
            if not np.array_equal(ends, np.isfinite(a)) or np.any(np.abs(a - b)[ends] > 1e-5 * largest):
                raise Unstable


def packed(value):
    if value.dtype == object:
        return {"shape": list(value.shape), "dtype": "string", "strings": value.reshape(-1).tolist()}
    value = np.ascontiguousarray(value)
    kind = {"b": "bool", "i": "int32", "u": "int32"}.get(value.dtype.kind, "float32")
    stored = value.astype({"bool": "uint8"}.get(kind, kind))
    return {"shape": list(value.shape), "dtype": kind, "base64": base64.b64encode(stored.tobytes()).decode()}


def shown(value):
    """An option as text, for whoever reads a report."""
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config") or {}
        return f"{value['class_name']}({options_of(inner)})" if isinstance(inner, dict) else str(inner)
    return repr(value)


DULL = ("name", "trainable", "dtype", "initializer", "regularizer", "constraint", "seed", "momentum", "renorm",
        "synchronized", "quantization", "implementation", "batch_shape", "batch_input_shape")


def options_of(config):
    return ", ".join(f"{k}={shown(v)}" for k, v in config.items()
                     if not any(word in k for word in DULL) and v not in (None, False, []))


def made(kind, d, path):
    """One case, saved at a path without ending."""
    plan = kind(d)
    model = model_of(d, plan)
    if not plan.notes.get("keep_weights"):
        draw_weights(d, model)
    arrays = [d.rows(feed, 4) for feed in plan.feeds]
    if "quantize" in plan.notes:
        model.quantize(plan.notes["quantize"])
    ending = None
    if d.policy is not None:
        ending, model = ".keras", in_float32(d, model, path)
    outputs = run(d, plan, model, arrays)
    if any(y.size == 0 for y in outputs):
        raise ValueError("nothing is left of a map")
    if plan.smooth:
        check_stable(d, plan, model, arrays, outputs)
    if ending is None:
        ending = d.of(".keras", ".keras", ".keras", ".h5") if d.is3 else d.of(".keras", ".h5")
        model.save(f"{path}{ending}")
    features = inner_features(d, plan, model, arrays) if d.wide else {}
    parts = getattr(model, "operations", model.layers) if d.wide else model.layers
    if "order" in plan.notes:
        arrays = [arrays[i] for i in plan.notes["order"]]
    layers = [f"{type(layer).__name__}({options_of(layer.get_config())})" for layer in parts
              if "InputLayer" not in type(layer).__name__]
    return {
        "class": plan.cls, "api": "keras" if d.is3 else "tf_keras", "backend": keras.backend.backend() if d.is3 else "tensorflow",
        "file": os.path.basename(path) + ending, "model": type(model).__name__, "layers": layers,
        "inputs": [packed(x) for x in arrays], "outputs": [packed(y) for y in outputs],
        **({"features": {name: packed(y) for name, y in features.items()}} if features else {}),
        **({"policy": d.policy} if d.policy else {}),
    }


def in_float32(d, model, path):
    """Saves a model of a half-precision policy, and opens it as float32."""
    model.save(f"{path}.keras")
    with zipfile.ZipFile(f"{path}.keras") as whole, zipfile.ZipFile(f"{path}_wide.keras", "w") as copy:
        for name in whole.namelist():
            data = whole.read(name)
            if name == "config.json":
                text = data.decode()
                for policy in (*POLICIES, "bfloat16", "float16"):
                    text = text.replace(f'"{policy}"', '"float32"')
                data = text
            copy.writestr(name, data)
    keras.config.set_dtype_policy("float32")
    opened = keras.models.load_model(f"{path}_wide.keras", compile=False)
    os.remove(f"{path}_wide.keras")
    return opened


def inner_features(d, plan, model, arrays):
    """What up to two layers give that are called once and have one output."""
    found = {}
    if plan.notes.get("record") or plan.notes.get("structure"):
        return found
    layers = [layer for layer in model.layers if "InputLayer" not in type(layer).__name__]
    for layer in [layers[int(i)] for i in d.rng.permutation(len(layers))[:4]]:
        try:
            y = layer.output
            if isinstance(y, (list, tuple, dict)) or len(found) == 2 or len(layer._inbound_nodes) > 1:
                continue
            inputs = model.inputs
            part = d.keras.Model(inputs[0] if len(inputs) == 1 else inputs, y)
            (value,) = run(d, plan, part, arrays)
            if plan.smooth:
                check_stable(d, plan, part, arrays, [value])
        except Exception:  # such a layer has no sub-model, or is unstable
            continue
        if value.size > 0 and value.shape[:1] == (4,):
            found[layer.name] = value
    return found


def forget():
    """Frees the models, and begins the layers' names anew; the collection of
    garbage that both packages ask for would take most of the time."""
    gc.collect, collect = lambda *_: 0, gc.collect
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session()
    tf_keras.backend.clear_session()
    gc.collect = collect


def case(seed, number, only, folder):
    """The case of a number: drawn until Keras takes it."""
    chooser = np.random.default_rng([seed, number])
    is3 = bool(chooser.random() < 0.7) if only != "tf_keras" else False
    all_kinds = KINDS if seed < WIDE else MORE if seed < TEXT else WITH_TEXT
    kinds = {k: w for k, w in all_kinds[is3].items() if only in (None, "tf_keras", k.__name__)}
    if not kinds:
        is3 = not is3 if seed >= WIDE else True
        kinds = {k: w for k, w in all_kinds[is3].items() if k.__name__ == only}
    weights = np.array(list(kinds.values()), float)
    kind = list(kinds)[int(chooser.choice(len(kinds), p=weights / weights.sum()))]
    again = collections.Counter()
    for attempt in range(60):
        d = Draw([seed, number, attempt], keras if is3 else tf_keras, is3, seed >= WIDE)
        if d.wide and is3 and d.chance(0.06) and kind.__name__ not in ("quantized", "wide_chain", "chain", "operations", "constants", "preprocessing", "texts"):
            d.policy = d.of(*POLICIES)
            keras.config.set_dtype_policy(d.policy)
        try:
            return made(kind, d, os.path.join(folder, f"{seed}_{number:05}")), again
        except Unstable:
            again[f"{kind.__name__}: unstable"] += 1
        except Exception as error:
            if os.environ.get("FUZZ_TRACE"):
                traceback.print_exc()
            again[f"{kind.__name__}: {type(error).__name__} {str(error)[:90]!r}"] += 1
        finally:
            forget()
    return None, again


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", help="a kind, as conv, or tf_keras")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    folder = pathlib.Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    again, none = collections.Counter(), 0
    with open(folder / f"cases_{options.seed}_{options.first}.jsonl", "w") as file:
        for number in range(options.first, options.first + options.count):
            found, more = case(options.seed, number, options.only, options.out)
            again.update(more)
            none += found is None
            if found is not None:
                file.write(json.dumps(found, separators=(",", ":")) + "\n")
    print(f"{options.count - none} cases; drawn again {sum(again.values())} times", file=sys.stderr)
    for reason, count in again.most_common(25):
        print(f"  {count} {reason}", file=sys.stderr)


main()

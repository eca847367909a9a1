"""What the one-layer cases would catch: tests/data/nothing_hides.json.

Goes over all cases under `layer_cases` and `keras_layers`, and over the layers
on strings under `text_layers`, makes each layer anew in real Keras, and changes one thing at a time: each option's value, each
call argument, each mask and each tensor of weights. A change is seen where a
case's output then moves by 20 times its tolerance or more (1e-5 of a row's
largest number), has another shape or mask, or where the weights have other
shapes. A test reads the table.

In the table, by class, by Keras' major version, by what was changed: the case
that sees it and by how many tolerances it moves ("shape" for another shape);
or, where none does, how many changes Keras took and that none moved anything.
Words, yes and no, and axes have a row for each value that they were changed to.

Versions: keras 3.15.1 (jax 0.10.2), tf_keras 2.21.0 (tensorflow 2.21.0).
Run: python tests/data/check_nothing_hides.py [class…]; with classes, only their
rows are made anew. All of them take an hour on two cores.
"""

import copy
import inspect
import json
import multiprocessing
import os
import pathlib
import re
import sys
import warnings
import zipfile

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

HERE = pathlib.Path(__file__).resolve().parent
RTOL, TIMES = 1e-5, 20
APIS = {2: tf_keras, 3: keras}

# What a word may be changed to.
WORDS = {
    "padding": ["valid", "same", "causal"],
    "data_format": ["channels_first", "channels_last"],
    "activation": ["relu", "tanh", "sigmoid", "linear", "softmax"],
    "recurrent_activation": ["relu", "tanh", "sigmoid", "hard_sigmoid", "linear"],
    "interpolation": ["nearest", "bilinear", "bicubic", "lanczos3", "area"],
    "output_mode": ["int", "one_hot", "multi_hot", "count"],
    "merge_mode": ["concat", "sum", "mul", "ave", None],
    "score_mode": ["dot", "concat"],
    "mode": ["log", "magnitude", "psd", "real", "imag", "stft", "horizontal", "vertical"],
    "window": ["hann", "hamming", None],
    "scaling": ["density", "spectrum", None],
    "fill_mode": ["constant", "reflect", "nearest", "wrap"],
    "standardize": ["lower_and_strip_punctuation", "lower", "strip_punctuation", None],
    "split": ["whitespace", "character", None],
    "mask_token": [None, "", "b"],
    "oov_token": ["[UNK]", "b"],
    "oov_method": ["floormod", "farmhash"],
    "bias_axes": ["b", "c", "d", "e", "bd", "de", None],
}
OPEN = [1, 2, -1, 0.5, True, [1], [1, 2], "hann"]
TRAINING = re.compile(r"_(initializer|regularizer|constraint)$")
# Rows of which a few changes say enough: they matter in training or to names.
CALM = re.compile(
    r"(_(initializer|regularizer|constraint)|\b(name|trainable|seed|dropout|recurrent_dropout"
    r"|implementation|unroll|rate|noise_shape|momentum))(=\w+)?$"
)


def alternatives(key, value):
    """Other values, as (name of the row, value)."""
    if TRAINING.search(key) or key in ("activity_regularizer", "initializer"):
        kind = TRAINING.search(key)
        kind = kind.group(1) if kind else "regularizer"
        named = {"initializer": "he_normal", "regularizer": "l2", "constraint": "max_norm"}
        return [(key, named[kind])]
    if key == "name":
        return [(key, "another_name")]
    if key == "dtype":
        return []  # policies are read as float32
    if key in WORDS and not isinstance(value, dict):
        return [(f"{key}={word}", word) for word in WORDS[key] if word != value]
    if isinstance(value, bool):
        return [(f"{key}={not value}", not value)]
    if key == "axis" or key == "axes":
        others = [-1, -2, 1, 2, 3, [1], [2], [1, 2], [2, 1], None]
        return [(key, other) for other in others if other != value]
    if isinstance(value, int):
        return [(key, value + by) for by in (1, -1, 2)] + [(key, value * 2)]
    if isinstance(value, float):
        return [(key, v) for v in (value * 2 + 0.1, value / 2 - 0.05, value + 0.3, 0.0, 1.0)]
    if isinstance(value, (list, tuple)):
        changed = []
        for i, inner in enumerate(value):
            for _, other in alternatives(f"{key}[]", inner):
                changed.append((key, [*value[:i], other, *value[i + 1:]]))
        if value and all(isinstance(v, (int, float)) for v in value):
            changed.append((key, list(reversed(value))))
        return changed + [(key, value[:-1])]
    if value is None:
        return [(key, other) for other in OPEN]
    if isinstance(value, dict):
        return inner_alternatives(key, value)
    return []


def inner_alternatives(key, value):
    """Options of a layer within a layer."""
    config = value.get("config")
    if not isinstance(config, dict):
        return []
    found = []
    for inner, old in config.items():
        for row, other in alternatives(inner, old):
            changed = copy.deepcopy(value)
            changed["config"][inner] = other
            found.append((f"{key}/{row}", changed))
    return found


class Case:
    """A layer, what goes in, and how it is called."""

    def __init__(self, name, dialect, cls, config, weights, inputs, masks, args, arg_masks):
        self.name, self.dialect, self.cls = name, dialect, cls
        self.config, self.weights, self.inputs = config, weights, inputs
        self.masks = list(masks) + [None] * (len(inputs) - len(masks))
        self.args, self.arg_masks = args, arg_masks

    @property
    def api(self):
        return APIS[self.dialect]

    def but(self, **changes):
        """A copy with something else."""
        other = copy.copy(self)
        for key, value in changes.items():
            setattr(other, key, value)
        return other


def numbers(array):
    if array is None:
        return None
    data = [float(v) for v in array["data"]]
    return np.array(data, array["dtype"]).reshape(array["shape"])


def read_cases():
    for path in sorted((HERE / "layer_cases").glob("*.json")):
        for each in json.loads(path.read_text()):
            each["class"] = each["class"].replace("GroupedQuery", "GroupQuery")
            if each.get("operation") or each["class"] not in dir(APIS[each["dialect"]].layers):
                continue
            yield read_case(f"{path.stem}/{each['name']}", each)
    for path in sorted((HERE / "keras_layers").glob("*.keras")):
        yield golden_case(path)
    for name, case in json.loads((HERE / "text_layers" / "expected.json").read_text()).items():
        path = HERE / "text_layers" / name
        if path.suffix == ".keras" and "two_inputs" not in name:
            yield from text_case(path, case["x"])


def text_case(path, rows):
    """A layer that the host computes, with the vocabulary that its file holds."""
    dialect = int(path.stem[1])
    with zipfile.ZipFile(path) as file:
        layers = json.loads(file.read("config.json"))["config"]["layers"]
        assets = [name for name in file.namelist() if name.endswith("vocabulary.txt")]
        tokens = file.read(assets[0]).decode().split("\n") if assets else None
    layer = next((each for each in layers if each["class_name"] in ON_HOST), None)
    if layer is None:
        return
    cls, config = layer["class_name"], layer["config"]
    config.pop("dtype", None)
    if isinstance(config.get("ngrams"), list):
        config["ngrams"] = tuple(config["ngrams"])  # tf_keras takes no list
    if config.get("vocabulary", 0) is None:
        if tokens is None or config["output_mode"] == "tf_idf":
            return  # weights of adapted ones are in no config
        tokens = tokens[:-1] if tokens[-1] == "" else tokens
        config["vocabulary"] = [int(t) for t in tokens] if cls == "IntegerLookup" else tokens
    yield Case(f"text/{path.stem}", dialect, cls, config, [], [np.array(rows)], [], {}, {})


# Layers on strings, and on numbers that stand for something.
ON_HOST = ("StringLookup", "IntegerLookup", "Hashing", "TextVectorization")


def read_case(name, each):
    several = "inputs" in each
    inputs = each["inputs"] if several else [each["input"], *each.get("others", [])]
    masks = each["masks"] if several else [each["mask"], *each.get("otherMasks", [])]
    args = {k: numbers(v) if isinstance(v, dict) else v for k, v in each["args"].items()}
    if each.get("explicit"):
        args["mask"] = numbers(masks[0])
        masks = [None, *masks[1:]]
    return Case(
        name, each["dialect"], each["class"], each["config"],
        [numbers(w) for w in each["weights"]], [numbers(x) for x in inputs],
        [numbers(m) for m in masks], args,
        {k: numbers(m) for k, m in each.get("argMasks", {}).items()},
    )


def golden_case(path):
    model = keras.saving.load_model(path, compile=False)
    layer = [each for each in model.layers if type(each).__name__ != "InputLayer"][-1]
    record = json.loads(path.with_suffix(".json").read_text())
    config = keras.saving.serialize_keras_object(layer)["config"]
    inputs = [np.array(x["data"], x["dtype"]).reshape(x["shape"]) for x in record["in"]]
    cls = type(layer).__name__.replace("GroupedQuery", "GroupQuery")
    return Case(f"golden/{path.stem}", 3, cls, config, layer.get_weights(), inputs, [], {}, {})


def tensor(case, value, mask):
    """A value with its mask, as the package takes it."""
    if case.cls in ON_HOST:
        return tf.constant(value.tolist())
    if case.dialect == 2:
        made = tf.constant(value)
        if mask is not None:
            made._keras_mask = tf.constant(mask)
        return made
    made = keras.ops.convert_to_tensor(value)
    if mask is not None:
        keras.src.backend.set_keras_mask(made, mask=keras.ops.convert_to_tensor(mask))
    return made


def call(case, layer):
    inputs = [tensor(case, x, m) for x, m in zip(case.inputs, case.masks)]
    kwargs = {}
    for key, value in case.args.items():
        listed = re.fullmatch(r"(\w+)\[(\d+)\]", key)
        if isinstance(value, np.ndarray):
            value = tensor(case, value, case.arg_masks.get(key))
        if listed:
            kwargs.setdefault(listed[1], []).append(value)
        else:
            kwargs[key] = value
    if re.search("RNN|LSTM|GRU|Bidirectional", case.cls) and len(inputs) > 1:
        return layer(inputs[0], initial_state=inputs[1:], **kwargs)
    if re.search("MultiHead|GroupQuery", case.cls):
        return layer(*inputs, **kwargs)
    if PICTURES.match(case.cls) and "training" in inspect.signature(layer.call).parameters:
        kwargs["training"] = False
    return layer(inputs if len(inputs) > 1 else inputs[0], **kwargs)


def flat(value):
    if isinstance(value, (list, tuple)):
        return [inner for one in value for inner in flat(one)]
    return [value]


# Layers that train where nobody says that they do not.
PICTURES = re.compile("Random|RandAug|AugMix|CutMix|MixUp|Solarization|Pipeline")


class Shapes(Exception):
    """The weights have other shapes."""


def run(case):
    """Outputs, masks, and the names of weights."""
    made = getattr(case.api.layers, case.cls).from_config(copy.deepcopy(case.config))
    outputs = flat(call(case, made))
    shapes = [tuple(w.shape) for w in made.weights]
    if case.cls not in ON_HOST and shapes != [w.shape for w in case.weights]:
        raise Shapes
    if case.cls == "Normalization" and case.weights:
        made.set_weights(case.weights)
        made.finalize_state()
    else:
        for weight, value in zip(made.weights, case.weights):
            weight.assign(value)
    if case.weights:
        outputs = flat(call(case, made))
    if case.dialect == 2:
        masks = [getattr(y, "_keras_mask", None) for y in outputs]
    else:
        masks = [keras.src.backend.get_keras_mask(y) for y in outputs]
    names = [name_of(w, case) for w in made.weights]
    return (
        [np.asarray(y, "float64") for y in outputs],
        [None if m is None else np.asarray(m) for m in masks],
        names,
    )


def name_of(weight, case):
    name = getattr(weight, "path", None) or weight.name
    parts = re.sub(r"_\d+(?=/|$|:)|:0$", "", name).split("/")
    if parts[0] == case.config.get("name"):
        parts = parts[1:]
    return "/".join(parts[-2:])


def moved(before, after):
    """By how many tolerances something moved; "shape" for another shape or mask."""
    if len(before[0]) != len(after[0]):
        return "shape"
    worst = 0.0
    for (x, y), (m, n) in zip(zip(before[0], after[0]), zip(before[1], after[1])):
        if x.shape != y.shape or (m is None) != (n is None):
            return "shape"
        if m is not None and not np.array_equal(m, n):
            return "mask"
        if x.size == 0:
            continue
        x, y = x.reshape(len(x), -1) if x.ndim else x.reshape(1, 1), y.reshape(len(y), -1) if y.ndim else y.reshape(1, 1)
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        if not np.array_equal(np.isfinite(x) | same, np.isfinite(y) | same):
            return "shape"
        apart = np.where(same, 0, np.abs(np.nan_to_num(x) - np.nan_to_num(y))).max(1)
        largest = np.where(np.isfinite(x), np.abs(x), 0).max(1)
        worst = max(worst, float((apart / np.maximum(largest, 1e-30)).max()) / RTOL)
    return worst


def changes_of(case, names):
    """Everything that can be changed, as (kind, row, changed case)."""
    for key, value in case.config.items():
        for row, other in alternatives(key, value):
            yield "option", row, case.but(config={**case.config, key: other})
    rng = np.random.default_rng(1)
    for i, (weight, name) in enumerate(zip(case.weights, names)):
        other = weight + (rng.normal(size=weight.shape) * 0.5 + 0.1) * (1 + np.abs(weight))
        weights = [*case.weights[:i], np.asarray(np.abs(other) if "variance" in name else other, weight.dtype), *case.weights[i + 1:]]
        yield "weight", name, case.but(weights=weights)
    for i, mask in enumerate(case.masks):
        row = f"of input {min(i, 2)}"
        if mask is not None:
            yield "mask", row, case.but(masks=[*case.masks[:i], None, *case.masks[i + 1:]])
            yield "mask", row, case.but(masks=[*case.masks[:i], ~mask, *case.masks[i + 1:]])
        elif case.inputs[i].ndim > 2:
            made = np.arange(case.inputs[i].shape[0] * case.inputs[i].shape[1]) % 3 > 0
            made = made.reshape(case.inputs[i].shape[:2])
            yield "mask given", row, case.but(masks=[*case.masks[:i], made, *case.masks[i + 1:]])
    for key in case.args:
        row = re.sub(r"\[\d+\]", "", key)
        rest = {k: v for k, v in case.args.items() if re.sub(r"\[\d+\]", "", k) != row}
        yield "argument", row, case.but(args=rest)


IGNORED = {"self", "args", "kwargs", "training", "inputs", "input", "x", "query", "value", "key", "sequence", "sequences", "images", "data"}


def arguments_of(case):
    layer = getattr(case.api.layers, case.cls)
    return [p for p in inspect.signature(layer.call).parameters if p not in IGNORED]


def check(cases):
    """The rows of one class: [case that sees it, by how much] or None, and tries."""
    rows, names, wrong = {}, {}, []
    for argument in arguments_of(cases[0]):
        rows[f"argument {argument}"] = [None, 0]
    for case in cases:
        before = None
        try:
            if len(case.weights) not in names:
                before = run(case)
                names[len(case.weights)] = before[2]
            for kind, what, changed in changes_of(case, names[len(case.weights)]):
                row = rows.setdefault(f"{kind} {what}", [None, 0])
                if row[0] is None and row[1] < tries(case.cls, f"{kind} {what}"):
                    before = before or run(case)
                    change(case, row, before, changed)
        except Exception as error:
            wrong.append(f"{case.name}: {type(error).__name__} {str(error)[:150]}")
    return f"{cases[0].cls} of Keras {cases[0].dialect}", rows, wrong


def tries(cls, what):
    """How many changes that move nothing are enough."""
    return 3 if PICTURES.match(cls) and cls != "Pipeline" or CALM.search(what) or "given" in what else 400


def change(case, row, before, changed):
    try:
        by = moved(before, run(changed))
    except Shapes:
        by = "shape"
    except Exception:
        return  # Keras takes no such value
    row[1] += 1
    if isinstance(by, str) or by >= TIMES:
        row[0] = [case.name, by if isinstance(by, str) else float(f"{min(by, 1e9):.2g}")]


def plain(rows):
    """Rows as they are written; without values that Keras does not take."""
    return {
        what: seen or tried
        for what, (seen, tried) in rows.items()
        if seen or tried or what.startswith("argument")
    }


def written(table):
    lines = []
    for cls, rows in sorted(table.items()):
        inner = ",\n".join(
            f"    {json.dumps(what)}: {json.dumps(row)}" for what, row in sorted(rows.items())
        )
        lines.append(f"  {json.dumps(cls)}: {{\n{inner}\n  }}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(wanted):
    groups = {}
    for case in read_cases():
        if not wanted or case.cls in wanted:
            groups.setdefault((case.cls, case.dialect), []).append(case)
    path = HERE / "nothing_hides.json"
    table = json.loads(path.read_text()) if wanted and path.exists() else {}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for cls, rows, wrong in pool.imap_unordered(check, groups.values()):
            table[cls] = plain(rows)
            path.write_text(written(table))
            for line in wrong:
                print("cannot run", line, flush=True)
            for what, (seen, tried) in sorted(rows.items()):
                if seen is None and not CALM.search(what):
                    print(f"{cls}: {what}: nothing moves in {tried}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

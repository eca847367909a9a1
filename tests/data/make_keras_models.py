"""Makes tests/data/keras_models/{k2,k3}_<model>.{keras,h5,json} with real Keras.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf_keras==2.21.0
    python tests/data/make_keras_models.py [model...]

The models k?_mlp and k?_conv are older, and not made here. A record holds the
inputs, the outputs, what some inner layers give, the logits and what feeds the
head, and the layer table as Keras shows it; arrays are float32 or int32 in
base64. All weights are random, biases and moving averages too; two inputs must
give outputs that differ by a tenth or more, every layer and vector of weights
is between 0.1 and 10, and every weight must be seen in the output.
"""

import base64
import json
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from _seen_weights import assert_seen, scales_beyond

tf.config.experimental.enable_op_determinism()
OUT = pathlib.Path(__file__).resolve().parent / "keras_models"
ROWS = 7


def nested(K, is3):
    """Two levels, nested models and a layer called twice, raw operations."""
    L = K.layers
    x = L.Input((4,), name="deep_in")
    core = K.Model(x, L.Dense(4, activation="elu", name="deep")(x), name="core")
    stack = K.Sequential(
        [L.Input((4,)), L.Dense(4, name="s1"), L.LeakyReLU(name="s2")], name="stack"
    )
    y = L.Input((4,), name="inner_in")
    inner = K.Model(y, L.Add(name="inner_add")([core(y), stack(y)]), name="inner")
    z = L.Input((4,), name="z")
    shared = L.Dense(4, activation="elu", name="shared")
    a = inner(shared(z))
    b = inner(shared(a))
    tail = K.Sequential([L.Input((4,)), L.Dense(4, name="t1")], name="tail")
    c = tail(tail(b))
    joined = L.Concatenate(name="joined")([a * 2.0 + 1.0, c[:, 1:3], 1.0 - b])
    out = L.Dense(3, activation="softmax", name="head")(joined)
    return K.Model(z, out, name="nested"), ["joined"], "head"


def text(K, is3):
    """Tokens, padded on either side, into two LSTMs."""
    L = K.layers
    x = L.Input((9,), dtype="int32", name="tokens")
    h = L.Embedding(11, 5, mask_zero=True, name="embedding")(x)
    h = L.LSTM(4, return_sequences=True, name="lstm1")(h)
    h = L.LSTM(4, name="lstm2")(h)
    out = L.Dense(3, activation="softmax", name="head")(h)
    return K.Model(x, out, name="text"), ["embedding", "lstm1", "lstm2"], "head"


def text_sequential(K, is3):
    """The same as a Sequential, with a GRU."""
    L = K.layers
    model = K.Sequential(
        [
            L.Input((9,), dtype="int32", name="tokens"),
            L.Embedding(11, 5, mask_zero=True, name="embedding"),
            L.GRU(4, return_sequences=True, name="gru1"),
            L.GRU(4, reset_after=False, name="gru2"),
            L.Dense(1, activation="sigmoid", name="head"),
        ],
        name="text_sequential",
    )
    return model, ["embedding", "gru1", "gru2"], "head"


def bidirectional(K, is3):
    """Sequences with masked steps, both ways."""
    L = K.layers
    x = L.Input((6, 3), name="x")
    h = L.Masking(0.0, name="masking")(x)
    h = L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(h)
    h = L.Bidirectional(L.GRU(4), merge_mode="sum", name="sum")(h)
    out = L.Dense(3, name="head")(h)
    return K.Model(x, out, name="bidirectional"), ["both", "sum"], "head"


def vit(K, is3):
    """Patches through a block of attention."""
    L = K.layers
    x = L.Input((8, 8, 3), name="image")
    h = L.Conv2D(8, 2, strides=2, name="patches")(x)
    h = L.Add(name="positions")([h, L.DepthwiseConv2D(3, padding="same", name="where")(h)])
    h = L.Reshape((16, 8), name="sequence")(h)
    n = L.LayerNormalization(epsilon=1e-6, name="norm1")(h)
    n = L.MultiHeadAttention(2, 4, name="attention")(n, n)
    h = L.Add(name="after1")([h, n])
    n = L.LayerNormalization(epsilon=1e-6, name="norm2")(h)
    n = L.Dense(12, activation="gelu", name="wide")(n)
    n = L.Dropout(0.3, name="dropout")(n)
    n = L.Dense(8, name="narrow")(n)
    h = L.Add(name="after2")([h, n])
    out = L.Dense(4, activation="softmax", name="head")(h[:, 0])
    inner = ["positions", "norm1", "attention", "after1", "wide", "after2"]
    return K.Model(x, out, name="vit"), inner, "head"


def unet(K, is3):
    """Down and up again, with transposed convolutions."""
    L = K.layers
    x = L.Input((8, 8, 2), name="image")
    a = L.Conv2D(4, 3, padding="same", activation="relu", name="down1")(x)
    b = L.MaxPooling2D(2, name="pool")(a)
    b = L.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="down2")(b)
    b = L.BatchNormalization(name="norm")(b)
    b = L.ReLU(name="relu")(b)
    b = L.Conv2DTranspose(4, 3, strides=2, padding="same", name="up1")(b)
    b = L.Conv2DTranspose(4, 2, strides=2, name="up2")(b)
    c = L.Concatenate(name="skip")([a, b])
    out = L.Conv2D(2, 1, activation="sigmoid", name="mask")(c)
    return K.Model(x, out, name="unet"), ["down1", "down2", "norm", "up1", "up2"], None


def autoencoder(K, is3):
    """Two nested models, one after the other."""
    L = K.layers
    encoder = K.Sequential(
        [L.Input((6,)), L.Dense(5, activation="elu", name="e1"), L.Dense(2, name="code")],
        name="encoder",
    )
    y = L.Input((2,), name="code_in")
    d = L.Dense(5, activation="softplus", name="d1")(y)
    decoder = K.Model(y, L.Dense(6, name="d2")(d), name="decoder")
    x = L.Input((6,), name="x")
    return K.Model(x, decoder(encoder(x)), name="autoencoder"), [], None


def two_inputs(K, is3):
    """Inputs and, in Keras 3, outputs by name."""
    L = K.layers
    image = L.Input((6, 6, 1), name="image")
    facts = L.Input((3,), name="facts")
    h = L.SeparableConv2D(4, 3, name="conv")(image)
    h = L.Flatten(name="flat")(h)
    h = L.Concatenate(name="both")([h, L.Dense(3, activation="selu", name="fact")(facts)])
    kind = L.Dense(3, activation="softmax", name="kind")(h)
    size = L.Dense(1, name="size")(h)
    outputs = {"size": size, "kind": kind} if is3 else [size, kind]
    inputs = {"image": image, "facts": facts} if is3 else [image, facts]
    return K.Model(inputs, outputs, name="two_inputs"), ["conv", "fact", "both"], None


def fcn(K, is3):
    """Any height and width."""
    L = K.layers
    x = L.Input((None, None, 2), name="image")
    h = L.ZeroPadding2D(1, name="pad")(x)
    h = L.Conv2D(4, 3, name="conv")(h)
    h = L.BatchNormalization(name="norm")(h)
    h = L.Activation("swish", name="act")(h)
    h = L.Conv2D(4, 3, dilation_rate=2, padding="same", name="wide")(h)
    h = L.AveragePooling2D(2, padding="same", name="pool")(h)
    h = L.UpSampling2D(2, interpolation="bilinear", name="up")(h)
    h = L.GlobalMaxPooling2D(name="max")(h)
    out = L.Dense(3, activation="softmax", name="head")(h)
    return K.Model(x, out, name="fcn"), ["norm", "wide", "pool", "up", "max"], "head"


def attention(K, is3):
    """Every kind of attention over padded tokens, and a GRU that the mask reaches."""
    L = K.layers
    x = L.Input((9,), dtype="int32", name="tokens")
    e = L.Embedding(11, 6, mask_zero=True, name="embedding")(x)
    layers = ["dot", "additive", "heads"]
    a = L.Attention(use_scale=True, name="dot")([e, e])
    b = L.AdditiveAttention(name="additive")([a, e])
    c = L.MultiHeadAttention(2, 3, name="heads")(b, value=e, use_causal_mask=True)
    if is3:
        c = L.GroupQueryAttention(3, 4, 2, name="groups")(c, e)
        layers.append("groups")
    g = L.GRU(4, name="gru")(c)
    out = L.Dense(3, activation="softmax", name="head")(g)
    return K.Model(x, out, name="attention"), [*layers, "gru"], "head"


def attention_sequential(K, is3):
    """A block of attention in a Sequential: its mask comes from outside."""
    L = K.layers
    y = L.Input((9, 6), name="block_in")
    h = L.MultiHeadAttention(2, 3, name="heads")(y, y)
    h = L.Attention(name="dot")([L.Add(name="sum")([y, h]), y])
    model = K.Sequential(
        [
            L.Input((9,), dtype="int32", name="tokens"),
            L.Embedding(11, 6, mask_zero=True, name="embedding"),
            K.Model(y, h, name="block"),
            L.GRU(4, name="gru"),
            L.Dense(3, activation="softmax", name="head"),
        ],
        name="attention_sequential",
    )
    return model, ["gru"], "head"


MODELS = [
    nested, text, text_sequential, bidirectional, vit, unet, autoencoder, two_inputs, fcn,
    attention, attention_sequential,
]


def randomise(model, rng):
    """Draws every weight so that values stay near one."""
    scale = 1 if model.name == "nested" else 2  # a softmax of large values is flat
    for weight in model.weights:
        name = (getattr(weight, "path", None) or weight.name).split(":")[0]
        shape = tuple(weight.shape)
        if name.endswith(("gamma", "moving_variance")):
            value = rng.uniform(0.5, 1.5, shape)
        elif name.endswith(("beta", "bias", "moving_mean")):
            value = rng.normal(0, 0.5, shape)
        else:
            into = max(1, int(np.prod(shape[:-1])))
            value = rng.normal(0, scale / np.sqrt(into), shape)
        weight.assign(value.astype("float32"))


def data(model, rng):
    """Inputs in the model's order; tokens are padded left, right and within."""
    arrays = []
    for tensor in model.inputs:
        shape = [7 if n is None else n for n in tensor.shape[1:]]
        if "int" in str(tensor.dtype):
            tokens = rng.integers(1, 11, [ROWS, *shape]).astype("int32")
            tokens[0, :4] = 0
            tokens[1, 5:] = 0
            tokens[2, 3:5] = 0
            tokens[3, :] = 0
            arrays.append(tokens)
            continue
        values = rng.normal(0, 1, [ROWS, *shape]).astype("float32")
        if len(shape) == 3:  # images of different contrast
            values *= rng.uniform(0.2, 4, [ROWS, 1, 1, 1]).astype("float32")
        if model.name == "bidirectional":
            values[0, :2] = 0
            values[1, 4:] = 0
            values[2, 2:4] = 0
        arrays.append(values)
    return arrays


def packed(array):
    array = np.asarray(array)
    dtype = "int32" if array.dtype.kind in "iu" else "float32"
    raw = np.ascontiguousarray(array, "<i4" if dtype == "int32" else "<f4").tobytes()
    return {
        "shape": list(array.shape),
        "dtype": dtype,
        "base64": base64.b64encode(raw).decode(),
    }


def flat(outputs):
    """Outputs as a list; those of a dict in the order of model.outputs."""
    if isinstance(outputs, dict):
        return [outputs[key] for key in outputs]
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def make(build, K, prefix):
    is3 = prefix == "k3"
    K.backend.clear_session()
    K.utils.set_random_seed(0)
    model, names, head = build(K, is3)
    probe = K.Model(model.inputs, list(model.outputs))
    run = lambda outputs: [
        np.asarray(a) for a in flat(K.Model(model.inputs, outputs)(inputs, training=False))
    ]
    # A stable seed: Python's own hash differs from run to run.
    for attempt in range(50):
        rng = np.random.default_rng([attempt, sum(map(ord, prefix + model.name))])
        randomise(model, rng)
        inputs = data(model, rng)
        outputs = [np.asarray(a) for a in flat(probe(inputs, training=False))]
        changes = [np.abs(a[1:] - a[:-1]).max() / np.abs(a).max() for a in outputs]
        beyond = scales_beyond(probe, inputs)
        if min(changes) >= 0.1 and not beyond:
            break
    else:
        raise AssertionError((prefix, model.name, changes, beyond))
    assert_seen(model, lambda: flat(probe(inputs, training=False)))
    layers = {name: run([model.get_layer(name).output])[0] for name in names}
    record = {
        "in": [packed(a) for a in inputs],
        "inputs": [getattr(t, "name", "").split(":")[0] for t in model.inputs],
        "out": [packed(a) for a in outputs],
        "layers": {name: packed(a) for name, a in layers.items()},
        "table": [[layer.name, type(layer).__name__, layer.count_params()] for layer in model.layers],
    }
    if head is not None:
        layer = model.get_layer(head)
        kernel, bias = [np.asarray(w, "float64") for w in layer.get_weights()]
        penultimate = run([layer.input])[0]
        record["head"] = head
        record["penultimate"] = packed(penultimate)
        record["logits"] = packed((penultimate @ kernel + bias).astype("float32"))
        record["kernel"] = packed(kernel)
    inner = inner_values(model, K, inputs, run)
    record["layers"].update({path: packed(a) for path, a in inner.items()})
    path = OUT / f"{prefix}_{model.name}"
    model.save(f"{path}.keras")
    model.save(f"{path}.h5")
    pathlib.Path(f"{path}.json").write_text(json.dumps(record))
    for end in ("keras", "h5", "json"):
        size = os.path.getsize(f"{path}.{end}")
        assert size < 120_000, (path, end, size)


def inner_values(model, K, inputs, run):
    """What layers of nested models give, by their path; of calls one after another."""
    if model.name == "autoencoder":
        encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
        e1 = np.asarray(encoder.get_layer("e1")(inputs[0]))
        code = np.asarray(encoder(inputs[0]))
        d1 = np.asarray(decoder.get_layer("d1")(code))
        return {"encoder": code, "encoder/e1": e1, "encoder/code": code, "decoder/d1": d1}
    if model.name == "nested":
        shared, inner = model.get_layer("shared"), model.get_layer("inner")
        core, stack = inner.get_layer("core"), inner.get_layer("stack")
        tail = model.get_layer("tail")
        s0 = np.asarray(shared(inputs[0]))
        a = np.asarray(inner(s0))
        s1 = np.asarray(shared(a))
        b = np.asarray(inner(s1))
        return {
            "shared": s0,
            "inner": a,
            "inner/core/deep": np.asarray(core.get_layer("deep")(s0)),
            "inner/stack/s1": np.asarray(stack.get_layer("s1")(s0)),
            "shared:1": s1,
            "inner:1": b,
            "inner:1/core/deep": np.asarray(core.get_layer("deep")(s1)),
            "inner:1/stack": np.asarray(stack(s1)),
            "tail:1/t1": np.asarray(tail(tail(b))),
        }
    return {}


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for build in MODELS:
        if wanted and build.__name__ not in wanted:
            continue
        make(build, keras, "k3")
        make(build, tf_keras, "k2")
        print(build.__name__)

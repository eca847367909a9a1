"""Makes out/peers: the networks with drawn weights, inputs, and reference outputs.

    .venv-keras/bin/python tests/bench/peers/make_models.py [names]

Weights are drawn by seed so that every layer works at a scale near one: kernels
by their number of inputs, moving averages as they are over the inputs, all of
them shaken so that nothing hides behind 0 and 1. That is asserted: the layers
asked for and the logits lie between 0.1 and 10, and two inputs differ by a
tenth in their logits.

A folder holds model.keras, weights.npz (`layer/place`), inputs.npy, and
reference_0.npy to reference_3.npy: the three layers, pooled, and the logits of
the first 64 inputs, by Keras 3. What Keras 2 reads of it, make_tfjs.py makes.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

from networks import NETWORKS, TAPS, head_of, tapped, weights_of

TARGET = pathlib.Path(__file__).resolve().parents[3] / "out" / "peers"
DISTINCT = {"digits": 2000, "lstm": 2000, "vit": 2000}
"""Pictures of 224×224 take 0.6 MB each: 256 of them, which passes go through in turn."""


def inputs_of(name, model, rng):
    count = DISTINCT.get(name, 256)
    shape = (count, *model.inputs[0].shape[1:])
    if name == "lstm":
        return rng.integers(0, 5000, shape).astype("int32")
    # Pictures of all contrasts and colours: noise alone would be one picture.
    middle = rng.uniform(0, 1, (count, 1, 1, shape[-1]))
    spread = rng.uniform(0.1, 0.6, (count, 1, 1, 1))
    values = middle + spread * rng.normal(0, 1, shape)
    scale = 255 if name == "efficientnet_b0" else 1
    return (scale * values.clip(0, 1)).astype("float32")


def draw(model, x, rng):
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # one step of training takes over the averages of its batch
        for weight in layer.weights:
            value = drawn(layer, weight, rng)
            if value is not None:
                weight.assign(value.astype("float32"))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    model(x, training=True)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            mean = mean + 0.1 * np.sqrt(variance) * rng.normal(0, 1, mean.shape)
            variance = (variance + 1e-3) * rng.uniform(0.8, 1.25, variance.shape)
            layer.set_weights([gamma, beta, mean, variance])
            layer.momentum = 0.99


def drawn(layer, weight, rng):
    name, shape = weight.path.split("/")[-1], tuple(weight.shape)
    if isinstance(layer, keras.layers.Normalization):
        return None if weight.dtype != "float32" else rng.uniform(0.3, 0.6, shape) ** 2
    if name == "embeddings":
        return rng.normal(0, 1, shape)
    if name == "recurrent_kernel":
        return rng.normal(0, 0.7 / np.sqrt(shape[0]), shape)
    if name == "kernel":
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            return rng.normal(0, np.sqrt(2 / np.prod(shape[:2])), shape)
        projects = len(shape) == 3 and "attention_output" not in weight.path
        inputs = shape[0] if projects else np.prod(shape[:-1])
        return rng.normal(0, np.sqrt((1 if len(shape) == 3 else 2) / inputs), shape)
    if name == "gamma":
        return rng.uniform(0.7, 1.3, shape)
    if name in ("bias", "beta"):
        # Means over time would hide what an LSTM does without biases of its own.
        return rng.normal(0, 0.8 if "lstm" in weight.path else 0.2, shape)
    return None


def check(name, outputs):
    """Every layer's scale, and how far apart the logits of two inputs are."""
    scales = {}
    for key, values in zip([*TAPS[name], "logits"], outputs):
        scales[key] = float(np.sqrt(np.mean(values.astype("float64") ** 2)))
        assert 0.1 <= scales[key] <= 10, f"{name}: the scale of {key} is {scales[key]}"
    logits = outputs[-1].astype("float64")
    apart = np.linalg.norm(logits[0] - logits[1]) / np.linalg.norm(logits[0])
    assert apart >= 0.1, f"{name}: two inputs differ by {apart} in their logits"
    return {**scales, "apart": float(apart)}


def make(name):
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    model = NETWORKS[name](keras)
    x = inputs_of(name, model, rng)
    draw(model, x[:32], rng)
    outputs = tapped(keras, model, name).predict(x[:64], batch_size=32, verbose=0)
    found = check(name, outputs)
    folder = TARGET / name
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    np.savez(folder / "weights.npz", **weights_of(model))
    np.save(folder / "inputs.npy", x)
    for i, values in enumerate(outputs):
        np.save(folder / f"reference_{i}.npy", values)
    about = {"name": name, "taps": TAPS[name], "head": head_of(name)}
    about["versions"] = {"keras": keras.__version__, "numpy": np.__version__}
    (folder / "about.json").write_text(json.dumps({**about, "scales": found}, indent=1))
    print(name, model.count_params(), {k: round(v, 3) for k, v in found.items()}, flush=True)


for name in sys.argv[1:] or NETWORKS:
    make(name)

"""Random weights of whole models, such that each of them is seen in the output.

As Keras draws weights, values fade or grow from layer to layer, and a layer
that is computed wrongly can be far below what the output shows. Here each layer
gets its weights while a batch runs through the model: its kernel is scaled by
what it gives, its bias and moving averages lie about what was measured, all
with noise, so that none can be mistaken for another. Then it is asserted that
each layer's output, and each vector of weights, is between 0.1 and 10 (root of
the mean square), that the logits of two inputs differ by a tenth or more, and
that no weight can change unseen.

Works with Keras 3 on TensorFlow and with tf_keras, on functional and
sequential models, nested ones too.
"""

import numpy as np

LEAST, MOST = 0.1, 10
# How much of a mean is taken away. With all of it, rounding errors grow from
# layer to layer, far beyond what they do in trained networks: Keras' own
# float32 is then 4e-5 off its float64 in ResNet50.
CENTRED = 0.25
LARGEST_BIAS = 9  # that takes a mean away
# Weights that shift all values of a softmax alike, and what only training reads.
WITHOUT_EFFECT = ("seed_generator_state", "count", "key/bias", "key_bias")


def draw_weights(model, inputs, rng):
    """Gives a model its weights, layer by layer, while `inputs` run through it."""
    originals = []
    done = set()

    def watch(layer):
        call = layer.call
        originals.append((layer, layer.__dict__.get("call")))

        def drawing(*args, **kwargs):
            if id(layer) not in done and layer.weights:
                done.add(id(layer))
                draw_layer(layer, call, args, kwargs, rng)
            return call(*args, **kwargs)

        layer.call = drawing

    for layer in leaves(model):
        watch(layer)
    try:
        model(inputs, training=False)
    finally:
        for layer, own in originals:
            if own is None:
                del layer.call
            else:
                layer.call = own
    assert all(id(layer) in done for layer in leaves(model) if layer.weights)


def leaves(model):
    """Layers that are no models, of nested models too, each once."""
    found = {}
    for layer in model.layers:
        inner = leaves(layer) if hasattr(layer, "layers") and hasattr(layer, "inputs") else [layer]
        found.update((id(one), one) for one in inner)
    return list(found.values())


def draw_layer(layer, call, args, kwargs, rng):
    """Weights of one layer, from what comes in."""
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        return draw_batch_normalization(layer, np.asarray(args[0]), rng)
    if kind == "Normalization":
        values = 2 * np.asarray(args[0])  # the variance of pictures in [0, 1] is below 0.1
        layer.adapt(values + rng.normal(0, 0.1, values.shape[-1]).astype("float32"))
        return
    kernels = []
    for weight in layer.weights:
        path, shape = path_of(weight), tuple(weight.shape)
        if is_state(path):
            continue
        if len(shape) < 2 and not path.endswith(("bias", "beta")):  # gammas and layer scales
            weight.assign(rng.uniform(0.5, 1.5, shape).astype("float32"))
        elif path.endswith(("bias", "beta")):
            weight.assign(shifts(rng, shape).astype("float32"))
        else:
            inside = np.prod(shape[:2]) if "depthwise" in path or kind == "DepthwiseConv2D" else np.prod(shape[:-1])
            weight.assign((rng.normal(0, 1, shape) * np.sqrt(1 / max(1, inside))).astype("float32"))
            kernels.append(weight)
    if kind == "Embedding":
        kernels[0].assign(rng.normal(0, 1, kernels[0].shape).astype("float32"))
    elif kernels and (kind == "Dense" or "Conv" in kind):
        centre_and_scale(layer, kernels[-1], call, args, kwargs, rng)


def centre_and_scale(layer, kernel, call, args, kwargs, rng):
    """Scales the last kernel so that the output is near one, and puts the bias about its mean."""
    activation, layer.activation = layer.activation, lambda x: x
    biases = [weight for weight in layer.weights if path_of(weight).endswith("bias")]
    noise = [np.asarray(bias) for bias in biases]
    for bias in biases:
        bias.assign(np.zeros(bias.shape, "float32"))
    out = np.asarray(call(*args, **kwargs))
    is_head = getattr(activation, "__name__", "") == "softmax"  # the logits must differ
    share = 1 if is_head else CENTRED
    means = out.mean(axis=tuple(range(out.ndim - 1))) if biases else 0
    size = max(rms(out - share * means), rms(means) / LARGEST_BIAS)
    kernel.assign(np.asarray(kernel) / size)
    for bias, shift in zip(biases, noise):
        value = shift - share * means / size
        bias.assign(np.where(np.abs(value) < 0.12, shift, value).astype("float32"))
    layer.activation = activation


def shifts(rng, shape):
    """Numbers on both sides of 0, none near it."""
    return rng.choice([-1, 1], shape) * rng.uniform(0.3, 1, shape)


def draw_batch_normalization(layer, x, rng):
    """Moving averages about those of the batch."""
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    shape = mean.shape
    variance = variance + ((1 - CENTRED) * mean) ** 2  # of what is left of the mean, too
    variance = np.maximum(variance, 0.2 * variance.mean())
    spread = np.sqrt(variance)
    values = {
        "gamma": rng.uniform(0.5, 1.2, shape),
        "beta": shifts(rng, shape),
        "moving_mean": CENTRED * mean + 0.2 * spread * rng.normal(0, 1, shape),
        "moving_variance": variance * rng.uniform(0.6, 1.6, shape),
    }
    for weight in layer.weights:
        weight.assign(values[path_of(weight).split("/")[-1]].astype("float32"))


def assert_scales(model, inputs):
    """Asserts that layers and vectors of weights are between 0.1 and 10."""
    scales = scales_of(model, inputs)
    beyond = scales_beyond(model, inputs)
    assert not beyond, (model.name, beyond)
    return min(scales.values()), max(scales.values())


def scales_beyond(model, inputs):
    """Those of layers and vectors of weights that are not between 0.1 and 10."""
    return {
        name: scale for name, scale in scales_of(model, inputs).items() if not LEAST <= scale <= MOST
    }


def scales_of(model, inputs):
    """Root mean squares of what layers give, and of vectors of weights.

    Not of pictures as they come, nor of probabilities.
    """
    originals, scales = [], {}

    def watch(layer):
        call = layer.call
        originals.append((layer, layer.__dict__.get("call")))

        def measuring(*args, **kwargs):
            out = call(*args, **kwargs)
            if not is_exempt(layer):
                scales.setdefault(layer.name, rms(np.asarray(out)))
            return out

        layer.call = measuring

    for layer in leaves(model):
        watch(layer)
    try:
        model(inputs, training=False)
    finally:
        for layer, own in originals:
            if own is None:
                del layer.call
            else:
                layer.call = own
    for layer in leaves(model):
        for weight in layer.weights:
            if not is_state(path_of(weight)) and len(weight.shape) < 2:
                scales[path_of(weight)] = rms(np.asarray(weight))
    return scales


def is_exempt(layer):
    activation = getattr(layer, "activation", None)
    is_softmax = getattr(activation, "__name__", "") in ("softmax", "sigmoid")
    return type(layer).__name__ in ("InputLayer", "Softmax", "Normalization") or is_softmax


def assert_differ(logits, least=0.1):
    """Asserts that each two inputs, one after the other, differ by a tenth of the largest value."""
    changes = np.abs(logits[1:] - logits[:-1]).reshape(len(logits) - 1, -1).max(axis=1)
    share = changes.min() / np.abs(logits).max()
    assert share >= least, share
    return share


def assert_seen(model, compute, least=4e-4):
    """Asserts that each weight moves the outputs by at least `least` of the largest value.

    A weight's numbers are brought into another order, or, where that is none,
    made half as large again.
    """
    before = [np.asarray(out) for out in compute()]
    hidden = {}
    for layer in leaves(model):
        for weight in layer.weights:
            path = path_of(weight)
            if is_state(path):
                continue
            kept = np.array(weight)
            turned = kept.reshape(-1)[::-1].reshape(kept.shape) if kept.size > 1 else kept * 1.5
            assign(layer, weight, turned)
            after = [np.asarray(out) for out in compute()]
            assign(layer, weight, kept)
            moved = max(np.abs(b - a).max() / np.abs(b).max() for b, a in zip(before, after))
            if not moved >= least:
                hidden[path] = float(moved)
    assert not hidden, (model.name, hidden)


def assign(layer, weight, value):
    """Gives a weight its value, also where the layer computes with a copy of it."""
    weight.assign(value)
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()


def is_state(path):
    return path.endswith(WITHOUT_EFFECT)


def path_of(weight):
    return (getattr(weight, "path", None) or weight.name).split(":")[0]


def rms(values):
    return float(np.sqrt(np.mean(np.square(values, dtype="float64"))))

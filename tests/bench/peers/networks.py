"""The networks that are measured, for Keras 3 and for the Keras of TensorFlow 2.15.

A function takes the package (`keras` or `tf.keras`) and gives the same
architecture under the same layer names, so that weights go from one to the
other layer by layer. The head has a softmax, as saved models have.
"""

import numpy as np


def digits(keras):
    """Keras' own example for MNIST, with a hidden layer."""
    L = keras.layers
    x = image = L.Input((28, 28, 1), name="image")
    x = L.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = L.MaxPooling2D(2, name="pool1")(x)
    x = L.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = L.MaxPooling2D(2, name="pool2")(x)
    x = L.Flatten(name="flatten")(x)
    x = L.Dense(128, activation="relu", name="hidden")(x)
    return keras.Model(image, L.Dense(10, activation="softmax", name="head")(x))


def mobilenet_v2(keras):
    return keras.applications.MobileNetV2(weights=None)


def resnet50(keras):
    return keras.applications.ResNet50(weights=None)


def efficientnet_b0(keras):
    return keras.applications.EfficientNetB0(weights=None)


def vit(keras, tokens=64, width=192, heads=3, blocks=6):
    """A vision transformer: pictures of 64×64, patches of 8×8, 2.7 million parameters."""
    L = keras.layers
    image = L.Input((64, 64, 3), name="image")
    x = L.Conv2D(width, 8, strides=8, name="patches")(image)
    x = L.Reshape((tokens, width), name="sequence")(x)
    # A bias for each place: the embedding of positions in a layer of Keras' own.
    x = L.EinsumDense(
        "btd,de->bte", (tokens, width), bias_axes="te", name="positions"
    )(x)
    for i in range(blocks):
        n = L.LayerNormalization(epsilon=1e-6, name=f"norm{i}a")(x)
        n = L.MultiHeadAttention(heads, width // heads, name=f"attention{i}")(n, n)
        x = L.Add(name=f"block{i}a")([x, n])
        n = L.LayerNormalization(epsilon=1e-6, name=f"norm{i}b")(x)
        n = L.Dense(4 * width, activation="gelu", name=f"wide{i}")(n)
        n = L.Dense(width, name=f"narrow{i}")(n)
        x = L.Add(name=f"block{i}b")([x, n])
    x = L.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = L.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(image, L.Dense(100, activation="softmax", name="head")(x))


def lstm(keras):
    """Two LSTMs over 100 tokens."""
    L = keras.layers
    tokens = L.Input((100,), dtype="int32", name="tokens")
    x = L.Embedding(5000, 64, name="embedding")(tokens)
    x = L.LSTM(128, return_sequences=True, name="lstm1")(x)
    x = L.LSTM(128, name="lstm2")(x)
    return keras.Model(tokens, L.Dense(20, activation="softmax", name="head")(x))


NETWORKS = {
    f.__name__: f
    for f in (digits, mobilenet_v2, resnet50, efficientnet_b0, vit, lstm)
}

TAPS = {
    "digits": ["pool1", "pool2", "hidden"],
    "mobilenet_v2": ["block_3_expand_relu", "block_13_expand_relu", "out_relu"],
    "resnet50": ["conv3_block4_out", "conv4_block6_out", "conv5_block3_out"],
    "efficientnet_b0": ["block3b_add", "block5c_add", "top_activation"],
    "vit": ["block1b", "block3b", "norm"],
    "lstm": ["embedding", "lstm1", "lstm2"],
}

HEADS = {
    "mobilenet_v2": "predictions",
    "resnet50": "predictions",
    "efficientnet_b0": "predictions",
}


def head_of(name):
    return HEADS.get(name, "head")


def tapped(keras, model, name):
    """What one would write by hand: pooled taps and logits as outputs of one model."""
    L = keras.layers
    outputs = [pooled(L, model.get_layer(tap)) for tap in TAPS[name]]
    head = model.get_layer(head_of(name))
    linear = L.Dense(head.units, name="logits")
    outputs.append(linear(head.input))
    linear.set_weights(head.get_weights())
    return keras.Model(model.inputs, outputs)


def pooled(layers, tap):
    """The mean over the places of a map; anything else as it is."""
    x, name = tap.output, f"{tap.name}_pooled"
    if len(x.shape) == 4:
        return layers.GlobalAveragePooling2D(name=name)(x)
    return layers.GlobalAveragePooling1D(name=name)(x) if len(x.shape) == 3 else x


def weights_of(model):
    """The weights of each layer, by `layer/place`."""
    return {
        f"{layer.name}/{i}": value
        for layer in model.layers
        for i, value in enumerate(layer.get_weights())
    }


def set_weights(model, weights):
    """Puts those of weights_of() into a model of the same architecture."""
    for layer in model.layers:
        own = [weights[key] for key in (f"{layer.name}/{i}" for i in range(9)) if key in weights]
        if len(own) + 1 == len(layer.weights):
            own.append(np.zeros(layer.weights[-1].shape))  # Keras 2 counts what it normalised
        if own:
            layer.set_weights(own)
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()

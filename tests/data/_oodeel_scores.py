"""What oodeel 0.4 scores on a set of features: by options of ours, in its own unit.

Its detectors want a model, so the features are the output of a layer that does
nothing, and the head is a Dense layer. Without a perturbation: `eps=0`; ODIN
stops at that, and gets one that no float32 is moved by.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import oodeel
import tensorflow as tf
import tensorflow_probability as tfp
from oodeel.methods import DKNN, GEN, MLS, ODIN, RMDS, SHE, VIM
from oodeel.methods import Energy, Entropy, Gram, Mahalanobis

VERSIONS = {
    "oodeel": "0.4.0",
    **{module.__name__: module.__version__ for module in (tf, tfp)},
}


def model_of(arrays):
    shape = arrays["fit.z"].shape[1:]
    x = tf.keras.Input(shape)
    z = tf.keras.layers.Activation("linear", name="feat")(x)
    pooled = z if len(shape) == 1 else tf.keras.layers.GlobalAveragePooling2D()(z)
    head = tf.keras.layers.Dense(arrays["kernel"].shape[1], name="head")
    model = tf.keras.Model(x, head(pooled))
    head.set_weights([arrays["kernel"], arrays["bias"]])
    return model


def scores(arrays, z, detector, layers=("feat",)):
    data = tf.data.Dataset.from_tensor_slices(
        (arrays["fit.z"], arrays["fit.labels"].astype("int64"))
    ).batch(64)
    detector.fit(model_of(arrays), data, feature_layers_id=list(layers))
    return detector.score(tf.convert_to_tensor(z))[0]


def plain(make):
    """A detector of logits: no layers."""
    return lambda arrays, z, logits, **options: scores(arrays, z, make(**options), ())


def on_features(make):
    def run(arrays, z, logits, **options):
        detector = make(**options)
        return None if detector is None else scores(arrays, z, detector)

    return run


def vim(dims=0.99, origin="mean"):
    return None if origin == "head" else VIM(princ_dims=dims)


def she(pattern="predicted"):
    return SHE(eps=0) if pattern == "nearest" else None



SCORERS = {
    "msp": plain(lambda: MLS(output_activation="softmax")),
    "maxLogit": plain(MLS),
    "entropy": plain(Entropy),
    "energy": lambda arrays, z, logits, **options: (
        None if options else scores(arrays, z, Energy(), ())
    ),
    "gen": plain(lambda gamma=0.1, top=100: GEN(gamma=gamma, k=top)),
    "odin": plain(lambda temperature=1000: ODIN(temperature=temperature, eps=1e-30)),
    "mahalanobis": on_features(lambda cutoff=None: None if cutoff else Mahalanobis(eps=0)),
    "rmds": on_features(lambda cutoff=None: None if cutoff else RMDS(eps=0)),
    "deepKnn": on_features(lambda neighbors=50: DKNN(nearest=neighbors)),
    "vim": on_features(vim),
    "she": on_features(she),
    "gram": on_features(lambda orders=(1, 2, 3, 4, 5), quantile=0.01: Gram(list(orders), quantile)),
}

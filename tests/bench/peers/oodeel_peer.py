"""oodeel's own `KerasFeatureExtractor.predict`, on TensorFlow 2.15 and Keras 2.

    .venv-oodeel/bin/python tests/bench/peers/oodeel_peer.py 2

The dataset is one as oodeel's handler prepares it: cut into batches, the next
one fetched ahead. Layers are pooled by oodeel's own default.
"""

import sys

import numpy as np

from peer import serve

import keras
import tensorflow as tf
from oodeel import __version__
from oodeel.extractor.keras_feature_extractor import KerasFeatureExtractor

from networks import NETWORKS, TAPS, set_weights


def open_network(folder, threads):
    model = NETWORKS[folder.name](tf.keras)
    set_weights(model, np.load(folder / "weights.npz"))
    extractor = KerasFeatureExtractor(model, feature_layers_id=list(TAPS[folder.name]))
    steps = [extractor._default_postproc_fn] * len(TAPS[folder.name])

    def prepare(x, batch):
        dataset = tf.data.Dataset.from_tensor_slices(x).batch(batch)
        dataset = dataset.prefetch(tf.data.AUTOTUNE)

        def run():
            features, info = extractor.predict(dataset, postproc_fns=steps)
            return [values.numpy() for values in [*features, info["logits"]]]

        return run

    return prepare, (
        f"oodeel {__version__}; tensorflow {tf.__version__}; keras {keras.__version__}"
    )


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
    tf.config.threading.set_inter_op_parallelism_threads(int(sys.argv[1]))
    serve(open_network)

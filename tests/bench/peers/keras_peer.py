"""Keras 3 on TensorFlow: `predict` of a functional model with the taps, or `tf.function` of it.

    .venv-keras/bin/python tests/bench/peers/keras_peer.py predict|function
"""

import os
import sys

from peer import chunks, joined, serve

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

from networks import tapped

WAY = sys.argv[1]


def open_network(folder, threads):
    model = keras.models.load_model(folder / "model.keras", compile=False)
    network = tapped(keras, model, folder.name)
    return (predict if WAY == "predict" else function)(network), (
        f"tensorflow {tf.__version__}; keras {keras.__version__}"
    )


def predict(network):
    def prepare(x, batch):
        return lambda: network.predict(x, batch_size=batch, verbose=0)

    return prepare


def function(network):
    compiled = tf.function(
        lambda x: network(x, training=False),
        input_signature=[tf.TensorSpec(network.inputs[0].shape, network.inputs[0].dtype)],
    )

    def prepare(x, batch):
        def run():
            return joined([y.numpy() for y in compiled(part)] for part in chunks(x, batch))

        return run

    return prepare


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[2]))
    tf.config.threading.set_inter_op_parallelism_threads(int(sys.argv[2]))
    serve(open_network)

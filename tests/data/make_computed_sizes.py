"""Models of Keras 2 with sizes that are computed in the graph, and with losses
and metrics that were added to them: added to `old_layers` and its
`expected.json`, after `make_quantized_layers.py`.

    .venv-keras/bin/python tests/data/make_computed_sizes.py

Versions: tf_keras 2.21.0, tensorflow 2.21.0.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = pathlib.Path(__file__).parent / "old_layers"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
rng = np.random.default_rng(50)
L = tf_keras.layers


def case(name, shape, call, finish=lambda model, x: None):
    x = tf_keras.Input(shape)
    model = tf_keras.Model(x, call(x))
    finish(model, x)
    for w in model.weights:
        w.assign(rng.normal(size=w.shape).astype("float32"))
    file = FOLDER / f"sizes_{name}.h5"
    model.save(file)
    values = rng.normal(size=(3, *shape)).astype("float32")
    EXPECTED[file.name] = {
        key: {"shape": v.shape, "data": np.asarray(v, "float32").reshape(-1).tolist()}
        for key, v in (("x", values), ("y", model(values).numpy()))
    }


rows = lambda x: tf.shape(x)[0]
with_it = lambda x, more: tf.concat([x, more], -1)


def class_token(x):
    token = L.Embedding(1, 6)(tf.zeros((rows(x), 1), tf.int32))
    return L.LayerNormalization()(tf.concat([token, x], 1))


case("class_token", (5, 6), class_token)
case("ones", (4,), lambda x: with_it(x, tf.ones((rows(x), 2))))
case("ones_of_shape", (4,), lambda x: x + tf.ones(tf.shape(x)))
case("fill_stack", (4,), lambda x: with_it(x, tf.fill(tf.stack([rows(x), 2]), -0.5)))
case("fill_axis", (3, 2), lambda x: tf.concat([x, tf.fill([rows(x), tf.shape(x)[1], 1], 2.0)], -1))
case("tile", (4,), lambda x: x + tf.tile(tf.constant([[1.0, 2.0]]), [rows(x), 2]))
case("broadcast", (3, 2), lambda x: x * tf.broadcast_to(tf.constant([1.0, 2.0]), [rows(x), 3, 2]))
case("broadcast_shape", (4,), lambda x: x * tf.broadcast_to(tf.constant([1.0, 2.0, 3.0, 4.0]), tf.shape(x)))
case("identities", (4,), lambda x: tf.matmul(x[:, None], tf.eye(4, batch_shape=[rows(x)])))
case("range", (4,), lambda x: x + tf.cast(tf.range(tf.shape(x)[1]), tf.float32))


# The layers that a loss and a metric leave in the file lead nowhere.
def train(model, x):
    hidden = model.layers[1].output
    model.add_loss(tf.reduce_mean(tf.square(hidden)))
    model.add_metric(tf.reduce_mean(hidden), name="mean")


case("losses", (4,), lambda x: L.Dense(2, name="head")(L.Dense(3, activation="tanh")(x)), train)

case("reshape_joined", (4, 2, 3), lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [-1]], 0)))
case("reshape_tail", (4, 2, 3), lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], tf.shape(x)[2:-1], [4], tf.shape(x)[-1:]], 0)))
case("reshape_last", (4, 6), lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[-1], -1]))
case("tile_joined", (1, 2), lambda x: tf.tile(x, tf.concat([[1], tf.shape(x)[2:], [2]], 0)))
case("gradients", (3, 4, 2), lambda x: tf.concat(tf.image.image_gradients(x), -1))

(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

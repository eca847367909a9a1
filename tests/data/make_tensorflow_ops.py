"""Models with raw operations, as Keras 2 wrote them before 2.4, and what they
compute: `tensorflow_ops/*.h5`, `expected.json`.

    .venv-keras/bin/python tests/data/make_tensorflow_ops.py
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras.src.engine.base_layer import TensorFlowOpLayer

FOLDER = pathlib.Path(__file__).parent / "tensorflow_ops"
FOLDER.mkdir(exist_ok=True)
EXPECTED = {}
rng = np.random.default_rng(3)

CASES = {
    "add": (lambda x: tf.add(x, 2.5), (4,)),
    "multiply": (lambda x: tf.multiply(x, [1.0, 2.0, -3.0, 0.5]), (4,)),
    "subtract_first": (lambda x: tf.subtract([1.0, 2.0, 3.0, 4.0], x), (4,)),
    "divide": (lambda x: tf.realdiv(x, 3.0), (4,)),
    "relu6": (lambda x: tf.nn.relu6(x * 5.0), (4,)),
    "mean": (lambda x: tf.reduce_mean(x, axis=[1, 2]), (3, 4, 2)),
    "sum_keep": (lambda x: tf.reduce_sum(x, axis=-1, keepdims=True), (3, 4)),
    "max": (lambda x: tf.reduce_max(x, axis=1), (3, 4)),
    "reshape": (lambda x: tf.reshape(x, [-1, 6]), (3, 2)),
    "transpose": (lambda x: tf.transpose(x, [0, 2, 1]), (3, 4)),
    "expand": (lambda x: tf.expand_dims(x, 1), (4,)),
    "squeeze": (lambda x: tf.squeeze(x, [2]), (3, 1, 2)),
    "concat": (lambda x: tf.concat([x, tf.exp(x)], -1), (4,)),
    "stack": (lambda x: tf.stack([x, tf.tanh(x)], 1), (4,)),
    "matmul": (lambda x: tf.matmul(x, x, transpose_b=True), (3, 4)),
    "slice": (lambda x: x[:, 1:, ::2], (3, 5)),
    "slice_one": (lambda x: x[:, -1], (3, 5)),
    "slice_new": (lambda x: x[..., tf.newaxis, 1:3], (3, 5)),
    "cast": (lambda x: tf.cast(tf.cast(x * 3.0, tf.int32), tf.float32), (4,)),
    "leaky": (lambda x: tf.nn.leaky_relu(x, 0.3), (4,)),
    "gather": (lambda x: tf.gather(x, [2, 0], axis=1), (3, 5)),
    "where": (lambda x: tf.where(x > 0.0, x, -x), (4,)),
    "softmax": (lambda x: tf.nn.softmax(x), (4,)),
    "pad": (lambda x: tf.pad(x, [[0, 0], [1, 2]]), (4,)),
    "resize": (lambda x: tf.compat.v1.image.resize(x, [5, 3], "bilinear", False) if False else tf.raw_ops.ResizeBilinear(images=x, size=[5, 3], align_corners=False, half_pixel_centers=True), (3, 4, 2)),
    "bias": (lambda x: tf.nn.bias_add(x, [0.5, -0.5]), (3, 2)),
    "unknown": (lambda x: tf.math.bessel_i0(x), (4,)),
}


def layers_of(compute, shape):
    """The operations of a function as layers, constants beside them."""
    graph = tf.Graph()
    with graph.as_default():
        source = tf.compat.v1.placeholder("float32", (None, *shape), name="source")
        result = compute(source)
    x = tf_keras.Input(shape, name="x")
    tensors = {source.name: x}
    values = {}
    for op in graph.get_operations():
        if op.type == "Placeholder":
            continue
        if op.type == "Const":
            values[op.outputs[0].name] = tf.make_ndarray(op.get_attr("value"))
            continue
        names = [t.name for t in op.inputs]
        constants = {i: values[n] for i, n in enumerate(names) if n in values}
        inputs = [tensors[n] for n in names if n in tensors]
        layer = TensorFlowOpLayer(op.node_def.SerializeToString(), op.name.replace("/", "_"), constants)
        outputs = layer(inputs[0] if len(inputs) == 1 else inputs)
        tensors[op.outputs[0].name] = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
    return tf_keras.Model(x, tensors[result.name]), compute


for name, (compute, shape) in CASES.items():
    model, compute = layers_of(compute, shape)
    x = rng.normal(size=(3, *shape)).astype("float32")
    y = np.asarray(compute(tf.constant(x)), "float32")
    model.save(FOLDER / f"{name}.h5")
    EXPECTED[name] = {
        "x": {"shape": x.shape, "data": x.reshape(-1).tolist()},
        "y": {"shape": y.shape, "data": y.reshape(-1).tolist()},
    }
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")

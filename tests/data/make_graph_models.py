"""Makes tests/data/graph_models: SavedModels as the real converter turns them into TF.js graph models.

    sh tests/data/make_venv.sh
    .venv-oodeel/bin/python tests/data/make_graph_models.py

Each folder holds model.json, its weights, and cases.json with inputs by name,
the outputs, values on the way by the name of the graph's node, and, where
there is a head, the logits before the softmax. All numbers are by tf.keras.
"""

import json
import tempfile

import numpy as np
import tensorflow as tf

from _recipe import ABOUT, HERE, Pool, clear, import_converter
from _recipe import set_random_weights, versions, write_record

tensorflowjs = import_converter()
from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter

K = tf.keras.layers
TARGET = HERE / "graph_models"


def make(name, model, twin, taps, head, seed, rows=4):
    """Converts a model, and writes down what it computes.

    `taps` maps a part of a node's name to the layer whose output it holds;
    `head` is the node that gives the logits, and the layer before it.
    """
    rng = np.random.default_rng(seed)
    set_random_weights(model, rng)
    folder = clear(TARGET / name)
    shapes = [(rows, *tensor.shape[1:]) for tensor in model.inputs]
    values = [rng.normal(0, 1, shape).astype("float32") for shape in shapes]

    with tempfile.TemporaryDirectory() as saved:
        signature = [tf.TensorSpec((None, *t.shape[1:]), t.dtype, name=t.name) for t in model.inputs]

        @tf.function(input_signature=signature)
        def serve(*tensors):
            result = model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)
            return {"probabilities" if twin is not None else "features": result}

        tf.saved_model.save(model, saved, signatures={"serving_default": serve})
        converter.convert_tf_saved_model(saved, str(folder))

    # The converter writes keys in another order each time.
    graph = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(graph, sort_keys=True))
    nodes = [node["name"] for node in graph["modelTopology"]["node"]]
    inputs = list(graph["signature"]["inputs"])
    pool = Pool()
    record = {
        "about": ABOUT,
        "madeBy": "tests/data/make_graph_models.py",
        "versions": versions(tensorflowjs),
        "name": name,
        "inputs": {},
        "outputs": {},
        "nodes": {},
    }
    for tensor, value in zip(model.inputs, values):
        assert tensor.name in inputs, (tensor.name, inputs)
        node = graph["signature"]["inputs"][tensor.name]["name"].removesuffix(":0")
        record["inputs"][node] = pool.add(f"input {tensor.name}", value)

    def run(tensor, of=model):
        return tf.keras.Model(of.inputs, tensor).predict(values, verbose=0)

    (output,) = graph["signature"]["outputs"].values()
    record["outputs"][output["name"].removesuffix(":0")] = pool.add("output", run(model.output))
    for part, layer in taps.items():
        found = [node for node in nodes if node.endswith(part)]
        assert len(found) == 1, (part, nodes)
        record["nodes"][found[0]] = pool.add(f"node {layer}", run(model.get_layer(layer).output))
    if twin is not None:
        twin.set_weights(model.get_weights())
        part, layer = head
        found = [node for node in nodes if node.endswith(part)]
        assert len(found) == 1, (part, nodes)
        record["head"] = found[0]
        record["logits"] = pool.add("logits", run(twin.output, twin))
        record["penultimate"] = pool.add("penultimate", run(model.get_layer(layer).output))
    write_record(folder / "cases.json", {**record, "arrays": pool.arrays})
    print(name, *nodes, sep="\n  ")


def mlp(linear):
    return tf.keras.Sequential([
        K.Dense(16, activation="relu", input_shape=(6,), name="first"),
        K.Dense(12, activation="elu", name="second"),
        K.Dense(4, activation=None if linear else "softmax", name="head"),
    ], name="mlp")


def convnet(linear):
    x = tf.keras.Input((12, 12, 3), name="image")
    y = K.Conv2D(6, 3, padding="same", use_bias=False, name="conv")(x)
    y = K.BatchNormalization(name="norm")(y)
    y = K.ReLU(name="relu")(y)
    y = K.MaxPooling2D(2, name="pool")(y)
    y = K.Conv2D(8, 3, activation="relu", name="conv2")(y)
    y = K.GlobalAveragePooling2D(name="average")(y)
    y = K.Dense(5, activation=None if linear else "softmax", name="head")(y)
    return tf.keras.Model(x, y, name="convnet")


def mobilenet_head(linear):
    """As in MobileNetV1: a convolution over the pooled 1×1 map is the head."""
    x = tf.keras.Input((16, 16, 3), name="image")
    y = K.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    y = K.BatchNormalization(name="norm")(y)
    y = K.ReLU(6.0, name="relu6")(y)
    y = K.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = K.BatchNormalization(name="norm2")(y)
    y = K.ReLU(6.0, name="relu6b")(y)
    y = K.GlobalAveragePooling2D(keepdims=True, name="average")(y)
    y = K.Dropout(0.1, name="dropout")(y)
    y = K.Conv2D(6, 1, padding="same", name="scores")(y)
    y = K.Reshape((6,), name="squeeze")(y)
    if not linear:
        y = K.Activation("softmax", name="probabilities")(y)
    return tf.keras.Model(x, y, name="mobilenet_head")


def two_inputs(linear):
    a = tf.keras.Input((5,), name="a")
    b = tf.keras.Input((3,), name="b")
    left = K.Dense(8, activation="relu", name="left")(a)
    right = K.Dense(4, activation="relu", name="right")(b)
    both = K.Concatenate(name="both")([left, right])
    y = K.Dense(3, activation=None if linear else "softmax", name="head")(both)
    return tf.keras.Model([a, b], y, name="two_inputs")


def backbone():
    x = tf.keras.Input((10, 10, 2), name="image")
    y = K.Conv2D(4, 3, activation="relu", name="conv")(x)
    y = K.MaxPooling2D(2, name="pool")(y)
    y = K.Conv2D(6, 3, activation="relu", name="conv2")(y)
    return tf.keras.Model(x, y, name="backbone")


make("mlp", mlp(False), mlp(True), {"first/Relu": "first", "second/Elu": "second"}, ("head/BiasAdd", "second"), 21)
make("convnet", convnet(False), convnet(True), {"conv2/Relu": "conv2", "average/Mean": "average"}, ("head/BiasAdd", "average"), 22)
make("mobilenet_head", mobilenet_head(False), mobilenet_head(True), {"average/Mean": "average"}, ("scores/BiasAdd", "average"), 23)
make("two_inputs", two_inputs(False), two_inputs(True), {"left/Relu": "left", "right/Relu": "right"}, ("head/BiasAdd", "both"), 24)
make("backbone", backbone(), None, {"conv/Relu": "conv", "pool/MaxPool": "pool"}, None, 25)

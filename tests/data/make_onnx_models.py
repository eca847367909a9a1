"""Makes tests/data/onnx_models: ONNX files as real exporters write them, and some written by hand.

Each NAME.onnx has a NAME.json beside it, with inputs and what ONNX Runtime in
Python gives for every tensor of the outermost graph, with its optimiser off.

Run with onnx 1.23.2, onnxruntime 1.32.0, torch 2.15.0, onnxscript 0.7.2,
keras 3.15.1, scikit-learn 1.9.1 and skl2onnx 1.20.0:
    python make_onnx_models.py
"""

import json
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from _record import ABOUT, Pool, clear, write_record

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "onnx_models"
MOST_VALUES = 3000


def expected(path, feeds):
    """Values of every tensor of numbers, by name."""
    model = onnx.load(path)
    names = [o for node in model.graph.node for o in node.output if o]
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in names if name not in known
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = session.run(names, feeds)
    return {
        name: value
        for name, value in zip(names, values)
        if isinstance(value, np.ndarray) and value.dtype != object
    }


def record(name, feeds, module, **more):
    """Writes the record of a file."""
    pool = Pool(keeps_double=True)
    for key, value in feeds.items():
        pool.add(f"input {key}", value)
    tensors = {}
    for key, value in expected(FOLDER / f"{name}.onnx", feeds).items():
        if value.size <= MOST_VALUES:
            tensors[key] = pool.add(f"tensor {key}", value)
    versions = {"python": sys.version.split()[0]}
    for used in (onnx, onnxruntime, np, module):
        versions[used.__name__] = used.__version__
    write_record(
        FOLDER / f"{name}.json",
        {
            "about": ABOUT,
            "madeBy": "tests/data/make_onnx_models.py",
            "versions": versions,
            "name": name,
            "inputs": {key: f"input {key}" for key in feeds},
            "tensors": tensors,
            **more,
            "arrays": pool.arrays,
        },
    )


def randomized(module, seed):
    """Every weight, and every moving average, away from 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if not value.is_floating_point():
                continue
            if key.endswith("running_var"):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif value.dim() > 1:
                fan_in = value[0].numel()
                value.copy_(
                    torch.randn(value.shape, generator=generator) * (2 / fan_in) ** 0.5
                )
            else:
                value.copy_(torch.randn(value.shape, generator=generator) * 0.3)
    return module.eval()


class Cnn(torch.nn.Module):
    def __init__(self, softmax=False):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.bn = torch.nn.BatchNorm2d(4)
        self.conv2 = torch.nn.Conv2d(4, 6, 3, stride=2)
        self.head = torch.nn.Linear(6, 5)
        self.softmax = softmax

    def forward(self, image):
        x = self.bn(torch.relu(self.conv1(image)))
        x = torch.relu(self.conv2(torch.max_pool2d(x, 2)))
        x = torch.flatten(torch.nn.functional.adaptive_avg_pool2d(x, 1), 1)
        x = self.head(x)
        return torch.softmax(x, -1) if self.softmax else x


class ConvHead(torch.nn.Module):
    """Its head is a convolution over a map of one place."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3)
        self.head = torch.nn.Conv2d(4, 3, 1)

    def forward(self, image):
        x = torch.relu(self.conv(image))
        x = torch.nn.functional.adaptive_avg_pool2d(x, 1)
        return torch.sigmoid(torch.flatten(self.head(x), 1))


class Transformer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(50, 8)
        self.block = torch.nn.TransformerEncoderLayer(
            8, 2, 16, dropout=0.0, batch_first=True, activation="gelu"
        )
        self.head = torch.nn.Linear(8, 4)

    def forward(self, ids):
        return self.head(self.block(self.embedding(ids)).mean(1))


class Lstm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 5, batch_first=True, bidirectional=True)
        self.head = torch.nn.Linear(10, 3)

    def forward(self, steps):
        return torch.log_softmax(self.head(self.lstm(steps)[0][:, -1]), 1)


def export(name, module, example, names, dynamo, dynamic, opset, **more):
    """By PyTorch's older or newer exporter."""
    path = FOLDER / f"{name}.onnx"
    shapes = {}
    if dynamic and dynamo:
        shapes["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
    elif dynamic:
        shapes["dynamic_axes"] = {key: {0: "batch"} for key in names + ["output"]}
    torch.onnx.export(
        module,
        (example,),
        path,
        input_names=names,
        output_names=["output"],
        opset_version=opset,
        dynamo=dynamo,
        verbose=False,
        **({"external_data": False} if dynamo else {}),
        **shapes,
    )
    model = onnx.load(path)
    for node in model.graph.node:  # source lines of PyTorch, kilobytes of them
        node.doc_string = ""
        del node.metadata_props[:]
    for info in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del info.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, path)
    record(name, {names[0]: example.numpy()}, torch, **more)


def make_torch():
    draw = torch.Generator().manual_seed(5)
    images = torch.randn(4, 3, 10, 10, generator=draw)
    export("torch_cnn", randomized(Cnn(), 1), images, ["image"], False, True, 17)
    export(
        "torch_cnn_fixed", randomized(Cnn(True), 2), images, ["image"], True, False, 18
    )
    export(
        "torch_conv_head",
        randomized(ConvHead(), 3),
        torch.randn(3, 1, 6, 6, generator=draw),
        ["image"],
        False,
        True,
        11,
    )
    export(
        "torch_transformer",
        randomized(Transformer(), 4),
        torch.randint(0, 50, (3, 6), generator=draw),
        ["ids"],
        True,
        True,
        20,
    )
    steps = torch.randn(3, 4, 3, generator=draw)
    export("torch_lstm", randomized(Lstm(), 5), steps, ["steps"], False, True, 14)
    onnx.save(
        onnx.load(FOLDER / "torch_cnn.onnx"),
        FOLDER / "external.onnx",
        save_as_external_data=True,
        location="external.bin",
        size_threshold=0,
    )


def make_sklearn():
    import skl2onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(6)
    x = rng.normal(size=(60, 4)).astype("float32")
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("int64") + (x[:, 3] > 0.5)
    for name, model in (
        ("sklearn_mlp", MLPClassifier((7,), max_iter=60, random_state=0)),
        ("sklearn_logistic", LogisticRegression()),
    ):
        file = skl2onnx.to_onnx(model.fit(x, y), x[:1], target_opset=15)
        onnx.save(file, FOLDER / f"{name}.onnx")
        record(name, {"X": x[:5]}, skl2onnx)


def make_keras():
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )
    for weight in model.weights:
        shape = weight.shape
        weight.assign(np.random.default_rng(8).normal(0, 0.5, shape).astype("float32"))
    model(np.zeros((1, 8, 8, 1), "float32"))
    path = FOLDER / "keras_export.onnx"
    model.export(path, format="onnx", verbose=False)
    file = onnx.load(path)
    for node in file.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(file, path)
    name = file.graph.input[0].name
    x = np.random.default_rng(9).normal(size=(2, 8, 8, 1)).astype("float32")
    record("keras_export", {name: x}, keras)


def hand(name, nodes, inputs, outputs, constants, feeds, opset, functions=(), **more):
    """A file written by hand."""
    graph = helper.make_graph(
        nodes,
        name,
        inputs,
        outputs,
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1) for domain in more.pop("domains", ())]
    model = helper.make_model(
        graph, opset_imports=imports, functions=list(functions), ir_version=more.pop("ir", 8)
    )
    onnx.save(model, FOLDER / f"{name}.onnx")
    record(name, feeds, onnx, **more)


def info(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def make_by_hand():
    rng = np.random.default_rng(10)
    f32 = lambda *shape: rng.normal(size=shape).astype("float32")
    node = helper.make_node

    # Opset 7: all weights are inputs too, as files before IR 4 have them.
    hand(
        "opset7",
        [
            node("BatchNormalization", ["x", "scale", "shift", "mean", "var"], ["normed"]),
            node("Dropout", ["normed"], ["dropped"], ratio=0.5),
            node("Gemm", ["dropped", "kernel", "bias"], ["logits"], "dense", transB=1),
            node("Softmax", ["logits"], ["probabilities"], "softmax"),
        ],
        [
            info("x", TensorProto.FLOAT, ["N", 4]),
            info("kernel", TensorProto.FLOAT, [3, 4]),
            info("bias", TensorProto.FLOAT, [3]),
            *[
                info(name, TensorProto.FLOAT, [4])
                for name in ("scale", "shift", "mean", "var")
            ],
        ],
        [info("probabilities", TensorProto.FLOAT, ["N", 3])],
        {
            "kernel": f32(3, 4),
            "bias": f32(3),
            "scale": f32(4),
            "shift": f32(4),
            "mean": f32(4),
            "var": np.abs(f32(4)) + 0.5,
        },
        {"x": f32(5, 4)},
        7,
        ir=3,
    )

    # The newest, with control flow that takes values from outside, a function
    # of the file's own, two domains, a split, an operator without a name.
    body = helper.make_graph(
        [
            node("Add", ["state", "step"], ["sum"]),
            node("Identity", ["sum"], ["next"]),
            node("Identity", ["keep"], ["going"]),
        ],
        "body",
        [
            info("i", TensorProto.INT64, []),
            info("keep", TensorProto.BOOL, []),
            info("state", TensorProto.FLOAT, ["N", 4]),
        ],
        [info("going", TensorProto.BOOL, []), info("next", TensorProto.FLOAT, ["N", 4])],
    )
    then = helper.make_graph(
        [node("Mul", ["looped", "two"], ["doubled"])],
        "then",
        [],
        [info("doubled", TensorProto.FLOAT, ["N", 4])],
    )
    other = helper.make_graph(
        [node("Neg", ["looped"], ["negated"])],
        "else",
        [],
        [info("negated", TensorProto.FLOAT, ["N", 4])],
    )
    squared = helper.make_function(
        "local",
        "SquarePlus",
        ["a", "b"],
        ["c"],
        [node("Mul", ["a", "a"], ["s"]), node("Add", ["s", "b"], ["c"])],
        [helper.make_opsetid("", 26)],
    )
    hand(
        "opset26",
        [
            node("Relu", ["x"], ["step"], "relu"),
            node("Constant", [], ["three"], value=helper.make_tensor("t", 7, [], [3])),
            node("Constant", [], ["yes"], value=helper.make_tensor("t", 9, [], [1])),
            node("Loop", ["three", "yes", "x"], ["looped"], "loop", body=body),
            node("If", ["yes"], ["chosen"], "if", then_branch=then, else_branch=other),
            node("SquarePlus", ["chosen", "x"], ["squared"], domain="local"),
            node("Gelu", ["squared"], ["gelu"], "gelu", domain="com.microsoft"),
            node("Split", ["gelu"], ["left", "right"], "split", axis=1, num_outputs=2),
            node("MatMul", ["left", "kernel"], ["product"], "product"),
            node("Add", ["bias", "product"], ["logits"], "head"),
        ],
        [info("x", TensorProto.FLOAT, ["N", 4])],
        [info("logits", TensorProto.FLOAT, ["N", 3])],
        {"two": np.float32(2), "kernel": f32(2, 3), "bias": f32(1, 3)},
        {"x": f32(4, 4)},
        26,
        functions=[squared],
        domains=["local", "com.microsoft"],
        ir=10,
    )

    # Every element type that a tensor may have on the way.
    cast = lambda to, name: node("Cast", ["whole"], [name], name, to=to)
    types = {
        "float16": TensorProto.FLOAT16,
        "float64": TensorProto.DOUBLE,
        "int8": TensorProto.INT8,
        "uint8": TensorProto.UINT8,
        "int16": TensorProto.INT16,
        "uint16": TensorProto.UINT16,
        "int32": TensorProto.INT32,
        "uint32": TensorProto.UINT32,
        "int64": TensorProto.INT64,
        "uint64": TensorProto.UINT64,
        "bool": TensorProto.BOOL,
    }
    hand(
        "element_types",
        [
            node("Cast", ["half"], ["half_float"], to=TensorProto.FLOAT),
            node("Cast", ["double"], ["double_float"], to=TensorProto.FLOAT),
            node("Add", ["half_float", "double_float"], ["sum"], "sum"),
            node("Abs", ["sum"], ["positive"]),
            node("Floor", ["positive"], ["whole"], "whole"),
            *[cast(to, name) for name, to in types.items()],
            node("Add", ["ids", "ids"], ["twice"], "twice"),
            node("Mod", ["ids", "prime"], ["rest"], "rest"),
        ],
        [
            info("half", TensorProto.FLOAT16, ["N", 2]),
            info("double", TensorProto.DOUBLE, ["N", 2]),
            info("ids", TensorProto.INT64, ["N", 2]),
        ],
        [info(name, to, ["N", 2]) for name, to in types.items()]
        + [info("rest", TensorProto.INT64, ["N", 2])],
        {"prime": np.int64(1009)},
        {
            "half": f32(3, 2).astype("float16"),
            "double": np.asarray([[3.5, 2.25], [1, 0], [7, 9]], "float32").astype("float64"),
            "ids": np.asarray([[1, 2**40 + 3], [2**53 + 1, -5], [2**31, 7]], "int64"),
        },
        21,
    )


if __name__ == "__main__":
    clear(FOLDER)
    make_torch()
    make_sklearn()
    make_keras()
    make_by_hand()

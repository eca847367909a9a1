"""Classifiers that onnxruntime.quantization writes as operators over integers:
QLinearSoftmax and QLinearSigmoid behind QGemm, and behind QLinearMatMul and
QLinearAdd. `expected.json` has, from ONNX Runtime without optimisation, the
probabilities, and the input of the activation, converted to floats.

Versions: onnx 1.23.2, onnxruntime 1.32.0.
Run: python tests/data/faults/quantised_activations/make.py
"""

import json
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

FOLDER = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(0)
WEIGHTS = {
    "W1": rng.normal(size=(8, 6)), "b1": rng.normal(size=6),
    "W2": rng.normal(size=(6, 4)), "b2": rng.normal(size=4),
}
X = np.random.default_rng(5).normal(size=(3, 8)).astype("float32")


class Reader(CalibrationDataReader):
    def __init__(self):
        draws = np.random.default_rng(7)
        self.rest = iter([{"x": draws.normal(size=(4, 8)).astype("float32")} for _ in range(10)])

    def get_next(self):
        return next(self.rest, None)


def model(activation, product):
    nodes = []
    for i, (start, end) in enumerate((("x", "h0"), ("h", "z")), 1):
        if product == "gemm":
            nodes.append(h.make_node("Gemm", [start, f"W{i}", f"b{i}"], [end], f"gemm{i}"))
        else:
            nodes.append(h.make_node("MatMul", [start, f"W{i}"], [f"m{i}"], f"matmul{i}"))
            nodes.append(h.make_node("Add", [f"m{i}", f"b{i}"], [end], f"add{i}"))
        if i == 1:
            nodes.append(h.make_node("Relu", ["h0"], ["h"], "relu"))
    options = {} if activation == "Sigmoid" else {"axis": 1}
    nodes.append(h.make_node(activation, ["z"], ["y"], "act", **options))
    graph = h.make_graph(
        nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, ["N", 8])],
        [h.make_tensor_value_info("y", T.FLOAT, ["N", 4])],
        [nh.from_array(v.astype("float32"), n) for n, v in WEIGHTS.items()],
    )
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)])
    made.ir_version = 8
    return made


def computed(path):
    """The probabilities, and the dequantised input of the activation."""
    file = onnx.load(path)
    node = next(n for n in file.graph.node if n.op_type.startswith("QLinearS"))
    constants = {i.name: nh.to_array(i) for i in file.graph.initializer}
    file.graph.output.append(onnx.ValueInfoProto(name=node.input[0]))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(file.SerializeToString(), options)
    y, z = session.run(None, {"x": X})
    scale, zero = constants[node.input[1]], constants[node.input[2]]
    logits = (z.astype("float32") - np.float32(zero)) * scale
    return {"y": y.reshape(-1).tolist(), "logits": logits.reshape(-1).tolist()}


if __name__ == "__main__":
    expected = {"x": X.reshape(-1).tolist()}
    with tempfile.TemporaryDirectory() as folder:
        plain = f"{folder}/plain.onnx"
        for activation in ("Softmax", "Sigmoid"):
            for product in ("gemm", "matmul"):
                name = f"{activation.lower()}_{product}"
                onnx.save(model(activation, product), plain)
                path = FOLDER / f"{name}.onnx"
                quantize_static(plain, path, Reader(), quant_format=QuantFormat.QOperator,
                                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
                expected[name] = computed(path)
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")

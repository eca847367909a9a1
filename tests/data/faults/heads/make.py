"""Classifiers of scikit-learn and quantised ones, as ONNX files, with logits.

    .venv-keras/bin/python tests/data/faults/heads/make.py

expected.json has inputs, the logits of each, and what the penultimate, kernel
and bias give of them, by scikit-learn's and NumPy's own values.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype("float32")
three = rng.integers(0, 3, 60)
two = rng.integers(0, 2, 60)
x = X[:3]
expected = {"x": x.ravel().tolist()}


def hidden(m):
    return np.maximum(x @ m.coefs_[0] + m.intercepts_[0], 0)


def store(name, model, logits, activation):
    onnx.save(model, HERE / f"{name}.onnx")
    expected[name] = {"logits": np.asarray(logits, "float64").ravel().tolist(), "activation": activation}


for name, y in ("logistic_three", three), ("logistic_two", two):
    m = LogisticRegression().fit(X, y)
    z = m.decision_function(x)
    logits = z if z.ndim > 1 else np.stack([-z, z], 1)
    store(name, to_onnx(m, X[:1], target_opset=15), logits, "softmax" if z.ndim > 1 else "sigmoid")
for name, y in ("mlp_three", three), ("mlp_two", two):
    m = MLPClassifier((5,), max_iter=20, random_state=1).fit(X, y)
    z = hidden(m) @ m.coefs_[1] + m.intercepts_[1]
    store(name, to_onnx(m, X[:1], target_opset=15), z, "softmax" if z.shape[1] > 1 else "sigmoid")

# A quantised Gemm: activations and weights through pairs of Quantize and Dequantize.
q = rng.integers(-127, 127, (4, 3)).astype("int8")
ws = np.asarray([0.01, 0.02, 0.005], "float32")
b = rng.integers(-300, 300, 3).astype("int32")
xs, gs = np.float32(0.02), np.float32(0.05)
N = h.make_node
c = lambda n, a: nh.from_array(np.asarray(a), n)
vi = lambda n, s: h.make_tensor_value_info(n, T.FLOAT, s)
for kind in "Gemm", "MatMul":
    product = [N("Gemm", ["xd", "w", "bias"], ["g"], name="product")] if kind == "Gemm" else [
        N("MatMul", ["xd", "w"], ["m"], name="matmul"), N("Add", ["m", "bias"], ["g"], name="product")]
    nodes = [
        N("QuantizeLinear", ["x", "xs", "z"], ["xq"]), N("DequantizeLinear", ["xq", "xs", "z"], ["xd"], name="rounded"),
        N("DequantizeLinear", ["q", "ws", "wz"], ["w"], axis=1), N("DequantizeLinear", ["b", "bs"], ["bias"], axis=0), *product,
        N("QuantizeLinear", ["g", "gs", "z"], ["gq"]), N("DequantizeLinear", ["gq", "gs", "z"], ["gd"], name="logits"),
        N("Softmax", ["gd"], ["y"], name="softmax")]
    init = [c("xs", xs), c("z", np.int8(0)), c("q", q), c("ws", ws), c("wz", np.zeros(3, "int8")), c("b", b), c("bs", ws * xs), c("gs", gs)]
    m = h.make_model(h.make_graph(nodes, "g", [vi("x", ["n", 4])], [vi("y", ["n", 3])], init), opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(m)
    m.graph.output.append(vi("gd", ["n", 3]))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    run = onnxruntime.InferenceSession(m.SerializeToString(), options)
    logits = run.run(["gd"], {"x": x})[0]
    del m.graph.output[1]
    store(f"quantised_{kind.lower()}", m, logits, "softmax")
    expected[f"quantised_{kind.lower()}"]["kernel"] = (q * ws).ravel().tolist()

with open(HERE / "expected.json", "w") as file:
    json.dump(expected, file)

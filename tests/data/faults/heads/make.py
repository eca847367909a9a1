"""Classifiers of scikit-learn and quantised ones, as ONNX files, with logits.

    .venv-keras/bin/python tests/data/faults/heads/make.py

expected.json has inputs, the logits of each, and what the penultimate, kernel
and bias give of them, by scikit-learn's and NumPy's own values.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from onnxruntime.quantization import (
    CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static)
from skl2onnx import to_onnx
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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

# Labels that are strings; scores without a softmax; columns chosen before the classifier.
names = np.asarray(["cat", "dog", "eel"])[three]
m = MLPClassifier((5,), max_iter=20, random_state=1).fit(X, names)
store("mlp_names", to_onnx(m, X[:1], target_opset=15), hidden(m) @ m.coefs_[1] + m.intercepts_[1], "softmax")
m = RidgeClassifier().fit(X, three)
store("ridge_three", to_onnx(m, X[:1], target_opset=15, options={id(m): {"zipmap": False}}), m.decision_function(x), "none")
m = LogisticRegression().fit(X, names)
raw = {id(m): {"zipmap": False, "raw_scores": True}}
store("raw_names", to_onnx(m, X[:1], target_opset=15, options=raw), m.decision_function(x), "none")
m = make_pipeline(StandardScaler(), SelectKBest(k=2), LogisticRegression()).fit(X, three)
store("chosen_columns", to_onnx(m, X[:1], target_opset=15), m.decision_function(x), "softmax")

# Factors of a Gemm, and a kernel that is transposed and cast in the graph.
kernel = rng.normal(size=(3, 4)).astype("float16")
bias = rng.normal(size=3).astype("float32")
nodes = [
    N("Cast", ["k"], ["kf"], to=T.FLOAT), N("Transpose", ["kf"], ["kt"], perm=[1, 0]),
    N("Gemm", ["x", "kt", "b"], ["g"], name="gemm", alpha=0.5, beta=2.0), N("Softmax", ["g"], ["y"], name="softmax")]
m = h.make_model(h.make_graph(nodes, "g", [vi("x", ["n", 4])], [vi("y", ["n", 3])], [c("k", kernel), c("b", bias)]), opset_imports=[h.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(m)
store("gemm_of_factors", m, 0.5 * x @ kernel.astype("float32").T + 2 * bias, "softmax")
expected["gemm_of_factors"]["kernel"] = (0.5 * kernel.astype("float32").T).ravel().tolist()


# What onnxruntime.quantization writes: of a Gemm, and of a MatMul with a bias.
class Calibration(CalibrationDataReader):
    def __init__(self):
        self.batches = iter([{"x": X[:30]}, {"x": X[30:]}])

    def get_next(self):
        return next(self.batches, None)


def logits_of(path):
    """What feeds the softmax, or the output, by ONNX Runtime without its optimiser."""
    m = onnx.load(path)
    last = [n for n in m.graph.node if n.op_type == "Softmax"]
    name = last[0].input[0] if last else m.graph.output[0].name
    if last:
        m.graph.output.append(vi(name, ["n", 3]))
    return onnxruntime.InferenceSession(m.SerializeToString(), options).run([name], {"x": x})[0]


first, second = rng.normal(size=(4, 6)).astype("float32"), rng.normal(size=(6, 3)).astype("float32")
I = [c("w", first), c("b", rng.normal(size=6).astype("float32")), c("v", second), c("c", bias)]
start = [N("Gemm", ["x", "w", "b"], ["h0"], name="first"), N("Relu", ["h0"], ["h"], name="relu")]
gemm = [N("Gemm", ["h", "v", "c"], ["l"], name="second")]
matmul = [N("MatMul", ["h", "v"], ["l0"], name="matmul"), N("Add", ["l0", "c"], ["l"], name="second")]
end = [N("Softmax", ["l"], ["y"], name="softmax")]
with tempfile.TemporaryDirectory() as folder:
    source = f"{folder}/float.onnx"
    for name, layer, tail, how in [
        ("dynamic_gemm", gemm, end, {"weight_type": QuantType.QInt8}),
        ("dynamic_matmul", matmul, [], {"weight_type": QuantType.QUInt8, "per_channel": True}),
        ("pairs_matmul", matmul, end, {"quant_format": QuantFormat.QDQ}),
        ("integer_gemm", gemm, [], {"quant_format": QuantFormat.QOperator, "activation_type": QuantType.QUInt8}),
        ("integer_matmul", matmul, [], {"quant_format": QuantFormat.QOperator, "activation_type": QuantType.QUInt8}),
        ("signed_gemm", gemm, [], {"quant_format": QuantFormat.QOperator, "activation_type": QuantType.QInt8}),
    ]:
        out = vi("y" if tail else "l", ["n", 3])
        onnx.save(h.make_model(h.make_graph([*start, *layer, *tail], "g", [vi("x", ["n", 4])], [out], I), opset_imports=[h.make_opsetid("", 15)], ir_version=8), source)
        target = f"{folder}/{name}.onnx"
        if name.startswith("dynamic"):
            quantize_dynamic(source, target, **how)
        else:
            quantize_static(source, target, Calibration(), **how)
        store(name, onnx.load(target), logits_of(target), "softmax" if tail else "none")

with open(HERE / "expected.json", "w") as file:
    json.dump(expected, file)

# Makes model.onnx with onnx 1.x and numpy: a head behind a transpose, whose
# rows are time steps. Run in this folder.
import numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

rng = np.random.default_rng(0)


def constant(name, array):
    return nh.from_array(np.asarray(array), name)


def floats(*shape):
    return (rng.normal(size=shape) * 0.3).astype(np.float32)


nodes = [
    h.make_node("Conv", ["x", "k"], ["c"], name="conv"),  # [1, 4, 1, W]
    h.make_node("Squeeze", ["c", "ax2"], ["s"], name="squeeze"),  # [1, 4, W]
    h.make_node("Transpose", ["s"], ["t"], name="time_first", perm=[2, 0, 1]),
    h.make_node("Reshape", ["t", "sh"], ["r"], name="rows_of_time"),  # [W, 4]
    h.make_node("Gemm", ["r", "w", "b"], ["g"], name="gemm"),  # [W, 5]
    h.make_node("Reshape", ["g", "sh2"], ["y"], name="back"),  # [W, 1, 5]
]
constants = [
    constant("k", floats(4, 1, 8, 1)),
    constant("ax2", np.array([2])),
    constant("sh", np.array([-1, 4])),
    constant("w", floats(4, 5)),
    constant("b", floats(5)),
    constant("sh2", np.array([-1, 1, 5])),
]
inputs = [h.make_tensor_value_info("x", T.FLOAT, [1, 1, 8, "w"])]
outputs = [h.make_tensor_value_info("y", T.FLOAT, [1, "seqlen"])]
graph = h.make_graph(nodes, "head_of_places", inputs, outputs, constants)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, "model.onnx")

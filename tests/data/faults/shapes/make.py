"""What ONNX' own shape inference gives for single operators.

    .venv-keras/bin/python tests/data/faults/shapes/make.py
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

cases = []


def case(kind, shapes, constants=None, opset=18, types=None, **attributes):
    """Shapes of inputs; constants are whole numbers by the input's position."""
    constants = constants or {}
    count = max([len(shapes), *(i + 1 for i in constants)])
    names = [f"x{i}" for i in range(count)]
    types = types or {}
    ins = [h.make_tensor_value_info(f"x{i}", types.get(i, T.FLOAT), ["n" if n is None else n for n in s]) for i, s in enumerate(shapes)]
    init = [nh.from_array(np.asarray(v, "int64"), f"x{i}") for i, v in constants.items()]
    node = h.make_node(kind, names, ["y"], **attributes)
    out = h.make_empty_tensor_value_info("y")
    model = h.make_model(h.make_graph([node], "g", ins, [out], init), opset_imports=[h.make_opsetid("", opset)])
    got = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph.output[0].type.tensor_type
    known = got.HasField("shape")
    shape = [d.dim_value if d.HasField("dim_value") else None for d in got.shape.dim] if known else None
    cases.append({"kind": kind, "attributes": attributes, "shapes": shapes, "constants": {str(i): v for i, v in constants.items()}, "expected": shape, "type": got.elem_type})


N = None
for kind in "Relu", "Softmax", "Identity", "LeakyRelu", "Erf", "Clip":
    case(kind, [[N, 3, 4]])
case("Cast", [[N, 3]], to=7)
for a, b in ([N, 3], [3]), ([N, 1, 4], [5, 1]), ([2, 3], [2, 3]), ([N, 3], []), ([4, 1], [1, N]):
    case("Add", [a, b])
    case("Greater", [a, b])
for a, b in ([N, 4], [4, 3]), ([N, 5, 4], [4, 3]), ([N, 5, 4], [N, 4, 3]), ([2, 1, 5, 4], [3, 4, 2]):
    case("MatMul", [a, b])
case("Gemm", [[N, 4], [4, 3]])
case("Gemm", [[4, N], [3, 4]], transA=1, transB=1)
for size in 7, 8:
    x = [N, 4, size, size + 3]
    case("Conv", [x, [6, 4, 3, 3]])
    case("Conv", [x, [6, 4, 3, 2]], strides=[2, 1], pads=[1, 0, 1, 1])
    case("Conv", [x, [6, 2, 3, 3]], group=2, dilations=[2, 1])
    case("Conv", [x, [6, 4, 3, 3]], auto_pad="SAME_UPPER", strides=[2, 2])
    case("Conv", [x, [6, 4, 3, 3]], auto_pad="VALID", strides=[2, 3])
    case("MaxPool", [x], kernel_shape=[2, 3], strides=[2, 2])
    case("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
case("Conv", [[N, 4, 9], [6, 4, 3]], kernel_shape=[3])
case("Conv", [[N, 4, N, 9], [6, 4, 3, 3]])
case("GlobalAveragePool", [[N, 4, 5, 6]])
for axis in 0, 1, 2, -1:
    case("Flatten", [[N, 3, 4]], axis=axis)
    case("Flatten", [[2, 3, 4]], axis=axis)
for wanted in [0, -1], [-1, 12], [0, 0, 2, 2], [2, -1], [0, 12], [-1]:
    case("Reshape", [[N, 3, 4]], {1: wanted})
    case("Reshape", [[2, 3, 4]], {1: wanted})
case("Squeeze", [[N, 1, 4, 1]], {1: [1, -1]})
case("Squeeze", [[2, 1, 4, 1]])
case("Squeeze", [[N, 1, 4]], opset=11, axes=[1])
case("Unsqueeze", [[N, 4]], {1: [1, -1]})
case("Unsqueeze", [[N, 4]], opset=11, axes=[0])
case("Transpose", [[N, 3, 4]])
case("Transpose", [[N, 3, 4]], perm=[0, 2, 1])
for axis in 1, -1:
    case("Concat", [[N, 3, 4], [N, 3, 4]], axis=axis)
    case("Concat", [[2, 3, 4], [2, 3, 4], [2, 3, 4]], axis=axis)
for keep in 0, 1:
    case("ReduceMean", [[N, 3, 4, 5]], {1: [2, 3]}, keepdims=keep)
    case("ReduceSum", [[N, 3, 4]], {1: [-1]}, keepdims=keep)
    case("ReduceMax", [[N, 3, 4]], opset=13, axes=[1], keepdims=keep)
    case("ReduceL2", [[2, 3, 4]], keepdims=keep)

for axis in 0, 1, -1:
    case("Gather", [[N, 3, 4]], {1: [1, 0]}, axis=axis)
    case("ArgMax", [[N, 3, 4]], axis=axis)
    case("ArgMin", [[N, 3, 4]], axis=axis, keepdims=0)
case("Gather", [[N, 3, 4]], {1: 2}, axis=1)
case("Shape", [[N, 3, 4]])
case("Slice", [[N, 8, 9]], {1: [1], 2: [-2], 3: [1]})
case("Slice", [[N, 8, 9]], {1: [0, -3], 2: [5, 2**63 - 1], 3: [1, -1], 4: [2, 1]})
case("Slice", [[N, 8, 9]], {1: [-1, 100], 2: [-(2**63), 0], 3: [1, 2], 4: [-1, -2]})
case("Slice", [[6, 8, 9]], {1: [1, 2], 2: [3, 3]})
case("Slice", [[N, 8, 9]], opset=9, starts=[0, 2], ends=[100, 5], axes=[1, 2])
case("Expand", [[N, 1, 4]], {1: [1, 3, 4]})
case("Expand", [[3, 1]], {1: [2, 1, 5]})
case("Tile", [[N, 3, 4]], {1: [1, 2, 1]})
case("Pad", [[N, 3, 4]], {1: [0, 1, 0, 0, 2, 3]})
case("ConstantOfShape", [], {0: [2, 3]})
case("Mod", [[N, 3], [3]], fmod=1)
case("CumSum", [[N, 3]], {1: 1})
for kind in "Not", "IsNaN":
    case(kind, [[N, 3]], types={0: T.BOOL} if kind == "Not" else None)

with open(Path(__file__).parent / "shapes.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(len(cases))

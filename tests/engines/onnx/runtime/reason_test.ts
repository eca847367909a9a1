import { assertEquals } from "@std/assert";
import { reasonOf } from "../../../../lib/engines/onnx/runtime/reason.ts";

/** A failure of an operation, as ONNX Runtime 1.27 reports it. */
const failed = (kind: string, name: string, detail: string) =>
  `Non-zero status code returned while running ${kind} node. Name:'${name}' Status Message: ${detail}`;

/** Messages of ONNX Runtime 1.27, and what they mean. */
const CASES = [
  [
    failed(
      "Add",
      "plus",
      "/onnxruntime_src/element_wise_ops.h:563 void onnxruntime::BroadcastIterator::Init(int64_t, int64_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 3 by 4",
    ),
    'operation "plus" (Add) must have inputs of equal sizes, or 1, not 3 and 4',
  ],
  [
    failed(
      "Reshape",
      "",
      "/onnxruntime_src/reshape_helper.h:55 onnxruntime::ReshapeHelper::ReshapeHelper(const T&, TensorShapeVector&, bool) was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,3}, requested shape:{-1,7}",
    ),
    "operation Reshape cannot reshape [2, 3] to [-1, 7]",
  ],
  [
    failed(
      "Reshape",
      "rnn input",
      "Input shape:{3,2,5}, requested shape:{3,2,4}",
    ),
    'the input of operation "rnn" must have shape [3, 2, 4], not [3, 2, 5]',
  ],
  [
    failed(
      "Conv",
      "cv_nchwc",
      "Input channels C is not equal to kernel channels * group. C: 5 kernel channels: 2 group: 2",
    ),
    'operation "cv" (Conv) must have an input of 4 channels, not 5',
  ],
  [
    failed(
      "Concat",
      "cc",
      "concatbase.h:133 PrepareForComputeImpl Non concat axis dimensions must match: Axis 2 has mismatched dimensions of 5 and 4",
    ),
    'operation "cc" (Concat) must have inputs of the same size on axis 2, not 4 and 5',
  ],
  [
    failed(
      "MatMul",
      "mm",
      "matmul_helper.h:59 Compute MatMul dimension mismatch",
    ),
    'operation "mm" (MatMul) must have inputs with the same inner size, [..., M, K] and [..., K, N]',
  ],
  [
    failed("Gemm", "fc", "GEMM: Dimension mismatch, W: {3,4} K: 5 N:4"),
    'operation "fc" (Gemm) must have an input that fits weights of [3, 4], not one of width 5',
  ],
  [
    failed(
      "Div",
      "d",
      "element_wise_ops.cc:692 Compute Integer division by zero",
    ),
    'operation "d" (Div) must not divide integers by 0',
  ],
  [
    failed("TopK", "k", "k argument [5] should not be greater"),
    'operation "k" (TopK) fails: "k argument [5] should not be greater"',
  ],
  [
    failed(
      "GatherElements",
      "g",
      "/onnxruntime_src/gather_elements.cc:150 void onnxruntime::core_impl(int64_t) [with Tin = long int] GatherElements op: Out of range value in index tensor",
    ),
    'operation "g" (GatherElements) fails: "GatherElements op: Out of range value in index tensor"',
  ],
  [
    "Node (mm) Op (MatMul) [ShapeInferenceError] Incompatible dimensions",
    'operation "mm" (MatMul) is not valid: "Incompatible dimensions"',
  ],
  [
    'This is an invalid model. In Node, ("mm", MatMul, "", -1) : ("x": tensor(float),) -> ("z",) , Error Node(mm) has input size 1',
    'operation "mm" (MatMul) is not valid: "Node(mm) has input size 1"',
  ],
  [
    "This is an invalid model. Type Error: Type 'tensor(int32)' of input parameter (x) of operator (Conv) in node (cv) is invalid.",
    'operation "cv" (Conv) must not have an input of type int32: "x"',
  ],
  [
    "Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(double) in node (plus).",
    'operation "plus" (Add) must have inputs of one type, not float and double',
  ],
  [
    "Could not find an implementation for Conv(11) node with name 'cv'",
    'its runtime does not have operation "cv" (Conv), version 11, for these types',
  ],
  [
    "Fatal error: com.microsoft:Foo(-1) is not a registered function/op",
    'its runtime does not have operator Foo of domain "com.microsoft"',
  ],
  ["bad_alloc", 'its runtime says "bad_alloc"'],
] as const;

Deno.test("reasonOf() names the operation, and what its inputs must be", () => {
  for (const [message, reason] of CASES) {
    assertEquals(reasonOf(message), reason);
  }
});

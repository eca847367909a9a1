/**
 * Products of signed 8-bit activations and weights. The setting that makes
 * products of 8-bit integers exact (see `sessionOptions`) gives the weights
 * another type, for which the runtime lacks kernels if the activations are
 * signed, as in files of `quantize_static` with `QuantFormat.QOperator`.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../errors.ts";
import { encodeModel } from "./graph/encode_model.ts";
import { OnnxGraph } from "./graph/onnx_graph.ts";
import { openInWorker } from "./runtime/open_in_worker.ts";

/** The element type, as numbered in Cast. */
const INT8 = 3;
/** Length of a product: each pair of its terms exceeds 16 bits. */
const LENGTH = 64;

/**
 * Whether an error says that the runtime lacks a kernel.
 *
 * @param error The error of opening a model.
 * @returns True if it does.
 */
export function lacksKernel(error: unknown): boolean {
  return error instanceof UnsupportedByEngineError &&
    error.message.includes("Failed to find kernel");
}

/**
 * Tries whether products of signed 8-bit integers are exact on this processor
 * without that setting: on x64 with AVX2 but without VNNI they saturate.
 *
 * @returns True if they are exact.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not available.
 */
export async function areSignedProductsExact(): Promise<boolean> {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [null, LENGTH]);
  const ones = new Float32Array(LENGTH * LENGTH).fill(127);
  const kernel = graph.constant("float32", [LENGTH, LENGTH], ones);
  const product = graph.node("MatMulInteger", [
    graph.node("Cast", [x], { to: INT8 }),
    graph.node("Cast", [kernel], { to: INT8 }),
  ]);
  const y = graph.node("Cast", [product], { to: 1 });
  const name = graph.output("y", y, "float32", [null, LENGTH]);
  const open = await openInWorker(encodeModel(graph), { threads: 1 });
  try {
    const data = new Float32Array(4 * LENGTH).fill(127);
    const array = { data, shape: [4, LENGTH], dtype: "float32" } as const;
    const { [name]: result } = await open.run({
      [x]: { type: "float32", array },
    });
    const values = result!.data as Float32Array;
    return values.every((value) => value === 127 * 127 * LENGTH);
  } finally {
    await open.close();
  }
}

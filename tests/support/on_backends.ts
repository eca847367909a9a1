/**
 * Runs a function on each backend that is always available.
 *
 * @module
 */
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import {
  type BackendName,
  makeReady,
  takeTurn,
} from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import type { NdArray } from "../../lib/types.ts";

/** Backends that need no graphics card. */
export const PLAIN_BACKENDS: readonly BackendName[] = ["cpu", "wasm"];

/**
 * Computes one tensor over `Ops` and reads it; checks that nothing leaks.
 *
 * @param backend The backend.
 * @param compute Computes a tensor; its intermediate tensors are freed.
 * @returns Values and shape.
 */
export async function computeOn(
  backend: BackendName,
  compute: (ops: TfjsOps) => tf.Tensor,
): Promise<NdArray<Float32Array | Int32Array | Uint8Array>> {
  await makeReady(backend);
  const before = tf.memory().numTensors;
  const result = await takeTurn(
    backend,
    (turn) =>
      Promise.resolve(turn.sync(() => {
        const tensor = tf.tidy(() => compute(new TfjsOps()));
        const data = tensor.dataSync<NumericDataType>().slice();
        const { shape } = tensor;
        tensor.dispose();
        return { data, shape, dtype: "float32" as const };
      })),
  );
  assertEquals(tf.memory().numTensors, before);
  return result;
}

/**
 * Keeps the caller's weights on the host during runs on `webgpu`.
 *
 * TF.js moves a tensor to the backend that uses it. In Deno, tensors cannot be
 * moved back from `webgpu`, because that would need a synchronous read: a model
 * that was run there could never be run elsewhere again. So tensors with values
 * on the host keep them there, in addition to the copy on the graphics card.
 *
 * @module
 */
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";

type DataId = tf.Tensor["dataId"];
type Values = Float32Array | Int32Array | Uint8Array;

/** The internals of the backend that are used. */
interface Webgpu {
  readonly tensorMap: {
    has(id: DataId): boolean;
    /** Moves the tensor to this backend if it is elsewhere, so check first. */
    get(id: DataId): { values: Values | null | undefined };
  };
}

/**
 * Runs work on `webgpu`, and keeps host values on the host.
 *
 * @param tensors The caller's tensors.
 * @param work Synchronous work, with `webgpu` current.
 * @returns The result.
 */
export function keepingHostValues<R>(
  tensors: readonly tf.Tensor[],
  work: () => R,
): R {
  const { tensorMap } = tf.engine().registry.webgpu as unknown as Webgpu;
  const held = tensors.flatMap((tensor) => {
    const { dataId } = tensor;
    const values = tensorMap.has(dataId)
      ? tensorMap.get(dataId).values
      : tensor.dataSync<NumericDataType>();
    return values ? [{ dataId, values }] : [];
  });
  try {
    return work();
  } finally {
    for (const { dataId, values } of held) {
      if (tensorMap.has(dataId)) tensorMap.get(dataId).values ??= values;
    }
  }
}

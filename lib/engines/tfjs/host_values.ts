/**
 * What a run on `webgpu` does to the caller's weights, and how that is undone.
 *
 * TF.js moves a tensor to the backend that uses it. From `webgpu` nothing can
 * be moved back in Deno, as that would need a synchronous read: a model that
 * was run there once could never again be run elsewhere. So whatever had its
 * values on the host keeps them there beside the copy on the graphics card.
 *
 * @module
 */
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";

type DataId = tf.Tensor["dataId"];
type Values = Float32Array | Int32Array | Uint8Array;

/** What is used of the backend, beyond its interface. */
interface Webgpu {
  readonly tensorMap: {
    has(id: DataId): boolean;
    /** Moves the tensor here if it is elsewhere: ask first. */
    get(id: DataId): { values: Values | null | undefined };
  };
}

/**
 * Runs something on `webgpu` and keeps values on the host that are there.
 *
 * @param tensors What the caller has.
 * @param work Something synchronous, for which `webgpu` is current.
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

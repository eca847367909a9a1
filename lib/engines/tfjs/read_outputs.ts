import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";
import type { FeatureArray } from "../../types.ts";
import type { OutputValues, Program, RunOutputs } from "../program.ts";
import {
  checkElementType,
  featureArray,
  floatArray,
  type RawValues,
} from "../read_arrays.ts";
import type { BackendName } from "./backend.ts";

/**
 * Reads the outputs of one batch to the host, and disposes of the tensors.
 *
 * @param outputs The outputs, each with a separate handle.
 * @param program The program, with names and types of the features.
 * @param backend The backend with the values.
 * @param first Index of the first sample, for messages.
 * @returns Arrays that share no memory with the engine.
 * @throws {RangeError} If a value is beyond float16, if that is requested.
 */
export async function readOutputs(
  outputs: OutputValues<tf.Tensor>,
  program: Program,
  backend: BackendName,
  first: number,
): Promise<RunOutputs> {
  const { features, logits, penultimate, scale } = outputs;
  const others = { logits, penultimate, scale };
  const all = [...features, logits, penultimate, scale];
  const tensors = all.filter((tensor) => tensor !== undefined);
  try {
    const values = await Promise.all(
      tensors.map((tensor) => valuesOf(tensor, backend)),
    );
    const valueOf = (tensor: tf.Tensor) => values[tensors.indexOf(tensor)]!;
    const arrays: FeatureArray[] = features.map((tensor, i) => {
      const { name, readAs } = program.features[i]!;
      return featureArray(valueOf(tensor), tensor, name, readAs, first);
    });
    const floats = Object.entries(others).flatMap(([name, tensor]) => {
      if (tensor === undefined) return [];
      checkElementType(tensor.dtype, `take ${name}`);
      return [[name, floatArray(valueOf(tensor), tensor.shape)] as const];
    });
    const { scale: factors, ...rest } = Object.fromEntries(floats);
    return {
      features: arrays,
      ...rest,
      ...(factors === undefined ? {} : { scale: factors.data }),
    };
  } finally {
    tf.dispose(tensors);
  }
}

/** A copy of a tensor's values; only wasm returns a copy already. */
async function valuesOf(
  tensor: tf.Tensor,
  backend: BackendName,
): Promise<RawValues> {
  const values: RawValues = await tensor.data<NumericDataType>();
  return backend === "wasm" ? values : values.slice();
}

import { tf } from "../tf.ts";
import { partsOf } from "../datasets/parts.ts";
import { checkOneBatch, fixedRows } from "../engines/fixed_batches.ts";
import { stopSignal } from "../display/stop_signal.ts";
import { Pacer } from "../formats/pacer.ts";
import type {
  FeatureArray,
  NdArray,
  TensorFeatures,
  TensorInputs,
} from "../types.ts";
import { checkRows, type Opened } from "./run_batches.ts";

/**
 * Runs over tensors on the engine's backend and leaves the results there, for
 * many small calls: reading results back would cost more than a layer.
 *
 * @param opened The session.
 * @param backend The backend of its engine.
 * @param inputs One tensor, one for each input in order, or by name.
 * @returns Tensors owned by the caller; undefined if values must be read on the
 * host, which needs the general way.
 * @throws {TypeError} If the tensors do not fit the model.
 */
export async function runTensors(
  { program, session }: Opened,
  backend: string | undefined,
  inputs: TensorInputs,
): Promise<TensorFeatures | undefined> {
  const isPlain = program.logits?.shaping === undefined &&
    program.features.every(({ readAs }) => readAs === undefined);
  // String conversion and fixed-size batches need the host.
  const isFed = program.feeds.every(({ host }) => host === undefined) &&
    fixedRows(program) === undefined;
  if (
    !session.runTensors || !isPlain || !isFed || tf.getBackend() !== backend
  ) {
    return undefined;
  }
  const specs = program.feeds.map(({ spec }) => spec);
  const parts = partsOf({ xs: inputs }, specs, "read dataset");
  const { rows } = parts;
  checkOneBatch(program, rows);
  const fits = parts.inputs.every((input, i) =>
    isResident(input) && input.dtype === specs[i]!.dtype
  );
  if (!fits) return undefined;
  const pacer = new Pacer(stopSignal(), () => `after 0 of ${rows} samples`);
  const { features, logits } = await session.runTensors(
    parts.inputs as tf.Tensor[],
    pacer,
  );
  try {
    checkRows({ features, logits }, rows, program);
  } catch (error) {
    tf.dispose([...features, logits]);
    throw error;
  }
  const isFit = logits?.shape[0] === rows;
  if (!isFit) logits?.dispose();
  return {
    features: features.map(asNumbers),
    ...(logits !== undefined && isFit ? { logits } : {}),
  };
}

/** Whether the values of a tensor are held by this copy of TF.js. */
function isResident(input: unknown): boolean {
  return input instanceof tf.Tensor &&
    tf.engine().state.tensorInfo.has(input.dataId);
}

function asNumbers(feature: tf.Tensor): tf.Tensor {
  if (feature.dtype !== "bool") return feature;
  const numbers = feature.toInt();
  feature.dispose();
  return numbers;
}

/**
 * An array of a set as a tensor.
 *
 * @param array The array.
 * @returns The tensor, owned by the caller; float16 becomes float32.
 */
export function tensorOf(
  { data, shape, dtype }: FeatureArray | NdArray,
): tf.Tensor {
  const values = data instanceof Float16Array ? Float32Array.from(data) : data;
  return tf.tensor(values, [...shape], dtype === "int32" ? "int32" : "float32");
}

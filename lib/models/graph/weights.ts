import type * as tf from "@tensorflow/tfjs";
import { cannot } from "../../check.ts";
import { attachView } from "../../display/attach_view.ts";
import type { NdArray, Weights } from "../../types.ts";
import type { GraphNode, WeightValue } from "./graph.ts";
import {
  WEIGHTS_OPTIONS,
  type WeightsOwner,
  weightsView,
} from "./weights_view.ts";

/** Values of a weight on the host. */
export type WeightArray = NdArray<Float32Array | Int32Array | Uint8Array>;

/**
 * Copies a layer's weights to the host, as an object that shows itself.
 *
 * @param node The layer's node.
 * @returns The weights by name, in Keras' order; frozen.
 */
export async function weightsOf(node: GraphNode): Promise<Weights> {
  const entries: [string, NdArray][] = [];
  for (const { name, value } of node.weights()) {
    const { data, shape, dtype } = await readWeight(value);
    const array = { data, shape, dtype } as NdArray;
    entries.push([name, Object.freeze(array)]);
  }
  const weights: Record<string, NdArray> = Object.fromEntries(entries);
  const { name, kind } = node.row;
  Object.defineProperty(weights, OWNER, { value: { name, kind } });
  attachView(
    weights,
    (self, options) => weightsView(ownerOf(self), self, options),
    WEIGHTS_OPTIONS,
  );
  return Object.freeze(weights);
}

/** The key under which weights store their layer. */
const OWNER = Symbol("owner");

/**
 * The layer of weights.
 *
 * @param weights The weights.
 * @returns Its name and class; Keras' axis order if unknown.
 */
export function ownerOf(weights: Weights): WeightsOwner {
  const owner: unknown = Reflect.get(weights, OWNER);
  return (owner as WeightsOwner | undefined) ?? { name: "weights", kind: "" };
}

/**
 * Copies one weight to the host.
 *
 * @param value The weight; it is unchanged.
 * @returns Its values.
 */
export async function readWeight(value: WeightValue): Promise<WeightArray> {
  if ("read" in value) return await value.read();
  return await readTensor(value);
}

/**
 * Copies one weight for a computation. Weights of a file must be finite,
 * because operators may not propagate NaN.
 *
 * @param value The weight; it is unchanged.
 * @param layer Its layer, for messages.
 * @returns Its values.
 * @throws {RangeError} If it must be finite and is not.
 */
export async function readToRun(
  value: WeightValue,
  layer: string,
): Promise<WeightArray> {
  const array = await readWeight(value);
  if (!("read" in value) || value.mustBeFinite !== true) return array;
  const count = numNonFinite(array.data);
  if (count === 0) return array;
  throw new RangeError(
    cannot(
      "run model",
      `weight "${value.name}" of layer "${layer}" must be finite`,
      `${count} of ${array.data.length} NaN or infinite`,
      "look at it with getWeights(), or load the model with allowNonFinite: true",
    ),
  );
}

/**
 * Counts the numbers that are NaN or infinite.
 *
 * @param data The numbers.
 * @returns The count.
 */
export function numNonFinite(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! - data[i]!; // 0 or NaN
  if (sum === 0) return 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) count++;
  }
  return count;
}

/**
 * An object that identifies the values of a weight, and changes when they are
 * replaced.
 *
 * @param value The weight.
 * @returns The object.
 */
export function identityOf(value: WeightValue): object {
  return "read" in value ? value : value.dataId;
}

async function readTensor(tensor: tf.Tensor): Promise<WeightArray> {
  const values = await tensor.data();
  // Some backends return their internal array, so it is copied.
  const data = values.slice() as Float32Array | Int32Array | Uint8Array;
  const dtype = tensor.dtype === "int32" || tensor.dtype === "bool"
    ? tensor.dtype
    : "float32";
  return { data, shape: Object.freeze([...tensor.shape]), dtype };
}

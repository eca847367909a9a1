import { toFloats, toInts } from "../../math/exact_numbers.ts";
import { cannot } from "../../check.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import { featureArray, floatArray, type RawValues } from "../read_arrays.ts";
import type { RunOutputs } from "../program.ts";
import type { OnnxResult } from "./runtime/messages.ts";

/**
 * Converts a result of the runtime to a feature: floats of every width to
 * float32, integers and booleans to int32.
 *
 * @param result The result; not copied, owned by the result.
 * @param name The feature's name, for messages.
 * @param readAs Float16, if requested.
 * @param first Index of the first row in its dataset, for messages.
 * @returns The feature.
 * @throws {RangeError} If an integer is beyond int32, or a float beyond
 * float32.
 * @throws {TypeError} If it does not contain numbers.
 */
export function featureOf(
  { data, shape, type }: OnnxResult,
  name: string,
  readAs?: "float16",
  first = 0,
): FeatureArray {
  const dtype = type === "bool"
    ? "bool"
    : type.startsWith("float")
    ? "float32"
    : "int32";
  const values = dtype === "bool"
    ? data as RawValues
    : dtype === "float32"
    ? floats32(data, type, name)
    : ints32(data, type, name);
  return featureArray(
    values,
    { shape: [...shape], dtype },
    name,
    readAs,
    first,
  );
}

/**
 * Converts a result of any type to float32.
 *
 * @param result The result; not copied, owned by the result.
 * @param name Its name, for messages.
 * @returns The values.
 */
export function floatsOf(
  { data, shape, type }: OnnxResult,
  name: string,
): NdArray {
  return floatArray(floats32(data, type, name), shape);
}

function floats32(
  data: OnnxResult["data"],
  type: string,
  name: string,
): Float32Array {
  if (data instanceof Float32Array) return data;
  return toFloats(
    data as unknown as ArrayLike<number | bigint>,
    type.startsWith("float"),
    (value) => unfit(name, type, "float32", value),
  );
}

function ints32(
  data: OnnxResult["data"],
  type: string,
  name: string,
): Int32Array {
  if (data instanceof Int32Array) return data;
  const values = data as unknown as ArrayLike<number | bigint>;
  return toInts(values, (i) => unfit(name, type, "int32", values[i]!));
}

function unfit(
  name: string,
  type: string,
  wanted: string,
  value: number | bigint,
): RangeError {
  const rule = `its ${type} must fit ${wanted}`;
  return new RangeError(cannot(`take layer "${name}"`, rule, value));
}

/**
 * Copies outputs so that no two share memory.
 *
 * @param outputs Outputs of one run; some may be the same array.
 * @returns The outputs.
 */
export function unshared(outputs: RunOutputs): RunOutputs {
  const { features, logits, penultimate, scale } = outputs;
  const seen = new Set<ArrayBufferLike>();
  const apart = <T extends FeatureArray | NdArray>(array: T): T => {
    const { buffer } = array.data;
    if (!seen.has(buffer)) {
      seen.add(buffer);
      return array;
    }
    const copy: T = { ...array, data: array.data.slice() };
    Object.freeze(copy);
    return copy;
  };
  return {
    features: features.map(apart),
    ...(logits === undefined ? {} : { logits: apart(logits) }),
    ...(penultimate === undefined ? {} : { penultimate: apart(penultimate) }),
    ...(scale === undefined ? {} : { scale }),
  };
}

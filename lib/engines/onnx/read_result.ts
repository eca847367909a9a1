import { cannot } from "../../check.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import { featureArray, floatArray, type RawValues } from "../read_arrays.ts";
import type { RunOutputs } from "../program.ts";
import type { OnnxResult } from "./runtime/messages.ts";

/**
 * Converts a result of the runtime to a feature: floats of every width to
 * float32, integers and booleans to int32.
 *
 * @param result The result; ownership is taken, no copy.
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
    ? toFloats(data, type, name)
    : toInts(data, type, name);
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
 * @param result The result; ownership is taken, no copy.
 * @param name Its name, for messages.
 * @returns The values.
 */
export function floatsOf(
  { data, shape, type }: OnnxResult,
  name: string,
): NdArray {
  return floatArray(toFloats(data, type, name), shape);
}

function toFloats(
  data: OnnxResult["data"],
  type: string,
  name: string,
): Float32Array {
  if (data instanceof Float32Array) return data;
  const values = data as unknown as ArrayLike<number | bigint>;
  const floats = new Float32Array(values.length);
  const isFloat = type.startsWith("float");
  for (let i = 0; i < floats.length; i++) {
    const value = Number(values[i]!);
    floats[i] = value;
    const isKept = isFloat
      ? Number.isFinite(floats[i]!) || !Number.isFinite(value)
      : floats[i] === value && Math.abs(value) <= 2 ** 24;
    if (!isKept) throw unfit(name, type, "float32", values[i]!);
  }
  return floats;
}

function toInts(
  data: OnnxResult["data"],
  type: string,
  name: string,
): Int32Array {
  if (data instanceof Int32Array) return data;
  const values = data as unknown as ArrayLike<number | bigint>;
  const ints = new Int32Array(values.length);
  for (let i = 0; i < ints.length; i++) {
    const value = Number(values[i]!); // rounded only if out of range anyway
    ints[i] = value;
    if (ints[i] !== value) throw unfit(name, type, "int32", values[i]!);
  }
  return ints;
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

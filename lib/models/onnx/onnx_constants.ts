/**
 * The constants of an ONNX file, as weights: their values in the file itself,
 * or in files beside it.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { readAll } from "../../formats/byte_source.ts";
import {
  byteLength,
  fieldBytes,
  type OnnxTensor,
  storedType,
  tensorBytes,
  typeName,
} from "../../formats/onnx_tensor.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import {
  type StoredType,
  toFloat32,
  valuesOf,
} from "../../formats/stored_array.ts";
import type { NdArray } from "../../types.ts";
import type { FileConstant } from "../graph/onnx_origin.ts";
import type { ExternalFiles } from "./onnx_external.ts";

/** The sources of constants. */
export interface ConstantFiles {
  readonly reader: ProtoReader;
  /** Open external files, if there are any. */
  readonly external: ExternalFiles | undefined;
  readonly allowNonFinite: boolean;
}

/**
 * Creates a weight from a constant.
 *
 * @param name Its name in the graph.
 * @param tensor The constant.
 * @param files The sources of its values.
 * @returns The weight; its values are read on demand.
 * @throws {ModelFormatError} If its bytes are missing.
 */
export function onnxConstant(
  name: string,
  tensor: OnnxTensor,
  { reader, external, allowNonFinite }: ConstantFiles,
): FileConstant {
  const { type, shape, raw } = tensor;
  const dtype = storedType(type);
  const size = byteLength(tensor);
  const isElsewhere = tensor.external !== undefined;
  if (isElsewhere && size === undefined) {
    throw new ModelFormatError(
      reader.source.name,
      `constant "${name}" must lie in the file itself, as it holds strings`,
    );
  }
  const part = isElsewhere
    ? external!.part(name, tensor.external, size!)
    : undefined;
  const read = () =>
    part === undefined ? tensorBytes(reader, tensor) : readAll(part);
  const hasBytes = dtype !== undefined || raw !== undefined || isElsewhere;
  const isFloat = dtype !== undefined && dtype.includes("float");
  return {
    name,
    tensor,
    isOperation: false,
    shape: Object.freeze([...shape]),
    mustBeFinite: isFloat && !allowNonFinite,
    isParameter: isFloat || dtype === "int8" || dtype === "uint8",
    storedBytes: hasBytes ? read : undefined,
    identity: hasBytes ? undefined : () => fieldBytes(reader, tensor),
    read: () =>
      // A rejected promise if the bytes cannot be read.
      Promise.resolve().then(() => {
        if (dtype === undefined) throw unreadable(name, type);
        return arrayOfBytes(name, dtype, shape, read());
      }),
  };
}

const FLOAT32 = 1;
const INT64 = 7;
const STRING = 8;

/**
 * Reads a constant whose values are attributes, such as `value_ints` of
 * Constant.
 *
 * @param node The operation.
 * @param reader The file.
 * @returns The constant.
 * @throws {SyntaxError} If it has no supported values.
 */
export function numbersConstant(
  { attributes, outputs, span }: OnnxOperation,
  reader: ProtoReader,
): FileConstant {
  const name = outputs[0]!;
  const { values, type, shape } = writtenNumbers(name, attributes, reader);
  const data = type === INT64
    ? BigInt64Array.from(values, BigInt)
    : Float32Array.from(type === STRING ? [] : values.map(Number));
  const tensor: OnnxTensor = {
    name,
    type,
    shape,
    span,
    raw: undefined,
    fields: [],
    external: undefined,
  };
  return {
    name,
    tensor,
    isOperation: true,
    shape,
    isParameter: type === FLOAT32,
    storedBytes: type === STRING
      ? undefined
      : () => new Uint8Array(data.buffer.slice(0)),
    identity: () => new TextEncoder().encode(JSON.stringify(values)),
    read: () => {
      if (type !== STRING) {
        const dtype = type === INT64 ? "int64" : "float32";
        return Promise.resolve(
          { data: data.slice(), shape, dtype } as unknown as NdArray,
        );
      }
      const rule = "it must hold numbers";
      return Promise.reject(
        new TypeError(cannot(`read weight "${name}"`, rule, "strings")),
      );
    },
  };
}

/** The values in an attribute of Constant, with the number of their type. */
function writtenNumbers(
  name: string,
  attributes: OnnxOperation["attributes"],
  reader: ProtoReader,
) {
  const [key, value] =
    [...attributes].find(([key]) => /^value_(int|float|string)s?$/.test(key)) ??
      [];
  if (key === undefined || typeof value === "object" && "span" in value) {
    const action = `read constant "${name}"`;
    const rule = "its value must be a tensor, numbers or strings";
    const found = [...attributes.keys()].join(", ");
    throw new SyntaxError(
      cannot(`${action} of "${reader.source.name}"`, rule, found),
    );
  }
  const values = [value!].flat();
  const type = key.includes("string")
    ? STRING
    : key.includes("int")
    ? INT64
    : FLOAT32;
  const shape = Object.freeze(key.endsWith("s") ? [values.length] : []);
  return { values, type, shape };
}

function unreadable(name: string, type: number): TypeError {
  const rule = "it must hold real numbers of a byte or more";
  return new TypeError(cannot(`read weight "${name}"`, rule, typeName(type)));
}

/**
 * An array of a supported element type, with the unchanged numbers of a constant.
 *
 * @param name Its name.
 * @param dtype Its element type.
 * @param shape Its sizes.
 * @param bytes Its values.
 * @returns The array.
 * @throws {RangeError} If the values do not fit the supported type.
 */
export function arrayOfBytes(
  name: string,
  dtype: StoredType,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): NdArray {
  const data = valuesOf(bytes, dtype);
  const array = (values: ArrayBufferView, type: string) =>
    ({ data: values, shape, dtype: type }) as unknown as NdArray;
  switch (dtype) {
    case "bfloat16":
      return array(toFloat32({ data, shape, dtype }, name), "float32");
    case "int8":
    case "int16":
    case "uint16":
      return array(Int32Array.from(data as Int8Array), "int32");
    case "uint32":
      return array(BigInt64Array.from(data as Uint32Array, BigInt), "int64");
    case "uint64":
      return array(signed(data as BigUint64Array, name), "int64");
    default:
      return array(data, dtype);
  }
}

function signed(values: BigUint64Array, name: string): BigInt64Array {
  const large = values.find((value) => value >= 2n ** 63n);
  if (large === undefined) return BigInt64Array.from(values);
  const rule = "its uint64 must fit int64";
  throw new RangeError(cannot(`read weight "${name}"`, rule, large));
}

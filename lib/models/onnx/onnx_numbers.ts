import { cannot } from "../../check.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { OnnxTensor } from "../../formats/onnx_tensor.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import type { NdArray } from "../../types.ts";
import type { OnnxConstant } from "../graph/onnx_origin.ts";

/** Numbers of the element types, in `TensorProto.DataType`. */
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
): OnnxConstant {
  const name = outputs[0]!;
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

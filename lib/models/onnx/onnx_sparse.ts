/**
 * Constants of an ONNX file that store only the values that are not zero, as
 * whole weights: the runtime gets them as any other weight.
 *
 * @module
 */
import { cannot, sizeOf } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import {
  type OnnxSparseTensor,
  storedType,
  typeName,
} from "../../formats/onnx_tensor.ts";
import { sizeOfType } from "../../formats/stored_array.ts";
import type { FileConstant } from "../graph/onnx_origin.ts";
import {
  arrayOfBytes,
  type ConstantFiles,
  onnxConstant,
} from "./onnx_constants.ts";

/**
 * Creates a weight from a sparse constant.
 *
 * @param name Its name in the graph.
 * @param sparse The constant.
 * @param files The sources of its values.
 * @param mostBytes Maximum size of the whole weight.
 * @returns The weight; its values are read on demand.
 * @throws {ModelFormatError} If it is inconsistent, or too large.
 */
export function sparseConstant(
  name: string,
  { shape, values, indices, span }: OnnxSparseTensor,
  files: ConstantFiles,
  mostBytes: number,
): FileConstant {
  const dtype = storedType(values.type);
  const refuse = (rule: string, value: unknown) =>
    new ModelFormatError(
      files.reader.source.name,
      `sparse constant "${name}" ${rule}: current value is ${value}`,
    );
  if (dtype === undefined) {
    const rule = "must hold real numbers of a byte or more";
    throw refuse(rule, typeName(values.type));
  }
  const size = sizeOf(shape);
  const isShape = shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isShape || !(size * sizeOfType(dtype) <= mostBytes)) {
    throw refuse(`must have at most ${mostBytes} bytes`, `[${shape}]`);
  }
  const count = sizeOf(values.shape);
  const [rows, rank = 1] = indices.shape;
  const isIndex = typeName(indices.type) === "int64" && rows === count &&
    indices.shape.length <= 2 && (rank === 1 || rank === shape.length);
  if (!isIndex) {
    const rule = `must have ${count} int64 indices, [${count}] or ` +
      `[${count}, ${shape.length}]`;
    throw refuse(rule, `${typeName(indices.type)} [${indices.shape}]`);
  }
  const stored = onnxConstant(name, values, files);
  const where = onnxConstant(`indices of ${name}`, indices, files);
  const isLinear = indices.shape.length === 1;
  const read = () => {
    const flat = flatIndices(
      new BigInt64Array(where.storedBytes!().buffer),
      isLinear ? [size] : shape,
      name,
    );
    return scattered(stored.storedBytes!(), flat, size, sizeOfType(dtype));
  };
  return {
    ...stored,
    tensor: { ...values, name, shape, span, raw: undefined, fields: [] },
    shape: Object.freeze([...shape]),
    storedBytes: read,
    read: () =>
      Promise.resolve().then(() => arrayOfBytes(name, dtype, shape, read())),
  };
}

/** Indices in row-major order. */
function flatIndices(
  indices: BigInt64Array,
  sizes: readonly number[],
  name: string,
): number[] {
  const flat: number[] = [];
  for (let at = 0; at < indices.length; at += sizes.length) {
    let index = 0;
    for (const [axis, size] of sizes.entries()) {
      const value = Number(indices[at + axis]);
      if (value < 0 || value >= size) {
        const rule = `its indices must be from 0 to ${size - 1}`;
        throw new RangeError(
          cannot(`read sparse constant "${name}"`, rule, value),
        );
      }
      index = index * size + value;
    }
    flat.push(index);
  }
  return flat;
}

/** Values at their indices, among zeros. */
function scattered(
  values: Uint8Array,
  indices: readonly number[],
  size: number,
  width: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size * width);
  indices.forEach((index, i) => {
    bytes.set(values.subarray(i * width, (i + 1) * width), index * width);
  });
  return bytes;
}

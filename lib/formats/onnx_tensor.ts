/**
 * Constant tensors in ONNX files: their description, and the location of their
 * bytes.
 *
 * Field numbers here and in `onnx_model.ts` are those of `onnx.proto`:
 * https://github.com/onnx/onnx/blob/v1.20.0/onnx/onnx.proto
 *
 * @module
 */
import { joinBytes } from "./byte_source.ts";
import { cannot, sizeOf } from "../check.ts";
import type { ProtoField, ProtoReader, Span } from "./protobuf.ts";
import { sizeOfType, type StoredType } from "./stored_array.ts";

/** Element types by number: a name, and bits per element if it has a size. */
const TYPES: Readonly<Record<number, readonly [string, number?]>> = {
  1: ["float32", 32],
  2: ["uint8", 8],
  3: ["int8", 8],
  4: ["uint16", 16],
  5: ["int16", 16],
  6: ["int32", 32],
  7: ["int64", 64],
  8: ["string"],
  9: ["bool", 8],
  10: ["float16", 16],
  11: ["float64", 64],
  12: ["uint32", 32],
  13: ["uint64", 64],
  14: ["complex64", 64],
  15: ["complex128", 128],
  16: ["bfloat16", 16],
  17: ["float8e4m3fn", 8],
  18: ["float8e4m3fnuz", 8],
  19: ["float8e5m2", 8],
  20: ["float8e5m2fnuz", 8],
  21: ["uint4", 4],
  22: ["int4", 4],
  23: ["float4e2m1", 4],
  24: ["float8e8m0", 8],
  25: ["uint2", 2],
  26: ["int2", 2],
};

/** An element type that arrays here have for another one of ONNX. */
export interface WiderType {
  readonly dtype: "int32" | "int64" | "float32";
  /** The smallest and the largest number of the type of ONNX, if integers. */
  readonly range?: readonly [least: number, most: number];
}

/** The types of arrays here for types of ONNX that they do not have. */
const WIDER: ReadonlyMap<string, WiderType> = new Map<string, WiderType>([
  ["int8", { dtype: "int32", range: [-128, 127] }],
  ["int16", { dtype: "int32", range: [-32_768, 32_767] }],
  ["uint16", { dtype: "int32", range: [0, 65_535] }],
  ["uint32", { dtype: "int64", range: [0, 4_294_967_295] }],
  ["uint64", { dtype: "int64", range: [0, Infinity] }],
  ["bfloat16", { dtype: "float32" }],
]);

const STORED: ReadonlySet<string> = new Set<StoredType>([
  ...["float32", "float64", "float16", "bfloat16", "bool"] as const,
  ...["int8", "int16", "int32", "int64"] as const,
  ...["uint8", "uint16", "uint32", "uint64"] as const,
]);

/**
 * Fields of values: numbers are packed in one field, or bytes; strings have a
 * field each.
 */
const MOST_FIELDS = 2 ** 20;
/** Far more than the runtime supports. */
const MOST_AXES = 1024;

/** A constant of a file. */
export interface OnnxTensor {
  readonly name: string;
  /** Its element type, by number. */
  readonly type: number;
  readonly shape: readonly number[];
  /** The span of its message. */
  readonly span: Span;
  /**
   * Its raw bytes; undefined if its numbers are fields, or external.
   */
  readonly raw: Span | undefined;
  /** Fields with its numbers. */
  readonly fields: readonly ProtoField[];
  /** Location of external bytes: `location`, `offset`, `length`. */
  readonly external: ReadonlyMap<string, string> | undefined;
}

/** A constant of a file that stores only the values that are not zero. */
export interface OnnxSparseTensor {
  /** Sizes of the whole tensor. */
  readonly shape: readonly number[];
  /** The values, `[n]`; its name is that of the constant. */
  readonly values: OnnxTensor;
  /** Their positions, int64: `[n]` in row-major order, or `[n, rank]`. */
  readonly indices: OnnxTensor;
  /** The span of its message. */
  readonly span: Span;
}

/**
 * The name of an element type.
 *
 * @param type Its number.
 * @returns Its name; undefined for an unknown number.
 */
export function typeName(type: number): string | undefined {
  return TYPES[type]?.[0];
}

/**
 * The type that arrays here have for an element type of ONNX that they lack.
 *
 * @param name Its name, as by {@linkcode typeName}.
 * @returns The type; undefined if arrays have it, or nothing like it.
 */
export function widerType(name: string | undefined): WiderType | undefined {
  return WIDER.get(name ?? "");
}

/**
 * The number of an element type, in `TensorProto.DataType`.
 *
 * @param name Its name, as by {@linkcode typeName}.
 * @returns The number; undefined for an unknown name.
 */
export function typeNumber(name: string): number | undefined {
  const found = Object.entries(TYPES).find(([, [known]]) => known === name);
  return found && Number(found[0]);
}

/**
 * Maps an element type to that of stored arrays.
 *
 * @param type Its number.
 * @returns The type; undefined for strings, complex numbers, and types smaller
 * than a byte.
 */
export function storedType(type: number): StoredType | undefined {
  const name = typeName(type);
  return STORED.has(name!) ? name as StoredType : undefined;
}

/**
 * Number of bytes of a tensor's values.
 *
 * @param tensor The tensor.
 * @returns The number of bytes; undefined for strings.
 */
export function byteLength(
  { type, shape }: Pick<OnnxTensor, "type" | "shape">,
): number | undefined {
  const bits = TYPES[type]?.[1];
  return bits === undefined ? undefined : Math.ceil(sizeOf(shape) * bits / 8);
}

/**
 * Reads the description of a tensor, without its values.
 *
 * @param reader The file.
 * @param span The span of the tensor.
 * @returns The tensor.
 * @throws {SyntaxError} If it is inconsistent.
 */
export function readTensor(reader: ProtoReader, span: Span): OnnxTensor {
  const shape: number[] = [];
  const fields: ProtoField[] = [];
  const external = new Map<string, string>();
  let name = "";
  let type = 0;
  let isExternal = false;
  let isSegment = false;
  let raw: Span | undefined;
  for (const field of reader.fields(span)) {
    const { number, integer } = field;
    if (number === 1) addSizes(reader, field, shape);
    else if (number === 2) type = Number(integer);
    else if (number === 3) isSegment = true;
    else if (number === 8) name = reader.text(field);
    else if (number === 9) raw = field;
    else if (number === 13) readEntry(reader, field, external);
    else if (number === 14) isExternal = integer === 1n;
    else if ([4, 5, 6, 7, 10, 11].includes(number)) fields.push(field);
    if (fields.length > MOST_FIELDS) throw notPacked(name);
  }
  const tensor = {
    name,
    type,
    shape,
    span,
    raw,
    fields,
    external: isExternal ? external : undefined,
  };
  checkTensor(tensor, isSegment);
  return tensor;
}

/**
 * Reads the description of a sparse tensor, without its values.
 *
 * @param reader The file.
 * @param span The span of the tensor.
 * @returns The tensor.
 * @throws {SyntaxError} If it is inconsistent.
 */
export function readSparse(reader: ProtoReader, span: Span): OnnxSparseTensor {
  const shape: number[] = [];
  let values: OnnxTensor | undefined;
  let indices: OnnxTensor | undefined;
  for (const field of reader.fields(span)) {
    if (field.number === 1) values = readTensor(reader, field);
    else if (field.number === 2) indices = readTensor(reader, field);
    else if (field.number === 3) addSizes(reader, field, shape);
  }
  if (values !== undefined && indices !== undefined) {
    return { shape, values, indices, span };
  }
  const rule = "it must have values and their indices";
  const missing = values === undefined ? "no values" : "no indices";
  throw new SyntaxError(cannot("read sparse constant", rule, missing));
}

/** Appends the sizes of axes in a field. */
function addSizes(
  reader: ProtoReader,
  field: ProtoField,
  shape: number[],
): void {
  for (const size of reader.integers(field)) shape.push(Number(size));
  if (shape.length <= MOST_AXES) return;
  const rule = `a constant must have at most ${MOST_AXES} axes`;
  throw new SyntaxError(
    cannot(`read "${reader.source.name}"`, rule, shape.length),
  );
}

/**
 * Reads one of a file's pairs of strings.
 *
 * @param reader The file.
 * @param span Its span.
 * @param into The destination.
 */
function readEntry(
  reader: ProtoReader,
  span: Span,
  into: Map<string, string>,
): void {
  let key = "";
  let value = "";
  for (const field of reader.fields(span)) {
    if (field.number === 1) key = reader.text(field);
    if (field.number === 2) value = reader.text(field);
  }
  into.set(key, value);
}

/**
 * Reads the bytes of a tensor that is stored in the file, in its element type,
 * little-endian.
 *
 * @param reader The file.
 * @param tensor The tensor, of a type that {@linkcode storedType} supports, or
 * with raw bytes.
 * @returns Its bytes, a copy.
 * @throws {SyntaxError} If the number of values does not match its shape.
 */
export function tensorBytes(
  reader: ProtoReader,
  tensor: OnnxTensor,
): Uint8Array<ArrayBuffer> {
  const { raw, fields, name, type } = tensor;
  const size = byteLength(tensor)!;
  if (raw !== undefined) return reader.bytes(raw);
  const dtype = storedType(type)!;
  const isFixed = dtype === "float32" || dtype === "float64";
  const bytes = isFixed
    ? joinBytes(fields.map((field) => reader.bytes(field)))
    : packed(fields.flatMap((field) => reader.integers(field)), dtype);
  if (bytes.length === size) return bytes;
  throw sizeFault(name, size, bytes.length);
}

/**
 * The stored form of values that are not read, such as strings: the bytes of
 * each field, after their number.
 *
 * @param reader The file.
 * @param tensor The tensor.
 * @returns The bytes; equal ones mean equal values.
 */
export function fieldBytes(
  reader: ProtoReader,
  { fields }: Pick<OnnxTensor, "fields">,
): Uint8Array<ArrayBuffer> {
  return joinBytes(fields.flatMap((field) => {
    const bytes = reader.bytes(field);
    return [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes];
  }));
}

/** Encodes integers, and float16 as bits, in the size of the type. */
function packed(
  values: readonly bigint[],
  dtype: StoredType,
): Uint8Array<ArrayBuffer> {
  const width = sizeOfType(dtype);
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (width === 8) view.setBigInt64(i * 8, value, true);
    else if (width === 4) view.setInt32(i * 4, Number(value), true);
    else if (width === 2) view.setInt16(i * 2, Number(value), true);
    else view.setInt8(i, Number(value));
  });
  return bytes;
}

function checkTensor(tensor: OnnxTensor, isSegment: boolean): void {
  const { name, type, shape, raw, external } = tensor;
  const action = `read constant "${name}"`;
  if (typeName(type) === undefined) {
    const rule = "its element type must be a known one";
    throw new SyntaxError(cannot(action, rule, type));
  }
  const isShape = shape.every((size) =>
    Number.isSafeInteger(size) && size >= 0
  );
  if (!isShape || !Number.isSafeInteger(sizeOf(shape) * 16)) {
    const rule = "its sizes must be whole numbers >= 0 that a file can hold";
    throw new SyntaxError(cannot(action, rule, shape));
  }
  if (isSegment) {
    throw new SyntaxError(cannot(action, "it must be whole", "a segment"));
  }
  const size = byteLength(tensor);
  if (external !== undefined || raw === undefined) return;
  const found = raw.end - raw.start;
  if (size !== found) throw sizeFault(name, size ?? 0, found);
}

function notPacked(name: string): SyntaxError {
  const rule = `its values must be stored in at most ${MOST_FIELDS} fields`;
  return new SyntaxError(cannot(`read constant "${name}"`, rule, "more"));
}

function sizeFault(name: string, size: number, found: number): SyntaxError {
  const rule = `it must have the ${size} bytes of its shape and type`;
  return new SyntaxError(cannot(`read constant "${name}"`, rule, found));
}

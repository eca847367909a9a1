import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type {
  OnnxAttribute,
  OnnxConstant,
  OnnxGraph,
  OnnxNode,
  OnnxPort,
  OnnxType,
} from "./onnx_graph.ts";

/** A model in ONNX' format, with the weights beside it. */
export interface EncodedModel {
  /** The model's bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Weights, by the path under which the bytes name them; not copied. */
  readonly externalData: readonly ExternalData[];
}

/** Weights that are not part of a model's bytes. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Version of the set of operators; ONNX Runtime has it since 1.18. */
const OPSET = 21;
/** Version of the format that goes with it. */
const FORMAT = 10;
/** Constants up to this many bytes stand in the model's own bytes. */
const MOST_INSIDE = 1024;

/** Numbers of the element types in `TensorProto.DataType`. */
const TYPES: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/**
 * Writes a graph as a model.
 *
 * Field numbers are those of `onnx.proto`:
 * https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto
 *
 * @param graph The outermost graph.
 * @returns Its bytes, and the weights that go beside them.
 */
export function encodeModel(graph: OnnxGraph): EncodedModel {
  const externalData: ExternalData[] = [];
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(FORMAT);
  text(model, 2, "sonde");
  message(model, 7, () => writeGraph(model, graph, "model", externalData));
  message(model, 8, () => {
    text(model, 1, "");
    model.tag(2, WireType.Varint).int64(OPSET);
  });
  return { bytes: model.finish(), externalData };
}

function writeGraph(
  writer: BinaryWriter,
  graph: OnnxGraph,
  name: string,
  externalData: ExternalData[],
): void {
  for (const node of graph.nodes) {
    message(writer, 1, () => writeNode(writer, node, externalData));
  }
  text(writer, 2, name);
  for (const constant of graph.constants) {
    message(writer, 5, () => writeConstant(writer, constant, externalData));
  }
  for (const port of graph.inputs) {
    message(writer, 11, () => writePort(writer, port));
  }
  for (const port of graph.outputs) {
    message(writer, 12, () => writePort(writer, port));
  }
}

function writeNode(
  writer: BinaryWriter,
  { operator, inputs, outputs, attributes }: OnnxNode,
  externalData: ExternalData[],
): void {
  for (const name of inputs) text(writer, 1, name);
  for (const name of outputs) text(writer, 2, name);
  text(writer, 3, outputs[0]!);
  text(writer, 4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, value, externalData));
  }
}

function writeAttribute(
  writer: BinaryWriter,
  name: string,
  value: OnnxAttribute,
  externalData: ExternalData[],
): void {
  const kind = (type: number) => writer.tag(20, WireType.Varint).int32(type);
  text(writer, 1, snakeCase(name));
  if (typeof value === "number") {
    writer.tag(3, WireType.Varint).int64(value);
    kind(2);
  } else if (typeof value === "string") {
    text(writer, 4, value);
    kind(3);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    kind(1);
  } else if ("nodes" in value) {
    message(writer, 6, () => writeGraph(writer, value, name, externalData));
    kind(5);
  } else {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    kind(7);
  }
}

function writeConstant(
  writer: BinaryWriter,
  { name, type, shape, data }: OnnxConstant,
  externalData: ExternalData[],
): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(TYPES[type]);
  text(writer, 8, name);
  if (bytes.length <= MOST_INSIDE) {
    writer.tag(9, WireType.LengthDelimited).bytes(bytes);
    return;
  }
  const place = { location: name, offset: 0, length: bytes.length };
  for (const [key, value] of Object.entries(place)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, String(value));
    });
  }
  writer.tag(14, WireType.Varint).int32(1); // EXTERNAL
  externalData.push({ path: name, data: bytes });
}

function writePort(
  writer: BinaryWriter,
  { name, type, shape }: OnnxPort,
): void {
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(TYPES[type]);
      if (shape === undefined) return;
      message(
        writer,
        2,
        () => shape.forEach((size) => writeSize(writer, size)),
      );
    }));
}

/** A size that is not known is an empty message. */
function writeSize(writer: BinaryWriter, size: number | null): void {
  message(writer, 1, () => {
    if (size !== null) writer.tag(1, WireType.Varint).int64(size);
  });
}

/** ONNX writes `kernel_shape` where we write `kernelShape`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function message(
  writer: BinaryWriter,
  field: number,
  write: () => void,
): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

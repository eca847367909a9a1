import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { writeMessage, writeString } from "../../../formats/protobuf.ts";
import { nodesToKeep } from "./device_nodes.ts";
import {
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxGraph,
  type OnnxNode,
  type OnnxPort,
  type PortSize,
  TYPE_NUMBERS,
} from "./onnx_graph.ts";

/** A model in ONNX format, with external weights. */
export interface EncodedModel {
  /** The model's bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Weights by their paths in the bytes; not copied. */
  readonly externalData: readonly ExternalData[];
  /** Names of nodes that must run on the processor. */
  readonly onCpu?: readonly string[];
}

/** External weights of a model. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Settings of {@linkcode encodeModel}. */
export interface EncodeOptions {
  /** Constants larger than this are external. */
  readonly mostInside?: number;
  /** Names to write instead of those in the graph. */
  readonly names?: ReadonlyMap<string, string>;
  /** Further metadata of the model, under custom keys. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Version of the operator set; supported by ONNX Runtime since 1.18. */
export const OPSET = 21;
/** Format version for this operator set. */
const FORMAT = 10;
/**
 * Constants up to this many bytes are stored in the model's bytes, unless all
 * are.
 */
const MOST_INSIDE = 1024;

/**
 * Writes a graph as a model.
 *
 * Field numbers are those of `onnx.proto`:
 * https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto
 *
 * @param graph The outermost graph.
 * @param options Limit of external constants, and names.
 * @returns Its bytes, and the external weights.
 */
export function encodeModel(
  graph: OnnxGraph,
  { mostInside = MOST_INSIDE, names = new Map(), metadata = {} }:
    EncodeOptions = {},
): EncodedModel {
  const context: Context = { mostInside, names, data: [] };
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(FORMAT);
  writeString(model, 2, "sonde");
  writeMessage(model, 7, () => writeGraph(model, graph, "model", context));
  writeMessage(model, 8, () => {
    writeString(model, 1, "");
    model.tag(2, WireType.Varint).int64(OPSET);
  });
  writeMetadata(model, metadata);
  const onCpu = nodesToKeep(graph).map((name) => names.get(name) ?? name);
  return { bytes: model.finish(), externalData: context.data, onCpu };
}

/** State of the encoding: options, and external weights. */
interface Context extends Required<Omit<EncodeOptions, "metadata">> {
  readonly data: ExternalData[];
}

/** Writes the metadata of a model. */
export function writeMetadata(
  writer: BinaryWriter,
  metadata: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(metadata)) {
    writeMessage(writer, 14, () => {
      writeString(writer, 1, key);
      writeString(writer, 2, value);
    });
  }
}

/**
 * Writes operators and constants of a graph into another one.
 *
 * @param writer The writer of the other graph.
 * @param graph The graph; its names must be free there.
 */
export function writeParts(writer: BinaryWriter, graph: OnnxGraph): void {
  const context = { mostInside: Infinity, names: new Map(), data: [] };
  for (const node of graph.nodes) {
    writeMessage(writer, 1, () => writeNode(writer, node, context));
  }
  for (const constant of graph.constants) {
    writeMessage(writer, 5, () => writeConstant(writer, constant, context));
  }
}

function writeGraph(
  writer: BinaryWriter,
  graph: OnnxGraph,
  name: string,
  context: Context,
): void {
  for (const node of graph.nodes) {
    writeMessage(writer, 1, () => writeNode(writer, node, context));
  }
  writeString(writer, 2, name);
  for (const constant of graph.constants) {
    writeMessage(writer, 5, () => writeConstant(writer, constant, context));
  }
  for (const port of graph.inputs) {
    writeMessage(writer, 11, () => writePort(writer, port, context));
  }
  for (const port of graph.outputs) {
    writeMessage(writer, 12, () => writePort(writer, port, context));
  }
}

function writeNode(
  writer: BinaryWriter,
  { operator, inputs, outputs, attributes }: OnnxNode,
  context: Context,
): void {
  const { names } = context;
  for (const name of inputs) writeString(writer, 1, names.get(name) ?? name);
  for (const name of outputs) writeString(writer, 2, names.get(name) ?? name);
  writeString(writer, 3, names.get(outputs[0]!) ?? outputs[0]!);
  writeString(writer, 4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    writeMessage(writer, 5, () => writeAttribute(writer, name, value, context));
  }
}

function writeAttribute(
  writer: BinaryWriter,
  name: string,
  value: OnnxAttribute,
  context: Context,
): void {
  const kind = (type: number) => writer.tag(20, WireType.Varint).int32(type);
  writeString(writer, 1, snakeCase(name));
  if (typeof value === "number") {
    writer.tag(3, WireType.Varint).int64(value);
    kind(2);
  } else if (typeof value === "string") {
    writeString(writer, 4, value);
    kind(3);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    kind(1);
  } else if ("nodes" in value) {
    writeMessage(writer, 6, () => writeGraph(writer, value, name, context));
    kind(5);
  } else {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    kind(7);
  }
}

function writeConstant(
  writer: BinaryWriter,
  { name, type, shape, data }: OnnxConstant,
  context: Context,
): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(TYPE_NUMBERS[type]);
  writeString(writer, 8, context.names.get(name) ?? name);
  if (bytes.length <= context.mostInside) {
    writer.tag(9, WireType.LengthDelimited).bytes(bytes);
    return;
  }
  const location = { location: name, offset: 0, length: bytes.length };
  for (const [key, value] of Object.entries(location)) {
    writeMessage(writer, 13, () => {
      writeString(writer, 1, key);
      writeString(writer, 2, String(value));
    });
  }
  writer.tag(14, WireType.Varint).int32(1); // EXTERNAL
  context.data.push({ path: name, data: bytes });
}

function writePort(
  writer: BinaryWriter,
  { name, type, shape }: OnnxPort,
  { names }: Context,
): void {
  writeString(writer, 1, names.get(name) ?? name);
  writeMessage(writer, 2, () =>
    writeMessage(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(TYPE_NUMBERS[type]);
      if (shape === undefined) return;
      writeMessage(
        writer,
        2,
        () => shape.forEach((size) => writeSize(writer, size)),
      );
    }));
}

/** An unknown size is an empty message. */
function writeSize(writer: BinaryWriter, size: PortSize): void {
  writeMessage(writer, 1, () => {
    if (typeof size === "string") writeString(writer, 2, size);
    else if (size !== null) writer.tag(1, WireType.Varint).int64(size);
  });
}

/** Converts `kernelShape` to ONNX' `kernel_shape`. */
function snakeCase(name: string): string {
  if (/^trans[AB]$/.test(name)) return name; // as Gemm has them
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

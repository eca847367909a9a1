import { ProtoWriter } from "../../../formats/proto_writer.ts";
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
  const model = new ProtoWriter();
  model.integer(1, FORMAT);
  model.text(2, "sonde");
  model.message(7, () => writeGraph(model, graph, "model", context));
  model.message(8, () => {
    model.text(1, "");
    model.integer(2, OPSET);
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
  writer: ProtoWriter,
  metadata: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(metadata)) {
    writer.message(14, () => {
      writer.text(1, key);
      writer.text(2, value);
    });
  }
}

/**
 * Writes operators and constants of a graph into another one.
 *
 * @param writer The writer of the other graph.
 * @param graph The graph; its names must be free there.
 */
export function writeParts(writer: ProtoWriter, graph: OnnxGraph): void {
  const context = { mostInside: Infinity, names: new Map(), data: [] };
  for (const node of graph.nodes) {
    writer.message(1, () => writeNode(writer, node, context));
  }
  for (const constant of graph.constants) {
    writer.message(5, () => writeConstant(writer, constant, context));
  }
}

function writeGraph(
  writer: ProtoWriter,
  graph: OnnxGraph,
  name: string,
  context: Context,
): void {
  for (const node of graph.nodes) {
    writer.message(1, () => writeNode(writer, node, context));
  }
  writer.text(2, name);
  for (const constant of graph.constants) {
    writer.message(5, () => writeConstant(writer, constant, context));
  }
  for (const port of graph.inputs) {
    writer.message(11, () => writePort(writer, port, context));
  }
  for (const port of graph.outputs) {
    writer.message(12, () => writePort(writer, port, context));
  }
}

function writeNode(
  writer: ProtoWriter,
  { operator, inputs, outputs, attributes }: OnnxNode,
  context: Context,
): void {
  const { names } = context;
  for (const name of inputs) writer.text(1, names.get(name) ?? name);
  for (const name of outputs) writer.text(2, names.get(name) ?? name);
  writer.text(3, names.get(outputs[0]!) ?? outputs[0]!);
  writer.text(4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    writer.message(5, () => writeAttribute(writer, name, value, context));
  }
}

function writeAttribute(
  writer: ProtoWriter,
  name: string,
  value: OnnxAttribute,
  context: Context,
): void {
  const kind = (type: number) => writer.integer(20, type);
  writer.text(1, snakeCase(name));
  if (typeof value === "number") {
    writer.integer(3, value);
    kind(2);
  } else if (typeof value === "string") {
    writer.text(4, value);
    kind(3);
  } else if ("float" in value) {
    writer.float(2, value.float);
    kind(1);
  } else if ("nodes" in value) {
    writer.message(6, () => writeGraph(writer, value, name, context));
    kind(5);
  } else {
    for (const one of value) writer.integer(8, one);
    kind(7);
  }
}

function writeConstant(
  writer: ProtoWriter,
  { name, type, shape, data }: OnnxConstant,
  context: Context,
): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const size of shape) writer.integer(1, size);
  writer.integer(2, TYPE_NUMBERS[type]);
  writer.text(8, context.names.get(name) ?? name);
  if (bytes.length <= context.mostInside) {
    writer.bytes(9, bytes);
    return;
  }
  const location = { location: name, offset: 0, length: bytes.length };
  for (const [key, value] of Object.entries(location)) {
    writer.message(13, () => {
      writer.text(1, key);
      writer.text(2, String(value));
    });
  }
  writer.integer(14, 1); // EXTERNAL
  context.data.push({ path: name, data: bytes });
}

function writePort(
  writer: ProtoWriter,
  { name, type, shape }: OnnxPort,
  { names }: Context,
): void {
  writer.text(1, names.get(name) ?? name);
  writer.message(2, () =>
    writer.message(1, () => {
      writer.integer(1, TYPE_NUMBERS[type]);
      if (shape === undefined) return;
      writer.message(
        2,
        () => shape.forEach((size) => writeSize(writer, size)),
      );
    }));
}

/** An unknown size is an empty message. */
function writeSize(writer: ProtoWriter, size: PortSize): void {
  writer.message(1, () => {
    if (typeof size === "string") writer.text(2, size);
    else if (size !== null) writer.integer(1, size);
  });
}

/** Converts `kernelShape` to ONNX' `kernel_shape`. */
function snakeCase(name: string): string {
  if (/^trans[AB]$/.test(name)) return name; // as Gemm has them
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

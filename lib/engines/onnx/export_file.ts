/**
 * Writes a part of an ONNX file, and what is computed from it, as one
 * self-contained model, with weights, and with the public names of inputs and
 * outputs.
 *
 * @module
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { writeMessage, writeString } from "../../formats/protobuf.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import {
  constantsOf,
  type Cut,
  FORMAT,
  raw,
  writeConstant,
  writeNode,
  writePort,
} from "./cut_file.ts";
import { OPSET, writeMetadata, writeParts } from "./graph/encode_model.ts";
import type { OnnxGraph, PortSize } from "./graph/onnx_graph.ts";

/** An input or output of the model. */
export interface ExportPort {
  /** Its name in the written model. */
  readonly name: string;
  /** The tensor, by its name in the file or in the appended graph. */
  readonly tensor: string;
  /** Its element type, by number. */
  readonly type: number;
  /** Sizes; undefined if the rank is unknown. */
  readonly shape: readonly PortSize[] | undefined;
}

/** The contents of the model. */
export interface ExportParts {
  readonly feeds: readonly ExportPort[];
  /** The file's operations, in order. */
  readonly calls: Cut["calls"];
  /** The graph that is appended to them; it refers to their tensors by name. */
  readonly graph: OnnxGraph;
  readonly outputs: readonly ExportPort[];
  /** Further metadata of the model. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a part of a file.
 *
 * @param origin The file.
 * @param parts The part, and the appended graph.
 * @returns The model's bytes.
 */
export function exportFile(
  origin: OnnxOrigin,
  parts: ExportParts,
): Uint8Array<ArrayBuffer> {
  const { reader, irVersion, opsets, functions } = origin.file;
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(Math.max(irVersion, FORMAT));
  writeString(writer, 2, "sonde");
  writeMessage(writer, 7, () => writeGraph(writer, origin, parts));
  for (const [domain, version] of new Map([["", OPSET], ...opsets])) {
    writeMessage(writer, 8, () => {
      writeString(writer, 1, domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
  writeMetadata(writer, parts.metadata);
  for (const { span } of functions) raw(writer, 25, reader.bytes(span));
  return writer.finish();
}

function writeGraph(
  writer: BinaryWriter,
  origin: OnnxOrigin,
  { feeds, calls, graph, outputs }: ExportParts,
): void {
  const { reader } = origin.file;
  for (const { name, tensor } of feeds) {
    if (name !== tensor) writeNode(writer, "Identity", name, tensor);
  }
  for (const { operation } of calls) {
    raw(writer, 1, reader.bytes(operation.span));
  }
  writeParts(writer, graph);
  for (const { name, tensor } of outputs) {
    if (name !== tensor) writeNode(writer, "Identity", tensor, name);
  }
  writeString(writer, 2, "part");
  const context = { origin, paths: new Map(), externalData: [] };
  for (const [name, constant] of constantsOf(origin, calls)) {
    writeConstant(writer, name, constant, { ...context, mostInside: Infinity });
  }
  for (const port of feeds) {
    writeMessage(writer, 11, () => writePort(writer, port));
  }
  for (const port of outputs) {
    writeMessage(writer, 12, () => writePort(writer, port));
  }
}

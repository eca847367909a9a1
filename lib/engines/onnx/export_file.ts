/**
 * Writes a part of an ONNX file, and the operations added to it, as one
 * self-contained model, with weights, and with the public names of inputs and
 * outputs.
 *
 * @module
 */
import { ProtoWriter } from "../../formats/proto_writer.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import {
  constantsOf,
  type Cut,
  FORMAT,
  writeConstant,
  writePort,
} from "./cut_file.ts";
import { OPSET, writeMetadata, writeParts } from "./graph/encode_model.ts";
import type { OnnxGraph, PortSize } from "./graph/onnx_graph.ts";
import { writeNode } from "./_write_node.ts";
import { OperationWriter } from "./_write_operations.ts";

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
  const { irVersion } = origin.file;
  const others = [...parts.feeds, ...parts.outputs].map(({ name }) => name);
  const operations = new OperationWriter(origin, parts.calls, { others });
  const writer = new ProtoWriter();
  writer.integer(1, Math.max(irVersion, FORMAT));
  writer.text(2, "sonde");
  writer.message(7, () => writeGraph(writer, origin, parts, operations));
  writeMetadata(writer, parts.metadata);
  operations.writeImports(writer, OPSET);
  return writer.finish();
}

function writeGraph(
  writer: ProtoWriter,
  origin: OnnxOrigin,
  { feeds, calls, graph, outputs }: ExportParts,
  operations: OperationWriter,
): void {
  for (const { name, tensor } of feeds) {
    if (name !== tensor) writeNode(writer, "Identity", [name], tensor);
  }
  operations.write(writer);
  writeParts(writer, graph);
  for (const { name, tensor } of outputs) {
    if (name !== tensor) writeNode(writer, "Identity", [tensor], name);
  }
  writer.text(2, "part");
  const context = { origin, paths: new Map(), externalData: [] };
  for (const [name, constant] of constantsOf(origin, calls)) {
    writeConstant(writer, name, constant, { ...context, mostInside: Infinity });
  }
  for (const port of feeds) {
    writer.message(11, () => writePort(writer, port));
  }
  for (const port of outputs) {
    writer.message(12, () => writePort(writer, port));
  }
}

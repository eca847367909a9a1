import { type OnnxFile, operationBytes } from "../../formats/onnx_model.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import {
  binaryTrees,
  checkInnerTrees,
  writeBinaryTrees,
} from "./binary_trees.ts";

/** What is written beside the operations. */
export interface OperationSettings {
  /** Gives names that no tensor has. */
  readonly fresh: (stem: string) => string;
  /** Names of inputs to append to those of an operation. @default {none} */
  readonly added?: (operation: OnnxCall["operation"]) => readonly string[];
}

/**
 * Writes operations of a file: as they are, or with others in the position of
 * those that the runtime computes wrongly.
 *
 * @param writer The graph.
 * @param file The file.
 * @param calls The operations, in order.
 * @param settings Names of what is added.
 * @throws {UnsupportedByEngineError} If one is computed wrongly, and cannot be
 * replaced.
 */
export function writeOperations(
  writer: ProtoWriter,
  file: OnnxFile,
  calls: readonly OnnxCall[],
  { fresh, added = () => [] }: OperationSettings,
): void {
  const { reader } = file;
  const named = new Set<string>();
  for (const { operation } of calls) {
    const name = freeName(operation.name, named);
    const trees = binaryTrees(operation, reader);
    if (trees !== undefined) {
      writeBinaryTrees(writer, { ...operation, name }, trees, reader, fresh);
      continue;
    }
    checkInnerTrees(operation, file);
    const end = new ProtoWriter();
    for (const input of added(operation)) end.text(1, input);
    // The last of two names counts.
    if (name !== operation.name) end.text(3, name);
    writer.bytes(1, operationBytes(reader, operation), end.finish());
  }
}

/**
 * The name of an operation, or another one if an earlier operation has the same,
 * which the runtime refuses.
 */
function freeName(name: string, named: Set<string>): string {
  let free = name;
  while (free !== "" && named.has(free)) free = `${free}'`;
  named.add(free);
  return free;
}

/**
 * Gives names that no tensor has.
 *
 * @param calls The operations.
 * @param others Further names that are in use.
 * @returns A function from the beginning of a name to a name.
 */
export function freshNames(
  calls: readonly OnnxCall[],
  others: readonly string[] = [],
): (stem: string) => string {
  const names = new Set([
    ...others,
    ...calls.flatMap(({ operands, operation }) => [
      ...operands,
      ...operation.outputs,
    ]),
  ]);
  return (stem) => {
    let name = stem;
    while (names.has(name)) name = `${name}'`;
    names.add(name);
    return name;
  };
}

import {
  graphsIn,
  operationBytes,
  operationReader,
} from "../../formats/onnx_model.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { writeGuards } from "./_guards.ts";
import { binaryTrees, checkInner, writeBinaryTrees } from "./binary_trees.ts";
import { writeCorrected } from "./corrected_operators.ts";

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
 * @param origin The file.
 * @param calls The operations, in order.
 * @param settings Names of what is added.
 * @throws {UnsupportedByEngineError} If one is computed wrongly, and cannot be
 * replaced.
 */
export function writeOperations(
  writer: ProtoWriter,
  origin: OnnxOrigin,
  calls: readonly OnnxCall[],
  { fresh, added = () => [] }: OperationSettings,
): void {
  const { file } = origin;
  const { reader } = file;
  const named = new Set<string>();
  for (const call of calls) {
    const { operation } = call;
    const name = freeName(operation.name, named);
    const trees = binaryTrees(operation, reader);
    if (trees !== undefined) {
      writeBinaryTrees(writer, { ...operation, name }, trees, reader, fresh);
      continue;
    }
    checkInner(operation, file);
    const renamed = { ...call, operation: { ...operation, name } };
    if (writeCorrected(writer, renamed, reader, fresh)) continue;
    const guarded = writeGuards(call, { writer, origin, fresh });
    const end = new ProtoWriter();
    for (const input of added(operation)) end.text(1, input);
    // The last of two names counts.
    if (name !== operation.name) end.text(3, name);
    const bytes = guarded === undefined
      ? operationBytes(reader, operation)
      : withPorts(reader, operation, guarded);
    writer.bytes(1, bytes, end.finish());
    guarded?.after?.();
  }
}

/** The encoding of an operation with other inputs and outputs. */
function withPorts(
  reader: ProtoReader,
  operation: OnnxCall["operation"],
  { inputs, outputs }: Pick<OnnxCall["operation"], "inputs" | "outputs">,
): Uint8Array {
  const writer = new ProtoWriter();
  for (const input of inputs) writer.text(1, input);
  for (const output of outputs) writer.text(2, output);
  const own = operationReader(reader, operation);
  for (const field of own.reader.fields(own.span)) {
    if (field.number > 2) writer.bytes(field.number, own.reader.bytes(field));
  }
  return writer.finish();
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
      ...innerNames(operation),
    ]),
  ]);
  return (stem) => {
    let name = stem;
    while (names.has(name)) name = `${name}'`;
    names.add(name);
    return name;
  };
}

/**
 * The names in the subgraphs of an operation.
 *
 * @param operation The operation.
 * @returns The names, those of inner subgraphs among them.
 */
export function innerNames(operation: OnnxCall["operation"]): string[] {
  return graphsIn(operation).flatMap(({ nodes, inputs, constants }) => [
    ...inputs.map(({ name }) => name),
    ...constants.map(({ name }) => name),
    ...nodes.flatMap((node) => [...node.outputs, ...innerNames(node)]),
  ]);
}

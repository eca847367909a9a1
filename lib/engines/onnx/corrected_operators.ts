/**
 * Operators that ONNX Runtime 1.27 computes wrongly, in a form that it computes
 * right.
 *
 * - ReverseSequence leaves the memory of a sequence of length 0 unwritten. A
 *   length of 1 has the same meaning.
 * - AveragePool before opset 19 divides by the whole window also where it reaches
 *   beyond the padding, as the last one does with `ceil_mode`. Without padding,
 *   `count_include_pad` has no other effect.
 * - Where Split, If, Loop, Scan or BatchNormalization omit an output, the runtime
 *   writes to memory that is not there, which ends the process. Here the outputs
 *   have names.
 * - Attention with `is_causal` and `nonpad_kv_seqlen` aligns the mask with the
 *   wrong end.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../errors.ts";
import {
  graphsIn,
  type OnnxOperation,
  operationReader,
} from "../../formats/onnx_model.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import type { ProtoWriter } from "../../formats/proto_writer.ts";
import { type OnnxCall, specOf } from "../../models/graph/graph.ts";
import { writeNode } from "./_write_node.ts";
import { keyOf } from "./binary_trees.ts";

/** Operators that must write all their outputs. */
const WHOLE = new Set(["BatchNormalization", "If", "Loop", "Scan", "Split"]);
/** The opset from which AveragePool is right. */
const POOLING = 19;
/** Element types by number. */
const [BOOL, INT64] = [9, 7];
const NOT_LATER =
  "; convert the file in Python: onnx.version_converter.convert_version(model, 21)";

/**
 * Writes an operator that the runtime computes wrongly.
 *
 * @param writer The graph.
 * @param call The operator.
 * @param reader The file.
 * @param fresh Gives names that no tensor has.
 * @returns Whether it is such an operator, and was written.
 * @throws {UnsupportedByEngineError} If it is one, and has no other form.
 */
export function writeCorrected(
  writer: ProtoWriter,
  call: OnnxCall,
  reader: ProtoReader,
  fresh: (stem: string) => string,
): boolean {
  const { operation, version } = call;
  const { domain, kind, inputs } = operation;
  for (const inner of innerOf(operation)) checkInner(inner, version);
  if (domain !== "") return false;
  if (omitsOutputs(operation)) {
    const outputs = namedOutputs(operation, fresh);
    writeChanged(writer, operation, reader, { outputs });
    return true;
  }
  if (kind === "ReverseSequence") {
    const [x = "", lengths = ""] = inputs;
    const atLeastOne = writeAtLeastOne(writer, lengths, fresh);
    writeChanged(writer, operation, reader, { inputs: [x, atLeastOne] });
    return true;
  }
  checkAttention(operation);
  if (!isWrongPooling(operation, version) || !mayReachBeyond(call)) {
    return false;
  }
  if (hasPadding(operation)) throw wrongPooling(operation);
  writeChanged(writer, operation, reader, { without: "count_include_pad" });
  return true;
}

function omitsOutputs({ kind, outputs }: OnnxOperation): boolean {
  return WHOLE.has(kind) && outputs.includes("");
}

/** Attention with an input that it must not have. */
function checkAttention(operation: OnnxOperation): void {
  const { kind, inputs, attributes } = operation;
  if (kind !== "Attention" || attributes.get("is_causal") !== 1) return;
  if (!inputs[6]) return;
  throw wrong(operation, "causal attention with nonpad_kv_seqlen");
}

/** Whether a window that reaches beyond the padding is divided wrongly. */
function isWrongPooling(
  { kind, attributes }: OnnxOperation,
  version: number,
): boolean {
  return kind === "AveragePool" && version < POOLING &&
    attributes.get("ceil_mode") === 1 &&
    attributes.get("count_include_pad") === 1;
}

function wrongPooling(operation: OnnxOperation): UnsupportedByEngineError {
  const what = "windows that reach beyond the padding, before opset 19";
  return wrong(operation, what, NOT_LATER);
}

/** The operators of the subgraphs. */
function innerOf(operation: OnnxOperation): readonly OnnxOperation[] {
  return graphsIn(operation).flatMap(({ nodes }) => nodes);
}

/** Checks that an operator of a subgraph, which is copied, can run. */
function checkInner(operation: OnnxOperation, version: number): void {
  if (omitsOutputs(operation)) {
    throw refused(
      operation,
      "an operator of a subgraph must have all its outputs, or its runtime ends the process",
    );
  }
  if (operation.domain === "") {
    if (operation.kind === "ReverseSequence") {
      throw wrong(operation, "a length of 0, in a subgraph");
    }
    checkAttention(operation);
    if (isWrongPooling(operation, version)) throw wrongPooling(operation);
  }
  for (const inner of innerOf(operation)) checkInner(inner, version);
}

/** All outputs by name; BatchNormalization has one, unless it trains. */
function namedOutputs(
  { kind, outputs, attributes }: OnnxOperation,
  fresh: (stem: string) => string,
): string[] {
  const isAlone = kind === "BatchNormalization" &&
    attributes.get("training_mode") !== 1 &&
    outputs.slice(1).every((name) => name === "");
  return isAlone
    ? outputs.slice(0, 1)
    : outputs.map((name) => name === "" ? fresh("omitted") : name);
}

/** Writes `lengths + !lengths`. */
function writeAtLeastOne(
  writer: ProtoWriter,
  lengths: string,
  fresh: (stem: string) => string,
): string {
  const [isSome, isNone, one, sum] = [1, 2, 3, 4].map(() =>
    fresh(`${lengths}'`)
  ) as [string, string, string, string];
  writeNode(writer, "Cast", [lengths], isSome, { to: BOOL });
  writeNode(writer, "Not", [isSome], isNone);
  writeNode(writer, "Cast", [isNone], one, { to: INT64 });
  writeNode(writer, "Add", [lengths, one], sum);
  return sum;
}

/** Writes an operator with other inputs or outputs, or without an attribute. */
function writeChanged(
  writer: ProtoWriter,
  operation: OnnxOperation,
  file: ProtoReader,
  { inputs, outputs, without }: {
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[];
    readonly without?: string;
  },
): void {
  const { reader, span } = operationReader(file, operation);
  writer.message(1, () => {
    for (const field of reader.fields(span)) {
      const { number } = field;
      const isLeftOut = number === 3 || number === 1 && inputs !== undefined ||
        number === 2 && outputs !== undefined ||
        number === 5 && keyOf(reader, field) === without;
      if (!isLeftOut) writer.bytes(number, reader.bytes(field));
    }
    for (const input of inputs ?? []) writer.text(1, input);
    for (const output of outputs ?? []) writer.text(2, output);
    writer.text(3, operation.name);
  });
}

function hasPadding({ attributes }: OnnxOperation): boolean {
  const pads = attributes.get("pads");
  const auto = attributes.get("auto_pad") ?? "NOTSET";
  return Array.isArray(pads) && pads.some((pad) => Number(pad) !== 0) ||
    String(auto).startsWith("SAME");
}

/** Whether a last window may reach beyond the padding. */
function mayReachBeyond({ operation, producers: [x] }: OnnxCall): boolean {
  const list = (key: string): readonly number[] => {
    const value = operation.attributes.get(key);
    return Array.isArray(value) ? value.map(Number) : [];
  };
  const kernel = list("kernel_shape");
  const sizes = (x && specOf(x))?.shape.slice(2);
  if (sizes === undefined || sizes.length !== kernel.length) return true;
  const [pads, strides] = [list("pads"), list("strides")];
  return sizes.some((size, i) => {
    if (size === null) return true;
    const padded = size + (pads[i] ?? 0) + (pads[i + kernel.length] ?? 0);
    return (padded - kernel[i]!) % (strides[i] ?? 1) !== 0;
  });
}

function wrong(
  operation: OnnxOperation,
  what: string,
  advice = "",
): UnsupportedByEngineError {
  const reason = `its runtime gives wrong values for ${what}${advice}`;
  return refused(operation, reason);
}

function refused(
  { name, kind }: OnnxOperation,
  reason: string,
): UnsupportedByEngineError {
  const action = `run "${name || kind}"`;
  return new UnsupportedByEngineError(action, "onnx", reason);
}

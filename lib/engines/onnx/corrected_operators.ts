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
 * - BatchNormalization that trains writes the mean and the variance over equal
 *   constants, such as its scale, which the runtime stores once. Here they are
 *   copies.
 * - Attention with `is_causal` and `nonpad_kv_seqlen` aligns the mask with the
 *   wrong end.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../errors.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import {
  writeIntegers,
  writeNode,
  type WrittenOperation,
} from "./_write_node.ts";

/** Operators that must write all their outputs. */
const WHOLE = new Set(["BatchNormalization", "If", "Loop", "Scan", "Split"]);
/** The opset from which AveragePool is right. */
const POOLING = 19;
/** The opset that has CastLike. */
const CAST_LIKE = 15;
/** Element types by number. */
const [BOOL, INT64] = [9, 7];
/** What to do with a file of an early opset. */
export const convertAdvice =
  "; convert the file in Python: onnx.version_converter.convert_version(model, 21)";

/**
 * Writes an operator that the runtime computes wrongly.
 *
 * @param written The operator.
 * @returns Whether it is such an operator, and was written.
 * @throws {UnsupportedByEngineError} If it is one, and has no other form.
 */
export function writeCorrected(written: WrittenOperation): boolean {
  const { operation, version, fresh, write } = written;
  const { domain, kind, inputs, outputs } = operation;
  if (domain !== "") return false;
  const trains = isTraining(operation);
  if (trains || WHOLE.has(kind) && outputs.includes("")) {
    const named = { outputs: namedOutputs(operation, fresh) };
    write(trains ? { ...named, inputs: writeCopies(written) } : named);
    return true;
  }
  if (kind === "ReverseSequence") {
    write({ inputs: [inputs[0]!, writeAtLeastOne(written)] });
    return true;
  }
  checkAttention(operation);
  if (!isWrongPooling(operation, version) || !mayReachBeyond(written)) {
    return false;
  }
  if (hasPadding(operation)) {
    const what = "windows that reach beyond the padding, before opset 19";
    throw wrong(operation, what, convertAdvice);
  }
  write({ without: "count_include_pad" });
  return true;
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

function isTraining({ kind, attributes }: OnnxOperation): boolean {
  return kind === "BatchNormalization" && attributes.get("training_mode") === 1;
}

/**
 * Copies the mean and the variance of a BatchNormalization that trains, in the
 * run: joins them to the first 0 values of `x`.
 */
function writeCopies(written: WrittenOperation): string[] {
  const { writer, operation, version, fresh } = written;
  const [x = "", scale = "", bias = "", ...statistics] = operation.inputs;
  const [flat, part] = [fresh("flat"), fresh("none")];
  writeNode(writer, "Reshape", [x, writeIntegers(written, [-1])], flat);
  const zero = writeIntegers(written, [0]);
  writeNode(writer, "Slice", [flat, zero, zero], part);
  const copies = statistics.map((name) => {
    const [none, copy] = [fresh("none"), fresh(`${name}'`)];
    // From opset 15, they may have another type than x.
    const isLike = version >= CAST_LIKE;
    if (isLike) writeNode(writer, "CastLike", [part, name], none);
    const joined = [isLike ? none : part, name];
    writeNode(writer, "Concat", joined, copy, { axis: 0 });
    return copy;
  });
  return [x, scale, bias, ...copies];
}

/** All outputs by name; BatchNormalization has one, unless it trains. */
function namedOutputs(
  operation: OnnxOperation,
  fresh: (stem: string) => string,
): string[] {
  const { outputs } = operation;
  const isAlone = operation.kind === "BatchNormalization" &&
    !isTraining(operation) && outputs.slice(1).every((name) => name === "");
  return isAlone
    ? outputs.slice(0, 1)
    : outputs.map((name) => name === "" ? fresh("omitted") : name);
}

/** Writes `lengths + !lengths`. */
function writeAtLeastOne({ writer, operation, fresh }: WrittenOperation) {
  const [, lengths = ""] = operation.inputs;
  const [isSome, isNone, one, sum] = [1, 2, 3, 4].map(() =>
    fresh(`${lengths}'`)
  ) as [string, string, string, string];
  writeNode(writer, "Cast", [lengths], isSome, { to: BOOL });
  writeNode(writer, "Not", [isSome], isNone);
  writeNode(writer, "Cast", [isNone], one, { to: INT64 });
  writeNode(writer, "Add", [lengths, one], sum);
  return sum;
}

function hasPadding({ attributes }: OnnxOperation): boolean {
  const pads = attributes.get("pads");
  const auto = attributes.get("auto_pad") ?? "NOTSET";
  return Array.isArray(pads) && pads.some((pad) => Number(pad) !== 0) ||
    String(auto).startsWith("SAME");
}

/** Whether a last window may reach beyond the padding. */
function mayReachBeyond({ operation, known }: WrittenOperation): boolean {
  const list = (key: string): readonly number[] => {
    const value = operation.attributes.get(key);
    return Array.isArray(value) ? value.map(Number) : [];
  };
  const kernel = list("kernel_shape");
  const sizes = known(operation.inputs[0] ?? "").shape?.slice(2);
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

/**
 * Creates the error for an operator that cannot run.
 *
 * @param operation The operator.
 * @param reason Why, and what to do.
 * @returns The error to throw.
 */
export function refused(
  { name, kind }: OnnxOperation,
  reason: string,
): UnsupportedByEngineError {
  const action = `run "${name || kind}"`;
  return new UnsupportedByEngineError(action, "onnx", reason);
}

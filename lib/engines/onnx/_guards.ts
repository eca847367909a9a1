/**
 * Operators before those that ONNX Runtime 1.27 runs without checks: it reads
 * beyond the rows of an LSTM, or of a linear model, that have another width than
 * the weights, and integer division of the lowest number by -1 ends the process.
 *
 * @module
 */
import { valuesOf } from "../../formats/stored_array.ts";
import {
  type Changes,
  writeIntegers,
  writeNode,
  type WrittenOperation,
} from "./_write_node.ts";
import { convertAdvice, refused } from "./corrected_operators.ts";

/** Element types, as numbered in the format. */
const [INT32, INT64] = [6, 7];
/** The first opset that has Where. */
const WHERE = 9;

/**
 * Writes what checks the inputs of an operation, if the runtime does not.
 *
 * @param written The operation.
 * @returns Other inputs and outputs for the operation, and what has to follow
 * it; nothing if it can run as it is.
 * @throws {UnsupportedByEngineError} If its opset is too old for the check.
 */
export function writeGuards(
  written: WrittenOperation,
): Changes & { readonly after?: () => void } {
  const { kind, domain, inputs } = written.operation;
  if (domain === "" && (kind === "Div" || kind === "Mod")) {
    return writeDivisor(written);
  }
  const width = expectedWidth(written);
  const [x = ""] = inputs;
  if (width === undefined) return {};
  const isRight = width.size !== undefined &&
    written.known(x).shape?.at(-1) === width.size;
  if (isRight) return {};
  const { writer, operation, fresh } = written;
  const checked = fresh(`${x} of width ${width.size ?? "of the weights"}`);
  const name = fresh(`${operation.name || kind} input`);
  writeNode(
    writer,
    "Reshape",
    [x, writeSizes(written, width)],
    checked,
    {},
    name,
  );
  return { inputs: [checked, ...inputs.slice(1)] };
}

/** The rank and the last size of an input. */
interface Width {
  readonly rank: number;
  /** Undefined if it is known in the run only, from the weights. */
  readonly size: number | undefined;
  /** The axis of the weights that has the size. */
  readonly axis?: number;
}

/** The rank and the last size of the first input, as the weights have it. */
function expectedWidth(
  { operation: { kind, domain, inputs, attributes }, known }: WrittenOperation,
): Width | undefined {
  const isQuantised = kind === "DynamicQuantizeLSTM";
  if (kind === "LSTM" && domain === "" || isQuantised) {
    const axis = isQuantised ? 1 : 2;
    const size = known(inputs[1] ?? "").shape?.[axis] ?? undefined;
    return { rank: 3, size, axis };
  }
  const isLinear = kind === "LinearClassifier" || kind === "LinearRegressor";
  if (!isLinear || domain !== "ai.onnx.ml") return undefined;
  const count = (key: string) => {
    const value = attributes.get(key);
    return Array.isArray(value) ? value.length : 0;
  };
  const targets = kind === "LinearClassifier"
    ? count("intercepts")
    : Number(attributes.get("targets") ?? 1);
  const size = count("coefficients") / targets;
  const rank = known(inputs[0] ?? "").shape?.length === 1 ? 1 : 2;
  return Number.isInteger(size) && size > 0 ? { rank, size } : undefined;
}

/** Writes `[0, 0, size]`: the first sizes as they are, and the last one. */
function writeSizes(written: WrittenOperation, { rank, size, axis }: Width) {
  const { writer, operation, fresh } = written;
  const zeros = Array<number>(rank - 1).fill(0);
  if (size !== undefined) return writeIntegers(written, [...zeros, size]);
  const [all, width, sizes] = [fresh("sizes"), fresh("width"), fresh("wanted")];
  writeNode(writer, "Shape", [operation.inputs[1]!], all);
  const axes = writeIntegers(written, [axis!, axis!, axis!]);
  writeNode(writer, "Gather", [all, axes], width);
  const isLast = writeIntegers(written, [...zeros, 1]);
  writeNode(writer, "Mul", [width, isLast], sizes);
  return sizes;
}

/**
 * Divides by 1 instead of -1, and changes the sign of the quotient: of integers,
 * and of numbers of unknown type, of which all that become -1 as an integer are
 * divided so, with the same result.
 */
function writeDivisor(
  written: WrittenOperation,
): Changes & { readonly after?: () => void } {
  const { operation, version, writer, known, fresh } = written;
  const { kind, inputs, outputs: [output = ""] } = operation;
  const [x = "", y = ""] = inputs;
  const type = known(x).type ?? known(y).type;
  const isInteger = type === INT32 || type === INT64;
  if (type !== undefined && !isInteger) return {};
  // A constant that divides is nearly never -1: sizes, strides.
  const { bytes } = known(y);
  if (isInteger && bytes !== undefined) {
    const dtype = type === INT32 ? "int32" : "int64";
    const isMinus = [...valuesOf(bytes(), dtype)].some((n) => Number(n) === -1);
    if (!isMinus) return {};
  }
  if (version < WHERE) {
    if (!isInteger) return {};
    const what = "on the lowest integer divided by -1";
    throw refused(
      operation,
      `its runtime ends the process ${what}, before opset 9${convertAdvice}`,
    );
  }
  const [whole, minus] = [fresh("whole"), fresh("is minus one")];
  writeNode(writer, "Cast", [y], whole, { to: INT64 });
  writeNode(writer, "Equal", [whole, writeIntegers(written, [-1], [])], minus);
  const turned = (from: string, to: string) => {
    const negative = fresh("negative");
    writeNode(writer, "Neg", [from], negative);
    writeNode(writer, "Where", [minus, negative, from], to);
    return to;
  };
  const changed = [x, turned(y, fresh(`${y} but minus one`))];
  if (kind === "Mod") return { inputs: changed };
  const quotient = fresh("quotient");
  return {
    inputs: changed,
    outputs: [quotient],
    after: () => turned(quotient, output),
  };
}

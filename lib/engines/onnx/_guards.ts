/**
 * Operators before those that ONNX Runtime 1.27 runs without checks: it reads
 * beyond inputs of an LSTM, a linear model or a convolution whose sizes do not
 * fit each other, and integer division of the lowest number by -1 ends the
 * process.
 *
 * @module
 */
import { shapeText } from "../../check.ts";
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
  const checked = [...inputs];
  for (const wanted of wantedSizes(written)) {
    if (inputs[wanted.input]) {
      checked[wanted.input] = writeCheck(written, wanted);
    }
  }
  return checked.every((name, i) => name === inputs[i])
    ? {}
    : { inputs: checked };
}

/** The sizes that an input must have. */
interface Wanted {
  /** Its index. */
  readonly input: number;
  /** Its sizes; 0 for any. */
  readonly sizes: readonly number[];
  /** Where the last one is found in the run, if it is not known before. */
  readonly from?: { readonly weights: string; readonly axis: number };
}

/** The sizes of inputs that the runtime does not check. */
function wantedSizes(written: WrittenOperation): Wanted[] {
  const { operation: { kind, domain, inputs, attributes }, known } = written;
  /** Sizes of which the last is that of an axis of weights. */
  const sized = (input: number, rank: number, weights = "", axis = 0) => {
    const size = known(weights).shape?.[axis] ?? undefined;
    const sizes = Array<number>(rank).fill(0);
    return size === undefined
      ? { input, sizes, from: { weights, axis } }
      : { input, sizes: sizes.with(-1, size) };
  };
  switch (`${domain}.${kind}`) {
    case ".Conv":
    case "com.microsoft.FusedConv":
      return [sized(2, 1, inputs[1])];
    case ".QLinearConv":
      return [sized(8, 1, inputs[3])];
    case ".LSTM":
    case "com.microsoft.DynamicQuantizeLSTM": {
      const isQuantised = domain !== "";
      const directions = attributes.get("direction") === "bidirectional"
        ? 2
        : 1;
      const units = Number(attributes.get("hidden_size") ?? 0);
      const x = sized(0, 3, inputs[1], isQuantised ? 1 : 2);
      const sizes = (last: number) =>
        isQuantised
          ? [directions, last, 4 * units]
          : [directions, 4 * units, last];
      return [
        x,
        { input: 1, sizes: sizes(0) },
        { input: 2, sizes: sizes(units) },
      ];
    }
    case "ai.onnx.ml.LinearClassifier":
    case "ai.onnx.ml.LinearRegressor":
      return linearSizes(written);
    default:
      return [];
  }
}

/** The width of the rows of a linear model, by its coefficients. */
function linearSizes(
  { operation, known }: WrittenOperation,
): Wanted[] {
  const { kind, inputs: [x = ""], attributes } = operation;
  const count = (key: string) => {
    const value = attributes.get(key);
    return Array.isArray(value) ? value.length : 0;
  };
  const isClassifier = kind === "LinearClassifier";
  const intercepts = count("intercepts");
  const targets = isClassifier
    ? intercepts
    : Number(attributes.get("targets") ?? 1);
  const labels = count("classlabels_ints") + count("classlabels_strings");
  const isBinary = targets === 1 && labels === 2;
  const [what, found] = isClassifier
    ? ["labels", isBinary ? 1 : labels]
    : ["intercepts", intercepts];
  if (found > 0 && found !== targets) {
    throw refused(operation, `it must have ${targets} ${what}, not ${found}`);
  }
  const size = count("coefficients") / targets;
  const isKnown = Number.isInteger(size) && size > 0;
  const isRow = known(x).shape?.length === 1;
  return isKnown ? [{ input: 0, sizes: isRow ? [size] : [0, size] }] : [];
}

/**
 * Writes a Reshape to the sizes of an input, which fails for others.
 *
 * @param written The operation.
 * @param wanted The input.
 * @returns The name of the input, or of what is checked.
 * @throws {UnsupportedByEngineError} If its sizes are known to be others.
 */
function writeCheck(
  written: WrittenOperation,
  { input, sizes, from }: Wanted,
): string {
  const { writer, operation, known, fresh } = written;
  const name = operation.inputs[input]!;
  const { shape, bytes } = known(name);
  const isSame = (wanted: number, axis: number) =>
    wanted === 0 || shape?.[axis] === wanted;
  // Of other tensors, a file may declare sizes that they do not have.
  const isCertain = bytes !== undefined && from === undefined;
  if (isCertain && sizes.every(isSame)) return name;
  const isWrong = shape?.length === sizes.length &&
    sizes.some((wanted, axis) =>
      wanted !== 0 && shape[axis] !== null && !isSame(wanted, axis)
    );
  if (isWrong) {
    const rule = `its input "${name}" must have shape ${
      shapeText(sizes.map((size) => size || null))
    }, not ${shapeText(shape)}`;
    throw refused(operation, rule);
  }
  const checked = fresh(`${name} of the right sizes`);
  const called = fresh(`${operation.name || operation.kind} input`);
  const wanted = from === undefined
    ? writeIntegers(written, sizes)
    : writeSizes(written, sizes, from);
  writeNode(writer, "Reshape", [name, wanted], checked, {}, called);
  return checked;
}

/** Writes `[0, …, size]`: the first sizes as they are, and that of weights. */
function writeSizes(
  written: WrittenOperation,
  sizes: readonly number[],
  { weights, axis }: Required<Wanted>["from"],
): string {
  const { writer, fresh } = written;
  const [all, size, wanted] = [fresh("sizes"), fresh("size"), fresh("wanted")];
  writeNode(writer, "Shape", [weights], all);
  const axes = writeIntegers(written, sizes.map(() => axis));
  writeNode(writer, "Gather", [all, axes], size);
  const isLast = writeIntegers(written, sizes.with(-1, 1));
  writeNode(writer, "Mul", [size, isLast], wanted);
  return wanted;
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
  const negatedWhere = (from: string, to: string) => {
    const negative = fresh("negative");
    writeNode(writer, "Neg", [from], negative);
    writeNode(writer, "Where", [minus, negative, from], to);
    return to;
  };
  const changed = [x, negatedWhere(y, fresh(`${y} but minus one`))];
  if (kind === "Mod") return { inputs: changed };
  const quotient = fresh("quotient");
  return {
    inputs: changed,
    outputs: [quotient],
    after: () => negatedWhere(quotient, output),
  };
}

/**
 * Tree ensembles of two classes, as scikit-learn's random forests are
 * converted: one weight per leaf, all for the first of the two.
 *
 * If no weight is negative, their sum `s` is a probability, the scores are
 * `[1 - s, s]`, and the label is the second class if `s > 0.5`. ONNX Runtime 1.27
 * computes `[-s, s]` and compares `s` with 0, which is right only for weights
 * of both signs. Here the sum is that of a regressor with the same trees, from which
 * other operators of ONNX compute scores and labels.
 *
 * @module
 */
import {
  type OnnxOperation,
  operationReader,
} from "../../formats/onnx_model.ts";
import { tensorBytes } from "../../formats/onnx_tensor.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
import { valuesOf } from "../../formats/stored_array.ts";
import {
  writeNode,
  writeTensor,
  type WrittenOperation,
} from "./_write_node.ts";
import { refused } from "./corrected_operators.ts";

/** The sum of weights above which the label is the second class. */
const THRESHOLD = 0.5;
/** Element types, as numbered in the format. */
const [FLOAT, INT64, STRING, DOUBLE] = [1, 7, 8, 11];
/** Attributes that a regressor does not have. */
const LEFT_OUT = /^(classlabels_(int64|string)s|post_transform)$/;
/** Activations after which the runtime returns the scores unchanged. */
const UNCHANGED = new Set(["NONE", "SOFTMAX"]);

/** An ensemble to correct. */
interface BinaryTrees {
  /** The two classes. */
  readonly labels: readonly (number | string)[];
  /** Its activation; undefined if its weights are not as converters write them. */
  readonly activation: string | undefined;
}

/** The facts to correct an ensemble; undefined for any other operation. */
function binaryTrees(
  { kind, domain, attributes }: OnnxOperation,
  reader: ProtoReader,
): BinaryTrees | undefined {
  if (kind !== "TreeEnsembleClassifier" || domain !== "ai.onnx.ml") return;
  const list = (key: string) => {
    const value = attributes.get(key);
    return Array.isArray(value) ? value as readonly (number | string)[] : [];
  };
  const labels = [
    ...list("classlabels_int64s"),
    ...list("classlabels_strings"),
  ];
  const classes = new Set(list("class_ids"));
  if (labels.length !== 2 || classes.size !== 1) return;
  const numbers = (key: string) => {
    const value = attributes.get(`${key}_as_tensor`);
    if (typeof value !== "object" || !("tensor" in value)) {
      return list(key).map(Number);
    }
    const isDouble = value.tensor.type === DOUBLE;
    const bytes = tensorBytes(reader, value.tensor);
    return [...valuesOf(bytes, isDouble ? "float64" : "float32")].map(Number);
  };
  if (numbers("class_weights").some((weight) => weight < 0)) return;
  const activation = String(attributes.get("post_transform") ?? "NONE");
  const isUsual = classes.has(0) && numbers("base_values").length < 2;
  return { labels, activation: isUsual ? activation : undefined };
}

/**
 * Writes operators that compute an ensemble as its definition has it.
 *
 * @param written The operation of the file.
 * @returns Whether it is such an ensemble, and was written.
 * @throws {UnsupportedByEngineError} If its activation is not supported.
 */
export function writeBinaryTrees(written: WrittenOperation): boolean {
  const { writer, operation, reader, fresh } = written;
  const trees = binaryTrees(operation, reader);
  if (trees === undefined) return false;
  const { labels, activation } = trees;
  const isLogistic = activation === "LOGISTIC";
  if (!isLogistic && !UNCHANGED.has(activation ?? "")) {
    throw refused(
      operation,
      "its runtime gives wrong labels for trees of two classes whose weights are all positive",
    );
  }
  const [label = "", scores = ""] = operation.outputs;
  const [sum, no] = [fresh(`${operation.name} sum`), fresh("no")];
  writer.message(1, () => writeRegressor(writer, operation, reader, sum));
  const add = (operator: string, inputs: readonly string[], to?: string) => {
    const output = to ?? fresh(operator);
    const attributes = ADDED[operator] ?? {};
    writeNode(writer, operator, inputs, output, attributes);
    return output;
  };
  const constant = (type: number, shape: number[], write: () => void) =>
    writeTensor(writer, fresh("constant"), { type, shape }, write);
  const float = (value: number) =>
    constant(FLOAT, [], () => writer.float(4, value));
  if (scores !== "" && isLogistic) {
    add("Neg", [sum], no);
    add("Sigmoid", [add("Concat", [no, sum])], scores);
  } else if (scores !== "") {
    add("Sub", [float(1), sum], no);
    add("Concat", [no, sum], scores);
  }
  if (label === "") return true;
  const isSecond = add("Cast", [add("Greater", [sum, float(THRESHOLD)])]);
  const rows = constant(INT64, [1], () => writer.integer(7, -1));
  const table = typeof labels[0] === "string"
    ? constant(STRING, [2], () => labels.forEach((x) => writer.text(6, `${x}`)))
    : constant(INT64, [2], () => labels.forEach((x) => writer.integer(7, +x)));
  add("Gather", [table, add("Reshape", [isSecond, rows])], label);
  return true;
}

/** The attributes of operators that are added. */
const ADDED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Concat: { axis: 1 },
  Cast: { to: INT64 },
};

/** Writes the same trees as a regressor, `[N, 1]`. */
function writeRegressor(
  writer: ProtoWriter,
  operation: OnnxOperation,
  file: ProtoReader,
  output: string,
): void {
  const { reader, span } = operationReader(file, operation);
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 2 || number === 3 || number === 4) continue;
    if (number !== 5) {
      writer.bytes(number, reader.bytes(field));
      continue;
    }
    const key = reader.textIn(field, 1);
    if (LEFT_OUT.test(key)) continue;
    const renamed = new ProtoWriter();
    renamed.text(1, key.replace(/^class_/, "target_")); // the last name counts
    writer.bytes(5, reader.bytes(field), renamed.finish());
  }
  writer.text(2, output);
  writer.text(3, output); // its own name may be that of an output
  writer.text(4, "TreeEnsembleRegressor");
  writer.message(5, () => {
    writer.text(1, "n_targets");
    writer.integer(3, 1);
    writer.integer(20, 2);
  });
}

/**
 * Tree ensembles of two classes, as scikit-learn's random forests are
 * converted: one weight per leaf, all for the first of the two.
 *
 * If no weight is negative, their sum `s` is a probability, the scores are
 * `[1 - s, s]`, and the label is the second class if `s > 0.5`. ONNX Runtime 1.27
 * computes `[-s, s]` and compares `s` with 0, which is correct only for weights
 * of both signs. Here the base value of the ensemble is lowered by 0.5, which
 * corrects its labels, and operators after it correct its scores.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../errors.ts";
import type { OnnxFile, OnnxOperation } from "../../formats/onnx_model.ts";
import { tensorBytes } from "../../formats/onnx_tensor.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import type { ProtoWriter } from "../../formats/proto_writer.ts";
import { valuesOf } from "../../formats/stored_array.ts";

/** The sum of weights above which the label is the second class. */
const THRESHOLD = 0.5;
/** Types of attributes, as numbered in the format. */
const [TENSOR, FLOATS] = [4, 6];
const [FLOAT, DOUBLE] = [1, 11];
/** Activations after which the runtime returns the scores unchanged. */
const UNCHANGED = new Set(["NONE", "SOFTMAX"]);

/** An ensemble to correct. */
export interface BinaryTrees {
  /** The base value, which is added to the sum of the weights. */
  readonly base: number;
  /** Its activation; undefined if its weights are not as converters write them. */
  readonly activation: string | undefined;
  /** Whether its numbers are of 64 bits. */
  readonly isDouble: boolean;
}

/**
 * Finds an ensemble that the runtime computes wrongly.
 *
 * @param operation An operation.
 * @param reader The file.
 * @returns Facts to correct it; undefined for any other operation.
 */
export function binaryTrees(
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
      return { values: list(key).map(Number), isDouble: false };
    }
    const isDouble = value.tensor.type === DOUBLE;
    const bytes = tensorBytes(reader, value.tensor);
    const values = [...valuesOf(bytes, isDouble ? "float64" : "float32")];
    return { values: values.map(Number), isDouble };
  };
  const weights = numbers("class_weights");
  const { values: base } = numbers("base_values");
  if (weights.values.some((weight) => weight < 0)) return;
  const activation = String(attributes.get("post_transform") ?? "NONE");
  const isUsual = classes.has(0) && base.length < 2;
  return {
    base: base[0] ?? 0,
    activation: isUsual ? activation : undefined,
    isDouble: weights.isDouble,
  };
}

/**
 * Checks that an operation holds no such ensemble inside, in a subgraph or in
 * the function that it calls.
 *
 * @param operation The operation.
 * @param file The file.
 * @throws {UnsupportedByEngineError} If it holds one.
 */
export function checkInnerTrees(
  { name, kind, domain, attributes }: OnnxOperation,
  { reader, functions }: OnnxFile,
): void {
  const called = functions.find((body) =>
    body.name === kind && body.domain === domain
  );
  const inner = [...attributes.values()].flatMap((value) =>
    typeof value === "object" && "graph" in value ? value.graph.nodes : []
  );
  for (const node of [...inner, ...called?.nodes ?? []]) {
    if (binaryTrees(node, reader) !== undefined) throw wrong(name);
    checkInnerTrees(node, { reader, functions } as OnnxFile);
  }
}

function wrong(name: string): UnsupportedByEngineError {
  const reason =
    "its runtime gives wrong labels for trees of two classes whose weights are all positive";
  return new UnsupportedByEngineError(`run "${name}"`, "onnx", reason);
}

/**
 * Writes an ensemble that the runtime computes correctly, and the operators
 * that correct its scores.
 *
 * @param writer The graph.
 * @param operation The operation of the file.
 * @param trees The facts to correct it.
 * @param reader The file.
 * @param fresh Returns names that no tensor has.
 * @throws {UnsupportedByEngineError} If its activation is not supported.
 */
export function writeBinaryTrees(
  writer: ProtoWriter,
  operation: OnnxOperation,
  { base, activation, isDouble }: BinaryTrees,
  reader: ProtoReader,
  fresh: (stem: string) => string,
): void {
  const isLogistic = activation === "LOGISTIC";
  if (!isLogistic && !UNCHANGED.has(activation ?? "")) {
    throw wrong(operation.name);
  }
  const [labels = "", scores = ""] = operation.outputs;
  const shifted = scores === "" ? "" : fresh(`${scores}'`);
  writer.message(1, () => {
    for (const field of reader.fields(operation.span)) {
      const { number } = field;
      const isLeft = number === 2 ||
        number === 5 &&
          /^(base_values|post_transform)/.test(keyOf(reader, field));
      if (!isLeft) writer.bytes(number, reader.bytes(field));
    }
    writer.text(2, labels);
    writer.text(2, shifted);
    writer.message(5, () => writeBase(writer, base - THRESHOLD, isDouble));
  });
  if (scores === "") return;
  const added = fresh(`${scores}+`);
  const sums = isLogistic ? fresh(`${scores}-`) : scores;
  writeAdd(writer, [shifted, added], sums);
  if (isLogistic) {
    writer.message(1, () => {
      writer.text(1, sums);
      writer.text(2, scores);
      writer.text(4, "Sigmoid");
    });
  }
  // [-(s - 0.5), s - 0.5] to [-s, s], or to [1 - s, s].
  const least = isLogistic ? -THRESHOLD : 1 - THRESHOLD;
  writer.message(5, () => {
    writer.integer(1, 2);
    writer.integer(2, FLOAT);
    writer.text(8, added);
    writer.bytes(
      9,
      new Uint8Array(Float32Array.of(least, THRESHOLD).buffer),
    );
  });
}

function writeAdd(
  writer: ProtoWriter,
  inputs: readonly string[],
  output: string,
): void {
  writer.message(1, () => {
    for (const input of inputs) writer.text(1, input);
    writer.text(2, output);
    writer.text(4, "Add");
  });
}

/** Writes the attribute of the base value. */
function writeBase(writer: ProtoWriter, value: number, isDouble: boolean) {
  writer.text(1, isDouble ? "base_values_as_tensor" : "base_values");
  if (!isDouble) {
    writer.float(7, value);
    writer.integer(20, FLOATS);
    return;
  }
  writer.message(5, () => {
    writer.integer(1, 1);
    writer.integer(2, DOUBLE);
    writer.bytes(9, new Uint8Array(Float64Array.of(value).buffer));
  });
  writer.integer(20, TENSOR);
}

/** The name of an attribute. */
function keyOf(
  reader: ProtoReader,
  attribute: { readonly start: number; readonly end: number },
): string {
  for (const field of reader.fields(attribute)) {
    if (field.number === 1) return reader.text(field);
  }
  return "";
}

import type { ProtoReader } from "../../formats/protobuf.ts";
import type { ProtoWriter } from "../../formats/proto_writer.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";

/** Type of an attribute that is an integer, as numbered in the format. */
const INTEGER = 2;

/** Number of an element type. */
const INT64 = 7;

/** An operation that is written, as it is or with others around it. */
export interface WrittenOperation {
  readonly writer: ProtoWriter;
  readonly operation: OnnxOperation;
  /** Its opset. */
  readonly version: number;
  /** The file. */
  readonly reader: ProtoReader;
  /** Gives names that no tensor has. */
  readonly fresh: (stem: string) => string;
  /** What is known of a tensor before the run. */
  readonly known: (name: string) => KnownTensor;
  /** Writes the operation. */
  readonly write: (changes?: Changes) => void;
}

/** What is known of a tensor before the run. */
export interface KnownTensor {
  /** Its element type, by number. */
  readonly type?: number | undefined;
  /** Sizes; null if unknown. */
  readonly shape?: readonly (number | null)[] | undefined;
  /** The bytes of a constant. */
  readonly bytes?: (() => Uint8Array<ArrayBuffer>) | undefined;
}

/** What differs from an operation of the file. */
export interface Changes {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** An attribute that is left out. */
  readonly without?: string;
}

/**
 * Writes an operator of one output.
 *
 * @param writer The graph.
 * @param operator Its name.
 * @param inputs Names of its inputs.
 * @param output Name of its output.
 * @param attributes Its attributes.
 * @param name Its own name, for errors.
 */
export function writeNode(
  writer: ProtoWriter,
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
  name = "",
): void {
  writer.message(1, () => {
    for (const input of inputs) writer.text(1, input);
    writer.text(2, output);
    if (name !== "") writer.text(3, name);
    writer.text(4, operator);
    for (const [key, value] of Object.entries(attributes)) {
      writer.message(5, () => {
        writer.text(1, key);
        writer.integer(3, value);
        writer.integer(20, INTEGER);
      });
    }
  });
}

/**
 * Writes a constant.
 *
 * @param writer The graph.
 * @param name Its name.
 * @param tensor Its element type, by number, and its sizes.
 * @param write Writes its values.
 * @returns Its name.
 */
export function writeTensor(
  writer: ProtoWriter,
  name: string,
  { type, shape }: { readonly type: number; readonly shape: readonly number[] },
  write: () => void,
): string {
  writer.message(5, () => {
    for (const size of shape) writer.integer(1, size);
    writer.integer(2, type);
    writer.text(8, name);
    write();
  });
  return name;
}

/**
 * Writes a constant of int64.
 *
 * @param written The operation that needs it.
 * @param values Its values.
 * @param shape Its sizes.
 * @returns Its name.
 */
export function writeIntegers(
  { writer, fresh }: Pick<WrittenOperation, "writer" | "fresh">,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): string {
  const name = fresh("integers");
  return writeTensor(writer, name, { type: INT64, shape }, () => {
    for (const value of values) writer.integer(7, value);
  });
}

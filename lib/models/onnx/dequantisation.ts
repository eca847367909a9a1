/**
 * Logits under the quantised activations of ONNX Runtime, whose inputs and
 * outputs are integers: an operation that is added to the file converts their
 * input to floats.
 *
 * @module
 */
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";

/** Activations over integers. */
const QUANTISED = /^QLinear(Softmax|Sigmoid)$/;

/** The first opset that has DequantizeLinear. */
const FIRST_OPSET = 10;

/**
 * The operation that converts the input of a quantised activation to floats.
 *
 * @param operation Any operation.
 * @param opsets The opsets of the file, by domain.
 * @param isThere Whether the file has a tensor of this name.
 * @returns The operation; undefined if the other is no quantised activation.
 */
export function dequantisation(
  { kind, domain, inputs }: OnnxOperation,
  opsets: ReadonlyMap<string, number>,
  isThere: (name: string) => boolean,
): OnnxOperation | undefined {
  const isQuantised = domain === "com.microsoft" && QUANTISED.test(kind);
  if (!isQuantised || (opsets.get("") ?? 0) < FIRST_OPSET) return undefined;
  const [quantised, scale, zero] = inputs;
  if (!quantised || !scale) return undefined;
  const operands = zero ? [quantised, scale, zero] : [quantised, scale];
  let output = `${quantised}:float`;
  while (isThere(output)) output = `${output}'`;
  return addedOperation({
    name: output,
    kind: "DequantizeLinear",
    domain: "",
    inputs: operands,
    outputs: [output],
    attributes: new Map(),
    span: { start: 0, end: 0 },
  });
}

/**
 * Encodes an operation that the file does not have.
 *
 * @param operation The operation.
 * @param attributes Its attributes, encoded.
 * @returns The operation, with its encoding.
 */
export function addedOperation(
  operation: OnnxOperation,
  attributes: readonly Uint8Array[] = [],
): OnnxOperation {
  const { kind, domain, name, inputs, outputs } = operation;
  const writer = new ProtoWriter();
  for (const input of inputs) writer.text(1, input);
  for (const output of outputs) writer.text(2, output);
  writer.text(3, name);
  writer.text(4, kind);
  for (const attribute of attributes) writer.bytes(5, attribute);
  if (domain !== "") writer.text(7, domain);
  return { ...operation, added: writer.finish() };
}

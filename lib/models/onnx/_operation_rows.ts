/**
 * What the row of an operation shows.
 *
 * @module
 */
import { counted } from "../../check.ts";
import { nodeCrypto } from "../../formats/builtin_modules.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { WholeFile } from "./onnx_checks.ts";

/**
 * The name of an output.
 *
 * @param operation The operation.
 * @param index The output; for 0, the first that is not omitted.
 * @returns The name of the tensor; empty if it is omitted.
 */
export function outputName(
  { outputs }: OnnxOperation,
  index: number,
): string {
  const first = index > 0 ? "" : outputs.find((tensor) => tensor !== "");
  return first || (outputs[index] ?? "");
}

/**
 * Unique names of operations.
 *
 * @param operations The operations.
 * @returns Their own names, or those of tensors.
 */
export function namesOf(
  operations: readonly OnnxOperation[],
): Map<OnnxOperation, string> {
  const counts = new Map<string, number>();
  for (const { name } of operations) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const isUnique = ({ name }: OnnxOperation) =>
    name !== "" && counts.get(name) === 1;
  const used = new Set(operations.filter(isUnique).map(({ name }) => name));
  return new Map(operations.map((operation) => {
    if (isUnique(operation)) return [operation, operation.name];
    let name = outputName(operation, 0) || operation.kind;
    while (used.has(name)) name = `${name}:0`;
    used.add(name);
    return [operation, name];
  }));
}

/**
 * Attributes for display; tensors and graphs are described.
 *
 * @param operation The operation.
 * @returns The values, by name.
 */
export function configOf(
  { attributes }: OnnxOperation,
): Record<string, unknown> {
  return Object.fromEntries(
    [...attributes].map(([key, value]) => {
      if (typeof value !== "object" || !("span" in value)) {
        return [key, Array.isArray(value) ? Object.freeze([...value]) : value];
      }
      if ("tensor" in value) return [key, `tensor [${value.tensor.shape}]`];
      return [
        key,
        "graph" in value
          ? `graph of ${counted(value.graph.nodes.length, "operation")}`
          : "not shown",
      ];
    }),
  );
}

/**
 * Fingerprints of the functions of a file, which may call each other.
 *
 * @param file The file.
 * @returns The fingerprints, by domain and name.
 */
export function functionHashes(
  { functions, reader }: WholeFile,
): Map<string, string> {
  if (functions.length === 0) return new Map();
  const hash = nodeCrypto().createHash("sha256");
  for (const { span } of functions) hash.update(reader.bytes(span));
  const text = hash.digest("hex");
  return new Map(functions.map((f) => [`${f.domain}.${f.name}`, text]));
}

/**
 * Checks whether an ONNX file is supported.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type {
  OnnxAttributeValue,
  OnnxDefault,
  OnnxFile,
  OnnxGraphPart,
  OnnxOperation,
} from "../../formats/onnx_model.ts";
import {
  functionsOf,
  graphsIn,
  operationsWithin,
} from "../graph/onnx_operators.ts";
import type { OnnxTensor } from "../../formats/onnx_tensor.ts";

/** The first and the last supported version. */
type Versions = readonly [first: number, last: number];

/** Supported opsets; the last is the newest that the runtime supports. */
const OPSETS: Versions = [7, 26];
/** Supported format versions. */
const FORMATS: Versions = [3, 13];
/** Other operator domains of the runtime, with their versions. */
const DOMAINS: ReadonlyMap<string, Versions> = new Map([
  ["", OPSETS],
  ["ai.onnx.ml", [1, 5]],
  ["com.microsoft", [1, 1]],
]);
const CONVERT =
  "convert it in Python: onnx.version_converter.convert_version(model, 21)";

/** A file that has a graph. */
export type WholeFile = OnnxFile & { readonly graph: OnnxGraphPart };

/**
 * Checks that a file is supported.
 *
 * @param file The file.
 * @throws {ModelFormatError} If it is not; all unknown operators are named.
 */
export function checkFile(file: OnnxFile): asserts file is WholeFile {
  const { graph, opsets, irVersion, hasTraining } = file;
  const refuse = (rule: string) => {
    throw new ModelFormatError(file.reader.source.name, rule);
  };
  if (graph === undefined || graph.nodes.length === 0) {
    return refuse(
      "it must hold a graph with operations: current graph is empty",
    );
  }
  const version = opsets.get("");
  if (version === undefined && [...usedDomains(graph)].includes("")) {
    return refuse(
      "it must declare the version of its operators: current opset is undefined",
    );
  }
  checkVersion(file, "opset", version ?? OPSETS[0], OPSETS, CONVERT);
  checkVersion(file, "format", irVersion, FORMATS, CONVERT);
  // The runtime refuses unknown versions of its domains, even if unused.
  for (const [domain, version] of opsets) {
    const versions = DOMAINS.get(domain);
    if (domain === "" || versions === undefined) continue;
    const advice = `export it with version ${versions[1]} of "${domain}"`;
    checkVersion(file, `opset "${domain}"`, version, versions, advice);
  }
  if (hasTraining) {
    return refuse(
      "it must not hold training: current file has training_info; export the model for inference",
    );
  }
  checkDomains(file, graph);
}

function checkVersion(
  { reader }: OnnxFile,
  what: string,
  version: number,
  [first, last]: Versions,
  advice: string,
): void {
  if (version >= first && version <= last) return;
  throw new ModelFormatError(
    reader.source.name,
    `its ${what} must be of version ${
      first === last ? first : `${first} to ${last}`
    }: current version is ${version}; ${advice}`,
  );
}

function usedDomains({ nodes }: OnnxGraphPart): Set<string> {
  return new Set([...operationsWithin(nodes)].map(({ domain }) => domain));
}

function checkDomains(
  { reader, functions, opsets }: OnnxFile,
  graph: OnnxGraphPart,
): void {
  const unknownIn = (nodes: readonly OnnxOperation[], where = "") =>
    [...operationsWithin(nodes)].filter((node) =>
      !DOMAINS.has(node.domain) && functionsOf(node, functions).length === 0
    ).map(({ name, kind, domain }) => {
      const called = name === "" ? "" : ` (operation ${quote(name)})`;
      return `${quote(`${domain}.${kind}`)}${called}${where}`;
    });
  const names = [
    ...unknownIn(graph.nodes),
    ...functions.flatMap(({ name, nodes }) =>
      unknownIn(nodes, ` in function ${quote(name)}`)
    ),
  ];
  if (names.length > 0) {
    throw new ModelFormatError(
      reader.source.name,
      `its operators must be of ONNX, or functions of the file: current unknown ones are ${
        [...new Set(names)].join(", ")
      }; export it with its functions, and without custom operators`,
    );
  }
  const missing = [...usedDomains(graph)].find((domain) => !opsets.has(domain));
  if (missing === undefined) return;
  throw new ModelFormatError(
    reader.source.name,
    `it must declare the version of every domain of operators: current version of "${missing}" is undefined`,
  );
}

/**
 * Whether an operation is a Constant of ONNX, with one output.
 *
 * @param node The operation.
 * @returns True if it is.
 */
export function isConstant(
  { kind, domain, outputs }: OnnxOperation,
): boolean {
  return kind === "Constant" && domain === "" && outputs.length === 1;
}

/**
 * Checks that only initializers and constants of the main graph have external
 * bytes. Subgraphs, functions and other attributes are passed to the runtime as
 * they are, which would open the files that they name without these checks.
 *
 * @param file The file.
 * @throws {ModelFormatError} If any other tensor has external bytes.
 */
export function checkNoneInside(
  { graph, functions, reader }: WholeFile,
): void {
  const outer = new Set(graph.nodes);
  const inner = functions.flatMap(({ name: kind, defaults, ...body }) => [
    ...body.nodes,
    { ...body, name: "", kind, attributes: attributesOf(defaults) },
  ]);
  const nodes = [...operationsWithin([...graph.nodes, ...inner])];
  const tensors = nodes.flatMap((node) => [
    ...[...node.attributes].flatMap(([name, value]) =>
      outer.has(node) && isConstant(node) && isValue(name)
        ? []
        : tensorsIn(value)
    ),
    ...graphsIn(node).flatMap(({ constants, sparse }) => [
      ...constants,
      ...sparse.flatMap(({ values, indices }) => [values, indices]),
    ]),
  ]);
  for (const tensor of tensors) {
    if (tensor.external === undefined) continue;
    const path = tensor.external.get("location") ?? "";
    throw new ModelFormatError(
      reader.source.name,
      `constant "${tensor.name}" of a subgraph, a function or an attribute ` +
        `must be stored in the file itself: current path is ${quote(path)}`,
    );
  }
}

function attributesOf(defaults: readonly OnnxDefault[]) {
  return new Map(defaults.map(({ name, value }) => [name, value]));
}

function isValue(attribute: string): boolean {
  return attribute === "value" || attribute === "sparse_value";
}

/** The tensors in an attribute. */
function tensorsIn(value: OnnxAttributeValue): OnnxTensor[] {
  if (typeof value !== "object") return [];
  if ("tensor" in value) return [value.tensor];
  return "sparse" in value ? [value.sparse.values, value.sparse.indices] : [];
}

/**
 * The tensors that an operation uses: its inputs, and the outer tensors that
 * its subgraphs use.
 *
 * @param node The operation.
 * @returns Their names, its inputs first; empty for an omitted one.
 */
export function attributeTensors(node: OnnxOperation): string[] {
  const outer = graphsIn(node).flatMap((graph) => [...freeNames(graph)]);
  const known = new Set(node.inputs);
  const free = [...new Set(outer)].filter((name) => !known.has(name));
  return [...node.inputs, ...free];
}

/** Names of outer tensors that a subgraph uses. */
function freeNames(graph: OnnxGraphPart): Set<string> {
  const defined = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.constants.map(({ name }) => name),
    ...graph.sparse.map(({ values }) => values.name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [
    ...graph.nodes.flatMap(attributeTensors),
    ...graph.outputs.map(({ name }) => name),
  ];
  return new Set(used.filter((name) => name !== "" && !defined.has(name)));
}

/**
 * Replaces calls of functions that an ONNX file defines by their operations, so
 * that layers, weights and the head in them are found like others. They are
 * named `call/operation`.
 *
 * @module
 */
import type {
  OnnxAttributeValue,
  OnnxFunction,
  OnnxGraphPart,
  OnnxOperation,
} from "../../formats/onnx_model.ts";
import {
  functionsOf,
  graphsWithin,
  operationsWithin,
  tensorNames,
} from "../graph/onnx_operators.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
import { outputName } from "./_operation_rows.ts";
import { addedOperation } from "./dequantisation.ts";
import type { WholeFile } from "./onnx_checks.ts";

/** A file whose functions are replaced where they can be. */
export interface InlinedFile {
  readonly file: WholeFile;
  /** The calls in the graph, by the operations that replace them. */
  readonly calls: ReadonlyMap<OnnxOperation, OnnxOperation>;
}

/** Files that become larger keep their functions: they are listed no longer. */
const MOST_NODES = 20_000;
/** Number of the element type of strings. */
const STRING = 8;

/** An attribute, as it is encoded and as it is read. */
interface Attribute {
  readonly bytes: Uint8Array;
  readonly value: OnnxAttributeValue | undefined;
}
type Attributes = ReadonlyMap<string, Attribute>;

/**
 * Replaces the calls of functions.
 *
 * Functions with strings, operators of other versions than the file, or of
 * classical models, stay as they are. ONNX Runtime ends the process on functions
 * with subgraphs (1.27.0, 1.32.0), so these must not.
 *
 * @param file The file, checked.
 * @returns The file with more operations, and the names of the calls.
 */
export function inlineFunctions(file: WholeFile): InlinedFile {
  const inliner = new Inliner(file);
  for (const node of file.graph.nodes) inliner.add(node, node);
  const { nodes, calls } = inliner;
  if (nodes.length > MOST_NODES) return { file, calls: new Map() };
  return { file: { ...file, graph: { ...file.graph, nodes } }, calls };
}

class Inliner {
  readonly nodes: OnnxOperation[] = [];
  readonly calls = new Map<OnnxOperation, OnnxOperation>();
  readonly #reader: ProtoReader;
  readonly #functions: readonly OnnxFunction[];
  readonly #names: Set<string>;

  constructor(file: WholeFile) {
    const { graph, functions, reader } = file;
    this.#reader = reader;
    this.#functions = functions.filter((each) =>
      isReplaceable(each, file) &&
      functionsOf({ ...each, kind: each.name }, functions).length === 1
    );
    const tensors = graph.sparse.map(({ values }) => values);
    this.#names = new Set([
      ...tensorNames(graph.nodes),
      ...[...graph.nodes, ...graph.inputs, ...graph.constants, ...tensors]
        .map(({ name }) => name),
    ]);
  }

  /** Adds an operation, or those of the function that it calls. */
  add(node: OnnxOperation, call: OnnxOperation, attributes?: Attributes): void {
    if (this.nodes.length > MOST_NODES) return;
    const [body] = functionsOf(node, this.#functions);
    if (body === undefined) return this.#push(node, call);
    const { inputs, outputs } = node;
    const scope = node.name || outputName(node, 0) || node.kind;
    const tensors = new Map<string, string>([["", ""]]);
    body.inputs.forEach((each, i) => tensors.set(each, inputs[i] ?? ""));
    body.outputs.forEach((each, i) => {
      const wanted = outputs[i] ?? "";
      if (wanted === "") return;
      if (!body.inputs.includes(each)) tensors.set(each, wanted);
      else this.#push(identity(tensors.get(each)!, wanted), call);
    });
    const named = (tensor: string) => {
      const known = tensors.get(tensor) ?? this.#fresh(`${scope}/${tensor}`);
      tensors.set(tensor, known);
      return known;
    };
    const passed = attributes ?? attributesOf(node, this.#reader);
    const context = {
      reader: this.#reader,
      passed: new Map([
        ...body.defaults.map(({ name, value, span }) =>
          [name, { bytes: this.#reader.bytes(span), value }] as const
        ),
        ...passed,
      ]),
      named,
      fresh: (name: string) => this.#fresh(`${scope}/${name}`),
    };
    for (const inner of body.nodes) {
      const [operation, own] = renamed(inner, context);
      this.add(operation, call, own);
    }
  }

  #push(node: OnnxOperation, call: OnnxOperation): void {
    this.nodes.push(node);
    if (node !== call) this.calls.set(node, call);
  }

  #fresh(stem: string): string {
    let name = stem;
    while (this.#names.has(name)) name = `${name}'`;
    this.#names.add(name);
    return name;
  }
}

/** An operation for an output of a function that is one of its inputs. */
function identity(from: string, to: string): OnnxOperation {
  return addedOperation({
    ...{ name: to, kind: "Identity", domain: "", inputs: [from] },
    outputs: [to],
    attributes: new Map(),
    span: { start: 0, end: 0 },
  });
}

/** Whether the operations of a function can replace a call. */
function isReplaceable(
  { isOverload, nodes, inputs, outputs, opsets: versions }: OnnxFunction,
  { opsets, functions }: WholeFile,
): boolean {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const isCopied = (node: OnnxOperation) =>
    node.domain !== "ai.onnx.ml" &&
    ![...node.attributes.values()].some(isUnusual) &&
    (versions.get(node.domain) === opsets.get(node.domain) ||
      functionsOf(node, functions).length > 0);
  return !isOverload &&
    outputs.every((name) => made.has(name) || inputs.includes(name)) &&
    nodes.flatMap((node) => [...graphsWithin(node)])
      .every(({ sparse }) => sparse.length === 0) &&
    [...operationsWithin(nodes)].every(isCopied);
}

/** Strings and sparse tensors, which are copied from the file. */
function isUnusual(value: OnnxAttributeValue): boolean {
  if (typeof value !== "object" || !("span" in value)) return false;
  if ("tensor" in value) return value.tensor.type === STRING;
  return !("graph" in value || "reference" in value);
}

/** The attributes of an operation of the file. */
function attributesOf(
  { span, attributes }: OnnxOperation,
  reader: ProtoReader,
): Attributes {
  const all = new Map<string, Attribute>();
  for (const field of reader.fields(span)) {
    if (field.number !== 5) continue;
    const name = reader.textIn(field, 1);
    const value = attributes.get(name);
    all.set(name, { bytes: reader.bytes(field), value });
  }
  return all;
}

/** How the parts of a function are renamed for a call. */
interface Context {
  readonly reader: ProtoReader;
  /** The attributes of the call. */
  readonly passed: Attributes;
  /** The name of a tensor. */
  readonly named: (tensor: string) => string;
  /** A name that nothing else has. */
  readonly fresh: (name: string) => string;
}

/** An operation with the tensors and attributes of a call. */
function renamed(
  node: OnnxOperation,
  context: Context,
): [OnnxOperation, Attributes] {
  const { reader, passed, named, fresh } = context;
  const attributes = new Map<string, Attribute>();
  for (const field of reader.fields(node.span)) {
    if (field.number !== 5) continue;
    const name = reader.textIn(field, 1);
    const value = node.attributes.get(name);
    if (typeof value !== "object" || !("reference" in value)) {
      attributes.set(
        name,
        typeof value === "object" && "graph" in value
          ? graphAttribute(name, value, context)
          : { bytes: reader.bytes(field), value },
      );
      continue;
    }
    // One that the call does not pass has the operator's default.
    const found = passed.get(value.reference);
    if (found === undefined) continue;
    const end = new ProtoWriter();
    end.text(1, name); // the last name counts
    const bytes = new Uint8Array([...found.bytes, ...end.finish()]);
    attributes.set(name, { bytes, value: found.value });
  }
  const values = [...attributes].flatMap(([name, { value }]) =>
    value === undefined ? [] : [[name, value] as const]
  );
  const operation = {
    ...node,
    name: fresh(node.name || node.outputs[0] || node.kind),
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
    attributes: new Map(values),
  };
  const parts = [...attributes.values()].map(({ bytes }) => bytes);
  return [addedOperation(operation, parts), attributes];
}

type GraphValue = Extract<OnnxAttributeValue, { graph: OnnxGraphPart }>;

/** A subgraph, whose own tensors get other names too. */
function graphAttribute(
  name: string,
  { graph, span }: GraphValue,
  context: Context,
): Attribute {
  const own = new Map(
    [
      ...[...graph.inputs, ...graph.constants].map(({ name }) => name),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ].filter((name) => name !== "").map((name) => [name, context.fresh(name)]),
  );
  const named = (tensor: string) => own.get(tensor) ?? context.named(tensor);
  const part = <T extends { readonly name: string }>(items: readonly T[]) =>
    items.map((item) => ({ ...item, name: named(item.name) }));
  const nodes = graph.nodes.map((node) =>
    renamed(node, { ...context, named })[0]
  );
  const writer = new ProtoWriter();
  writer.text(1, name);
  writer.message(6, () => {
    writer.text(2, graph.name);
    for (const { added } of nodes) writer.bytes(1, added!);
    for (const field of context.reader.fields(span)) {
      const at = NAMES[field.number];
      if (at === undefined) continue;
      const old = context.reader.textIn(field, at);
      const end = new ProtoWriter();
      end.text(at, named(old)); // the last name counts
      writer.bytes(field.number, context.reader.bytes(field), end.finish());
    }
  });
  writer.integer(20, GRAPH);
  const [constants, inputs] = [part(graph.constants), part(graph.inputs)];
  const [outputs, values] = [part(graph.outputs), part(graph.values)];
  const renamedGraph = { ...graph, nodes, constants, inputs, outputs, values };
  return { bytes: writer.finish(), value: { graph: renamedGraph, span } };
}

/** Type of an attribute that is a graph, as numbered in the format. */
const GRAPH = 5;
/** Where constants, inputs, outputs and values of a graph have their names. */
const NAMES: Readonly<Record<number, number>> = { 5: 8, 11: 1, 12: 1, 13: 1 };

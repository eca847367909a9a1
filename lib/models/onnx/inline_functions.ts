/**
 * Replaces calls of functions that an ONNX file defines by their operations, so
 * that layers, weights and the head in them are found like others. They are
 * named `call/operation`.
 *
 * @module
 */
import {
  domainsOf,
  graphsIn,
  type OnnxAttributeValue,
  type OnnxFunction,
  type OnnxGraphPart,
  type OnnxOperation,
} from "../../formats/onnx_model.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
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

/** A function that can be replaced. */
interface Body {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxOperation[];
  readonly defaults: Attributes;
}

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
  readonly #bodies: ReadonlyMap<string, Body>;
  readonly #names: Set<string>;

  constructor(file: WholeFile) {
    const { graph, functions, reader } = file;
    this.#reader = reader;
    const keys = functions.map(keyOf);
    this.#bodies = new Map(
      functions.flatMap((each) => {
        const isOne = keys.filter((key) => key === keyOf(each)).length === 1;
        const body = isOne ? bodyOf(each, file) : undefined;
        return body === undefined ? [] : [[keyOf(each), body] as const];
      }),
    );
    this.#names = new Set([
      ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
      ...[...graph.inputs, ...graph.constants].map(({ name }) => name),
    ]);
  }

  /** Adds an operation, or those of the function that it calls. */
  add(node: OnnxOperation, call: OnnxOperation, attributes?: Attributes): void {
    const body = this.#bodies.get(keyOf(node));
    if (this.nodes.length > MOST_NODES) return;
    if (body === undefined) return this.#push(node, call);
    const { name, inputs, outputs } = node;
    const scope = name || outputs.find((tensor) => tensor !== "") || node.kind;
    const tensors = new Map<string, string>([["", ""]]);
    body.inputs.forEach((each, i) => tensors.set(each, inputs[i] ?? ""));
    body.outputs.forEach((each, i) => {
      const wanted = outputs[i] ?? "";
      if (wanted !== "") tensors.set(each, wanted);
    });
    const named = (tensor: string) => {
      const known = tensors.get(tensor) ?? this.#fresh(`${scope}/${tensor}`);
      tensors.set(tensor, known);
      return known;
    };
    const passed = attributes ?? attributesOf(node, this.#reader);
    const context = {
      reader: this.#reader,
      passed: new Map([...body.defaults, ...passed]),
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

function keyOf(
  operation:
    & { readonly domain: string }
    & (
      | { readonly kind: string }
      | { readonly name: string }
    ),
): string {
  const { domain } = operation;
  const name = "kind" in operation ? operation.kind : operation.name;
  return `${domain}.${name}`;
}

/** The parts of a function; undefined if it stays as it is. */
function bodyOf(
  { span, nodes, defaults }: OnnxFunction,
  { reader, opsets, functions }: WholeFile,
): Body | undefined {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const versions = new Map<string, number>();
  const attributes = new Map<string, Attribute>();
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 4) inputs.push(reader.text(field));
    if (number === 5) outputs.push(reader.text(field));
    if (number === 13) return undefined; // one of several of the name
    if (number === 9) {
      const { 1: domain = "", 2: version = 0 } = fieldsOf(reader, field);
      versions.set(domain === "ai.onnx" ? "" : `${domain}`, Number(version));
    }
    if (number === 11) {
      const { 1: name = "" } = fieldsOf(reader, field);
      const value = defaults[attributes.size];
      attributes.set(`${name}`, { bytes: reader.bytes(field), value });
    }
  }
  const own = new Set(functions.map(({ domain }) => domain));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const isPlain = outputs.every((name) => made.has(name)) &&
    nodes.every((node) =>
      node.domain !== "ai.onnx.ml" && !hasSparse(node) &&
      ![...node.attributes.values()].some(isUnusual) &&
      [...domainsOf(node)].every((domain) =>
        own.has(domain) || versions.get(domain) === opsets.get(domain)
      )
    );
  return isPlain ? { inputs, outputs, nodes, defaults: attributes } : undefined;
}

/** Strings and sparse tensors, which are copied from the file. */
function isUnusual(value: OnnxAttributeValue): boolean {
  if (typeof value !== "object" || !("span" in value)) return false;
  return "tensor" in value ? value.tensor.type === STRING : !("graph" in value);
}

/** Whether a subgraph has sparse constants. */
function hasSparse(node: OnnxOperation): boolean {
  return graphsIn(node).some(({ sparse, nodes }) =>
    sparse.length > 0 || nodes.some(hasSparse)
  );
}

/** The attributes of an operation of the file. */
function attributesOf(
  { span, attributes }: OnnxOperation,
  reader: ProtoReader,
): Attributes {
  const all = new Map<string, Attribute>();
  for (const field of reader.fields(span)) {
    if (field.number !== 5) continue;
    const { 1: name = "" } = fieldsOf(reader, field);
    const value = attributes.get(`${name}`);
    all.set(`${name}`, { bytes: reader.bytes(field), value });
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
    const { 1: key = "", 21: reference } = fieldsOf(reader, field);
    const name = `${key}`;
    if (reference === undefined) {
      const value = node.attributes.get(name);
      attributes.set(
        name,
        typeof value === "object" && "graph" in value
          ? graphAttribute(name, value, context)
          : { bytes: reader.bytes(field), value },
      );
      continue;
    }
    // One that the call does not pass has the operator's default.
    const found = passed.get(`${reference}`);
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
  return [{ ...operation, added: encoded(operation, parts) }, attributes];
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
      const { [at]: old = "" } = fieldsOf(context.reader, field, at);
      const end = new ProtoWriter();
      end.text(at, named(`${old}`)); // the last name counts
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

function encoded(
  { kind, domain, name, inputs, outputs }: OnnxOperation,
  attributes: readonly Uint8Array[],
): Uint8Array {
  const writer = new ProtoWriter();
  for (const input of inputs) writer.text(1, input);
  for (const output of outputs) writer.text(2, output);
  writer.text(3, name);
  writer.text(4, kind);
  for (const attribute of attributes) writer.bytes(5, attribute);
  if (domain !== "") writer.text(7, domain);
  return writer.finish();
}

/** The strings and integers of a message, by field; the last ones count. */
function fieldsOf(
  reader: ProtoReader,
  span: { readonly start: number; readonly end: number },
  text = 1,
): Readonly<Record<number, string | bigint>> {
  const found: Record<number, string | bigint> = {};
  for (const field of reader.fields(span)) {
    const { number, isLong, integer } = field;
    if (isLong && (number === text || number === 21)) {
      found[number] = reader.text(field);
    } else if (!isLong) found[number] = integer;
  }
  return found;
}

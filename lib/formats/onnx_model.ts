/**
 * Parses ONNX files: their graph as stored, with references to large data.
 * Other modules interpret and check it.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type ByteSource, bytesSource } from "./byte_source.ts";
import {
  type OnnxSparseTensor,
  type OnnxTensor,
  readSparse,
  readTensor,
} from "./onnx_tensor.ts";
import { ProtoReader, type Span } from "./protobuf.ts";

/** A file. */
export interface OnnxFile {
  readonly reader: ProtoReader;
  /** Version of the format. */
  readonly irVersion: number;
  /** Operator set versions, by domain; `""` is the default ONNX domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Functions that the file defines. */
  readonly functions: readonly OnnxFunction[];
  /** Undefined if there is none. */
  readonly graph: OnnxGraphPart | undefined;
  /** Whether the file contains training info. */
  readonly hasTraining: boolean;
}

/** A function of a file: an operator composed of others. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly span: Span;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Versions of the operators in it, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Whether it is one of several with the same name. */
  readonly isOverload: boolean;
  readonly nodes: readonly OnnxOperation[];
  /** Attributes that a call may omit. */
  readonly defaults: readonly OnnxDefault[];
}

/** The default value of an attribute of a function. */
export interface OnnxDefault {
  readonly name: string;
  readonly value: OnnxAttributeValue;
  readonly span: Span;
}

/** A graph, or the body of a loop or a branch. */
export interface OnnxGraphPart {
  readonly name: string;
  readonly nodes: readonly OnnxOperation[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Types and shapes of intermediate tensors. */
  readonly values: readonly OnnxValueInfo[];
  /** Constants that store only values that are not zero. */
  readonly sparse: readonly OnnxSparseTensor[];
}

/** One operation. */
export interface OnnxOperation {
  readonly name: string;
  readonly kind: string;
  readonly domain: string;
  /** Names of tensors; empty for an omitted one. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttributeValue>;
  /** Its position in the file; empty for one that the file does not have. */
  readonly span: Span;
  /** Its encoding, if the file does not have it. */
  readonly added?: Uint8Array;
}

/**
 * The encoding of an operation.
 *
 * @param reader The reader of the file.
 * @param operation The operation.
 * @returns Its bytes, in the file's memory if it is there.
 */
export function operationBytes(
  reader: { bytes(span: Span): Uint8Array },
  { span, added }: OnnxOperation,
): Uint8Array {
  return added ?? reader.bytes(span);
}

/**
 * The encoding of an operation, to read its fields.
 *
 * @param reader The reader of the file.
 * @param operation The operation.
 * @returns A reader, and where the operation is in its bytes.
 */
export function operationReader(
  reader: ProtoReader,
  { span, added }: OnnxOperation,
): { readonly reader: ProtoReader; readonly span: Span } {
  if (added === undefined) return { reader, span };
  const source = bytesSource(added, reader.source.name);
  return {
    reader: new ProtoReader(source),
    span: { start: 0, end: source.size },
  };
}

/** The value of an attribute. */
export type OnnxAttributeValue =
  | number
  | string
  | readonly (number | string)[]
  | { readonly tensor: OnnxTensor; readonly span: Span }
  | { readonly sparse: OnnxSparseTensor; readonly span: Span }
  | { readonly graph: OnnxGraphPart; readonly span: Span }
  /** In a function: an attribute of its call, by name. */
  | { readonly reference: string; readonly span: Span }
  /** An unsupported attribute type. */
  | { readonly span: Span };

/** The declaration of a tensor. */
export interface OnnxValueInfo {
  readonly name: string;
  /** Element type by number; undefined if unknown, or not a tensor. */
  readonly type: number | undefined;
  /** Sizes; null for an unknown size, undefined if the rank is unknown. */
  readonly shape: readonly (number | null)[] | undefined;
  /** Names of the sizes, undefined for those without; as many as sizes. */
  readonly sizeNames?: readonly (string | undefined)[] | undefined;
  /**
   * Whether it is declared as a sequence, a map, or another type than a tensor.
   */
  readonly isOther: boolean;
}

/**
 * Maximum number of operations; the largest known models have some ten
 * thousand.
 */
const MOST_NODES = 2 ** 20;

/**
 * Reads a file.
 *
 * @param source The file; the caller closes it, after its last use.
 * @param mostNesting Maximum nesting depth of graphs.
 * @returns The contents.
 * @throws {SyntaxError} If it is not well formed.
 */
export function readOnnx(source: ByteSource, mostNesting = 64): OnnxFile {
  const reader = new ProtoReader(source);
  const opsets = new Map<string, number>();
  const functions: OnnxFunction[] = [];
  let irVersion = 0;
  let graph: OnnxGraphPart | undefined;
  let hasTraining = false;
  for (const field of reader.fields({ start: 0, end: source.size })) {
    const { number, integer } = field;
    if (number === 1) irVersion = Number(integer);
    else if (number === 7) {
      graph = graphIn(reader, message(field), 0, mostNesting);
    } else if (number === 8) addOpset(reader, message(field), opsets);
    else if (number === 20) hasTraining = true;
    else if (number === 25) {
      functions.push(functionIn(reader, message(field), mostNesting));
    }
  }
  return { reader, irVersion, opsets, functions, graph, hasTraining };
}

/** Normalizes a domain: the default ONNX domain has two names. */
function domainName(name: string): string {
  return name === "ai.onnx" ? "" : name;
}

function addOpset(
  reader: ProtoReader,
  span: Span,
  opsets: Map<string, number>,
): void {
  let domain = "";
  let version = 0;
  for (const field of reader.fields(span)) {
    if (field.number === 1) domain = domainName(reader.text(field));
    if (field.number === 2) version = Number(field.integer);
  }
  if (opsets.has(domain) && opsets.get(domain) !== version) {
    const rule = `it must import one version of the operators of "${domain}"`;
    const both = [opsets.get(domain), version];
    throw new SyntaxError(cannot(`read "${reader.source.name}"`, rule, both));
  }
  opsets.set(domain, version);
}

function functionIn(
  reader: ProtoReader,
  span: Span,
  most: number,
): OnnxFunction {
  const nodes: OnnxOperation[] = [];
  const defaults: OnnxDefault[] = [];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const opsets = new Map<string, number>();
  let [name, domain, isOverload] = ["", "", false];
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 1) name = reader.text(field);
    else if (number === 4) inputs.push(reader.text(field));
    else if (number === 5) outputs.push(reader.text(field));
    else if (number === 7) {
      nodes.push(operationIn(reader, message(field), 1, most));
    } else if (number === 9) addOpset(reader, message(field), opsets);
    else if (number === 10) domain = domainName(reader.text(field));
    else if (number === 11) {
      const [name, value] = attributeIn(reader, message(field), 1, most);
      defaults.push({ name, value, span: field });
    } else if (number === 13) isOverload = true;
  }
  const ports = { inputs, outputs, opsets, isOverload };
  return { name, domain, span, ...ports, nodes, defaults };
}

function graphIn(
  reader: ProtoReader,
  span: Span,
  depth: number,
  most: number,
): OnnxGraphPart {
  if (depth > most) {
    const rule = `graphs must be nested at most ${most} deep`;
    throw new SyntaxError(
      cannot(`read "${reader.source.name}"`, rule, depth),
    );
  }
  const nodes: OnnxOperation[] = [];
  const constants: OnnxTensor[] = [];
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  const values: OnnxValueInfo[] = [];
  let name = "";
  const sparse: OnnxSparseTensor[] = [];
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 1) {
      nodes.push(operationIn(reader, message(field), depth, most));
      checkCount(reader, nodes);
    }
    if (number === 2) name = reader.text(field);
    else if (number === 5) constants.push(readTensor(reader, message(field)));
    else if (number === 11) inputs.push(valueIn(reader, message(field)));
    else if (number === 12) outputs.push(valueIn(reader, message(field)));
    else if (number === 13) values.push(valueIn(reader, message(field)));
    else if (number === 15) sparse.push(readSparse(reader, message(field)));
  }
  return { name, nodes, constants, inputs, outputs, values, sparse };
}

function checkCount(reader: ProtoReader, { length }: readonly unknown[]): void {
  if (length <= MOST_NODES) return;
  const rule = `a graph must have at most ${MOST_NODES} operations`;
  throw new SyntaxError(cannot(`read "${reader.source.name}"`, rule, "more"));
}

function operationIn(
  reader: ProtoReader,
  span: Span,
  depth: number,
  most: number,
): OnnxOperation {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttributeValue>();
  const names = { 3: "", 4: "", 7: "" };
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 1) inputs.push(reader.text(field));
    else if (number === 2) outputs.push(reader.text(field));
    else if (number === 3 || number === 4 || number === 7) {
      names[number] = reader.text(field);
    } else if (number === 5) {
      const [key, value] = attributeIn(reader, message(field), depth, most);
      attributes.set(key, value);
    }
  }
  return {
    name: names[3],
    kind: names[4],
    domain: domainName(names[7]),
    inputs,
    outputs,
    attributes,
    span,
  };
}

function attributeIn(
  reader: ProtoReader,
  span: Span,
  depth: number,
  most: number,
): [string, OnnxAttributeValue] {
  const many: (number | string)[] = [];
  let name = "";
  let kind = 0;
  let value: OnnxAttributeValue | undefined;
  for (const field of reader.fields(span)) {
    const { number } = field;
    if (number === 1) name = reader.text(field);
    else if (number === 20) kind = Number(field.integer);
    else if (number === 2) value = floats(reader, field)[0] ?? 0;
    else if (number === 3) value = exact(field.integer);
    else if (number === 4) value = loosely(reader, field);
    else if (number === 5) {
      value = { tensor: readTensor(reader, message(field)), span: field };
    } else if (number === 6) {
      value = {
        graph: graphIn(reader, message(field), depth + 1, most),
        span: field,
      };
    } else if (number === 7) addAll(many, floats(reader, field));
    else if (number === 8) addAll(many, reader.integers(field).map(exact));
    else if (number === 9) many.push(loosely(reader, field));
    else if (number === 21) {
      value = { reference: reader.text(field), span };
    } else if (number === 22) {
      value = { sparse: readSparse(reader, message(field)), span: field };
    } else if (number === 10 || number === 11) value = { span };
  }
  const isReference = typeof value === "object" && "reference" in value;
  if (kind >= 6 && kind <= 8 && !isReference) return [name, many];
  if (value !== undefined) return [name, value];
  // Zero and empty values may be omitted.
  return [
    name,
    many.length > 0 ? many : kind === 3 ? "" : kind <= 2 ? 0 : { span },
  ];
}

/**
 * Appends numbers: a few thousand trees have a million numbers, too many for
 * one `push`.
 */
function addAll<T>(into: T[], values: readonly T[]): void {
  for (const value of values) into.push(value);
}

/** Converts to a number if that is exact, which the end of an axis is not. */
function exact(integer: bigint): number | string {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : String(integer);
}

function floats(reader: ProtoReader, field: Span): number[] {
  const bytes = reader.bytes(field);
  const view = new DataView(bytes.buffer);
  return Array.from(
    { length: Math.floor(bytes.length / 4) },
    (_, i) => view.getFloat32(i * 4, true),
  );
}

/** A string attribute, which may be arbitrary bytes. */
function loosely(reader: ProtoReader, field: Span): string {
  return new TextDecoder().decode(reader.bytes(field));
}

function valueIn(reader: ProtoReader, span: Span): OnnxValueInfo {
  let name = "";
  let type: number | undefined;
  let sizes: Size[] | undefined;
  let isOther = false;
  for (const field of reader.fields(span)) {
    if (field.number === 1) name = reader.text(field);
    if (field.number !== 2) continue;
    for (const kind of reader.fields(message(field))) {
      isOther = kind.number !== 1 && kind.number !== 6;
      if (kind.number !== 1) continue;
      for (const part of reader.fields(message(kind))) {
        if (part.number === 1) type = Number(part.integer);
        if (part.number === 2) sizes = sizesIn(reader, message(part));
      }
    }
  }
  return {
    name,
    type: type === 0 ? undefined : type,
    shape: sizes?.map(({ size }) => size),
    sizeNames: sizes?.map(({ name }) => name),
    isOther,
  };
}

/** A size, or its name. */
interface Size {
  readonly size: number | null;
  readonly name: string | undefined;
}

function sizesIn(reader: ProtoReader, span: Span): Size[] {
  const sizes: Size[] = [];
  for (const field of reader.fields(span)) {
    if (field.number !== 1) continue;
    let size: number | null = null;
    let name: string | undefined;
    for (const part of reader.fields(message(field))) {
      // Some exporters write 0 or less for unknown sizes.
      if (part.number === 1 && part.integer > 0n) size = Number(part.integer);
      if (part.number === 2) name = reader.text(part) || undefined;
    }
    sizes.push({ size, name });
  }
  return sizes;
}

/** A field that must be a message. */
function message<F extends Span & { readonly isLong: boolean }>(field: F): F {
  if (field.isLong) return field;
  throw new SyntaxError(
    cannot(
      "read ONNX",
      "a message must be length-delimited",
      field.start,
    ),
  );
}

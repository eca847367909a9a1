/** Small ONNX files, written by hand: for what no exporter writes. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A constant of a file. */
export interface Constant {
  readonly name: string;
  readonly type?: number;
  readonly shape?: readonly number[];
  readonly raw?: Uint8Array;
  readonly floats?: readonly number[];
  readonly ints?: readonly (number | bigint)[];
  readonly strings?: readonly string[];
  /** Field of `ints`: 5 for int32_data, 7 for int64_data. */
  readonly intsField?: number;
  readonly external?: Readonly<Record<string, string>>;
  readonly segment?: boolean;
}

/** A constant of the values that are not zero. */
export interface Sparse {
  readonly values?: Constant;
  readonly indices?: Constant;
  readonly shape: readonly number[];
}

/** An attribute: a number, text, numbers, a tensor or a graph. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Constant }
  | { readonly sparse: Sparse }
  | { readonly graph: Graph }
  /** In a function: an attribute of its call, by name, with a type's number. */
  | { readonly of: string; readonly type: number };

/** An operation. */
export interface Node {
  readonly op: string;
  readonly name?: string;
  readonly domain?: string;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A tensor at the border; `type` 0 leaves all out. */
export interface Port {
  readonly name: string;
  readonly type?: number;
  readonly shape?: readonly (number | string)[];
  readonly isSequence?: boolean;
}

/** A graph. */
export interface Graph {
  readonly nodes?: readonly Node[];
  readonly constants?: readonly Constant[];
  readonly inputs?: readonly Port[];
  readonly outputs?: readonly Port[];
  readonly values?: readonly Port[];
  readonly sparse?: readonly Sparse[];
}

/** A file. */
export interface File extends Graph {
  readonly ir?: number;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly hasGraph?: boolean;
  readonly hasTraining?: boolean;
  readonly functions?: readonly {
    readonly name: string;
    readonly domain: string;
    readonly nodes: readonly Node[];
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    /** @default {those of the file} */
    readonly opsets?: Readonly<Record<string, number>>;
  }[];
}

/** A file of one Relu from "x" to "y", but for what is given. */
export function onnxBytes(file: File = {}): Uint8Array<ArrayBuffer> {
  const { ir = 8, opsets = { "": 17 }, hasGraph = true } = file;
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(ir);
  if (hasGraph) {
    message(writer, 7, () =>
      writeGraph(writer, {
        nodes: [{ op: "Relu", in: ["x"], out: ["y"] }],
        inputs: [{ name: "x", shape: ["N", 2] }],
        outputs: [{ name: "y", shape: ["N", 2] }],
        ...file,
      }));
  }
  writeOpsets(writer, 8, opsets);
  if (file.hasTraining) message(writer, 20, () => {});
  for (const body of file.functions ?? []) {
    const { name, domain, nodes, inputs, outputs } = body;
    message(writer, 25, () => {
      text(writer, 1, name);
      for (const input of inputs) text(writer, 4, input);
      for (const output of outputs) text(writer, 5, output);
      for (const node of nodes) {
        message(writer, 7, () => writeNode(writer, node));
      }
      writeOpsets(writer, 9, body.opsets ?? opsets);
      text(writer, 10, domain);
    });
  }
  return writer.finish();
}

function writeOpsets(
  writer: BinaryWriter,
  field: number,
  opsets: Readonly<Record<string, number>>,
): void {
  for (const [domain, version] of Object.entries(opsets)) {
    message(writer, field, () => {
      text(writer, 1, domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
}

/** Float32 values as bytes. */
export function floatBytes(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function writeGraph(writer: BinaryWriter, graph: Graph): void {
  for (const node of graph.nodes ?? []) {
    message(writer, 1, () => writeNode(writer, node));
  }
  text(writer, 2, "hand");
  for (const constant of graph.constants ?? []) {
    message(writer, 5, () => writeConstant(writer, constant));
  }
  for (const port of graph.inputs ?? []) {
    message(writer, 11, () => writePort(writer, port));
  }
  for (const port of graph.outputs ?? []) {
    message(writer, 12, () => writePort(writer, port));
  }
  for (const port of graph.values ?? []) {
    message(writer, 13, () => writePort(writer, port));
  }
  for (const sparse of graph.sparse ?? []) {
    message(writer, 15, () => writeSparse(writer, sparse));
  }
}

function writeSparse(
  writer: BinaryWriter,
  { values, indices, shape }: Sparse,
): void {
  if (values) message(writer, 1, () => writeConstant(writer, values));
  if (indices) message(writer, 2, () => writeConstant(writer, indices));
  for (const size of shape) writer.tag(3, WireType.Varint).int64(size);
}

function writeNode(writer: BinaryWriter, node: Node): void {
  for (const name of node.in ?? []) text(writer, 1, name);
  for (const name of node.out ?? []) text(writer, 2, name);
  text(writer, 3, node.name ?? "");
  text(writer, 4, node.op);
  for (const [key, value] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, () => writeAttribute(writer, key, value));
  }
  text(writer, 7, node.domain ?? "");
}

function writeAttribute(
  writer: BinaryWriter,
  key: string,
  value: Attribute,
): void {
  const kind = (type: number) => writer.tag(20, WireType.Varint).int32(type);
  text(writer, 1, key);
  if (typeof value === "number") {
    writer.tag(3, WireType.Varint).int64(value);
    kind(2);
  } else if (typeof value === "string") {
    text(writer, 4, value);
    kind(3);
  } else if ("of" in value) {
    text(writer, 21, value.of);
    kind(value.type);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    kind(1);
  } else if ("floats" in value) {
    for (const one of value.floats) writer.tag(7, WireType.Bit32).float(one);
    kind(6);
  } else if ("strings" in value) {
    for (const one of value.strings) text(writer, 9, one);
    kind(8);
  } else if ("sparse" in value) {
    message(writer, 22, () => writeSparse(writer, value.sparse));
    kind(11);
  } else if ("tensor" in value) {
    message(writer, 5, () => writeConstant(writer, value.tensor));
    kind(4);
  } else if ("graph" in value) {
    message(writer, 6, () => writeGraph(writer, value.graph));
    kind(5);
  } else {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    kind(7);
  }
}

function writeConstant(writer: BinaryWriter, constant: Constant): void {
  const { name, type = 1, shape = [], raw, floats = [], ints = [] } = constant;
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(type);
  if (constant.segment) message(writer, 3, () => {});
  for (const value of floats) writer.tag(4, WireType.Bit32).float(value);
  for (const value of ints) {
    writer.tag(constant.intsField ?? 7, WireType.Varint).int64(value as number);
  }
  for (const value of constant.strings ?? []) text(writer, 6, value);
  text(writer, 8, name);
  if (raw !== undefined) writer.tag(9, WireType.LengthDelimited).bytes(raw);
  if (constant.external === undefined) return;
  for (const [key, value] of Object.entries(constant.external)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  writer.tag(14, WireType.Varint).int32(1);
}

function writePort(
  writer: BinaryWriter,
  { name, type = 1, shape, isSequence = false }: Port,
): void {
  text(writer, 1, name);
  if (type === 0) return;
  message(writer, 2, () =>
    message(writer, isSequence ? 4 : 1, () => {
      if (isSequence) return;
      writer.tag(1, WireType.Varint).int32(type);
      if (shape === undefined) return;
      message(writer, 2, () => {
        for (const size of shape) {
          message(writer, 1, () => {
            if (typeof size === "string") text(writer, 2, size);
            else writer.tag(1, WireType.Varint).int64(size);
          });
        }
      });
    }));
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

/**
 * Extracts the part of an ONNX file that a program needs, as a separate model:
 * the unchanged operations of the file, in its opset, from the fed tensors to
 * the requested ones. Weights are stored beside the model as external data.
 *
 * @module
 */
import { ProtoWriter } from "../../formats/proto_writer.ts";
import { cannot, sizeOf } from "../../check.ts";
import { typeName, typeNumber, widerType } from "../../formats/onnx_tensor.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import type {
  FileConstant,
  OnnxOrigin,
} from "../../models/graph/onnx_origin.ts";
import type { EncodedModel, ExternalData } from "./graph/encode_model.ts";
import type { ExactProducts, ZeroPoint } from "./exact_products.ts";
import type { PortSize } from "./graph/onnx_graph.ts";
import { writeNode, writeTensor } from "./_write_node.ts";
import { OperationWriter } from "./_write_operations.ts";

/** A tensor that is fed. */
export interface CutFeed {
  /** Its name in the file. */
  readonly name: string;
  /** Its element type, by number. */
  readonly type: number;
  /** Sizes; undefined if the rank is unknown. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** The same for any input or output, with names of sizes. */
interface Port extends Omit<CutFeed, "shape"> {
  readonly shape: readonly PortSize[] | undefined;
}

/** The part to extract. */
export interface Cut {
  readonly feeds: readonly CutFeed[];
  /** The operations, in order. */
  readonly calls: readonly OnnxCall[];
  /** Names of the requested tensors. */
  readonly wanted: readonly string[];
  /** Zero points to append to the inputs of operations. @default {none} */
  readonly zeroPoints?: ExactProducts["zeroPoints"];
}

/** An extracted part of a file. */
export interface CutModel extends EncodedModel {
  /** Names of the inputs, in the order of the feeds. */
  readonly inputs: readonly string[];
  /** Names of the outputs, in the order of the requested tensors. */
  readonly outputs: readonly string[];
}

/** The opset of added operators, in a file that has none of the ONNX domain. */
const ADDED = 17;
const FLOAT16 = 10;
const FLOAT32 = 1;
/**
 * Earlier versions of the format list weights among the inputs, and have no
 * functions.
 */
export const FORMAT = 8;
/** Constants up to this many bytes are stored in the model itself. */
const MOST_INSIDE = 1024;
/** Size limit of protocol buffers. */
export const MOST_BYTES: number = 2 ** 31 - 1;

/**
 * Writes a part of a file.
 *
 * @param origin The file.
 * @param cut The part.
 * @returns The model.
 */
export function cutFile(origin: OnnxOrigin, cut: Cut): CutModel {
  const { file } = origin;
  const { reader, irVersion, functions } = file;
  const size = [...functions, ...cut.calls.map(({ operation }) => operation)]
    .reduce((sum, { span }) => sum + span.end - span.start, 0);
  if (size > MOST_BYTES / 2) {
    const rule = "its operations must be small enough to be copied";
    throw new RangeError(cannot(`run "${reader.source.name}"`, rule, size));
  }
  const externalData: ExternalData[] = [];
  const writer = new ProtoWriter();
  writer.integer(1, Math.max(irVersion, FORMAT));
  const zeros = new ZeroPoints(cut);
  const operations: OperationWriter = new OperationWriter(origin, cut.calls, {
    added: (operation) => zeros.of(operation, operations.fresh),
  });
  let ports = { inputs: [] as string[], outputs: [] as string[] };
  writer.message(7, () => {
    ports = writeGraph(writer, { origin, cut, operations, externalData });
    zeros.write(writer);
  });
  operations.writeImports(writer, ADDED);
  return { bytes: writer.finish(), externalData, ...ports };
}

/**
 * The constants that some operations use.
 *
 * @param origin The file.
 * @param calls The operations.
 * @returns The constants by name, each name once.
 */
export function constantsOf(
  { constants }: OnnxOrigin,
  calls: readonly OnnxCall[],
): Map<string, FileConstant> {
  return new Map(
    calls.flatMap(({ operands }) => operands).flatMap((name) => {
      const constant = constants.get(name);
      return constant === undefined ? [] : [[name, constant]];
    }),
  );
}

/** Zero points that operations share. */
class ZeroPoints {
  readonly #all = new Map<string, ZeroPoint & { readonly name: string }>();
  readonly #operations: ExactProducts["zeroPoints"];

  constructor({ zeroPoints = new Map() }: Cut) {
    this.#operations = zeroPoints;
  }

  /** Names of those to append to the inputs of an operation. */
  of(operation: OnnxOperation, fresh: (stem: string) => string): string[] {
    return (this.#operations.get(operation) ?? []).map((zero) => {
      if (zero === undefined) return "";
      const key = `${zero.type} ${zero.shape}`;
      const { name } = this.#all.get(key) ?? { name: fresh("zero") };
      this.#all.set(key, { ...zero, name });
      return name;
    });
  }

  /** Writes constants of 8-bit zeros. */
  write(writer: ProtoWriter): void {
    for (const { name, ...zero } of this.#all.values()) {
      writeTensor(writer, name, zero, () => {
        writer.bytes(9, new Uint8Array(sizeOf(zero.shape)));
      });
    }
  }
}

function writeGraph(
  writer: ProtoWriter,
  { origin, cut: { feeds, calls, wanted }, operations, externalData }: {
    readonly origin: OnnxOrigin;
    readonly cut: Cut;
    readonly operations: OperationWriter;
    readonly externalData: ExternalData[];
  },
): { inputs: string[]; outputs: string[] } {
  const { fresh } = operations;
  const fed = new Set(feeds.map(({ name }) => name));
  const ports = feeds.map(({ name, type, shape }) => {
    // Types that arrays lack, and float16, which cannot be passed to the
    // runtime, are cast in the graph.
    const fedType = typeFed(type);
    if (fedType === type) return { name, type, shape };
    const input = fresh(`${name}'`);
    writeNode(writer, "Cast", [input], name, { to: type });
    return { name: input, type: fedType, shape };
  });
  operations.write(writer);
  const outputs = wanted.map((name) => {
    if (!fed.has(name)) return name;
    const output = fresh(`${name}'`);
    writeNode(writer, "Identity", [name], output);
    return output;
  });
  writer.text(2, "cut");
  const paths = new Map<FileConstant, string>();
  for (const [name, constant] of constantsOf(origin, calls)) {
    writeConstant(writer, name, constant, { origin, paths, externalData });
  }
  for (const port of ports) {
    writer.message(11, () => writePort(writer, port));
  }
  // The runtime infers type and sizes of the outputs.
  for (const name of new Set(outputs)) {
    writer.message(12, () => writer.text(1, name));
  }
  return { inputs: ports.map(({ name }) => name), outputs };
}

/** The element type in which an input is passed to the runtime, by number. */
function typeFed(type: number): number {
  if (type === FLOAT16) return FLOAT32;
  const wider = widerType(typeName(type));
  return wider === undefined ? type : typeNumber(wider.dtype)!;
}

/** Context for writing constants. */
interface ConstantContext {
  readonly origin: OnnxOrigin;
  /** Locations of external constants, each stored once. */
  readonly paths: Map<FileConstant, string>;
  readonly externalData: ExternalData[];
  /** Constants larger than this are external. */
  readonly mostInside?: number;
}

/**
 * Writes a constant of a file.
 *
 * @param writer The destination.
 * @param name Its name.
 * @param constant The constant.
 * @param context The destination of external constants.
 */
export function writeConstant(
  writer: ProtoWriter,
  name: string,
  constant: FileConstant,
  { origin, paths, externalData, mostInside = MOST_INSIDE }: ConstantContext,
): void {
  const { reader } = origin.file;
  const { tensor, storedBytes } = constant;
  const { span } = tensor;
  if (storedBytes === undefined) {
    if (constant.isOperation) return writer.bytes(1, reader.bytes(span));
    // The last occurrence of a repeated field counts.
    const named = new ProtoWriter();
    named.text(8, name);
    return writer.bytes(5, reader.bytes(span), named.finish());
  }
  const known = paths.get(constant);
  const bytes = known === undefined ? storedBytes() : undefined;
  writeTensor(writer, name, tensor, () => {
    if (bytes !== undefined && bytes.length <= mostInside) {
      writer.bytes(9, bytes);
      return;
    }
    const path = known ?? `weights ${paths.size}`;
    writer.message(13, () => {
      writer.text(1, "location");
      writer.text(2, path);
    });
    writer.integer(14, 1); // EXTERNAL
    if (bytes === undefined) return;
    paths.set(constant, path);
    externalData.push({ path, data: bytes });
  });
}

/** Writes an input or an output. */
export function writePort(
  writer: ProtoWriter,
  { name, type, shape }: Port,
): void {
  writer.text(1, name);
  writer.message(2, () =>
    writer.message(1, () => {
      writer.integer(1, type);
      if (shape === undefined) return;
      writer.message(2, () => {
        for (const size of shape) {
          writer.message(1, () => {
            if (typeof size === "string") writer.text(2, size);
            else if (size !== null) writer.integer(1, size);
          });
        }
      });
    }));
}

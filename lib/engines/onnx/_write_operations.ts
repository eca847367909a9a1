import { bytesSource } from "../../formats/byte_source.ts";
import {
  type OnnxAttributeValue,
  type OnnxFunction,
  type OnnxGraphPart,
  type OnnxOperation,
  operationBytes,
  operationReader,
} from "../../formats/onnx_model.ts";
import {
  storedType,
  tensorBytes,
  typeNumber,
} from "../../formats/onnx_tensor.ts";
import { ProtoReader, type Span } from "../../formats/protobuf.ts";
import { ProtoWriter } from "../../formats/proto_writer.ts";
import { type OnnxCall, specOf } from "../../models/graph/graph.ts";
import {
  BROADCASTING,
  constantTensor,
  functionsOf,
  graphsIn,
  operationsWithin,
  PREDICATES,
  tensorNames,
  UNARY,
} from "../../models/graph/onnx_operators.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { writeGuards } from "./_guards.ts";
import type { Changes, KnownTensor } from "./_write_node.ts";
import { writeBinaryTrees } from "./binary_trees.ts";
import { refused, writeCorrected } from "./corrected_operators.ts";

/** What is written beside the operations. */
export interface OperationSettings {
  /** Names of tensors beside those of the operations. */
  readonly others?: readonly string[];
  /** Names of inputs to append to those of an operation. @default {none} */
  readonly added?: (operation: OnnxOperation) => readonly string[];
}

/** A graph or a function, while its operations are written. */
interface Scope {
  /** Versions of its operators, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Names of the operations that are written. */
  readonly named: Set<string>;
  /** What is known of the tensors of this graph. */
  readonly tensors: Map<string, KnownTensor>;
  /** What is known of any tensor. */
  readonly known: (name: string) => KnownTensor;
}

/** Operators whose output has the element type of their first input. */
const KEEPS_TYPE = new Set(
  [...UNARY, ...BROADCASTING].filter((kind) =>
    !PREDICATES.has(kind) && kind !== "Cast" && kind !== "Where"
  ),
);
/** Attributes that decide how an operator is written. */
const DECIDING: ReadonlyMap<string, RegExp> = new Map([
  ["AveragePool", /^(auto_pad|ceil_mode|count_include_pad|pads)$/],
  ["Attention", /^is_causal$/],
  ["BatchNormalization", /^training_mode$/],
  ["DynamicQuantizeLSTM", /^(direction|hidden_size)$/],
  ["LSTM", /^(direction|hidden_size)$/],
  ["LinearClassifier", /^(classlabels_.*|coefficients|intercepts)$/],
  ["LinearRegressor", /^(coefficients|intercepts|targets)$/],
  ["TreeEnsembleClassifier", /./],
]);
/** Operators that got another meaning, or other attributes, by opset. */
const CHANGED: Readonly<Record<number, string>> = {
  9: "BatchNormalization Upsample",
  10: "Slice TopK",
  11: "Clip Pad Resize",
  12: "Dropout",
  13: "Hardmax LogSoftmax ReduceSum Softmax Split Squeeze Unsqueeze",
  14: "BatchNormalization",
  16: "RoiAlign",
  18: "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean " +
    "ReduceMin ReduceProd ReduceSumSquare",
  19: "AveragePool",
  20: "DFT",
  21: "GroupNormalization",
};
/** What to do with a function that the runtime cannot run. */
const INLINE =
  "; convert the file in Python: onnx.inliner.inline_local_functions(model, True)";
/** Types of attributes that are tensors and graphs, as numbered in the format. */
const [TENSOR, GRAPH] = [4, 5];

/**
 * Writes operations of a file: as they are, or with others in the position of
 * those that the runtime computes wrongly, also in their subgraphs and in the
 * functions that they call.
 */
export class OperationWriter {
  /** Gives names that no tensor or operation has. */
  readonly fresh: (stem: string) => string;
  readonly #origin: OnnxOrigin;
  readonly #calls: readonly OnnxCall[];
  readonly #added: (operation: OnnxOperation) => readonly string[];
  readonly #called = new Set<OnnxFunction>();

  /**
   * Creates it.
   *
   * @param origin The file.
   * @param calls The operations, in order.
   * @param settings What is added.
   */
  constructor(
    origin: OnnxOrigin,
    calls: readonly OnnxCall[],
    { others = [], added = () => [] }: OperationSettings = {},
  ) {
    this.#origin = origin;
    this.#calls = calls;
    this.#added = added;
    const { functions } = origin.file;
    const operations = calls.map(({ operation }) => operation);
    const all = [...operations, ...functions.flatMap(({ nodes }) => nodes)];
    const names = tensorNames(all);
    for (const { name } of operationsWithin(all)) names.add(name);
    // Some of them may not be used.
    const unused = functions.flatMap(({ inputs }) => inputs);
    for (const name of [...unused, ...others]) names.add(name);
    this.fresh = (stem) => {
      let name = stem;
      while (names.has(name)) name = `${name}'`;
      names.add(name);
      return name;
    };
  }

  /**
   * Writes the operations.
   *
   * @param writer The graph.
   * @throws {UnsupportedByEngineError} If one is computed wrongly, and cannot
   * be replaced.
   */
  write(writer: ProtoWriter): void {
    const { constants, types, file } = this.#origin;
    const refs = new Map(
      this.#calls.flatMap(({ operands, producers }) =>
        operands.map((name, i) => [name, producers[i]] as const)
      ),
    );
    const scope = scopeOf(file.opsets, (name) => {
      const constant = constants.get(name);
      if (constant !== undefined) {
        const { shape, tensor: { type }, storedBytes: bytes } = constant;
        return { shape, type, bytes };
      }
      const ref = refs.get(name);
      const spec = ref && specOf(ref);
      const type = types.get(name) ?? (spec && typeNumber(spec.dtype));
      return { type, shape: spec?.shape.length ? spec.shape : undefined };
    });
    for (const { operation } of this.#calls) {
      this.#operation(writer, operation, scope);
    }
  }

  /**
   * Writes what a model has beside its graph, after it: versions of operators,
   * and the functions that the operations call.
   *
   * @param writer The model.
   * @param opset The version of operators of ONNX, if the file has none.
   * @throws {UnsupportedByEngineError} If a function cannot run.
   */
  writeImports(writer: ProtoWriter, opset: number): void {
    const { opsets } = this.#origin.file;
    for (const [domain, version] of new Map([["", opset], ...opsets])) {
      writer.message(8, () => {
        writer.text(1, domain);
        writer.integer(2, version);
      });
    }
    // Those that functions call are added meanwhile.
    for (const body of this.#called) {
      writer.message(25, () => this.#function(writer, body));
    }
  }

  #operation(writer: ProtoWriter, operation: OnnxOperation, scope: Scope) {
    const { reader, functions } = this.#origin.file;
    const { domain, kind, attributes } = operation;
    const called = functionsOf(operation, functions);
    for (const body of called) this.#called.add(body);
    if (called.some((body) => hasGraphs(body, operation))) {
      const reason = "its runtime cannot run a function with subgraphs";
      throw refused(operation, `${reason}${INLINE}`);
    }
    const open = [...attributes].find(([key, value]) =>
      DECIDING.get(kind)?.test(key) && isReference(value)
    );
    if (open !== undefined) {
      const reason = `its runtime may compute it wrongly, by its "${
        open[0]
      }", which is an attribute of the call of a function`;
      throw refused(operation, `${reason}${INLINE}`);
    }
    const name = freeName(operation.name, scope.named);
    const write = (changes: Changes = {}) =>
      this.#write(writer, operation, name, changes, scope);
    const written = {
      ...{ writer, reader, write, fresh: this.fresh },
      operation: { ...operation, name },
      version: scope.opsets.get(domain) ?? 1,
      known: scope.known,
    };
    if (!writeBinaryTrees(written) && !writeCorrected(written)) {
      const { after, ...changes } = writeGuards(written);
      write(changes);
      after?.();
    }
    addType(operation, scope);
  }

  #write(
    writer: ProtoWriter,
    operation: OnnxOperation,
    name: string,
    { inputs, outputs, without }: Changes,
    scope: Scope,
  ): void {
    const { reader: file } = this.#origin.file;
    const end = new ProtoWriter();
    for (const input of inputs ?? []) end.text(1, input);
    for (const input of this.#added(operation)) end.text(1, input);
    for (const output of outputs ?? []) end.text(2, output);
    if (name !== operation.name) end.text(3, name); // the last name counts
    const graphs = graphsIn(operation);
    if (
      graphs.length + [inputs, outputs, without].filter(Boolean).length === 0
    ) {
      writer.bytes(1, operationBytes(file, operation), end.finish());
      return;
    }
    const { reader, span } = operationReader(file, operation);
    const changed = new ProtoWriter();
    for (const field of reader.fields(span)) {
      const { number } = field;
      const isReplaced = number === 1 && inputs !== undefined ||
        number === 2 && outputs !== undefined;
      const key = number === 5 ? reader.textIn(field, 1) : undefined;
      if (isReplaced || key !== undefined && key === without) continue;
      const value = operation.attributes.get(key ?? "");
      if (typeof value === "object" && "graph" in value) {
        changed.message(5, () => {
          changed.text(1, key!);
          changed.integer(20, GRAPH);
          this.#graph(changed, reader, field, value.graph, scope);
        });
      } else changed.bytes(number, reader.bytes(field));
    }
    writer.bytes(1, changed.finish(), end.finish());
  }

  /** Writes a subgraph, in the attribute that has it. */
  #graph(
    writer: ProtoWriter,
    reader: ProtoReader,
    attribute: Span,
    graph: OnnxGraphPart,
    { opsets, known }: Scope,
  ): void {
    const { reader: file } = this.#origin.file;
    const scope = scopeOf(opsets, known, file, graph);
    const nodes = graph.nodes.values();
    for (const field of reader.fields(attribute)) {
      if (field.number !== 6) continue;
      writer.message(6, () => {
        for (const part of reader.fields(field)) {
          if (part.number !== 1) writer.bytes(part.number, reader.bytes(part));
          else this.#operation(writer, nodes.next().value!, scope);
        }
      });
    }
  }

  /** Writes a function, whose constants are operations. */
  #function(writer: ProtoWriter, { nodes, span, ...body }: OnnxFunction): void {
    const { reader, opsets } = this.#origin.file;
    const inner = new ProtoWriter();
    for (const node of nodes) checkVersion(node, body.opsets, opsets);
    const scope = scopeOf(opsets, () => ({}), reader, { nodes });
    for (const node of nodes) this.#operation(inner, node, scope);
    for (const field of reader.fields(span)) {
      const isCopied = field.number !== 7 && field.isLong;
      if (isCopied) writer.bytes(field.number, reader.bytes(field));
    }
    const bytes = bytesSource(inner.finish(), reader.source.name);
    const written = new ProtoReader(bytes);
    for (const part of written.fields({ start: 0, end: bytes.size })) {
      if (part.number === 1) writer.bytes(7, written.bytes(part));
      else {
        writer.message(7, () => {
          writer.text(2, written.textIn(part, 8));
          writer.text(4, "Constant");
          writer.message(5, () => {
            writer.text(1, "value");
            writer.bytes(5, written.bytes(part));
            writer.integer(20, TENSOR);
          });
        });
      }
    }
  }
}

/**
 * Checks that an operation of a function means the same in the opset of the
 * file, in which the runtime computes it.
 */
function checkVersion(
  operation: OnnxOperation,
  own: Scope["opsets"],
  file: Scope["opsets"],
): void {
  const { kind, domain } = operation;
  const versions = [own, file].map((opsets) => opsets.get(domain) ?? 1);
  const [least, most] = [Math.min(...versions), Math.max(...versions)];
  const isChanged = domain === "" &&
    Object.entries(CHANGED).some(([version, kinds]) =>
      least < +version && +version <= most && kinds.split(" ").includes(kind)
    );
  if (!isChanged) return;
  throw refused(
    operation,
    `its runtime computes it as in opset ${
      versions[1]
    }, and its function is of opset ${versions[0]}${INLINE}`,
  );
}

/** Whether a function has subgraphs, or gets some from its call. */
function hasGraphs(
  { nodes, defaults }: OnnxFunction,
  call: OnnxOperation,
): boolean {
  return [...nodes, call].some((node) => graphsIn(node).length > 0) ||
    defaults.some(({ value }) => typeof value === "object" && "graph" in value);
}

function isReference(value: OnnxAttributeValue): boolean {
  return typeof value === "object" && "reference" in value;
}

/**
 * A graph or a function before its operations are written.
 *
 * @param opsets Versions of its operators.
 * @param outer What is known of tensors around it.
 * @param reader The file, to read its constants.
 * @param graph Its contents, if these are not among the tensors around it.
 * @returns The scope.
 */
function scopeOf(
  opsets: Scope["opsets"],
  outer: Scope["known"],
  reader?: ProtoReader,
  { nodes = [], constants = [], inputs = [], outputs = [], values = [] }:
    Partial<OnnxGraphPart> = {},
): Scope {
  const tensors = new Map<string, KnownTensor>();
  for (const { name, type, shape } of [...values, ...outputs, ...inputs]) {
    tensors.set(name, { type, shape });
  }
  const written = nodes.flatMap((node) => constantTensor(node) ?? []);
  for (const tensor of [...constants, ...written]) {
    const { name, type, shape } = tensor;
    const bytes = storedType(type) && (() => tensorBytes(reader!, tensor));
    tensors.set(name, { type, shape, bytes });
  }
  const known = (name: string) => tensors.get(name) ?? outer(name);
  return { opsets, tensors, known, named: new Set() };
}

/** Adds the element type of the output of an operation. */
function addType(
  { kind, domain, inputs, outputs, attributes }: OnnxOperation,
  { tensors, known }: Scope,
): void {
  const [output = ""] = outputs;
  if (domain !== "" || known(output).type !== undefined) return;
  const type = kind === "Cast"
    ? Number(attributes.get("to"))
    : KEEPS_TYPE.has(kind)
    ? known(inputs[0] ?? "").type
    : undefined;
  if (type) tensors.set(output, { ...known(output), type });
}

/**
 * The name of an operation, or another one if an earlier operation has the same,
 * which the runtime refuses.
 */
function freeName(name: string, named: Set<string>): string {
  let free = name;
  while (free !== "" && named.has(free)) free = `${free}'`;
  named.add(free);
  return free;
}

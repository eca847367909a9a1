/**
 * Converts an ONNX file to a graph of its operations.
 *
 * ONNX Runtime runs the operations; this module creates nodes for them, with
 * their inputs. Constants, inputs, and identities of constants are not layers;
 * constants are the weights of the operations that use them.
 *
 * A layer has the name of its operation. If that is missing or not unique, it has
 * the name of the first output tensor, followed by `:0` if another operation has
 * that name. The name of a tensor finds the operation that outputs it; further
 * outputs have rows of their own, with the names of the tensors, and are also
 * found as `name[1]`. Outputs of the file that are constants are left out, as
 * they do not depend on the inputs.
 *
 * @module
 */
import { dequantisation } from "./dequantisation.ts";
import {
  configOf,
  functionHashes,
  namesOf,
  outputName,
} from "./_operation_rows.ts";
import type { Hash } from "node:crypto";
import { sizeOf } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { nodeCrypto } from "../../formats/builtin_modules.ts";
import type { OnnxOperation, OnnxValueInfo } from "../../formats/onnx_model.ts";
import type { Steps } from "../../formats/pacer.ts";
import {
  type GraphNode,
  makeRow,
  type NodeCall,
  type OnnxCall,
  type Ref,
} from "../graph/graph.ts";
import { ModelGraph } from "../graph/model_graph.ts";
import { onnxChannels } from "../graph/onnx_operators.ts";
import { attributeTensors, type WholeFile } from "./onnx_checks.ts";
import type { FileConstant, OnnxOrigin } from "../graph/onnx_origin.ts";
import { OnnxSpecs } from "./onnx_specs.ts";
import { inOrder } from "../graph/in_order.ts";

/** The parts of a model. */
export interface OnnxParts {
  readonly file: WholeFile;
  /** Calls of functions, by the operations that replace them. */
  readonly calls: ReadonlyMap<OnnxOperation, OnnxOperation>;
  /** Constants by their tensor names. */
  readonly constants: ReadonlyMap<string, FileConstant>;
  /** Reads a tensor of a subgraph or a function. */
  readonly constantOf: OnnxOrigin["constantOf"];
  /** Operations that are not constants. */
  readonly operations: readonly OnnxOperation[];
  /** The model's inputs. */
  readonly inputs: readonly OnnxValueInfo[];
  /** Closes the file. */
  readonly close: () => void;
}

type Draft = {
  -readonly [Key in keyof GraphNode]: GraphNode[Key];
};

/**
 * Creates a model from an ONNX file.
 *
 * @param parts The file, checked, with its constants.
 * @returns The model, created in steps of one operation; closing it closes the
 * file.
 * @throws {ModelFormatError} If its graph is inconsistent.
 */
export function* onnxGraph(parts: OnnxParts): Steps<ModelGraph> {
  const { file, constants, constantOf, inputs, operations, close } = parts;
  const builder = new GraphBuilder(parts);
  for (const info of inputs) builder.addInput(info);
  for (const operation of builder.ordered(operations)) {
    builder.addOperation(operation);
    yield;
  }
  builder.linkCalls();
  const { nodes, topLevel, otherNames, producers } = builder;
  nodes.forEach((node, id) => node.id = id);
  const ends = file.graph.outputs.filter(({ name }) => !constants.has(name));
  const outputs = ends.map(({ name }): Ref => {
    const ref = producers.get(name);
    if (ref !== undefined) return ref;
    const rule = `output "${name}" must come from an operation or an input`;
    throw builder.fault(rule, undefined);
  });
  if (outputs.length === 0) {
    throw builder.fault("it must have outputs that are not constants", 0);
  }
  return new ModelGraph({
    name: file.graph.name || "graph",
    format: "onnx",
    nodes,
    topLevel,
    inputs: inputs.map(({ name }) => producers.get(name)!),
    outputs,
    outputNames: ends.map(({ name }) => name),
    outputSpecs: ends.map((info) => builder.specs.declared(info)),
    otherNames,
    onnx: {
      file,
      constants,
      constantOf,
      types: builder.specs.types,
      batch: builder.specs.batch,
      nameOf: ({ node, index }) =>
        node.call.kind === "raw"
          ? outputName(node.call.onnx!.operation, index)
          : node.row.name,
    },
    whyUnusable: () => undefined,
    dispose: close,
  });
}

class GraphBuilder {
  readonly nodes: Draft[] = [];
  readonly topLevel: Draft[] = [];
  readonly otherNames = new Map<string, GraphNode>();
  /** The source of a tensor. */
  readonly producers = new Map<string, Ref>();
  readonly specs: OnnxSpecs;
  readonly #parts: OnnxParts;
  readonly #names: ReadonlyMap<OnnxOperation, string>;
  readonly #used: ReadonlySet<string>;
  readonly #functions: ReadonlyMap<string, string>;
  /** The rows of calls of functions. */
  readonly #calls = new Map<OnnxOperation, Draft>();

  constructor(parts: OnnxParts) {
    this.#parts = parts;
    this.specs = new OnnxSpecs(parts.file, parts.inputs);
    const calls = new Set(parts.calls.values());
    this.#names = namesOf([...calls, ...parts.operations]);
    this.#used = new Set(this.#names.values());
    this.#functions = functionHashes(parts.file);
  }

  /** Links the rows of calls to the tensors that they return. */
  linkCalls(): void {
    for (const [operation, draft] of this.#calls) {
      const refs = (names: readonly string[]) =>
        names.flatMap((name) => this.producers.get(name) ?? []);
      const outputs = refs(operation.outputs);
      const { name } = draft.row;
      const spec = this.specs.output(outputName(operation, 0), name, undefined);
      draft.inputs = refs(operation.inputs);
      draft.call = { kind: "alias", outputs };
      draft.row = makeRow({
        ...draft.row,
        outputs: spec === undefined ? [] : [spec],
        inbound: draft.inputs.map((ref) => ref.node.row.name),
      });
      this.otherNames.set(outputName(operation, 0), draft);
    }
  }

  fault(rule: string, value: unknown): ModelFormatError {
    const { name } = this.#parts.file.reader.source;
    const text = typeof value === "string" ? `"${value}"` : String(value);
    return new ModelFormatError(name, `${rule}: current value is ${text}`);
  }

  addInput(info: OnnxValueInfo): void {
    const spec = this.specs.input(info);
    this.#claim(info.name);
    const node: Draft = {
      id: 0,
      row: makeRow({ name: info.name, kind: "Input", outputs: [spec] }),
      isListed: false,
      inputs: [],
      call: { kind: "input", spec },
      weights: () => [],
    };
    this.nodes.push(node);
    this.producers.set(info.name, { node, index: 0 });
  }

  /** Orders operations after their inputs. */
  ordered(operations: readonly OnnxOperation[]): OnnxOperation[] {
    const byOutput = new Map<string, OnnxOperation>();
    for (const operation of operations) {
      for (const name of operation.outputs) {
        if (name === "") continue;
        if (byOutput.has(name)) {
          throw this.fault(
            "each tensor must be the output of one operation",
            name,
          );
        }
        this.#claim(name);
        byOutput.set(name, operation);
      }
    }
    const waits = (operation: OnnxOperation) =>
      attributeTensors(operation).filter((name) => !this.#isThere(name)).map(
        (name) => {
          const producer = byOutput.get(name);
          if (producer !== undefined) return producer;
          const user = this.#names.get(operation);
          throw this.fault(
            `every input of "${user}" must be in the graph`,
            name,
          );
        },
      );
    return inOrder(operations, waits, (operation) => {
      const name = this.#names.get(operation)!;
      throw this.fault("no operation may depend on itself", name);
    });
  }

  addOperation(operation: OnnxOperation): void {
    const call = this.#parts.calls.get(operation);
    if (call !== undefined && !this.#calls.has(call)) this.#addCall(call);
    const added = dequantisation(
      operation,
      this.#parts.file.opsets,
      (name) => this.#isThere(name),
    );
    if (added === undefined) this.#add(operation, this.#names.get(operation)!);
    else {
      const dequantised = this.#add(added, added.outputs[0]!, false);
      const name = this.#names.get(operation)!;
      this.#add(operation, name, true, { node: dequantised, index: 0 });
    }
  }

  /** Adds the row of a call, which is linked when its operations are there. */
  #addCall(operation: OnnxOperation): void {
    const { kind } = operation;
    const draft: Draft = {
      id: 0,
      row: makeRow({
        name: this.#names.get(operation)!,
        index: this.topLevel.length,
        kind,
        config: configOf(operation),
        outputs: [],
      }),
      isListed: true,
      inputs: [],
      call: { kind: "alias", outputs: [] },
      weights: () => [],
    };
    this.nodes.push(draft);
    this.topLevel.push(draft);
    this.#calls.set(operation, draft);
  }

  /** Adds the node of an operation; one that is not in the file is unlisted. */
  #add(
    operation: OnnxOperation,
    name: string,
    isListed = true,
    dequantised?: Ref,
  ): Draft {
    const { constants, calls } = this.#parts;
    const isTop = isListed && !calls.has(operation);
    const operands = attributeTensors(operation);
    const producers = operands.map((tensor) => this.producers.get(tensor));
    const inputs = producers.filter((ref) => ref !== undefined);
    const known = new Map(
      operands.flatMap((tensor, position) => {
        const constant = constants.get(tensor);
        return constant === undefined ? [] : [[position, constant] as const];
      }),
    );
    const unique = [...new Set(known.values())];
    const weights = unique.map((value) => ({ name: value.name, value }));
    const channels = operation.domain === ""
      ? onnxChannels(operation.kind, inputs.map(({ node }) => node.channels))
      : undefined;
    this.specs.infer(operation, constants);
    const spec = this.specs.output(outputName(operation, 0), name, channels);
    const node: Draft = {
      id: 0,
      row: makeRow({
        name,
        ...(isTop ? { index: this.topLevel.length } : {}),
        kind: operation.kind,
        config: configOf(operation),
        outputs: spec === undefined ? [] : [spec],
        numParameters: unique.filter(({ isParameter }) => isParameter)
          .reduce((sum, { shape }) => sum + sizeOf(shape), 0),
        inbound: inputs.map((ref) => ref.node.row.name),
      }),
      isListed,
      inputs,
      ...(channels === undefined ? {} : { channels }),
      isConstant: inputs.every((ref) => ref.node.isConstant === true),
      call: {
        kind: "raw",
        constants: new Map(
          [...known].map(([position, c]) => [position, () => c]),
        ),
        onnx: {
          ...this.#callOf(operation, operands, producers),
          ...(dequantised === undefined ? {} : { dequantised }),
        },
      },
      weights: () => weights,
    };
    this.nodes.push(node);
    if (!isListed) return node;
    if (isTop) this.topLevel.push(node);
    this.#addOutputs(operation, node);
    return node;
  }

  /**
   * The outputs of an operation: the first that is not omitted has the
   * operation's row, others have separate rows.
   */
  #addOutputs(operation: OnnxOperation, node: Draft): void {
    const { outputs, kind } = operation;
    const first = outputName(operation, 0);
    const isOne = outputs.length < 2;
    const number = (index: number, found: Draft) => {
      if (!isOne) this.otherNames.set(`${node.row.name}[${index}]`, found);
    };
    for (const [index, tensor] of outputs.entries()) {
      if (tensor === "") continue;
      const ref = { node, index: tensor === first ? 0 : index };
      this.producers.set(tensor, ref);
      if (tensor === first) {
        if (tensor !== node.row.name) this.otherNames.set(tensor, node);
        number(index, node);
        continue;
      }
      const { channels } = node;
      const spec = this.specs.output(tensor, tensor, channels);
      const call: NodeCall = { kind: "alias", outputs: [ref] };
      const further: Draft = {
        id: 0,
        row: makeRow({
          name: this.#freeName(tensor),
          kind: `${kind}, output ${index}`,
          outputs: spec === undefined ? [] : [spec],
          inbound: [node.row.name],
        }),
        isListed: true,
        inputs: node.inputs,
        ...(channels === undefined ? {} : { channels }),
        call,
        weights: () => [],
      };
      this.nodes.push(further);
      number(index, further);
    }
  }

  #callOf(
    operation: OnnxOperation,
    operands: readonly string[],
    producers: OnnxCall["producers"],
  ): OnnxCall {
    const { domain, kind } = operation;
    const version = this.#parts.file.opsets.get(domain) ?? 1;
    const body = this.#functions.get(`${domain}.${kind}`);
    const meaning = `${domain}:${version}${body ?? ""}`;
    return {
      operation,
      operands,
      producers,
      version,
      meaning: `${meaning} ${this.#hiddenIn(operation)}`,
    };
  }

  /** A hash of the attributes that are not shown: tensors and graphs. */
  #hiddenIn({ attributes }: OnnxOperation): string {
    let hash: Hash | undefined;
    for (const [name, value] of [...attributes].sort()) {
      if (typeof value !== "object" || !("span" in value)) continue;
      hash ??= nodeCrypto().createHash("sha256");
      hash.update(name).update(this.#parts.file.reader.bytes(value.span));
    }
    return hash?.digest("hex") ?? "";
  }

  /**
   * The name of a tensor, with the suffix `:out` if it is an operation's name.
   */
  #freeName(tensor: string): string {
    let name = tensor;
    while (this.#used.has(name)) name = `${name}:out`;
    return name;
  }

  #isThere(name: string): boolean {
    return name === "" || this.producers.has(name) ||
      this.#parts.constants.has(name);
  }

  #claimed = new Set<string>();

  #claim(name: string): void {
    if (name === "") throw this.fault("each tensor must have a name", name);
    if (this.#claimed.has(name) || this.#parts.constants.has(name)) {
      throw this.fault("each tensor must have a unique name", name);
    }
    this.#claimed.add(name);
  }
}

import { cannot, checkOptions, sizeOf } from "../../check.ts";
import { attachView } from "../../display/attach_view.ts";
import type { Pacer } from "../../formats/pacer.ts";
import type {
  FindLayerOptions,
  LayerRow,
  Model,
  ModelFormat,
  TensorSpec,
  Weights,
} from "../../types.ts";
import { findLayer, findLayers, type LayerId } from "./find_layers.ts";
import { fingerprintOf, structureOf, weightData } from "./fingerprint.ts";
import type { GraphNode, RawRuntime, Ref } from "./graph.ts";
import { specOf } from "./graph.ts";
import type { OnnxOrigin } from "./onnx_origin.ts";
import { MODEL_OPTIONS, modelView } from "./model_view.ts";
import { identityOf, weightsOf } from "./weights.ts";

/** What a {@linkcode ModelGraph} is made of. */
export interface ModelParts {
  readonly name: string;
  readonly format: ModelFormat;
  /** All nodes, those of nested models after their alias. */
  readonly nodes: readonly GraphNode[];
  /** Keras' own list of the top level. */
  readonly topLevel: readonly GraphNode[];
  readonly inputs: readonly Ref[];
  /** By what the inputs are fed, where that is not the names of their layers. */
  readonly inputNames?: readonly (string | undefined)[];
  readonly outputs: readonly Ref[];
  /** What runs raw operations. */
  readonly runtime?: RawRuntime | undefined;
  /** Names besides those of the rows, as of tensors in a file, and the nodes that they mean. */
  readonly otherNames?: ReadonlyMap<string, GraphNode>;
  /** The ONNX file that it was made from, if it was. */
  readonly onnx?: OnnxOrigin;
  /** Says why the model cannot be used any more, if it cannot. */
  readonly whyUnusable: () => string | undefined;
  /** Frees what the loader made. */
  readonly dispose: () => void;
  /** Whether the caller passed functions that it may be made with. */
  readonly hasCustomCode?: boolean;
}

/**
 * What users get of a graph: the members of {@linkcode Model}, as Tab in a
 * notebook lists all that there are.
 */
class OpenedModel implements Model {
  static {
    attachView(
      OpenedModel.prototype,
      (model, options) => modelView(model.#graph, options),
      MODEL_OPTIONS,
    );
  }

  readonly name: string;
  readonly format: ModelFormat;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly layers: readonly LayerRow[];
  readonly #graph: ModelGraph;

  constructor(graph: ModelGraph) {
    this.#graph = graph;
    this.name = graph.name;
    this.format = graph.format;
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.layers = graph.layers;
  }

  static modelGraphOf(model: unknown): ModelGraph | undefined {
    const isOpened = typeof model === "object" && model !== null &&
      #graph in model;
    return isOpened ? model.#graph : undefined;
  }

  findLayer(id: string | number, options?: FindLayerOptions): LayerRow {
    return this.#graph.findLayer(id, options);
  }

  getWeights(id: string | number): Promise<Weights> {
    return this.#graph.getWeights(id);
  }

  close(): Promise<void> {
    return this.#graph.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * The graph of a model.
 *
 * @param model A model, or a graph.
 * @returns The graph; undefined for what is no model of this library.
 */
export function modelGraphOf(model: unknown): ModelGraph | undefined {
  return model instanceof ModelGraph ? model : OpenedModel.modelGraphOf(model);
}

/** A graph, and where it came from. Users get its {@linkcode ModelGraph.model}. */
export class ModelGraph implements Model {
  /** The model that a user gets. */
  readonly model: Model;
  readonly name: string;
  readonly format: ModelFormat;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly layers: readonly LayerRow[];
  /** Nodes that have a row, in the model's order. */
  readonly listed: readonly GraphNode[];
  /** Keras' own list of the top level. */
  readonly topLevel: readonly GraphNode[];
  /** The inputs as references. */
  readonly inputRefs: readonly Ref[];
  /** The outputs as references. */
  readonly outputRefs: readonly Ref[];
  /** Nodes that the host computes from inputs, before an engine gets anything. */
  readonly onHost: readonly GraphNode[];
  /** What runs raw operations. */
  readonly runtime: RawRuntime | undefined;
  /** Names besides those of the rows, and the nodes that they mean. */
  readonly otherNames: ReadonlyMap<string, GraphNode>;
  /** The ONNX file that it was made from, if it was. */
  readonly onnx: OnnxOrigin | undefined;
  /** Whether it was made with functions or classes of which no text tells what they do. */
  readonly hasCustomCode: boolean;
  /** Numbers in all weights; one that is shared counts once. */
  readonly numParameters: number;
  readonly #parts: ModelParts;
  #fingerprint = { text: "", of: [] as readonly object[], hash: "" };
  #isClosed = false;

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.format = parts.format;
    this.listed = Object.freeze(parts.nodes.filter((node) => node.isListed));
    this.topLevel = Object.freeze([...parts.topLevel]);
    this.layers = Object.freeze(this.listed.map(({ row }) => row));
    this.inputRefs = parts.inputs;
    this.outputRefs = parts.outputs;
    this.inputs = Object.freeze(parts.inputs.map((ref, i) => {
      const spec = specOf(ref)!;
      const name = parts.inputNames?.[i];
      return name === undefined ? spec : Object.freeze({ ...spec, name });
    }));
    this.outputs = Object.freeze(
      parts.outputs.map((ref) => specOf(ref)).filter((spec) =>
        spec !== undefined
      ),
    );
    this.onHost = parts.nodes.filter(({ call }) =>
      call.kind === "input" && call.host !== undefined
    );
    this.runtime = parts.runtime;
    this.otherNames = parts.otherNames ?? new Map();
    this.onnx = parts.onnx;
    this.hasCustomCode = parts.hasCustomCode === true ||
      parts.nodes.some(({ call }) => "isOwnClass" in call && !call.isOwnClass);
    this.numParameters = countOnce(parts.nodes);
    this.model = new OpenedModel(this);
  }

  findLayer(id: string | number, options: FindLayerOptions = {}): LayerRow {
    checkOptions(options, "find layer", ["offset"]);
    return findLayer(this, id, options.offset).row;
  }

  /** The node of one layer. */
  findNode(id: string | number): GraphNode {
    return findLayer(this, id);
  }

  /** The nodes of several layers, in the order of the ids. */
  findNodes(ids: readonly LayerId[]): GraphNode[] {
    return findLayers(this, ids);
  }

  async getWeights(id: string | number): Promise<Weights> {
    this.checkUsable("get weights");
    return await weightsOf(findLayer(this, id));
  }

  /**
   * SHA-256 over graph and weight values. Values are read again only where the
   * graph has changed, or a weight's data have been replaced since.
   */
  async fingerprint(pacer?: Pacer): Promise<string> {
    this.checkUsable("fingerprint");
    const { nodes } = this.#parts;
    const structure = structureOf(nodes, this.inputRefs, this.outputRefs);
    const data = structure.weights.map(identityOf);
    const { text, of, hash } = this.#fingerprint;
    const isSame = text === structure.text && of.length === data.length &&
      of.every((id, i) => id === data[i]);
    if (isSame) return hash;
    const found = await fingerprintOf(structure, pacer);
    this.#fingerprint = { text: structure.text, of: data, hash: found };
    return found;
  }

  /** What holds the values of all weights at the moment; equal lists hold the same values. */
  weightData(): object[] {
    return weightData(this.#parts.nodes);
  }

  /** Throws if the model is closed, or what it was made from is disposed of. */
  checkUsable(action: string): void {
    const why = this.#isClosed ? "closed" : this.#parts.whyUnusable();
    if (why === undefined) return;
    throw new TypeError(
      cannot(action, `model "${this.name}" must be open and intact`, why),
    );
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#parts.dispose();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function countOnce(nodes: readonly GraphNode[]): number {
  const sizes = nodes.flatMap((node) => node.weights())
    .filter(({ value }) => !("read" in value) || value.isParameter !== false)
    .map(({ value }) => [identityOf(value), sizeOf(value.shape)] as const);
  return [...new Map(sizes).values()].reduce((sum, size) => sum + size, 0);
}

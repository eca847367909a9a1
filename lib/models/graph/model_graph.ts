import { cannot, checkOptions, refuseMore, sizeOf } from "../../check.ts";
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

/** The parts of a {@linkcode ModelGraph}. */
export interface ModelParts {
  readonly name: string;
  readonly format: ModelFormat;
  /** All nodes, those of nested models after their alias. */
  readonly nodes: readonly GraphNode[];
  /** Keras' own list of the top level. */
  readonly topLevel: readonly GraphNode[];
  readonly inputs: readonly Ref[];
  /** Names of the inputs, if they differ from the names of their layers. */
  readonly inputNames?: readonly (string | undefined)[];
  readonly outputs: readonly Ref[];
  /** Names of the outputs, if they differ from the names of their layers. */
  readonly outputNames?: readonly string[];
  /** Specifications of the outputs, if they are known but not in a row. */
  readonly outputSpecs?: readonly (TensorSpec | undefined)[];
  /** The runner of raw operations. */
  readonly runtime?: RawRuntime | undefined;
  /** Additional names, such as those of tensors in a file, with their nodes. */
  readonly otherNames?: ReadonlyMap<string, GraphNode>;
  /** The ONNX file that it was made from, if any. */
  readonly onnx?: OnnxOrigin;
  /** Returns why the model can no longer be used, if so. */
  readonly whyUnusable: () => string | undefined;
  /** Frees the resources of the loader. */
  readonly dispose: () => void;
  /** Whether the caller passed custom functions. */
  readonly hasCustomCode?: boolean;
  /** Classes of models that are not of Keras. */
  readonly customClasses?: readonly string[];
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
    refuseMore(
      OpenedModel.prototype,
      "findLayer(id, options)",
      "getWeights(id)",
      "close()",
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
 * @returns The graph; undefined for what is not a model of this library.
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
  /** Nodes that the host computes from inputs, before the engine runs. */
  readonly onHost: readonly GraphNode[];
  /** The runner of raw operations. */
  readonly runtime: RawRuntime | undefined;
  /** Additional names, with their nodes. */
  readonly otherNames: ReadonlyMap<string, GraphNode>;
  /** The ONNX file that it was made from, if any. */
  readonly onnx: OnnxOrigin | undefined;
  /**
   * Whether it was made with functions or classes, which have no fingerprint.
   */
  readonly hasCustomCode: boolean;
  /** Classes of models that are not of Keras, read as what they extend. */
  readonly customClasses: readonly string[];
  /** Number of values in all weights; shared weights count once. */
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
    const named = (spec: TensorSpec | undefined, name: string | undefined) =>
      spec && name !== undefined && name !== spec.name
        ? [Object.freeze({ ...spec, name })]
        : spec ?? [];
    this.inputs = Object.freeze(
      parts.inputs.flatMap((ref, i) =>
        named(specOf(ref), parts.inputNames?.[i])
      ),
    );
    this.outputs = Object.freeze(
      parts.outputs.flatMap((ref, i) =>
        named(specOf(ref) ?? parts.outputSpecs?.[i], parts.outputNames?.[i])
      ),
    );
    this.onHost = parts.nodes.filter(({ call }) =>
      call.kind === "input" && call.host !== undefined
    );
    this.runtime = parts.runtime;
    this.otherNames = parts.otherNames ?? new Map();
    this.onnx = parts.onnx;
    this.customClasses = Object.freeze([...parts.customClasses ?? []]);
    this.hasCustomCode = parts.hasCustomCode === true ||
      parts.nodes.some(({ call }) =>
        "isBuiltInClass" in call && !call.isBuiltInClass
      );
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
   * SHA-256 over graph and weight values. Values are read again only if the
   * graph has changed, or the data of a weight was replaced.
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

  /** The current storage of all weights; equal lists mean unchanged values. */
  weightData(): object[] {
    return weightData(this.#parts.nodes);
  }

  /** Throws if the model is closed, or its source model is disposed. */
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

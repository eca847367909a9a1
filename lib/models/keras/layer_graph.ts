/**
 * Converts a described model to a graph of built-in layers.
 *
 * There are two passes over each model, as for models in memory: first every
 * call gets a node, so that every tensor has a reference; then calls are
 * linked, and nested models are entered with their inputs. Then each node is
 * run once over shapes: that computes the shapes of its outputs, and finds
 * unread options and call arguments, before any weight is read.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { readLayer } from "../../layers/config_reader.ts";
import {
  customFunction,
  type CustomTable,
  holdsFunctions,
  withConstants,
} from "../../layers/custom_objects.ts";
import type { Dialect, Layer } from "../../layers/layer.ts";
import type { Steps } from "../../formats/pacer.ts";
import type { ModelFormat } from "../../types.ts";
import { inputCall, withInput } from "./input_spec.ts";
import type { Ref, WeightSource } from "../graph/graph.ts";
import type {
  CallSpec,
  LayerSpec,
  ModelSpec,
  TensorId,
} from "./keras_topology.ts";
import {
  isBare,
  isOperation as isRawOperation,
  operationName,
  refuseUnknown,
  unknownLayers,
} from "./known_layers.ts";
import {
  flatten,
  fullPath,
  type LayerDraft,
  type LayerPath,
  newDraft,
} from "./layer_draft.ts";
import { endTimeAxes, overTimeAxes } from "./time_axes.ts";
import { bindArguments } from "./bind_arguments.ts";
import {
  callArguments,
  checkTraining,
  holdsValue,
  isOffArgument,
  modelFeeds,
  valueByPosition,
} from "./call_arguments.ts";
import { layerFactory, operationLayer } from "./layer_factory.ts";
import { withKnownNames } from "./known_names.ts";
import {
  type BindWeights,
  type BoundWeights,
  vocabularyOptions,
} from "./keras_weights.ts";
import {
  beyondLimit,
  DEFAULT_LIMITS,
  type ModelLimits,
} from "../graph/limits.ts";
import { inOrder } from "../graph/in_order.ts";
import { ModelGraph } from "../graph/model_graph.ts";
import { allRuns, runOrder } from "./run_order.ts";
import { ShapePass } from "./shape_pass.ts";
import { withFunctions } from "./tensorflow_ops.ts";

/** The parts of a graph. */
export interface LayerGraphParts {
  readonly spec: ModelSpec;
  readonly format: ModelFormat;
  readonly dialect: Dialect;
  /** The file, for messages. */
  readonly source: string;
  readonly customLayers: CustomTable;
  /** The stored weights. */
  readonly bindWeights: BindWeights;
  /**
   * Whether weights may be NaN or infinite when the model runs. @default
   * {false}
   */
  readonly allowNonFinite?: boolean;
  /** How large it may become. */
  readonly limits?: Required<ModelLimits>;
  /** Advice for unknown layers, besides custom objects. */
  readonly advice?: string;
  /** Frees the resources of the loader. */
  readonly dispose: () => void;
}

/**
 * Creates the graph of a described model.
 *
 * @param parts The description, the weights, and custom layers.
 * @returns The graph, created in steps of one layer.
 * @throws {ModelFormatError} If a layer is unknown or not supported; all
 * unknown layers are named at once.
 */
export function layerGraph(parts: LayerGraphParts): Steps<ModelGraph> {
  const named = withKnownNames(parts.spec, parts.customLayers);
  const spec = withFunctions(named, parts.source);
  return new Builder({ ...parts, spec }).build();
}

/** Classes of models that are not of Keras. */
function customClasses({ customClass, layers }: ModelSpec): string[] {
  const inner = layers.flatMap(({ model }) =>
    model ? customClasses(model) : []
  );
  return customClass === undefined ? inner : [customClass, ...inner];
}

/** The nodes of an entered model. */
interface Entered {
  readonly drafts: readonly LayerDraft[];
  /** The same, in the order in which Keras runs them. */
  readonly runs: readonly LayerDraft[];
  readonly topLevel: readonly LayerDraft[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/** Finds the output of a layer that another one names. */
type RefOf = (tensor: TensorId, from: string) => Ref;

class Builder {
  readonly #parts: LayerGraphParts;
  readonly #layers = new Map<LayerSpec, Layer>();
  readonly #sources = new Map<LayerSpec, WeightSource[]>();
  #bound!: BoundWeights;
  #numNodes = 0;

  constructor(parts: LayerGraphParts) {
    this.#parts = parts;
  }

  *build(): Steps<ModelGraph> {
    const { spec, format, dispose, source, advice } = this.#parts;
    const { dialect, limits, customLayers } = this.#parts;
    const unknown = unknownLayers(spec, this.#parts);
    refuseUnknown(unknown, source, customLayers, advice);
    this.#bound = this.#parts.bindWeights(spec);
    const entered = yield* this.#enter(spec, "", []);
    const { drafts, runs, topLevel, inputs, outputs } = entered;
    const nodes = flatten(drafts);
    this.#bound.finish();
    nodes.forEach((draft, id) => draft.id = id);
    const shapes = new ShapePass(allRuns(runs), source, dialect, limits);
    yield* shapes.run(outputs);
    return new ModelGraph({
      name: spec.name,
      format,
      nodes,
      topLevel,
      inputs,
      inputNames: spec.inputs.map(({ name }) => name),
      outputs,
      otherNames: new Map(nodes.flatMap(fullPath)),
      whyUnusable: () => undefined,
      dispose,
      hasCustomCode: holdsFunctions(customLayers),
      customClasses: [...new Set(customClasses(spec))],
    });
  }

  /** Nested models are unfolded at each call. */
  #count(name: string): void {
    const { nodes } = this.#parts.limits ?? DEFAULT_LIMITS;
    if (++this.#numNodes <= nodes) return;
    throw beyondLimit(this.#parts.source, ["nodes", nodes], `layer "${name}"`);
  }

  *#enter(
    spec: ModelSpec,
    prefix: string,
    path: LayerPath,
    feeds?: readonly Ref[],
  ): Steps<Entered> {
    const { refs, pairs, topLevel } = this.#drafts(spec, prefix, path, feeds);
    const drafts = [...refs.values()].map(({ node }) => node as LayerDraft);
    const refOf: RefOf = (tensor, from) => {
      const found = refs.get(`${tensor.layer}:${tensor.call}`);
      if (found === undefined) this.#missing(tensor, from);
      return { node: found.node, index: tensor.index };
    };
    for (const { draft, call } of pairs) {
      yield* this.#link(draft, call, refOf, spec.layers);
      yield;
    }
    inOrder(
      pairs.map(({ draft }) => draft),
      ({ inputs }) => inputs.map(({ node }) => node as LayerDraft),
      (to, { name }) =>
        this.#fail(`layer "${to.name}" must not depend on itself`, name),
    );
    const ends = (list: ModelSpec["inputs"]) =>
      list.map(({ tensor }) => refOf(tensor, "the model"));
    const outputs = ends(spec.outputs);
    const last = outputs.map(({ node }) => node as LayerDraft);
    return {
      drafts,
      runs: runOrder(drafts, last),
      topLevel,
      inputs: ends(spec.inputs),
      outputs,
    };
  }

  /** A draft of each call of each layer, by layer and call. */
  #drafts(
    spec: ModelSpec,
    prefix: string,
    path: LayerPath,
    feeds: readonly Ref[] | undefined,
  ) {
    const refs = new Map<string, Ref>();
    const pairs: { draft: LayerDraft; call: CallSpec }[] = [];
    const topLevel: LayerDraft[] = [];
    const inputNames = spec.inputs.map(({ tensor }) => tensor.layer);
    const layers = spec.isSequential ? withInput(spec) : spec.layers;
    let index = 0;
    for (const layer of layers) {
      const isInput = inputNames.includes(layer.name) &&
        layer.calls.length === 0;
      const isHidden = isInput && spec.isSequential;
      const calls = isInput ? [NO_CALL] : layer.calls;
      if (calls.length === 0) {
        this.#fail(
          `layer "${prefix}${layer.name}" must be called, or be an input`,
          layer.className,
        );
      }
      const isCounted = !isHidden && !isBare(layer, this.#parts);
      calls.forEach((call, k) => {
        const isFirst = isCounted && k === 0;
        const keras = feeds === undefined && isFirst ? index : undefined;
        const name = `${prefix}${layer.name}${k === 0 ? "" : `:${k}`}`;
        this.#count(name);
        const draft = newDraft(name, layer, [...path, layer], keras, !isHidden);
        if (isInput) {
          const feed = feeds?.[inputNames.indexOf(layer.name)];
          draft.call = this.#guarded(() => inputCall(draft, feed));
        } else pairs.push({ draft, call });
        if (isFirst) topLevel.push(draft);
        refs.set(`${layer.name}:${k}`, { node: draft, index: 0 });
      });
      if (isCounted) index++;
    }
    return { refs, pairs, topLevel };
  }

  /** Links a call to its inputs. */
  *#link(
    draft: LayerDraft,
    call: CallSpec,
    refOf: RefOf,
    layers: readonly LayerSpec[],
  ): Steps<void> {
    const { spec } = draft;
    const isOperation = isRawOperation(spec, this.#parts);
    const stray = isOperation ? undefined : valueByPosition(call.positional);
    if (stray !== undefined) {
      const rule = `layer "${draft.name}" must get values by name`;
      this.#fail(rule, stray.value);
    }
    if (spec.model !== undefined) {
      yield* this.#linkModel(draft, spec.model, call, refOf);
      return;
    }
    const bound = bindArguments(spec, call, {
      layers,
      refOf: (tensor) => refOf(tensor, draft.name),
      takesRecords: !isOperation && this.#custom(draft) !== undefined,
      fail: (rule, value) => this.#fail(rule, value),
    });
    const { positional, named, numInputs } = bound;
    const tensors = draft.inputs = bound.tensors;
    const layer = isOperation
      ? this.#guarded(() =>
        operationLayer(draft, { args: positional, kwargs: named }, this.#parts)
      )
      : withConstants(this.#layer(draft), positional, named, draft.name);
    const args = isOperation
      ? {}
      : this.#guarded(() =>
        callArguments(draft.name, named, this.#parts.dialect)
      );
    const values = [positional, named] as const;
    draft.call = {
      kind: "builtIn",
      layer: overTimeAxes(draft, layer, args),
      isBuiltInClass: this.#custom(draft) === undefined,
      numInputs: isOperation ? tensors.length : numInputs,
      args,
      sources: isOperation ? [] : this.#weights(draft, layer),
      ...(holdsValue(values) ? { meaning: values } : {}),
    };
  }

  /** Enters a nested model with the inputs of its call. */
  *#linkModel(
    draft: LayerDraft,
    model: ModelSpec,
    call: CallSpec,
    refOf: RefOf,
  ): Steps<void> {
    const { dialect } = this.#parts;
    const { training } = call.named;
    if (training !== undefined && !isOffArgument(training)) {
      this.#guarded(() => checkTraining(draft.name, dialect));
    }
    const feeds = modelFeeds(model, call);
    if ("rule" in feeds) {
      this.#fail(`nested model "${draft.name}" ${feeds.rule}`, feeds.value);
    }
    draft.inputs = feeds.map((tensor) => refOf(tensor, draft.name));
    const prefix = `${draft.name}/`;
    const inner = yield* this.#enter(model, prefix, draft.path, draft.inputs);
    draft.children.push(...inner.drafts);
    draft.runs = inner.runs;
    draft.call = { kind: "alias", outputs: inner.outputs };
    if (draft.spec.timeAxes === undefined) return;
    this.#guarded(() => endTimeAxes(draft, inner.outputs, dialect));
  }

  /** The custom layer or operation of a call. */
  #custom({ spec }: LayerDraft) {
    const { customLayers } = this.#parts;
    const { registeredName } = spec;
    return isRawOperation(spec, this.#parts)
      ? customFunction(customLayers, operationName(spec))
      : customFunction(customLayers, spec.className, registeredName);
  }

  #layer(draft: LayerDraft): Layer {
    const { spec, name } = draft;
    const options = this.#custom(draft) === undefined
      ? vocabularyOptions(spec, this.#bound)
      : spec.options;
    if (options !== spec.options) draft.options = options;
    const known = this.#layers.get(spec);
    if (known !== undefined) return known;
    const { customLayers, dialect } = this.#parts;
    const layer = this.#guarded(() =>
      readLayer({
        name,
        className: spec.className,
        storedClass: spec.storedClass,
        dialect,
        registeredName: spec.registeredName,
        options,
        factoryOf: (className, path, registeredName) =>
          layerFactory(customLayers, { className, path, registeredName }),
        customObjects: customLayers,
      })
    );
    this.#layers.set(spec, layer);
    return layer;
  }

  #weights({ spec }: LayerDraft, layer: Layer): WeightSource[] {
    const known = this.#sources.get(spec);
    if (known !== undefined) return known;
    const mustBeFinite = this.#parts.allowNonFinite !== true;
    const sources = layer.weights.length === 0
      ? []
      : this.#guarded(() => this.#bound.take(spec, layer.weights))
        .map((source) => ({ ...source, mustBeFinite }));
    this.#sources.set(spec, sources);
    return sources;
  }

  #missing(tensor: TensorId, from: string): never {
    this.#fail(
      `"${from}" must be called on existing layers`,
      `call ${tensor.call} of ${tensor.layer}`,
    );
  }

  #guarded<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      if (error instanceof ModelFormatError || !(error instanceof Error)) {
        throw error;
      }
      throw new ModelFormatError(
        this.#parts.source,
        `its layers must be supported: ${error.message}`,
        { cause: error },
      );
    }
  }

  #fail(rule: string, value: unknown): never {
    const text = `${rule}: current value is ${quote(value)}`;
    throw new ModelFormatError(this.#parts.source, text);
  }
}

const NO_CALL: CallSpec = { positional: [], named: {} };

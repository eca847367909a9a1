/**
 * Converts a TF.js layer object to a built-in layer, for engines that run only
 * these.
 *
 * Only for TF.js classes whose options have the same meaning here, so that the
 * results equal the caller's `predict`. The layer is read on demand, because
 * the caller may have changed it meanwhile; its weights are read from the
 * caller's variables when an engine is opened.
 *
 * @module
 */
import { errorText } from "../../errors.ts";
import { readLayer } from "../../layers/config_reader.ts";
import type { Layer } from "../../layers/layer.ts";
import { TFJS_LAYERS } from "../../layers/tfjs_layers.ts";
import type { NdArray } from "../../types.ts";
import type { tf } from "../../tf.ts";
import { canonicalJson } from "../graph/fingerprint.ts";
import {
  type BuiltInForm,
  type GraphNode,
  origin,
  type WeightSource,
} from "../graph/graph.ts";
import { inKerasSpelling } from "../graph/keras_spelling.ts";
import {
  heldLayers,
  isBuiltInClass,
  isBuiltInThroughout,
} from "./built_in_classes.ts";
import {
  makesMask,
  MASKS_ALIKE,
  meansOther,
  optionsOf,
} from "./tfjs_dialect.ts";
import { readWeight } from "../graph/weights.ts";

type TfjsLayer = tf.layers.Layer;
type Options = Readonly<Record<string, unknown>>;

/** A built-in layer, with the caller's weights. */
interface Translated {
  readonly layer: Layer;
  readonly sources: readonly WeightSource[];
}

/** The converted layer for these options. */
const made = new WeakMap<TfjsLayer, { text: string; as: Translated }>();

/**
 * The call of a built-in layer for a node in memory.
 *
 * @param node The node, with its inputs.
 * @param layer Its layer object.
 * @returns The call, or the reason why TF.js must run the node.
 */
export function builtInFormOfMemory(
  node: GraphNode,
  layer: TfjsLayer,
): BuiltInForm {
  if (!isBuiltInThroughout(layer)) {
    return {
      obstacle: "is, or contains, a class or function that is not one of TF.js",
    };
  }
  const className = layer.getClassName();
  const options = withLastAxis(kerasOptions(layer), node);
  if (meansOther({ className, options }) || isUneven(layer)) {
    return { obstacle: "has another meaning in TF.js" };
  }
  if (hasOtherMasks(node)) {
    return { obstacle: "is a layer of TF.js with different masks" };
  }
  try {
    const { layer: builtIn, sources } = translated(layer, options);
    if (takesIntegers(node) && !builtIn.takesIntegersAsTfjs) {
      return { obstacle: "is a layer of TF.js on integers" };
    }
    return {
      call: {
        layer: builtIn,
        numInputs: node.inputs.length,
        args: {},
        sources,
      },
    };
  } catch (cause) {
    const text = errorText(cause);
    return { obstacle: `is left to TF.js: ${text}` };
  }
}

/**
 * The built-in layer of a layer's class and options, for its properties:
 * activations, which may be custom functions, count as linear.
 *
 * @param layer A layer object of a TF.js class.
 * @returns The layer; undefined if the class or an option is unknown.
 */
export function builtInLayerOfMemory(layer: TfjsLayer): Layer | undefined {
  if (!heldLayers(layer).every(isBuiltInClass)) return undefined;
  const options = kerasOptions(layer);
  const hasActivation = typeof options.activation === "string";
  try {
    return read(
      layer,
      hasActivation ? { ...options, activation: "linear" } : options,
    );
  } catch {
    return undefined;
  }
}

/**
 * Options in the form of Keras 2. A Bidirectional contains those of its copies.
 */
function kerasOptions(layer: TfjsLayer): Options {
  const className = layer.getClassName();
  const options = inKerasSpelling(layer.getConfig()) as Options;
  if (className !== "Bidirectional") return optionsOf(className, options);
  const [ahead, back] = heldLayers(layer).map((held) => ({
    "class_name": held.getClassName(),
    "config": kerasOptions(held),
  }));
  return { ...options, layer: ahead, "backward_layer": back };
}

/** Options in which the last axis is -1, whatever the rank. */
function withLastAxis(options: Options, { row }: GraphNode): Options {
  const rank = row.outputs[0]!.shape.length;
  return options.axis === rank - 1 ? { ...options, axis: -1 } : options;
}

/** Whether the options of a Bidirectional differ from those of its copies. */
function isUneven(layer: TfjsLayer): boolean {
  if (layer.getClassName() !== "Bidirectional") return false;
  const flags = (of: TfjsLayer) => {
    const { returnSequences, returnState } = of as unknown as Options;
    return `${returnSequences} ${returnState}`;
  };
  return heldLayers(layer).some((held) => flags(held) !== flags(layer));
}

/**
 * Whether a tensor may hold integers or booleans: only inputs of the model may.
 */
function takesIntegers({ inputs }: GraphNode): boolean {
  return inputs.map(origin).some(({ node: { call } }) =>
    call.kind === "input" && !/^float/.test(call.spec.dtype)
  );
}

/**
 * Returns the same object for the same options, so that a shared layer's
 * weights are read once.
 */
function translated(layer: TfjsLayer, options: Options): Translated {
  const text = canonicalJson(options);
  const known = made.get(layer);
  if (known?.text === text) return known.as;
  const builtIn = read(layer, options);
  const as = { layer: builtIn, sources: sourcesOf(layer, builtIn.weights) };
  made.set(layer, { text, as });
  return as;
}

function read(layer: TfjsLayer, options: Options): Layer {
  return readLayer({
    name: layer.name,
    className: layer.getClassName(),
    dialect: "tfjs",
    options,
    factoryOf(className) {
      const factory = Object.hasOwn(TFJS_LAYERS, className)
        ? TFJS_LAYERS[className]
        : undefined;
      if (factory !== undefined) return factory;
      throw new TypeError(`class "${className}" is not a built-in one`);
    },
  });
}

/** The caller's variables under built-in names, by nested layer. */
function sourcesOf(
  layer: TfjsLayer,
  names: readonly string[],
): readonly WeightSource[] {
  const variables = partsOf(layer).map(({ weights }) => [...weights]);
  const count = variables.reduce((sum, { length }) => sum + length, 0);
  if (count !== names.length) {
    throw new TypeError(
      `it has ${count} weights, and the built-in layer ${names.length}`,
    );
  }
  let part = 0;
  return names.map((name): WeightSource => {
    while (variables[part]!.length === 0) part++;
    const candidates = variables[part]!;
    const at = candidates.findIndex(({ originalName }) =>
      lastPart(originalName) === lastPart(name)
    );
    if (at < 0) throw new TypeError(`it has no weight "${name}"`);
    const [variable] = candidates.splice(at, 1);
    return {
      name,
      shape: variable!.shape as number[],
      read: async () => await readWeight(variable!.read()) as NdArray,
    };
  });
}

/** The layers with direct weights, in the order of the built-in names. */
function partsOf(layer: TfjsLayer): readonly TfjsLayer[] {
  const held = heldLayers(layer);
  return held.length === 0 ? [layer] : held.flatMap(partsOf);
}

/**
 * Removes the layer's prefix and the counter that TF.js adds to a weight's
 * name.
 */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The mask state of a node's outputs. */
type Mask = "none" | "alike" | "other";

/**
 * Whether the masks of a node may differ from those of built-in layers: TF.js
 * loses masks in some classes, passes them to all layers of a nested model, and
 * to all layers after one that ends them.
 *
 * @param node A node of a model in memory.
 * @returns True if an earlier layer computes a mask, and not all layers between
 * treat masks like built-in layers.
 */
export function hasOtherMasks(node: GraphNode): boolean {
  return maskBehind(node, new Map()) === "other";
}

function maskBehind(node: GraphNode, seen: Map<GraphNode, Mask>): Mask {
  const known = seen.get(node);
  if (known !== undefined) return known;
  const mask = found(node, seen);
  seen.set(node, mask);
  return mask;
}

function found(node: GraphNode, seen: Map<GraphNode, Mask>): Mask {
  const { call, inputs } = node;
  if (call.kind !== "inMemory") return "none";
  const before = inputs.map(origin).map(({ node: from }): Mask => {
    const mask = maskBehind(from, seen);
    const isInside = from.call.kind === "inMemory" &&
      from.call.within === call.within;
    return mask === "alike" && !isInside ? "other" : mask;
  });
  if (before.includes("other")) return "other";
  const className = call.layer.getClassName();
  if (before.includes("alike")) {
    const isAlike = inputs.length === 1 && MASKS_ALIKE.has(className);
    return isAlike ? "alike" : "other";
  }
  if (!/^(Masking|Embedding)$/.test(className)) return "none";
  const config = inKerasSpelling(call.layer.getConfig());
  const options = config as Readonly<Record<string, unknown>>;
  return makesMask({ className, options }) ? "alike" : "none";
}

/**
 * A layer object of TF.js as a layer of our own, for engines that run those.
 *
 * Only where its class is TF.js' own and its options mean the same to us: then
 * its numbers are those of the caller's `predict`. Everything is looked at when
 * it is needed, since the caller may have changed the layer meanwhile; its
 * weights are read from the caller's variables when an engine is opened.
 *
 * @module
 */
import { readLayer } from "../../layers/config_reader.ts";
import type { Layer } from "../../layers/layer.ts";
import { LAYERS } from "../../layers/layer_table.ts";
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
import { hasOtherMasks } from "./memory_masks.ts";
import { heldLayers, isOwnClass, isOwnThroughout } from "./own_classes.ts";
import { meansOther, optionsOf } from "./tfjs_dialect.ts";
import { readWeight } from "../graph/weights.ts";

type TfjsLayer = tf.layers.Layer;
type Options = Readonly<Record<string, unknown>>;

/** A built-in layer, with the caller's weights. */
interface Translated {
  readonly layer: Layer;
  readonly sources: readonly WeightSource[];
}

/** What was made of a layer while its options were these. */
const made = new WeakMap<TfjsLayer, { text: string; as: Translated }>();

/**
 * What our own layers make of a node in memory.
 *
 * @param node The node, with its inputs.
 * @param layer Its layer object.
 * @returns The call; or why the node is left to TF.js.
 */
export function builtInFormOfMemory(
  node: GraphNode,
  layer: TfjsLayer,
): BuiltInForm {
  if (!isOwnThroughout(layer)) {
    return {
      obstacle: "is, or holds, a class or function that is not TF.js' own",
    };
  }
  const className = layer.getClassName();
  const options = withLastAxis(kerasOptions(layer), node);
  if (meansOther({ className, options }) || isUneven(layer)) {
    return { obstacle: "means something of its own in TF.js" };
  }
  if (hasOtherMasks(node)) {
    return { obstacle: "is a layer of TF.js that gets masks in its own way" };
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
    const text = cause instanceof Error ? cause.message : String(cause);
    return { obstacle: `is left to TF.js: ${text}` };
  }
}

/**
 * The built-in layer of a layer's class and options, for what is known about it
 * without running it: activations, which may be functions of the caller, count
 * as linear.
 *
 * @param layer A layer object of one of TF.js' own classes.
 * @returns The layer; undefined if the class or an option is not known.
 */
export function builtInLayerOfMemory(layer: TfjsLayer): Layer | undefined {
  if (!heldLayers(layer).every(isOwnClass)) return undefined;
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

/** Options as Keras 2 would write them. A Bidirectional says those of its copies. */
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

/** Whether a Bidirectional does not go by what its copies say. */
function isUneven(layer: TfjsLayer): boolean {
  if (layer.getClassName() !== "Bidirectional") return false;
  const flags = (of: TfjsLayer) => {
    const { returnSequences, returnState } = of as unknown as Options;
    return `${returnSequences} ${returnState}`;
  };
  return heldLayers(layer).some((held) => flags(held) !== flags(layer));
}

/** A model's inputs alone may hold integers or booleans. */
function takesIntegers({ inputs }: GraphNode): boolean {
  return inputs.map(origin).some(({ node: { call } }) =>
    call.kind === "input" && !/^float/.test(call.spec.dtype)
  );
}

/** The same object for the same options, so that a shared layer's weights are read once. */
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
      const factory = Object.hasOwn(LAYERS, className)
        ? LAYERS[className]
        : undefined;
      if (factory !== undefined) return factory;
      throw new TypeError(`class "${className}" is not a built-in one`);
    },
  });
}

/** The caller's variables under our names, part by part. */
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
    const own = variables[part]!;
    const at = own.findIndex(({ originalName }) =>
      lastPart(originalName) === lastPart(name)
    );
    if (at < 0) throw new TypeError(`it has no weight "${name}"`);
    const [variable] = own.splice(at, 1);
    return {
      name,
      shape: variable!.shape as number[],
      read: async () => await readWeight(variable!.read()) as NdArray,
    };
  });
}

/** The layers that have weights of their own, in the order of our names. */
function partsOf(layer: TfjsLayer): readonly TfjsLayer[] {
  const held = heldLayers(layer);
  return held.length === 0 ? [layer] : held.flatMap(partsOf);
}

/** TF.js puts the layer's name before a weight's, and a number behind one that is taken. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/**
 * What TF.js writes otherwise than Keras 2, and what it computes otherwise.
 *
 * Where the difference is one of spelling the description is put into Keras'
 * words. Where it is one of meaning that no layer of ours has, the model is
 * left to TF.js, so that its numbers stay what they were there.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { isLayerObject } from "../../layers/config_reader.ts";
import type { LayerFactory } from "../../layers/layer.ts";
import type { LayerSpec, ModelSpec } from "../keras/keras_topology.ts";
import { unknownLayers } from "../keras/known_layers.ts";

type Options = Readonly<Record<string, unknown>>;

/** Options of TF.js' RNN itself; among them it writes those of its cell again. */
const RNN_OPTIONS =
  /^(name|trainable|dtype|batch_input_shape|return_sequences|return_state|go_backwards|stateful|unroll|cell)$/;

/**
 * A description of TF.js in the words of Keras 2.
 *
 * @param spec What TF.js wrote.
 * @returns The same, as Keras 2 would write it.
 */
export function inKerasWords(spec: ModelSpec): ModelSpec {
  const layers = spec.layers.map((layer): LayerSpec => ({
    ...layer,
    options: optionsOf(layer.className, layer.options),
    model: layer.model && inKerasWords(layer.model),
  }));
  return { ...spec, layers };
}

/**
 * One layer's options in the words of Keras 2.
 *
 * @param className Its class.
 * @param options Its options, in Keras' spelling.
 * @returns The same, as Keras 2 would write them.
 */
export function optionsOf(className: string, options: Options): Options {
  if (className === "Reshape" && Array.isArray(options.target_shape)) {
    // The size that follows from the others is null, and not -1.
    const shape = options.target_shape.map((size) => size ?? -1);
    return { ...options, target_shape: shape };
  }
  if (className === "RNN" && isLayerObject(options.cell)) {
    const ofCell = options.cell.config ?? {};
    return Object.fromEntries(
      Object.entries(options).filter(([key]) =>
        RNN_OPTIONS.test(key) || !Object.hasOwn(ofCell, key)
      ),
    );
  }
  if (!/^(TimeDistributed|Bidirectional)$/.test(className)) return options;
  const held = Object.entries(options).map(([key, value]) => {
    if (!isLayerObject(value)) return [key, value] as const;
    const config = optionsOf(value.class_name, value.config ?? {});
    return [key, { ...value, config }] as const;
  });
  return Object.fromEntries(held);
}

/**
 * Whether a model that TF.js wrote must be left to it: it has classes that are
 * not ours and are registered with TF.js, or means what ours do not compute.
 *
 * @param spec The description.
 * @param customLayers Factories of the caller's own layers.
 * @returns Whether TF.js has to build and run it.
 */
export function isForTfjs(
  spec: ModelSpec,
  customLayers: Readonly<Record<string, LayerFactory>>,
): boolean {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const unknown = unknownLayers(spec, { dialect: "tfjs", customLayers });
  const isRegistered = unknown.every(({ className }) =>
    Object.hasOwn(classNameMap, className)
  );
  if (unknown.length > 0) return isRegistered;
  const layers = [...layersOf(spec)];
  if (layers.some(({ className }) => Object.hasOwn(customLayers, className))) {
    return false; // TF.js has no such factories
  }
  return layers.some(meansOther) || hasOddMasks(layers);
}

function* layersOf({ layers }: ModelSpec): Generator<LayerSpec> {
  for (const layer of layers) {
    yield layer;
    if (layer.model !== undefined) yield* layersOf(layer.model);
  }
}

/** Classes that compute something of their own in TF.js, or cannot run there. */
const OTHER = /^(CategoryEncoding|CenterCrop|Resizing)$/;

/** A layer, as far as its meaning goes. */
type Described = Pick<LayerSpec, "className" | "options">;

/**
 * Whether a layer computes in TF.js what none of ours does.
 *
 * @param layer Its class, and its options in Keras' words.
 * @returns Whether TF.js has to run it.
 */
export function meansOther({ className, options }: Described): boolean {
  if (OTHER.test(className)) return true;
  // Its kernels take any other axis for the last one.
  if (className === "BatchNormalization") return !isLast(options.axis);
  if (!isLayerObject(options.layer)) return false;
  const { class_name, config = {} } = options.layer;
  return meansOther({ className: class_name, options: config });
}

function isLast(axis: unknown): boolean {
  return axis === undefined || axis === null || axis === -1;
}

/**
 * Whether a layer begins a mask.
 *
 * @param layer Its class, and its options in Keras' spelling.
 * @returns Whether what it gives has one, whatever comes in.
 */
export function makesMask({ className, options }: Described): boolean {
  return className === "Masking" ||
    (className === "Embedding" && options.mask_zero === true);
}

/** Classes that take and hand on masks in TF.js as ours do. */
export const MASKS_ALIKE: ReadonlySet<string> = new Set([
  ...["Activation", "AlphaDropout", "BatchNormalization", "Bidirectional"],
  ...["Dense", "Dropout", "ELU", "Embedding", "Flatten", "GaussianDropout"],
  ...["GaussianNoise", "GRU", "InputLayer", "LayerNormalization", "LeakyReLU"],
  ...["LSTM", "Masking", "ReLU", "SimpleRNN", "SpatialDropout1D"],
  "TimeDistributed",
]);

/** TF.js loses masks in some classes, and in nested models hands them to all. */
function hasOddMasks(layers: readonly LayerSpec[]): boolean {
  return layers.some(makesMask) &&
    !layers.every(({ className, calls }) =>
      MASKS_ALIKE.has(className) &&
      calls.every(({ positional }) => positional.length === 1)
    );
}

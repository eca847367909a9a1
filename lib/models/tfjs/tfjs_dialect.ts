/**
 * What TF.js writes otherwise than Keras 2, and what it computes otherwise.
 *
 * Where the difference is one of spelling, the description is rewritten as
 * Keras 2 spells it. Where it is one of meaning that no built-in layer has, the
 * model is refused, with what to do.
 *
 * @module
 */
import { isLayerObject } from "../../layers/config_reader.ts";
import {
  customFunction,
  type CustomTable,
} from "../../layers/custom_objects.ts";
import type { LayerSpec, ModelSpec } from "../keras/keras_topology.ts";

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
 * Layers of a model that TF.js wrote that mean there what none of the built-in
 * layers computes.
 *
 * @param spec The description.
 * @param customLayers Factories of the caller's own layers, which say what
 * layers mean.
 * @returns The layers; none where built-in layers compute the model.
 */
export function otherMeanings(
  spec: ModelSpec,
  customLayers: CustomTable,
): readonly LayerSpec[] {
  const layers = [...layersOf(spec)];
  const isCustom = ({ className }: LayerSpec) =>
    customFunction(customLayers, className) !== undefined;
  if (layers.some(isCustom)) return [];
  const others = layers.filter(meansOther);
  return others.length === 0 && hasOtherMasks(layers)
    ? layers.filter(makesMask)
    : others;
}

/**
 * How to open a `model.json` that only TF.js can build. TF.js reads no `file:`
 * URLs here, so its loader of models in memory is used.
 *
 * @param source The file, as a URL.
 * @returns The advice, with code that runs as it stands.
 */
export function recipe(source: string): string {
  return `build it with TF.js, its own classes registered: const url = ${
    JSON.stringify(source)
  }; ` +
    "const { modelTopology, weightsManifest } = await (await fetch(url)).json(); " +
    "const files = weightsManifest.flatMap(({ paths }) => paths).map(async (path) => (await fetch(new URL(path, url))).blob()); " +
    "const weightData = await new Blob(await Promise.all(files)).arrayBuffer(); " +
    "const weightSpecs = weightsManifest.flatMap(({ weights }) => weights); " +
    "const model = fromLayersModel(await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData })))";
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
 * Whether a layer computes in TF.js what no built-in layer does.
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

/** Classes that take and hand on masks in TF.js as built-in layers do. */
export const MASKS_ALIKE: ReadonlySet<string> = new Set([
  ...["Activation", "AlphaDropout", "BatchNormalization", "Bidirectional"],
  ...["Dense", "Dropout", "ELU", "Embedding", "Flatten", "GaussianDropout"],
  ...["GaussianNoise", "GRU", "InputLayer", "LayerNormalization", "LeakyReLU"],
  ...["LSTM", "Masking", "ReLU", "SimpleRNN", "SpatialDropout1D"],
  "TimeDistributed",
]);

/** TF.js loses masks in some classes, and in nested models hands them to all. */
function hasOtherMasks(layers: readonly LayerSpec[]): boolean {
  return layers.some(makesMask) &&
    !layers.every(({ className, calls }) =>
      MASKS_ALIKE.has(className) &&
      calls.every(({ positional }) => positional.length === 1)
    );
}

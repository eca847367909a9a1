/**
 * Differences between TF.js and Keras 2, in files and in results.
 *
 * Differences in spelling are rewritten to Keras 2. If the meaning differs from
 * all built-in layers, TF.js must run the layer.
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

/** Options of TF.js' RNN; it also writes those of its cell. */
const RNN_OPTIONS =
  /^(name|trainable|dtype|batch_input_shape|return_sequences|return_state|go_backwards|stateful|unroll|cell)$/;

/**
 * Converts a description of TF.js to Keras 2.
 *
 * @param spec The description of TF.js.
 * @returns The description in the form of Keras 2.
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
 * Converts one layer's options to Keras 2.
 *
 * @param className Its class.
 * @param options Its options, in Keras' spelling.
 * @returns The options in the form of Keras 2.
 */
export function optionsOf(className: string, options: Options): Options {
  if (className === "Reshape" && Array.isArray(options.target_shape)) {
    // The inferred size is null, not -1.
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
 * Finds layers of a TF.js model whose meaning differs from all built-in layers.
 *
 * @param spec The description.
 * @param customLayers Factories of custom layers, which define the meaning of
 * layers.
 * @returns The layers; empty if built-in layers can compute the model.
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
 * Advice for opening a `model.json` that only TF.js can build. TF.js cannot
 * read `file:` URLs here, so the advice uses its loader for models in memory.
 *
 * @param source The file, as a URL.
 * @returns The advice, with runnable code.
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

/** Classes with different results in TF.js, or that cannot run there. */
const OTHER = /^(CategoryEncoding|CenterCrop|Resizing)$/;

/** The properties of a layer that define its meaning. */
type Described = Pick<LayerSpec, "className" | "options">;

/**
 * Whether the results of a layer in TF.js differ from all built-in layers.
 *
 * @param layer Its class, and its options in Keras' form.
 * @returns True if TF.js must run it.
 */
export function meansOther({ className, options }: Described): boolean {
  if (OTHER.test(className)) return true;
  // Its kernels treat any axis as the last one.
  if (className === "BatchNormalization") return !isLast(options.axis);
  if (!isLayerObject(options.layer)) return false;
  const { class_name, config = {} } = options.layer;
  return meansOther({ className: class_name, options: config });
}

function isLast(axis: unknown): boolean {
  return axis === undefined || axis === null || axis === -1;
}

/**
 * Whether a layer creates a mask.
 *
 * @param layer Its class, and its options in Keras' spelling.
 * @returns True if its output has one, whatever its input.
 */
export function makesMask({ className, options }: Described): boolean {
  return className === "Masking" ||
    (className === "Embedding" && options.mask_zero === true);
}

/** Classes that treat masks in TF.js like built-in layers. */
export const MASKS_ALIKE: ReadonlySet<string> = new Set([
  ...["Activation", "AlphaDropout", "BatchNormalization", "Bidirectional"],
  ...["Dense", "Dropout", "ELU", "Embedding", "Flatten", "GaussianDropout"],
  ...["GaussianNoise", "GRU", "InputLayer", "LayerNormalization", "LeakyReLU"],
  ...["LSTM", "Masking", "ReLU", "SimpleRNN", "SpatialDropout1D"],
  "TimeDistributed",
]);

/**
 * Whether TF.js' masks differ: it loses them in some classes, and passes them
 * to all layers of nested models.
 */
function hasOtherMasks(layers: readonly LayerSpec[]): boolean {
  return layers.some(makesMask) &&
    !layers.every(({ className, calls }) =>
      MASKS_ALIKE.has(className) &&
      calls.every(({ positional }) => positional.length === 1)
    );
}

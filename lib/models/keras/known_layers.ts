/**
 * Finds all unknown layers of a described model at once, including those in
 * wrappers. Known are built-in layers, custom layers and operations.
 *
 * @module
 */
import { nearestNames, quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { activationNamed } from "../../layers/activations.ts";
import { activationName, isLayerObject } from "../../layers/config_reader.ts";
import {
  customFunction,
  type CustomTable,
  findCustom,
} from "../../layers/custom_objects.ts";
import type { Dialect } from "../../layers/layer.ts";
import { LAYERS } from "../../layers/layer_table.ts";
import { OPERATIONS } from "../../layers/operation_table.ts";
import { isOperationModule } from "./_description.ts";
import type { LayerSpec, ModelSpec } from "./keras_topology.ts";

/** The properties that determine whether a layer is known. */
export interface Known {
  readonly dialect: Dialect;
  readonly customLayers: CustomTable;
}

/** A layer with an unknown class or activation. */
export interface UnknownLayer {
  readonly path: string;
  /** The class, or the function. */
  readonly className: string;
  readonly module: string | undefined;
  /** Its role, if it is a function on elements, not a layer. */
  readonly role?: "activation" | "function" | undefined;
  /** The class to pass instead, as a recurrent layer holds no custom cell. */
  readonly holder?: string | undefined;
}

/** Keras 2's layers for raw operations. */
const OPERATION_LAYERS = /^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer)$/;

/** Options that contain other layers. */
const HELD = ["layer", "forward_layer", "backward_layer", "cell", "cells"];

/**
 * Whether a node is a raw operation, as Keras 2 and Keras 3 write them.
 *
 * @param spec The node.
 * @param known The node, and the custom objects.
 * @returns True if it is not a layer.
 */
export function isOperation(spec: LayerSpec, known: Known): boolean {
  return OPERATION_LAYERS.test(spec.className) || isBare(spec, known);
}

/**
 * Whether a node is an operation of Keras 3, which is not in `model.layers`.
 * The module decides; a `.h5` has none, but there only layers have `trainable`,
 * and few operations have an element type.
 *
 * @param spec The node.
 * @param known The node, and the custom objects.
 * @returns True if it is.
 */
export function isBare(
  { className, module, options, model }: LayerSpec,
  { dialect, customLayers }: Known,
): boolean {
  if (dialect !== 3 || model !== undefined) return false;
  if (module !== undefined) return isOperationModule(module);
  const custom = customFunction(customLayers, className);
  if (custom !== undefined) return custom.length > 1;
  if ("trainable" in options) return false;
  const isLayer = Object.hasOwn(LAYERS, className);
  if (isLayer && !Object.hasOwn(OPERATIONS, className)) return false;
  return !("dtype" in options) ||
    className in OPERATIONS && !(className in LAYERS);
}

/**
 * The name of an operation: `Multiply`, or `tf.math.multiply`.
 *
 * @param spec Its node.
 * @returns The name in the table of operations.
 */
export function operationName(spec: LayerSpec): string {
  return isFunction(spec) ? `tf.${spec.options.function}` : spec.className;
}

/** Keras 2 writes slices, and masks of booleans, in a class of their own. */
function isFunction({ className, options }: LayerSpec): boolean {
  const name = options.function;
  return className === "TFOpLambda" || className === "SlicingOpLambda" &&
      name !== undefined && name !== "__operators__.getitem";
}

/**
 * The options of a function, without those of its layer.
 *
 * @param spec Its node.
 * @returns The options.
 */
export function operationOptions(
  spec: LayerSpec,
): Readonly<Record<string, unknown>> {
  if (!isFunction(spec)) return spec.options;
  const { function: _function, ...others } = spec.options;
  return others;
}

/**
 * Finds all layers of a model with an unknown class.
 *
 * @param spec The model.
 * @param known The node, and the custom objects.
 * @returns The layers, including those in wrappers.
 */
export function unknownLayers(
  spec: ModelSpec,
  known: Known,
): readonly UnknownLayer[] {
  return [...unknownIn(spec, known, "")];
}

/**
 * Throws an error that names all unknown layers.
 *
 * @param unknown The layers.
 * @param source The file, for messages.
 * @param table The custom objects, whose keys may be misspelt.
 * @param advice Advice besides passing custom objects.
 * @throws {ModelFormatError} If there are any.
 */
export function refuseUnknown(
  unknown: readonly UnknownLayer[],
  source: string,
  table: CustomTable,
  advice?: string,
): void {
  if (unknown.length === 0) return;
  const list = unknown.slice(0, 20).map(shown).join(", ");
  const more = unknown.length > 20 ? ` and ${unknown.length - 20} more` : "";
  const names = new Map(
    unknown.map((each) => [each.holder ?? each.className, each]),
  );
  const entries = [...names].map(([name, { role }]) =>
    `${asKey(name)}: ${role === undefined ? "…" : "(ops, x) => …"}`
  ).join(", ");
  const roles = new Set(["layer", ...unknown.flatMap(({ role = [] }) => role)]);
  const what = [...roles].join(", ").replace(/, (\w+)$/, " and $1");
  const near = [...names.keys()].flatMap((name) =>
    nearestNames(name, Object.keys(table), 1)
      .map((key) => `${quote(key)} is near ${quote(name)}`)
  );
  const hints = [
    `pass customObjects: { ${entries} }`,
    ...near.length === 0 ? [] : [`of its keys, ${near.join(", ")}`],
    ...advice === undefined ? [] : [`or ${advice}`],
  ];
  const rule =
    `every ${what} must be known: current unknown ones are ${list}${more}`;
  throw new ModelFormatError(source, `${rule}; ${hints.join(", ")}`);
}

function shown(
  { path, className, module, role }: UnknownLayer,
): string {
  if (role !== undefined) return `${role} "${className}" of "${path}"`;
  return `"${path}" (${className}${
    module === undefined || module === null ? "" : ` of ${module}`
  })`;
}

/** Formats a name as an object key in JavaScript. */
export function asKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function* unknownIn(
  { layers }: ModelSpec,
  known: Known,
  prefix: string,
): Generator<UnknownLayer> {
  for (const spec of layers) {
    const path = `${prefix}${spec.name}`;
    const { className, module, registeredName } = spec;
    if (spec.model !== undefined) {
      yield* unknownIn(spec.model, known, `${path}/`);
    } else if (isOperation(spec, known)) {
      const name = operationName(spec);
      const isThere = Object.hasOwn(OPERATIONS, name) ||
        findCustom(known.customLayers, name) !== undefined;
      if (!isThere) yield { path, className: name, module };
    } else if (className === "InputLayer") continue;
    else if (isKnown(className, known, spec.options, registeredName)) {
      // A custom layer may use these names for other values.
      const { customLayers } = known;
      if (customFunction(customLayers, className, registeredName)) continue;
      yield* unknownHeld(spec.options, known, path, className);
    } else yield { path, className, module };
  }
}

function* unknownHeld(
  options: Readonly<Record<string, unknown>>,
  known: Known,
  path: string,
  holder: string,
): Generator<UnknownLayer> {
  for (const [key, value] of Object.entries(options)) {
    const role = /(^|_)activation$/.test(key)
      ? "activation"
      : key === "function" && holder === "Lambda"
      ? "function"
      : undefined;
    const name = role && activationName(value);
    if (name !== undefined) {
      const isThere = activationNamed(name, known.dialect) !== undefined ||
        findCustom(known.customLayers, name) !== undefined;
      if (!isThere) {
        yield { path, className: name, module: undefined, role };
      }
      continue;
    }
    if (role === undefined && !HELD.includes(key)) continue;
    for (const layer of [value].flat().filter(isLayerObject)) {
      const { class_name: className, config = {}, module } = layer;
      const { registered_name: registered } = layer;
      const inner = `${path}/${key}`;
      if (/^(Functional|Model|Sequential)$/.test(className)) continue;
      if (!isKnown(className, known, config, registered)) {
        const isCell = key === "cell" || key === "cells";
        yield {
          path: inner,
          className,
          module,
          ...(isCell ? { holder } : {}),
        };
      } else if (!customFunction(known.customLayers, className, registered)) {
        const outer = key === "cell" ? holder : className;
        yield* unknownHeld(config, known, inner, outer);
      }
    }
  }
}

function isKnown(
  className: string,
  { dialect, customLayers }: Known,
  options: Readonly<Record<string, unknown>>,
  registeredName?: string,
): boolean {
  if (findCustom(customLayers, className, registeredName)) return true;
  // Its code is never run.
  if (
    className === "Lambda" && activationName(options.function) === undefined
  ) {
    return false;
  }
  // In a file of TF.js, a class that TF.js does not have is custom.
  if (dialect === "tfjs" && !TFJS_CLASSES.has(className)) return false;
  return Object.hasOwn(LAYERS, className);
}

/** Layers of TF.js. */
const TFJS_CLASSES = new Set([
  ...["Activation", "Add", "AlphaDropout", "Average", "AveragePooling1D"],
  ...["AveragePooling2D", "AveragePooling3D", "BatchNormalization"],
  ...["Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate"],
  ...["Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose"],
  ...["ConvLSTM2D", "Cropping2D", "Dense", "DepthwiseConv2D", "Dot", "Dropout"],
  ...["ELU", "Embedding", "Flatten", "GRU", "GRUCell", "GaussianDropout"],
  ...["GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D"],
  ...["GlobalMaxPooling1D", "GlobalMaxPooling2D", "LSTM", "LSTMCell"],
  ...["LayerNormalization", "LeakyReLU", "Masking", "MaxPooling1D"],
  ...["MaxPooling2D", "MaxPooling3D", "Maximum", "Minimum", "Multiply"],
  ...["PReLU", "Permute", "RNN", "ReLU", "RepeatVector", "Rescaling"],
  ...["Reshape", "Resizing", "SeparableConv2D", "SimpleRNN", "SimpleRNNCell"],
  ...["Softmax", "SpatialDropout1D", "StackedRNNCells", "ThresholdedReLU"],
  ...["TimeDistributed", "UpSampling2D", "ZeroPadding2D"],
]);

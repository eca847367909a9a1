/**
 * Finds all unknown layers of a described model at once, including those in
 * wrappers. Known are built-in layers, custom layers and operations.
 *
 * @module
 */
import { nearestNames, quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { activationNamed } from "../../layers/activations.ts";
import {
  activationName,
  asKey,
  isLayerObject,
} from "../../layers/config_reader.ts";
import {
  customFunction,
  type CustomTable,
  findCustom,
  isFactory,
} from "../../layers/custom_objects.ts";
import type { Dialect } from "../../layers/layer.ts";
import { lambdaEntry } from "../../layers/custom_lambda.ts";
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
  /** Whether it is an operation. */
  readonly isOperation?: boolean;
  /** The name of a Lambda layer over code. */
  readonly lambda?: string;
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
  if (custom !== undefined) return !isFactory(custom);
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

/** Keras 2 writes slices, and masks of booleans, in a separate class. */
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
  const names = objectsOf(unknown);
  const entries = [...names].map(([name, form]) => `${asKey(name)}: ${form}`)
    .join(", ");
  const roles = new Set(["layer", ...unknown.flatMap(({ role = [] }) => role)]);
  const what = [...roles].join(", ").replace(/, (\w+)$/, " and $1");
  const alike = unknown.find((each) =>
    each.role === undefined && Object.hasOwn(LAYERS, each.className) &&
    each.className !== "Lambda"
  );
  const near = [...names.keys()].flatMap((name) =>
    nearestNames(name, Object.keys(table), 1)
      .map((key) => `${quote(key)} is near ${quote(name)}`)
  );
  const hints = [
    `pass customObjects: { ${entries} }`,
    ...alike === undefined ? [] : [asAlias(alike.className)],
    ...unknown.some(({ className }) => ELSEWHERE.test(className))
      ? [AS_GRAPH]
      : [],
    ...near.length === 0 ? [] : [`of its keys, ${near.join(", ")}`],
    ...advice === undefined ? formsOf(unknown) : [`or ${advice}`],
  ];
  const rule =
    `every ${what} must be known: current unknown ones are ${list}${more}`;
  throw new ModelFormatError(source, `${rule}; ${hints.join(", ")}`);
}

/** The keys of unknown objects, with the form of the function to pass. */
function objectsOf(unknown: readonly UnknownLayer[]): Map<string, string> {
  const lambdas = unknown.flatMap(({ lambda }) => lambda ?? []);
  const isByName = lambdas.length > 1 && lambdas.length <= 8;
  return new Map(unknown.map((each) => {
    const { className, lambda, holder = className, role } = each;
    const key = isByName && lambda !== undefined ? lambda : holder;
    return [key, role === undefined ? "…" : "(ops, x) => …"];
  }));
}

/** The forms of functions that the dots stand for. */
function formsOf(unknown: readonly UnknownLayer[]): string[] {
  const forms = new Map(unknown.flatMap((each): [string, string][] => {
    if (each.role !== undefined) return [];
    if (each.isOperation) return [["an operation", "(ops, args, kwargs) => …"]];
    if (each.lambda !== undefined) return [["a Lambda layer", "(ops, x) => …"]];
    return [["a layer", "(config) => ({ weights, call })"]];
  }));
  return [...forms].map(([what, form], i) =>
    `${i === 0 ? "where " : ""}${what} is ${form}`
  );
}

/** Layers whose computation is not in the file: of TensorFlow, by a handle. */
const ELSEWHERE = /^(KerasLayer|TFSMLayer|DenseFeatures)$/;
const AS_GRAPH =
  'or convert the model in Python, with model.export("FOLDER"): ' +
  "tensorflowjs_converter --input_format=tf_saved_model FOLDER OUTPUT";

/** Advice on a class of another package that has the name of one of Keras. */
function asAlias(name: string): string {
  return `or customObjects: { ${name}: "${name}" } if it computes what the class of Keras does`;
}

function shown(
  { path, className, module, role }: UnknownLayer,
): string {
  if (role !== undefined) return `${role} "${className}" of "${path}"`;
  return `"${path}" (${className}${
    module === undefined || module === null ? "" : ` of ${module}`
  })`;
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
      const isThere = Object.hasOwn(OPERATIONS, name) && !isElsewhere(spec) ||
        findCustom(known.customLayers, name, registeredName) !== undefined;
      if (!isThere) yield { path, className: name, module, isOperation: true };
    } else if (className === "InputLayer") continue;
    else if (isKnown(spec, known)) {
      // A custom layer may use these names for other values.
      if (isCustom(spec, known)) continue;
      yield* unknownHeld(spec.options, known, path, spec);
    } else yield { path, className, module, ...lambdaOf(spec) };
  }
}

function* unknownHeld(
  options: Readonly<Record<string, unknown>>,
  known: Known,
  path: string,
  { className: holder, name: holderName }: NamedClass,
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
      const { class_name: className, config = {} } = layer;
      const module = layer.module ?? undefined;
      const registeredName = layer.registered_name ?? undefined;
      const name = `${holderName}/${key}`;
      const held = { name, className, module, registeredName, options: config };
      const inner = `${path}/${key}`;
      if (/^(Functional|Model|Sequential)$/.test(className)) continue;
      if (!isKnown(held, known)) {
        const isCell = key === "cell" || key === "cells";
        yield {
          path: inner,
          className,
          module,
          ...(isCell ? { holder } : {}),
          ...lambdaOf(held),
        };
      } else if (!isCustom(held, known)) {
        const outer = key === "cell" ? holder : className;
        yield* unknownHeld(config, known, inner, { ...held, className: outer });
      }
    }
  }
}

/** The properties that tell a class of Keras from others of the same name. */
type NamedClass = Pick<
  LayerSpec,
  "name" | "className" | "module" | "registeredName" | "options"
>;

function lambdaOf({ name, className }: NamedClass): { lambda?: string } {
  return className === "Lambda" ? { lambda: name } : {};
}

/** Whether a function of the caller computes a layer. */
function isCustom(named: NamedClass, { customLayers }: Known): boolean {
  const { name, className, registeredName, options } = named;
  return className === "Lambda"
    ? lambdaEntry(customLayers, name, options.function) !== undefined
    : customFunction(customLayers, className, registeredName) !== undefined;
}

/** Python modules of Keras, by all names that it has had. */
const KERAS = /^(tensorflow\.(python\.)?|tf_)?keras(_core)?(\.|$)/;

/**
 * Whether a class is not of Keras, though it may have the name of one that is:
 * files say of which module a class is, or, of a script, what it is registered
 * as.
 */
function isElsewhere(
  { module, registeredName }: Pick<NamedClass, "module" | "registeredName">,
): boolean {
  return module === undefined
    ? registeredName !== undefined
    : !KERAS.test(module);
}

function isKnown(named: NamedClass, known: Known): boolean {
  const { className, registeredName, options } = named;
  const { dialect, customLayers } = known;
  if (isCustom(named, known)) return true;
  if (findCustom(customLayers, className, registeredName)) return true;
  if (isElsewhere(named)) return false;
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

/**
 * Creates layers and operations by name; custom ones take precedence over
 * built-in ones.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { asKey, readLayer } from "../../layers/config_reader.ts";
import { customLambda, lambdaEntry } from "../../layers/custom_lambda.ts";
import {
  customFunction,
  customOperation,
  type CustomTable,
  findCustom,
} from "../../layers/custom_objects.ts";
import { checkedFactory } from "../../layers/custom_results.ts";
import { LAYERS } from "../../layers/layer_table.ts";
import type { Dialect, Layer, LayerFactory } from "../../layers/layer.ts";
import { OPERATIONS } from "../../layers/operation_table.ts";
import { operationName, operationOptions } from "./known_layers.ts";
import type { LayerDraft } from "./layer_draft.ts";

/** A class name of a file. */
export interface ClassName {
  readonly className: string;
  /** Path of the layer, for messages. */
  readonly path: string;
  /** The registered name in Keras, with its package. */
  readonly registeredName?: string | undefined;
}

/**
 * Finds the factory of a layer.
 *
 * @param customLayers The custom layers, operations and aliases.
 * @param name The class.
 * @returns The custom factory, otherwise the built-in one.
 * @throws {TypeError} If there is none.
 */
export function layerFactory(
  customLayers: CustomTable,
  { className, path, registeredName }: ClassName,
): LayerFactory {
  if (className === "Lambda") return lambdaFactory(customLayers);
  const custom = findCustom(customLayers, className, registeredName);
  if (typeof custom === "function") {
    return checkedFactory(custom as LayerFactory, className);
  }
  if (custom !== undefined && custom !== className) {
    return layerFactory(customLayers, { className: custom, path });
  }
  if (Object.hasOwn(LAYERS, className)) return LAYERS[className]!;
  if (/^(Functional|Model|Sequential)$/.test(className)) {
    const rule = "only a TimeDistributed layer may hold a model";
    throw new TypeError(cannot(`read layer "${path}"`, rule, className));
  }
  throw new TypeError(
    cannot(
      `read layer "${path}"`,
      "its class must be known",
      className,
      `pass it as customObjects: { ${asKey(className)}: … }`,
    ),
  );
}

function lambdaFactory(customLayers: CustomTable): LayerFactory {
  return (config) => {
    const value = config.raw("function");
    const entry = lambdaEntry(customLayers, config.name, value);
    return entry === undefined
      ? LAYERS.Lambda!(config)
      : customLambda(entry, config);
  };
}

/**
 * Creates the layer of an operation: the custom one, otherwise the built-in
 * one.
 *
 * @param draft The operation.
 * @param args Its arguments, with tensors as input indices.
 * @param parts The custom operations, and the writer of the model.
 * @returns The layer.
 */
export function operationLayer(
  { spec, name }: LayerDraft,
  args: Readonly<Record<string, unknown>>,
  { customLayers, dialect }: {
    readonly customLayers: CustomTable;
    readonly dialect: Dialect;
  },
): Layer {
  const custom = customFunction(customLayers, operationName(spec));
  return readLayer({
    name,
    className: spec.className,
    dialect,
    options: custom === undefined
      ? { ...spec.options, ...args }
      : { ...operationOptions(spec), ...args },
    factoryOf: () =>
      custom === undefined
        ? OPERATIONS[operationName(spec)]!
        : customOperation(custom, operationOptions(spec)),
  });
}

import { cannot, nearestNames, quote } from "../../check.ts";
import { activationNamed } from "../../layers/activations.ts";
import { isLayerObject } from "../../layers/config_reader.ts";
import { type CustomTable, findCustom } from "../../layers/custom_objects.ts";
import { LAYERS } from "../../layers/layer_table.ts";
import { OPERATIONS } from "../../layers/operation_table.ts";
import type { LayerSpec, ModelSpec } from "./keras_topology.ts";

/**
 * Checks that aliases refer to existing names.
 *
 * @param table The custom objects; strings are aliases.
 * @throws {RangeError} If one is not the name of a class, operation or
 * activation.
 */
export function checkAliases(table: CustomTable): void {
  for (const [key, name] of Object.entries(table)) {
    if (typeof name !== "string") continue;
    const isKnown = Object.hasOwn(LAYERS, name) ||
      Object.hasOwn(OPERATIONS, name) ||
      activationNamed(name, 3) !== undefined ||
      typeof findCustom(table, name) === "function";
    if (isKnown) continue;
    const near = nearestNames(name, Object.keys(LAYERS));
    throw new RangeError(
      cannot(
        "load model",
        `custom object "${key}" must be a function, or the name of a known class`,
        name,
        near.length === 0
          ? undefined
          : `nearest classes are ${near.map(quote).join(", ")}`,
      ),
    );
  }
}

/** The class that an alias refers to is one of Keras, or a custom one. */
function namedAs({ className }: LayerSpec, name: string): Partial<LayerSpec> {
  return name === className ? {} : {
    className: name,
    storedClass: className,
    module: undefined,
    registeredName: undefined,
  };
}

/**
 * Replaces aliases in a description by the names they refer to.
 *
 * @param spec The description of a model.
 * @param table The custom objects; strings are aliases.
 * @returns The description; the same object if there is no alias.
 */
export function withKnownNames(spec: ModelSpec, table: CustomTable): ModelSpec {
  if (!Object.values(table).some((entry) => typeof entry === "string")) {
    return spec;
  }
  const nameOf = (name: string, registeredName?: string) => {
    const entry = findCustom(table, name, registeredName);
    const isAlias = typeof entry === "string" &&
      // An activation for all Lambda layers.
      (name !== "Lambda" || Object.hasOwn(LAYERS, entry));
    return isAlias ? entry : name;
  };
  const layers = spec.layers.map((layer): LayerSpec => ({
    ...layer,
    ...namedAs(layer, nameOf(layer.className, layer.registeredName)),
    options: Object.fromEntries(
      Object.entries(layer.options).map(([key, value]) => {
        if (!key.endsWith("activation")) return [key, value];
        const isFunction = isLayerObject(value) &&
          value.class_name === "function";
        const name: unknown = isFunction ? value.config : value;
        if (typeof name !== "string") return [key, value];
        return [key, nameOf(name) === name ? value : nameOf(name)];
      }),
    ),
    model: layer.model && withKnownNames(layer.model, table),
  }));
  return { ...spec, layers };
}

/**
 * What a config of Keras describes: a layer, a model, a wrapped model.
 *
 * @module
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** A layer's class and config. */
export interface Described {
  readonly className: string;
  readonly config: Json;
}

/** Layers hold others under `layers`, too, as `Pipeline` does. */
export function isModel({ className, config }: Described): boolean {
  if (className === "Sequential") return true;
  return Array.isArray(config.layers) &&
    (className === "Functional" || className === "Model" ||
      "input_layers" in config || "output_layers" in config);
}

/** Unwraps TimeDistributed layers, and counts them. */
export function withinTime(
  layer: Described,
): { inner: Described; timeAxes: number } {
  let inner = layer;
  let timeAxes = 0;
  while (inner.className === "TimeDistributed") {
    const held = inner.config.layer as Json | undefined;
    const { class_name: className, config } = held ?? {};
    if (typeof className !== "string") break;
    const isList = Array.isArray(config); // as Keras 2.0 wrote a Sequential
    inner = {
      className,
      config: (isList ? { layers: config } : config ?? {}) as Json,
    };
    timeAxes++;
  }
  return { inner, timeAxes };
}

/** Whether a structure of inputs or outputs contains a record. */
export function holdsRecord(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsRecord);
  return typeof value === "object" && value !== null;
}

/**
 * Whether a node is a raw operation of Keras 3, which is not counted as a layer.
 *
 * @param module Its Python module, if the config has one.
 */
export function isOperationModule(module: string | undefined): boolean {
  return module !== undefined && /^keras(\.src)?\.ops(\.|$)/.test(module);
}

// deno-lint-ignore-file camelcase -- the names are those of the file format
import { ModelFormatError } from "../errors.ts";

/** Layers that a loader should look at; TF.js loops for ever on some faults in them. */
interface LayerConfig {
  readonly class_name?: unknown;
  readonly name?: unknown;
  readonly config?: {
    readonly name?: unknown;
    readonly layers?: readonly LayerConfig[];
    readonly [key: string]: unknown;
  };
  readonly inbound_nodes?: unknown;
}

/**
 * Refuses a topology on which TF.js would loop for ever or lose a layer: calls
 * on layers that are not there, cycles, names used twice.
 *
 * @param topology What stands under `modelTopology`.
 * @param source The file, for messages.
 * @throws {ModelFormatError} If a fault is found.
 */
export function checkTopology(
  topology: Readonly<Record<string, unknown>>,
  source: string,
): void {
  const root = (topology.model_config ?? topology) as LayerConfig;
  checkLevel(root, source, 0);
}

function checkLevel(model: LayerConfig, source: string, depth: number): void {
  const layers = model?.config?.layers;
  if (!Array.isArray(layers) || depth > 100) {
    throw new ModelFormatError(
      source,
      `a model must list its layers, in at most 100 levels: current class is ${
        JSON.stringify(model?.class_name)
      }`,
    );
  }
  const calls = new Map<string, Call[]>();
  const names = new Set<string>();
  for (const layer of layers as LayerConfig[]) {
    const name = String(layer.name ?? layer.config?.name);
    if (names.has(name)) {
      throw new ModelFormatError(
        source,
        `names of layers must differ: current name "${name}" stands twice`,
      );
    }
    names.add(name);
    const isModel = Array.isArray(layer.config?.layers);
    if (isModel) checkLevel(layer, source, depth + 1);
    const nodes = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];
    const first = isModel ? 1 : 0; // a model's own definition is its call 0
    for (let k = 0; k < Math.max(1, nodes.length); k++) {
      calls.set(callKey(name, k + first), calledOn(nodes[k]));
    }
  }
  checkCalls(calls, names, source);
}

/** One call that feeds another: a layer's name and the number of its call. */
type Call = readonly [layer: string, index: number];

function callKey(layer: string, index: number): string {
  return `${index}:${layer}`;
}

/** What a call is called on; Keras nests these lists to different depths. */
function calledOn(node: unknown): Call[] {
  if (!Array.isArray(node)) return [];
  const [layer, index] = node;
  if (typeof layer === "string" && typeof index === "number") {
    return [[layer, index]];
  }
  return node.flatMap(calledOn);
}

function checkCalls(
  calls: ReadonlyMap<string, Call[]>,
  names: ReadonlySet<string>,
  source: string,
): void {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (layer: string, index: number, from: string): void => {
    const key = callKey(layer, index);
    const next = calls.get(key);
    if (next === undefined || open.has(key)) {
      const rule = !names.has(layer)
        ? "must be in the model"
        : next === undefined
        ? `must have call ${index}`
        : "must not feed itself";
      throw new ModelFormatError(
        source,
        `layer "${layer}" ${rule}: current caller is "${from}"`,
      );
    }
    if (done.has(key)) return;
    open.add(key);
    for (const [feed, at] of next) visit(feed, at, layer);
    open.delete(key);
    done.add(key);
  };
  for (const key of calls.keys()) {
    const colon = key.indexOf(":");
    const layer = key.slice(colon + 1);
    visit(layer, Number(key.slice(0, colon)), layer);
  }
}

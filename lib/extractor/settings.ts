/**
 * The settings of an extractor, resolved against its model: nodes instead of
 * ids. Frozen; every fluent call creates new settings.
 *
 * @module
 */
import { countText, namesText } from "../display/cell.ts";
import type { View } from "../display/view.ts";
import type { Perturbation } from "../engines/program.ts";
import type { DeviceName } from "../engines/onnx/runtime/device.ts";
import type { BackendName } from "../engines/tfjs/backend.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import type { Logits } from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { isBuiltInStep } from "../postprocess/step.ts";
import type { Shaping } from "../shaping/shaping.ts";
import type { CacheSettings } from "../store/feature_cache.ts";
import type { Postprocess } from "../types.ts";

/** Settings of an extractor. */
export interface Settings {
  readonly layers: readonly GraphNode[];
  /** Whether the sets contain the penultimate before or after the shaping. */
  readonly penultimate: "plain" | "shaped" | undefined;
  readonly wantsLogits: boolean;
  readonly input: GraphNode | undefined;
  readonly head:
    | { readonly node: GraphNode; readonly logits: Logits }
    | undefined;
  readonly shaping: Shaping | undefined;
  readonly perturbation: Omit<Perturbation, "isBinary"> | undefined;
  /** Steps for every layer. */
  readonly postprocess: readonly Postprocess[];
  /**
   * Steps for each layer or feature by its name; undefined if all have the same
   * steps.
   */
  readonly postprocessByName:
    | ReadonlyMap<string, readonly Postprocess[]>
    | undefined;
  readonly batchSize: number;
  readonly engine: "auto" | "onnx" | "tfjs";
  readonly backend: BackendName | undefined;
  /** Of the native engine. */
  readonly threads: number | undefined;
  /** The cache of results. */
  readonly cache: CacheSettings | undefined;
  /** Of the native engine; undefined is the processor. */
  readonly device: DeviceName | "auto" | undefined;
}

/** The settings of postprocessing. */
export type PostprocessSteps = Pick<
  Settings,
  "postprocess" | "postprocessByName"
>;

/** The default settings. */
export const DEFAULTS: Settings = Object.freeze({
  layers: Object.freeze([]),
  penultimate: undefined,
  wantsLogits: true,
  input: undefined,
  head: undefined,
  shaping: undefined,
  perturbation: undefined,
  postprocess: Object.freeze([]),
  postprocessByName: undefined,
  batchSize: 64,
  engine: "auto",
  backend: undefined,
  threads: undefined,
  cache: undefined,
  device: undefined,
});

/**
 * The steps of one feature.
 *
 * @param settings The settings.
 * @param layer The layer's name.
 * @param feature The feature's name; it differs from the layer's name if the
 * layer has several outputs.
 * @returns Its steps, in order.
 */
export function stepsOf(
  { postprocess, postprocessByName }: PostprocessSteps,
  layer: string,
  feature = layer,
): readonly Postprocess[] {
  if (postprocessByName === undefined) return postprocess;
  return postprocessByName.get(feature) ?? postprocessByName.get(layer) ?? [];
}

/**
 * Whether a step is a custom function, which has no fingerprint.
 *
 * @param settings The settings.
 * @returns True if any layer has one.
 */
export function hasCustomSteps(
  { postprocess, postprocessByName }: PostprocessSteps,
): boolean {
  const all = [postprocess, ...(postprocessByName?.values() ?? [])];
  return all.flat().some((step) => !isBuiltInStep(step));
}

/**
 * The view of an extractor: its model and its settings.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The view.
 */
export function settingsView(graph: ModelGraph, settings: Settings): View {
  const { layers, input, head } = settings;
  const rows: [string, string][] = [
    [
      "model",
      `"${graph.name}" (${graph.format}), ${
        countText(graph.layers.length, "layer")
      }`,
    ],
    [
      "layers",
      namesText(layers.map(({ row }) => row.name)) ||
      (settings.wantsLogits ? "none: logits only" : "none"),
    ],
  ];
  if (settings.penultimate) rows.push(["penultimate", settings.penultimate]);
  if (!settings.wantsLogits) rows.push(["logits", "left out"]);
  if (input) rows.push(["input", `what "${input.row.name}" receives`]);
  if (head) rows.push(["head", head.node.row.name]);
  rows.push(
    ...changesOf(settings),
    ["batch", String(settings.batchSize)],
    ["engine", [settings.engine, settings.backend].filter(Boolean).join(":")],
  );
  if (settings.cache) rows.push(["cache", settings.cache.folder]);
  return {
    title: "FeatureExtractor",
    blocks: [{
      kind: "table",
      columns: [{ name: "setting" }, { name: "value", align: "left" }],
      rows,
    }],
  };
}

/**
 * The steps applied to inputs, penultimate and features besides running the
 * model.
 *
 * @param settings The settings.
 * @returns Names with their options, as in `["react", "threshold 0.9"]`.
 */
export function changesOf(settings: Settings): [string, string][] {
  const { shaping, perturbation } = settings;
  const rows: [string, string][] = [];
  if (shaping) rows.push([shaping.name, optionsText(shaping.settings)]);
  if (perturbation) rows.push(["perturb", optionsText({ ...perturbation })]);
  const steps = stepsText(settings);
  if (steps !== "") rows.push(["postprocess", steps]);
  return rows;
}

function optionsText(
  options: Readonly<Record<string, string | number>>,
): string {
  return Object.entries(options).map(([key, value]) => `${key} ${value}`)
    .join(", ");
}

function stepsText({ postprocess, postprocessByName }: Settings): string {
  const names = (steps: readonly Postprocess[]) =>
    steps.map((step) =>
      isBuiltInStep(step) ? step.name : step.name || "custom function"
    ).join(", ");
  if (postprocessByName === undefined) return names(postprocess);
  return [...postprocessByName]
    .map(([layer, steps]) => `${layer}: ${names(steps) || "none"}`)
    .join("; ");
}

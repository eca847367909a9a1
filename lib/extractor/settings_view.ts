import type { View } from "../display/view.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { isBuiltInStep } from "../postprocess/step.ts";
import type { Postprocess } from "../types.ts";
import type { Settings } from "./settings.ts";

/**
 * What an extractor shows of itself: its model and what it is asked for.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The view.
 */
export function settingsView(graph: ModelGraph, settings: Settings): View {
  const { layers, shaping, perturbation, input, head } = settings;
  const rows: [string, string][] = [
    [
      "model",
      `"${graph.name}" (${graph.format}), ${graph.layers.length} layers`,
    ],
    [
      "layers",
      layers.map(({ row }) => row.name).join(", ") || "none: logits only",
    ],
  ];
  if (settings.wantsPenultimate) rows.push(["penultimate", "taken too"]);
  if (input) rows.push(["input", `what "${input.row.name}" receives`]);
  if (head) rows.push(["head", head.node.row.name]);
  if (shaping) rows.push([shaping.name, optionsText(shaping.settings)]);
  if (perturbation) rows.push(["perturb", optionsText({ ...perturbation })]);
  const steps = stepsText(settings);
  if (steps !== "") rows.push(["postprocess", steps]);
  rows.push(
    ["batch", String(settings.batchSize)],
    ["engine", [settings.engine, settings.backend].filter(Boolean).join(":")],
  );
  return {
    title: "FeatureExtractor",
    blocks: [{
      kind: "table",
      columns: [{ name: "setting" }, { name: "value", align: "left" }],
      rows,
    }],
  };
}

function optionsText(
  options: Readonly<Record<string, string | number>>,
): string {
  return Object.entries(options).map(([key, value]) => `${key} ${value}`)
    .join(", ");
}

function stepsText({ postprocess }: Settings): string {
  const names = (steps: readonly Postprocess[]) =>
    steps.map((step) =>
      isBuiltInStep(step) ? step.name : step.name || "own function"
    ).join(", ");
  if (!("get" in postprocess)) return names(postprocess);
  return [...postprocess]
    .map(([layer, steps]) => `${layer}: ${names(steps) || "none"}`)
    .join("; ");
}

/**
 * Models within TimeDistributed: distributes their layers over the time axes.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { distributed, distributedOutput } from "../../layers/distributed.ts";
import type { Dialect, Layer } from "../../layers/layer.ts";
import type { CallArgument, Ref } from "../graph/graph.ts";
import type { LayerDraft } from "./layer_draft.ts";

/**
 * Distributes a layer over one time axis per enclosing TimeDistributed.
 *
 * @param draft Its node.
 * @param layer The layer.
 * @param args Its keyword arguments.
 * @returns The layer, for inputs with the time axes in front.
 */
export function overTimeAxes(
  { path, name }: LayerDraft,
  layer: Layer,
  args: Readonly<Record<string, CallArgument>>,
): Layer {
  const timeAxes = path.reduce((sum, at) => sum + (at.timeAxes ?? 0), 0);
  const tensorArgs = Object.keys(args).filter((key) => "input" in args[key]!);
  let made = layer;
  for (let i = 0; i < timeAxes; i++) {
    made = distributed(made, name, tensorArgs);
  }
  return made;
}

/**
 * Sets the outputs of a TimeDistributed node to those of its model.
 *
 * @param draft The TimeDistributed layer's node, with its inputs.
 * @param outputs The outputs of the model.
 * @param dialect The writer of the model.
 * @throws {TypeError} If the model has several inputs or outputs.
 */
export function endTimeAxes(
  draft: LayerDraft,
  outputs: readonly Ref[],
  dialect: Dialect,
): void {
  if (outputs.length !== 1 || draft.inputs.length !== 1) {
    throw new TypeError(
      cannot(
        `read layer "${draft.name}"`,
        "the model in it must have one input and one output",
        [draft.inputs.length, outputs.length],
      ),
    );
  }
  draft.fedBy = draft.inputs;
  draft.inputs = [...outputs, ...draft.inputs];
  draft.call = {
    kind: "builtIn",
    layer: distributedOutput(dialect),
    isBuiltInClass: true,
    numInputs: 2,
    args: {},
    sources: [],
  };
}

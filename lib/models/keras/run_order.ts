import { inOrder } from "../graph/in_order.ts";
import type { LayerDraft } from "./layer_draft.ts";

/**
 * The calls of one model in the order in which Keras runs them: those that are
 * farthest from the outputs first. It matters where a call removes a mask that
 * other calls read.
 *
 * Source: Keras 3.15 `keras.src.ops.function.map_graph`.
 *
 * @param drafts All calls of the model, not those in nested models.
 * @param outputs The calls that give its outputs.
 * @returns All calls; those that no output needs are the last.
 */
export function runOrder(
  drafts: readonly LayerDraft[],
  outputs: readonly LayerDraft[],
): LayerDraft[] {
  const before = ({ inputs }: LayerDraft) =>
    inputs.map(({ node }) => node as LayerDraft);
  const all = new Set(drafts);
  const needed = inOrder(
    outputs,
    (draft) => before(draft).filter((one) => all.has(one)),
  );
  const depths = new Map<LayerDraft, number>();
  const ofLayers = new Map<LayerDraft["spec"], number>();
  for (const draft of needed.toReversed()) {
    const depth = Math.max(
      depths.get(draft) ?? 0,
      ofLayers.get(draft.spec) ?? 0,
    );
    ofLayers.set(draft.spec, depth);
    depths.set(draft, depth);
    for (const one of before(draft)) {
      depths.set(one, Math.max(depth + 1, depths.get(one) ?? 0));
    }
  }
  const ordered = [...depths].sort(([, a], [, b]) => b - a)
    .map(([draft]) => draft);
  return [...new Set([...ordered, ...drafts])];
}

/**
 * The calls of a model and of nested models, in the order in which Keras runs
 * them.
 *
 * @param runs The calls of the model, in that order.
 * @returns All calls; a nested model after the calls in it.
 */
export function allRuns(runs: readonly LayerDraft[]): LayerDraft[] {
  return runs.flatMap((draft) => [...allRuns(draft.runs), draft]);
}

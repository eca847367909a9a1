import type { LayerRow } from "../../types.ts";
import type { GraphNode, NamedWeight, NodeCall, Ref } from "../graph/graph.ts";
import type { LayerSpec } from "./keras_topology.ts";

/**
 * The path of a layer: the models that contain it, from the top, and the layer.
 */
export type LayerPath = readonly LayerSpec[];

/** A node of a described model, without inputs and row yet. */
export interface LayerDraft extends GraphNode {
  id: number;
  row: LayerRow;
  inputs: readonly Ref[];
  call: NodeCall;
  readonly isListed: boolean;
  readonly weights: () => readonly NamedWeight[];
  readonly name: string;
  readonly spec: LayerSpec;
  readonly path: LayerPath;
  readonly index: number | undefined;
  readonly children: LayerDraft[];
  /** Its children, in the order in which Keras runs them. */
  runs: readonly LayerDraft[];
  /** Its options, if known beyond the config. */
  options?: Readonly<Record<string, unknown>>;
  /** The inputs in its row, if they differ from its inputs. */
  fedBy?: readonly Ref[];
  /** Known after it was run over shapes. */
  numOutputs: number;
}

/**
 * Creates a draft without inputs.
 *
 * @param name Its path.
 * @param spec Keras' description of the layer.
 * @param path Its path.
 * @param index Keras' own index, at the top level.
 * @param isListed Whether it has a row.
 * @returns The draft.
 */
export function newDraft(
  name: string,
  spec: LayerSpec,
  path: LayerPath,
  index: number | undefined,
  isListed: boolean,
): LayerDraft {
  const draft: LayerDraft = {
    id: 0,
    row: undefined!, // until its shapes are known
    inputs: [],
    call: { kind: "alias", outputs: [] }, // until it is linked
    isListed,
    weights: () => weightsOf(draft),
    name,
    spec,
    path,
    index,
    children: [],
    runs: [],
    numOutputs: 1,
  };
  return draft;
}

/** A layer's own weights; those of a nested model under their paths. */
function weightsOf({ call, name, children }: LayerDraft): NamedWeight[] {
  if (call.kind === "builtIn" && children.length === 0) {
    return call.sources.map((value) => ({ name: value.name, value }));
  }
  return children.flatMap((child) =>
    weightsOf(child).map((weight) => ({
      name: `${child.name.slice(name.length + 1)}/${weight.name}`,
      value: weight.value,
    }))
  );
}

/**
 * Flattens drafts with their nested ones.
 *
 * @param drafts Some drafts.
 * @returns Each, followed by those inside it.
 */
export function flatten(drafts: readonly LayerDraft[]): LayerDraft[] {
  return drafts.flatMap((draft) => [draft, ...flatten(draft.children)]);
}

/**
 * The alternative name of a layer within TimeDistributed, which includes the
 * name of the wrapped model.
 *
 * @param draft Any draft.
 * @returns The name and the draft; undefined for other layers.
 */
export function fullPath(draft: LayerDraft): [string, LayerDraft][] {
  const { path, name } = draft;
  if (!path.slice(0, -1).some(({ timeAxes }) => timeAxes !== undefined)) {
    return [];
  }
  const parts = path.map(({ name, model, timeAxes }, i) =>
    timeAxes === undefined || i === path.length - 1
      ? name
      : `${name}/${model!.name}`
  );
  const call = /:\d+$/.exec(name)?.[0] ?? "";
  return [[`${parts.join("/")}${call}`, draft]];
}

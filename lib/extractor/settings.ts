/**
 * What an extractor is asked for, resolved against its model: nodes rather
 * than ids. Frozen; every fluent call makes the next one.
 *
 * @module
 */
import type { Perturbation } from "../engines/program.ts";
import type { BackendName } from "../engines/tfjs/backend.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import type { Logits } from "../models/graph/head.ts";
import type { Shaping } from "../shaping/shaping.ts";
import type { Postprocess } from "../types.ts";

/** Settings of an extractor. */
export interface Settings {
  readonly layers: readonly GraphNode[];
  readonly wantsPenultimate: boolean;
  readonly input: GraphNode | undefined;
  readonly head:
    | { readonly node: GraphNode; readonly logits: Logits }
    | undefined;
  readonly shaping: Shaping | undefined;
  readonly perturbation: Omit<Perturbation, "isBinary"> | undefined;
  /** Steps for every layer, or for each by its name. */
  readonly postprocess:
    | readonly Postprocess[]
    | ReadonlyMap<string, readonly Postprocess[]>;
  readonly batchSize: number;
  readonly engine: "auto" | "onnx" | "tfjs";
  readonly backend: BackendName | undefined;
  /** Of the native engine. */
  readonly threads: number | undefined;
}

/** What holds before anything is asked. */
export const DEFAULTS: Settings = Object.freeze({
  layers: Object.freeze([]),
  wantsPenultimate: false,
  input: undefined,
  head: undefined,
  shaping: undefined,
  perturbation: undefined,
  postprocess: Object.freeze([]),
  batchSize: 64,
  engine: "auto",
  backend: undefined,
  threads: undefined,
});

/**
 * The steps of one feature.
 *
 * @param settings The settings.
 * @param layer The layer's name.
 * @param feature The feature's name, another than the layer's where the layer
 * has several outputs.
 * @returns Its steps, in order.
 */
export function stepsOf(
  { postprocess }: Pick<Settings, "postprocess">,
  layer: string,
  feature = layer,
): readonly Postprocess[] {
  if (!("get" in postprocess)) return postprocess;
  return postprocess.get(feature) ?? postprocess.get(layer) ?? [];
}

import type { BackendName } from "../engines/tfjs/backend.ts";
import type { GraphNode } from "../models/graph.ts";
import type { Resolved } from "./compile.ts";
import type { Settings } from "./settings.ts";

/** On what a program will run, and why. */
export interface EngineChoice {
  readonly engine: "tfjs";
  readonly backend: BackendName;
  readonly reason: string;
}

/** Kinds of nodes that wasm runs forwards but has no gradient kernel for. */
const NO_WASM_GRADIENT = /Depthwise|Separable/i;
/** Layers over operations that wasm has no kernel for at all. */
const NO_WASM_KERNEL = /^(Einsum|I?R?FFT.*|UnsortedSegmentSum|Complex.*)$/;

/**
 * Chooses the engine and backend of a program.
 *
 * @param resolved The program.
 * @param settings What was asked for.
 * @returns The choice; its reason names the node that decided, if one did.
 */
export function chooseEngine(
  { schedule, program }: Resolved,
  { backend, engine }: Settings,
): EngineChoice {
  if (backend !== undefined) {
    const reason = `backend "${backend}" was asked for`;
    return { engine: "tfjs", backend, reason };
  }
  const why = engine === "tfjs"
    ? `engine "tfjs" was asked for`
    : "models of TF.js run on TF.js";
  const missing = schedule.nodes.find(({ row }) =>
    NO_WASM_KERNEL.test(row.kind)
  );
  const noGradient = program.perturbation === undefined
    ? undefined
    : schedule.nodes.find(({ row }) => NO_WASM_GRADIENT.test(row.kind));
  const decider = missing ?? noGradient;
  if (decider === undefined) {
    const reason =
      `${why}; "wasm" is its fastest backend without a graphics card`;
    return { engine: "tfjs", backend: "wasm", reason };
  }
  return {
    engine: "tfjs",
    backend: "cpu",
    reason: because(why, decider, missing),
  };
}

function because(
  why: string,
  { row }: GraphNode,
  missing: GraphNode | undefined,
): string {
  const lack = missing === undefined ? "gradient for it" : "kernel for it";
  return `${why}; "cpu" because of "${row.name}" (${row.kind}): "wasm" has no ${lack}`;
}

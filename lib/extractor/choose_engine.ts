import type { BackendName } from "../engines/tfjs/backend.ts";
import { limitOf } from "../engines/tfjs/backend_limits.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { GraphNode } from "../models/graph.ts";
import type { Resolved } from "./compile.ts";
import type { Settings } from "./settings.ts";

/** On what a program will run, and why. */
export interface EngineChoice {
  readonly engine: "tfjs";
  readonly backend: BackendName;
  readonly reason: string;
}

/** What of a program the choice hangs on. */
export type Choosable = Pick<Resolved, "schedule" | "differentiated">;

const BACKENDS: readonly BackendName[] = ["cpu", "wasm", "webgpu"];

/** A node that a backend must not run. */
interface Limit {
  readonly node: GraphNode;
  readonly why: string;
}

/**
 * Chooses the engine and backend of a program.
 *
 * @param program The program.
 * @param settings What was asked for.
 * @returns The choice; its reason names the node that decided, if one did.
 * @throws {UnsupportedByEngineError} If the backend that was asked for, or
 * every backend, cannot run a node or gives wrong numbers for it.
 */
export function chooseEngine(
  program: Choosable,
  { backend, engine }: Pick<Settings, "backend" | "engine">,
): EngineChoice {
  if (backend !== undefined) {
    checkBackend(program, backend);
    const reason = `backend "${backend}" was asked for`;
    return { engine: "tfjs", backend, reason };
  }
  const why = engine === "tfjs"
    ? `engine "tfjs" was asked for`
    : "models of TF.js run on TF.js";
  const limit = limitIn(program, "wasm");
  if (limit === undefined) {
    const reason =
      `${why}; "wasm" is its fastest backend without a graphics card`;
    return { engine: "tfjs", backend: "wasm", reason };
  }
  checkBackend(program, "cpu");
  const { name, kind } = limit.node.row;
  const reason = `${why}; "cpu" because of "${name}" (${kind}): ${limit.why}`;
  return { engine: "tfjs", backend: "cpu", reason };
}

/** The first node that a backend must not run. */
function limitIn(
  { schedule, differentiated }: Choosable,
  backend: BackendName,
): Limit | undefined {
  const gradient = new Set(differentiated);
  for (const node of new Set([...schedule.nodes, ...differentiated])) {
    const why = limitOf(node, backend, gradient.has(node));
    if (why !== undefined) return { node, why };
  }
  return undefined;
}

function checkBackend(program: Choosable, backend: BackendName): void {
  const limit = limitIn(program, backend);
  if (limit === undefined) return;
  const { name, kind } = limit.node.row;
  const other = BACKENDS.find((name) => limitIn(program, name) === undefined);
  const hint = other === undefined
    ? "leave out perturb()"
    : `use .engine("tfjs", { backend: "${other}" })`;
  throw new UnsupportedByEngineError(
    `run layer "${name}" (${kind})`,
    `tfjs:${backend}`,
    `its backend must give right numbers, and ${limit.why}; ${hint}`,
  );
}

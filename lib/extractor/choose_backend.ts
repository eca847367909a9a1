/**
 * Chooses the backend of TF.js for a program.
 *
 * @module
 */
import type { Program } from "../engines/program.ts";
import type { BackendName } from "../engines/tfjs/backend.ts";
import { limitOf } from "../engines/tfjs/backend_limits.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { GraphNode } from "../models/graph/graph.ts";

/** A backend of TF.js, and the reason. */
export interface BackendChoice {
  readonly engine: "tfjs";
  readonly backend: BackendName;
  readonly reason: string;
}

const BACKENDS: readonly BackendName[] = ["cpu", "wasm", "webgpu"];

/** A node that a backend cannot run correctly. */
interface Limit {
  readonly node: GraphNode;
  readonly why: string;
}

/**
 * Whether a program computes right numbers on a graphics card and contains no
 * custom code.
 *
 * @param program The program.
 * @returns True if it may run on one.
 */
export function isForCard(program: Program): boolean {
  return program.perturbation === undefined &&
    program.features.every(({ custom }) => custom.length === 0) &&
    program.schedule.nodes.every(({ call }) =>
      call.kind !== "inMemory" || call.isBuiltInClass
    ) && limitIn(program, "webgpu") === undefined;
}

/**
 * Chooses the fastest backend without a graphics card that computes right
 * numbers.
 *
 * @param program The program.
 * @param why Why it runs on TF.js.
 * @returns The choice; its reason names the node that decided, if any.
 * @throws {UnsupportedByEngineError} If there is none.
 */
export function chooseBackend(program: Program, why: string): BackendChoice {
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

/** The first node that a backend cannot run correctly. */
function limitIn(
  { schedule, gradientSchedule }: Program,
  backend: BackendName,
): Limit | undefined {
  const gradient = new Set(gradientSchedule?.nodes);
  for (const node of new Set([...schedule.nodes, ...gradient])) {
    const why = limitOf(node, backend, gradient.has(node));
    if (why !== undefined) return { node, why };
  }
  return undefined;
}

/**
 * Checks that a backend computes right numbers for a program.
 *
 * @param program The program.
 * @param backend The backend.
 * @throws {UnsupportedByEngineError} If it does not; the message names the node,
 * and another backend.
 */
export function checkBackend(program: Program, backend: BackendName): void {
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

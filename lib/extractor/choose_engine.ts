import type { BackendName } from "../engines/tfjs/backend.ts";
import { limitOf } from "../engines/tfjs/backend_limits.ts";
import { hardwareAdapter } from "../engines/tfjs/hardware_adapter.ts";
import type { Program } from "../engines/program.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import { chooseForFile } from "./choose_for_file.ts";
import type { Settings } from "./settings.ts";

/** On what a program will run, and why. */
export type EngineChoice =
  | {
    readonly engine: "onnx";
    /** Undefined where the engine chooses. */
    readonly threads: number | undefined;
    readonly reason: string;
  }
  | {
    readonly engine: "tfjs";
    readonly backend: BackendName;
    readonly reason: string;
  };

const BACKENDS: readonly BackendName[] = ["cpu", "wasm", "webgpu"];

/** A node that a backend must not run. */
interface Limit {
  readonly node: GraphNode;
  readonly why: string;
}

/**
 * Chooses the engine and backend of a program.
 *
 * The native engine is chosen wherever it can run the whole program; TF.js is
 * there for gradients, for functions on tensors, for layers that mean something
 * of their own, and where the native runtime cannot be loaded. It runs on a
 * graphics card if there is one, which is asked for only then; but not where
 * gradients are needed, or where code of the caller's may read tensors at once.
 *
 * @param program The program.
 * @param settings What was asked for.
 * @param findCard Gives the name of a graphics card, if there is one.
 * @returns The choice; its reason names the node that decided, if one did.
 * @throws {UnsupportedByEngineError} If the engine or backend that was asked
 * for, or every one, cannot run a node or gives wrong numbers for it.
 */
export async function chooseEngine(
  program: Program,
  { backend, engine, threads }: Pick<
    Settings,
    "backend" | "engine" | "threads"
  >,
  findCard: () => Promise<string | undefined> = hardwareAdapter,
): Promise<EngineChoice> {
  if (program.graph.onnx !== undefined) {
    return await chooseForFile(program, { backend, engine, threads });
  }
  if (backend !== undefined) {
    checkBackend(program, backend);
    const reason = `backend "${backend}" was asked for`;
    return { engine: "tfjs", backend, reason };
  }
  if (engine === "tfjs") {
    return chooseBackend(program, `engine "tfjs" was asked for`);
  }
  const isAsked = engine === "onnx";
  const obstacle = await obstacleOf(program, isAsked);
  if (obstacle === undefined) {
    const reason = isAsked
      ? `engine "onnx" was asked for`
      : "every layer can run on the native engine, which is the fastest";
    return { engine: "onnx", threads, reason };
  }
  if (!isAsked) {
    const why = `"tfjs" because ${obstacle}`;
    const card = isForCard(program) ? await findCard() : undefined;
    if (card === undefined) return chooseBackend(program, why);
    const reason = `${why}; "webgpu" because there is a card, "${card}"`;
    return { engine: "tfjs", backend: "webgpu", reason };
  }
  const rule = `${obstacle}; use .engine("tfjs") or leave the engine out`;
  throw new UnsupportedByEngineError("run the model", "onnx", rule);
}

/** Why the native engine cannot run a program here, if it cannot. */
async function obstacleOf(
  program: Program,
  isAsked: boolean,
): Promise<string | undefined> {
  const obstacle = await unrecordable(program);
  if (obstacle !== undefined) return obstacle;
  const { missingRuntime } = await import("../engines/onnx/runtime/runtime.ts");
  return await missingRuntime(isAsked);
}

/**
 * Why a program cannot be written as an ONNX graph, if it cannot.
 *
 * @param program The program.
 * @returns What is in the way, naming the node; undefined where nothing is.
 */
export async function unrecordable(
  program: Program,
): Promise<string | undefined> {
  if (program.perturbation !== undefined) return "perturb() needs gradients";
  const own = program.features.find(({ own }) => own.length > 0);
  if (own !== undefined) {
    return `a function of the caller's postprocesses "${own.name}"`;
  }
  const { findUnrecordable } = await import(
    "../engines/onnx/record_program.ts"
  );
  return findUnrecordable(program.feeds, program.schedule.nodes);
}

/** Whether a card gives right numbers for a program, with no code of the caller's in it. */
function isForCard(program: Program): boolean {
  return program.perturbation === undefined &&
    program.features.every(({ own }) => own.length === 0) &&
    program.schedule.nodes.every(({ call }) =>
      call.kind !== "inMemory" || call.isOwnClass
    ) && limitIn(program, "webgpu") === undefined;
}

function chooseBackend(program: Program, why: string): EngineChoice {
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

function checkBackend(program: Program, backend: BackendName): void {
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

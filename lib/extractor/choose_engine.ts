import type { Recording } from "../engines/onnx/recording.ts";
import type { Program } from "../engines/program.ts";
import type { BackendName } from "../engines/tfjs/backend.ts";
import { limitOf } from "../engines/tfjs/backend_limits.ts";
import { hardwareAdapter } from "../engines/tfjs/hardware_adapter.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { GraphNode } from "../models/graph/graph.ts";
import type { Settings } from "./settings.ts";

/** On what a program will run, and why. */
export type EngineChoice =
  | {
    readonly engine: "onnx";
    /** Undefined where the engine chooses. */
    readonly threads: number | undefined;
    readonly reason: string;
    /** The program as it will be opened; undefined for a model of an ONNX file. */
    readonly recording?: Recording;
  }
  | {
    readonly engine: "tfjs";
    readonly backend: BackendName;
    readonly reason: string;
  };

const BACKENDS: readonly BackendName[] = ["cpu", "wasm", "webgpu"];

type EngineSettings = Pick<Settings, "backend" | "engine" | "threads">;

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
  { backend, engine, threads }: EngineSettings,
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
  const recording = await recordIfRuns(program, isAsked);
  if (!("obstacle" in recording)) {
    const reason = isAsked
      ? `engine "onnx" was asked for`
      : "every layer can run on the native engine, which is the fastest";
    return { engine: "onnx", threads, reason, recording };
  }
  const { obstacle } = recording;
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

/** The program as the native engine runs it, or why it cannot be run here. */
async function recordIfRuns(
  program: Program,
  isAsked: boolean,
): Promise<Recording | { readonly obstacle: string }> {
  // An engine is loaded where it is needed: importing this library stays quick.
  const { record } = await import("../engines/onnx/recording.ts");
  const recording = record(program);
  if ("obstacle" in recording) return recording;
  const { missingRuntime } = await import("../engines/onnx/runtime/runtime.ts");
  const obstacle = await missingRuntime(isAsked);
  return obstacle === undefined ? recording : { obstacle };
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

/** A model of an ONNX file runs on ONNX Runtime, which alone has its operations. */
async function chooseForFile(
  program: Program,
  { backend, engine, threads }: EngineSettings,
): Promise<EngineChoice> {
  const refuse = (what: string, rule: string) =>
    new UnsupportedByEngineError(what, "onnx", rule);
  const hint = "take the Keras or TF.js model that the file was made from";
  if (engine === "tfjs") {
    const asked = backend === undefined ? "tfjs" : `tfjs:${backend}`;
    throw new UnsupportedByEngineError(
      "run the model",
      asked,
      `an ONNX file must be run by engine "onnx"; leave the engine out, or ${hint}`,
    );
  }
  if (program.perturbation !== undefined) {
    const rule = "its engine must give gradients, and ONNX Runtime gives none";
    throw refuse("perturb", `${rule}; ${hint}`);
  }
  const own = program.features.find(({ own }) => own.length > 0);
  if (own !== undefined) {
    const rule = "a function of one's own must get tensors of TF.js";
    throw refuse(
      `postprocess layer "${own.name}"`,
      `${rule}; apply it to the features afterwards, or ${hint}`,
    );
  }
  const { missingRuntime } = await import("../engines/onnx/runtime/runtime.ts");
  const missing = await missingRuntime(true);
  if (missing !== undefined) throw refuse("run the model", missing);
  return {
    engine: "onnx",
    threads,
    reason: "an ONNX file is run by ONNX Runtime",
  };
}

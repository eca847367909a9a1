import type { Recording } from "../engines/onnx/recording.ts";
import type { DeviceName } from "../engines/onnx/runtime/device.ts";
import type { Program } from "../engines/program.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import { canonicalJson } from "../models/graph/fingerprint.ts";
import type { BackendChoice } from "./choose_backend.ts";
import type { Settings } from "./settings.ts";

/** The engine that a program will run on, and the reason. */
export type EngineChoice =
  | {
    readonly engine: "onnx";
    /** Undefined if the engine chooses. */
    readonly threads: number | undefined;
    /** The device; undefined for the processor. */
    readonly device?: DeviceName;
    /** The name of the device's adapter, if known. */
    readonly adapter?: string;
    /** The operators that run on the processor instead of the device. */
    readonly onCpu?: readonly string[];
    readonly reason: string;
    /** The recorded program; undefined for a model of an ONNX file. */
    readonly recording?: Recording;
  }
  | BackendChoice;

type EngineSettings = Pick<
  Settings,
  "backend" | "engine" | "threads" | "device" | "batchSize"
>;

/**
 * Chooses the engine and backend of a program.
 *
 * The native engine is chosen if it can run the whole program. TF.js is chosen
 * for gradients, for functions on tensors, for custom layers, and if the native
 * runtime cannot be loaded. TF.js uses a graphics card if there is one, unless
 * gradients are needed or custom code may read tensors synchronously. The card
 * is looked up only in this case.
 *
 * @param program The program.
 * @param settings The requested engine.
 * @param findCard Returns the name of the graphics card, if there is one.
 * @returns The choice; its reason names the node that decided, if any.
 * @throws {UnsupportedByEngineError} If the requested engine or backend, or
 * every one, cannot run a node or computes wrong numbers for it.
 */
export async function chooseEngine(
  program: Program,
  settings: EngineSettings,
  findCard: () => Promise<string | undefined> = findHardware,
): Promise<EngineChoice> {
  const { backend, engine, threads } = settings;
  if (program.graph.onnx !== undefined) {
    return await chooseForFile(program, settings);
  }
  if (backend !== undefined) {
    const { checkBackend } = await import("./choose_backend.ts");
    checkBackend(program, backend);
    const reason = `backend "${backend}" was requested`;
    return { engine: "tfjs", backend, reason };
  }
  if (engine === "tfjs") {
    const { chooseBackend } = await import("./choose_backend.ts");
    return chooseBackend(program, `engine "tfjs" was requested`);
  }
  const isRequested = engine === "onnx";
  const recording = await recordIfRuns(program, isRequested);
  if (!("obstacle" in recording)) {
    const reason = isRequested
      ? `engine "onnx" was requested`
      : "every layer can run on the native engine, which is the fastest";
    const chosen = await chooseDevice(settings, {
      recording,
      program,
      findCard,
    });
    return { engine: "onnx", threads, recording, ...joined(reason, chosen) };
  }
  const { obstacle } = recording;
  if (!isRequested) {
    const { chooseBackend, isForCard } = await import("./choose_backend.ts");
    const why = `"tfjs" because ${obstacle}`;
    const card = isForCard(program) ? await findCard() : undefined;
    if (card === undefined) return chooseBackend(program, why);
    const reason = `${why}; "webgpu" because there is a card, "${card}"`;
    return { engine: "tfjs", backend: "webgpu", reason };
  }
  const rule = `${obstacle}; use .engine("tfjs") or leave the engine out`;
  throw new UnsupportedByEngineError("run the model", "onnx", rule);
}

/** The name of the graphics card, if there is one. */
async function findHardware(): Promise<string | undefined> {
  const { hardwareAdapter } = await import(
    "../engines/tfjs/hardware_adapter.ts"
  );
  return await hardwareAdapter();
}

/** The name of the adapter that a device uses, if it is known. */
async function adapterOf(device: DeviceName): Promise<string | undefined> {
  if (device !== "webgpu") return undefined;
  const { adapterName } = await import("../engines/tfjs/hardware_adapter.ts");
  return await adapterName();
}

/** Why ONNX Runtime is not available; modules load while it is loaded. */
async function missingMeanwhile(
  isRequested: boolean,
  modules: Promise<unknown>,
): Promise<string | undefined> {
  const { missingRuntime } = await import(
    "../engines/onnx/runtime/missing_runtime.ts"
  );
  const [missing] = await Promise.all([missingRuntime(isRequested), modules]);
  return missing;
}

/** Records the program for the native engine, or returns why it cannot run. */
async function recordIfRuns(
  program: Program,
  isRequested: boolean,
): Promise<Recording | { readonly obstacle: string }> {
  // Engines are imported on demand, so that importing this library stays fast.
  const { record } = await import("../engines/onnx/recording.ts");
  const recording = record(program);
  if ("obstacle" in recording) return recording;
  const obstacle = await missingMeanwhile(
    isRequested,
    import("../engines/onnx/onnx_session.ts"),
  );
  return obstacle === undefined ? recording : { obstacle };
}

/**
 * The device and why it was chosen; empty for the processor, unless requested.
 */
interface DeviceChoice {
  readonly device?: DeviceName;
  readonly adapter?: string;
  readonly onCpu?: readonly string[];
  readonly why?: string;
}

/**
 * Minimum number of multiplications per batch that makes a graphics card worth
 * its transfer cost. A batch of 64 takes 2·10^10 on MobileNetV2, 2·10^8 on the
 * digits network.
 */
const WORTH_A_CARD = 1e10;

/**
 * Chooses the device by a rule without timing, so that the same call returns
 * the same bytes.
 */
async function chooseDevice(
  { device, batchSize }: EngineSettings,
  { recording, program, findCard }: {
    readonly recording: Recording | undefined;
    readonly program: Program;
    readonly findCard: () => Promise<string | undefined>;
  },
): Promise<DeviceChoice> {
  const kinds = () => recording?.kinds ?? kindsInFile(program);
  if (device === undefined) return {};
  if (device === "cpu") return { device, why: 'device "cpu" was requested' };
  if (device !== "auto") {
    await checkIsThere(device);
    const adapter = await adapterOf(device);
    const why = `device "${device}" was requested`;
    const named = adapter === undefined ? {} : { adapter };
    return { device, ...named, ...await onCpuOf(kinds(), device), why };
  }
  if (recording === undefined) {
    const why = '"cpu" because the operations of an ONNX file are not counted';
    return { device: "cpu", why };
  }
  const count = recording.multiplicationsPerRow * batchSize;
  const counted = `a batch takes ${count.toExponential(1)} multiplications`;
  if (count < WORTH_A_CARD) {
    const why =
      `"cpu" because ${counted}, less than ${WORTH_A_CARD.toExponential()}`;
    return { device: "cpu", why };
  }
  const card = await findCard();
  if (card === undefined) {
    return { device: "cpu", why: '"cpu" because there is no graphics card' };
  }
  if (!await isUsable("webgpu")) {
    const why = `"cpu" because ONNX Runtime cannot use the card, "${card}"`;
    return { device: "cpu", why };
  }
  const why = `"webgpu" because there is a card, "${card}", and ${counted}`;
  const others = await onCpuOf(kinds(), "webgpu");
  return { device: "webgpu", adapter: card, ...others, why };
}

async function onCpuOf(
  kinds: readonly string[],
  device: DeviceName,
): Promise<Pick<DeviceChoice, "onCpu">> {
  const { kindsOnCpu } = await import("../engines/onnx/graph/device_nodes.ts");
  const onCpu = kindsOnCpu(kinds, device);
  return onCpu === undefined ? {} : { onCpu };
}

async function checkIsThere(device: DeviceName): Promise<void> {
  const { checkDevice } = await import("../engines/onnx/check_device.ts");
  await checkDevice(device);
}

async function isUsable(device: DeviceName): Promise<boolean> {
  try {
    await checkIsThere(device);
    return true;
  } catch (error) {
    if (error instanceof UnsupportedByEngineError) return false;
    throw error;
  }
}

/** The operators of an ONNX file that run. */
function kindsInFile({ schedule }: Program): readonly string[] {
  return schedule.nodes.flatMap(({ call }) =>
    call.kind === "raw" && call.onnx ? [call.onnx.operation.kind] : []
  );
}

function joined(reason: string, { why, ...chosen }: DeviceChoice) {
  return {
    ...chosen,
    reason: why === undefined ? reason : `${reason}; ${why}`,
  };
}

/**
 * A model of an ONNX file runs on ONNX Runtime, the only engine that has its
 * operations.
 */
async function chooseForFile(
  program: Program,
  settings: EngineSettings,
): Promise<EngineChoice> {
  const { backend, engine, threads } = settings;
  const refuse = (what: string, rule: string) =>
    new UnsupportedByEngineError(what, "onnx", rule);
  const hint = "take the Keras or TF.js model that the file was made from";
  if (engine === "tfjs") {
    const requested = backend === undefined ? "tfjs" : `tfjs:${backend}`;
    throw new UnsupportedByEngineError(
      "run the model",
      requested,
      `an ONNX file must be run by engine "onnx"; leave the engine out, or ${hint}`,
    );
  }
  if (program.perturbation !== undefined) {
    const rule = "its engine must give gradients, and ONNX Runtime gives none";
    throw refuse("perturb", `${rule}; ${hint}`);
  }
  const custom = program.features.find(({ custom }) => custom.length > 0);
  if (custom !== undefined) {
    const rule = "a custom function must get tensors of TF.js";
    throw refuse(
      `postprocess layer "${custom.name}"`,
      `${rule}; apply it to the features afterwards, or ${hint}`,
    );
  }
  const missing = await missingMeanwhile(
    true,
    import("../engines/onnx/onnx_file_session.ts"),
  );
  if (missing !== undefined) throw refuse("run the model", missing);
  const chosen = await chooseDevice(settings, {
    recording: undefined,
    program,
    findCard: findHardware,
  });
  const reason = "an ONNX file is run by ONNX Runtime";
  return { engine: "onnx", threads, ...joined(reason, chosen) };
}

/**
 * The resolved settings, with the chosen device if none was requested.
 *
 * @param settings The settings of a program, as JSON.
 * @param choice The chosen engine.
 * @returns The settings; without a device for the processor.
 */
export function withDevice(settings: string, choice: EngineChoice): string {
  const { device, ...others } = JSON.parse(settings);
  if (device !== "auto") return settings;
  const chosen = choice.engine === "onnx" ? choice.device : undefined;
  return canonicalJson(
    chosen === "cpu" ? others : { ...others, device: chosen },
  );
}

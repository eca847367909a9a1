/**
 * ONNX Runtime by its C API, in this process: models open and run in other
 * threads of it, and no worker has to be started.
 *
 * @module
 */
import type {
  RuntimeBinding,
  RuntimeSession,
  SessionSettings,
} from "./binding.ts";
import { cPath, cString } from "../../../formats/native_library.ts";
import { openCApi, Out } from "./_c_api.ts";
import { CRuntime, SILENT } from "./_c_runtime.ts";
import { CSession } from "./_c_session.ts";
import type { ModelBytes } from "./messages.ts";
import type { NativeMemory } from "./_native_memory.ts";
import { configOf, openOptimized } from "./session_config.ts";

type Pointer = Deno.PointerValue;

/** `ORT_DISABLE_ALL`. */
const UNOPTIMIZED = 0;

/**
 * Opens the library.
 *
 * @param path Its file.
 * @returns The binding.
 * @throws {Error} If it cannot be opened.
 */
export async function openCBinding(path: URL): Promise<RuntimeBinding> {
  const runtime = new CRuntime(openCApi(path));
  await runtime.start();
  return {
    open: (model, settings, consumed) =>
      openModel(runtime, model, settings, consumed),
  };
}

/** A model in native memory. */
interface NativeModel {
  readonly bytes: NativeMemory;
  readonly paths: readonly NativeMemory[];
  readonly weights: readonly NativeMemory[];
}

async function openModel(
  runtime: CRuntime,
  { bytes, externalData }: ModelBytes,
  settings: SessionSettings,
  consumed?: ReadonlySet<ArrayBufferLike>,
): Promise<RuntimeSession> {
  const { heap } = runtime;
  const model = {
    bytes: heap.copyOf(bytes),
    paths: externalData.map(({ path }) => heap.copyOf(cPath(path))),
    weights: externalData.map(({ data }) => {
      const copy = heap.copyOf(data);
      if (consumed?.has(data.buffer)) (data.buffer as ArrayBuffer).transfer(0);
      return copy;
    }),
  };
  try {
    return await openOptimized((optimizes) =>
      openNative(runtime, model, settings, optimizes)
    );
  } finally {
    const memory = [model.bytes, ...model.paths, ...model.weights];
    for (const part of memory) part.free();
  }
}

async function openNative(
  runtime: CRuntime,
  model: NativeModel,
  settings: SessionSettings,
  optimizes: boolean,
): Promise<CSession> {
  const { api, heap } = runtime;
  const options = optionsOf(runtime, settings, optimizes);
  const session = heap.allocate(8);
  try {
    addWeights(runtime, options, model);
    const { pointer, bytes } = model.bytes;
    runtime.check(
      await api.createSessionFromArray(
        ...[runtime.env, pointer, BigInt(bytes.length), options] as const,
        session.pointer,
      ),
    );
    return await sessionAt(runtime, session.firstPointer);
  } finally {
    session.free();
    api.releaseSessionOptions(options);
  }
}

function optionsOf(
  runtime: CRuntime,
  settings: SessionSettings,
  optimizes: boolean,
): Pointer {
  const { api } = runtime;
  const out = new Out();
  runtime.check(api.createSessionOptions(out));
  const options = out.pointer;
  runtime.check(api.setSessionLogSeverityLevel(options, SILENT));
  runtime.check(api.setIntraOpNumThreads(options, settings.threads));
  if (!optimizes) {
    runtime.check(api.setSessionGraphOptimizationLevel(options, UNOPTIMIZED));
  }
  for (const [key, value] of configOf(settings)) {
    const entry = [cString(key), cString(value)] as const;
    runtime.check(api.addSessionConfigEntry(options, ...entry));
  }
  return options;
}

/** Adds the external weights, which stay in use until the session is open. */
function addWeights(
  { api, check }: CRuntime,
  options: Pointer,
  { paths, weights }: NativeModel,
): void {
  if (weights.length === 0) return;
  const addresses = (memory: readonly NativeMemory[]) =>
    BigUint64Array.from(memory, ({ address }) => address);
  const sizes = BigUint64Array.from(
    weights,
    ({ bytes }) => BigInt(bytes.length),
  );
  const count = BigInt(weights.length);
  const lists = [addresses(paths), addresses(weights), sizes] as const;
  check(api.addExternalInitializersFromFilesInMemory(options, ...lists, count));
}

async function sessionAt(
  runtime: CRuntime,
  session: Pointer,
): Promise<CSession> {
  try {
    return new CSession(runtime, session);
  } catch (error) {
    await runtime.api.releaseSession(session);
    throw error;
  }
}

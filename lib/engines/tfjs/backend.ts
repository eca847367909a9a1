/**
 * TF.js' backend is global. Runs are therefore queued, and the caller's backend
 * is restored whenever control returns to the caller's code.
 *
 * A backend is current only inside {@linkcode Turn.sync}, which is synchronous.
 * Switching takes TF.js up to a millisecond, so a batch uses as few of these
 * calls as possible.
 *
 * @module
 */
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { Pacer } from "../../formats/pacer.ts";
import { withCheckedHeap } from "./wasm_memory.ts";

/** The supported backends of TF.js. */
export type BackendName = "wasm" | "cpu" | "webgpu";

/** The exclusive use of TF.js by one run. */
export class Turn {
  readonly #backend: BackendName;
  readonly #tensors: () => readonly tf.Tensor[];

  /**
   * Creates it, with a backend that is ready, and the caller's tensors that it
   * may move.
   */
  constructor(
    backend: BackendName,
    tensors: () => readonly tf.Tensor[] = () => [],
  ) {
    this.#backend = backend;
    this.#tensors = tensors;
  }

  /**
   * Runs synchronous work with the backend current.
   *
   * @param work Synchronous work.
   * @returns The result.
   */
  sync<R>(work: () => R): R {
    const before = tf.getBackend();
    const done = this.#backend === "webgpu"
      ? () => keepingHostValues(this.#tensors(), work)
      : this.#backend === "wasm"
      ? () => withCheckedHeap(work)
      : work;
    if (before === this.#backend) return done();
    switchTo(this.#backend);
    try {
      return done();
    } finally {
      switchTo(before);
    }
  }

  /**
   * Runs a generator slice by slice with the backend current, and yields the
   * thread between the slices.
   *
   * @param steps The generator; ended early if an error is thrown.
   * @param pacer Aborts it, and decides when a slice ends.
   * @returns The return value of the generator.
   */
  async drive<R>(steps: Generator<void, R>, pacer: Pacer): Promise<R> {
    try {
      while (true) {
        const step = this.sync(() => {
          let step = steps.next();
          while (!step.done && !pacer.isDue()) step = steps.next();
          return step;
        });
        if (step.done) return step.value;
        await pacer.pause();
      }
    } catch (error) {
      steps.return(undefined as never); // frees its tensors
      throw error;
    }
  }
}

/** Sets a backend that is ready, which takes effect immediately. */
function switchTo(name: string): void {
  const switched = tf.setBackend(name);
  if (tf.getBackend() !== name) {
    switched.catch(() => {}); // reported by the error below
    throw new UnsupportedByEngineError(
      "run",
      `tfjs:${name}`,
      "its backend must be ready",
    );
  }
}

let last: Promise<void> = Promise.resolve();

/**
 * Waits for earlier runs, then runs work with exclusive use of TF.js.
 *
 * @param backend The backend, which is initialised.
 * @param work The work.
 * @param pacer Ends the waiting when the run is aborted.
 * @param tensors The caller's tensors that the backend may move.
 * @returns The result.
 */
export async function takeTurn<R>(
  backend: BackendName,
  work: (turn: Turn) => Promise<R>,
  pacer?: Pacer,
  tensors?: () => readonly tf.Tensor[],
): Promise<R> {
  const before = last;
  const { promise, resolve } = Promise.withResolvers<void>();
  last = promise;
  try {
    await (pacer?.race(before) ?? before);
    await makeReady(backend);
    const turn = new Turn(backend, tensors);
    if (backend !== "webgpu") return await work(turn);
    turn.sync(() => {}); // its device exists from the first use on
    return await faultless(() => work(turn));
  } finally {
    // An aborted waiter still delays those queued after it.
    before.then(resolve);
  }
}

/**
 * Runs work on the graphics card, and reports errors that TF.js ignores: if a
 * shader does not compile, TF.js continues with undefined memory contents.
 *
 * @param work The work.
 * @returns The result.
 * @throws {UnsupportedByEngineError} If the graphics card reported an error.
 */
async function faultless<R>(work: () => Promise<R>): Promise<R> {
  const { webgpu } = tf.engine().registry;
  const { device } = webgpu as unknown as { readonly device: GPUDevice };
  device.pushErrorScope("validation");
  let result: R;
  try {
    result = await work();
  } catch (error) {
    await device.popErrorScope();
    throw error;
  }
  const fault = await device.popErrorScope();
  if (fault === null) return result;
  throw new UnsupportedByEngineError(
    "run",
    "tfjs:webgpu",
    `all its shaders must compile, and WebGPU says "${
      fault.message.trim().split("\n").slice(0, 2).join(" ")
    }"; use .engine("tfjs", { backend: "wasm" })`,
  );
}

/**
 * Loads a backend if necessary, without changing the caller's current one.
 *
 * @param name The backend.
 * @throws {UnsupportedByEngineError} If it is not available.
 */
export async function makeReady(name: BackendName): Promise<void> {
  const { registry } = tf.engine();
  // First initialise the caller's current or default backend: otherwise one
  // that is added later could become the default before it is ready.
  if (!tf.getBackend() || registry[name] === undefined) await tf.ready();
  if (registry[name] !== undefined) return;
  if (name === "wasm" && tf.findBackendFactory(name) === null) {
    await import("@tensorflow/tfjs-backend-wasm");
  }
  if (name === "webgpu") await loadWebgpu();
  try {
    await initialize(name);
  } catch (cause) {
    // TF.js rejects with an object that is not an Error if it cannot read a
    // file.
    const { message = String(cause) } = cause as { message?: string };
    const hint = name === "wasm" ? "give --allow-read for its files, or " : "";
    throw new UnsupportedByEngineError(
      "run",
      `tfjs:${name}`,
      `its backend must be there, and TF.js says "${message}"; ${hint}use .engine("tfjs", { backend: "cpu" })`,
    );
  }
}

/**
 * Registers an initialised backend, because TF.js cannot compute while it
 * initialises one, with the lowest priority, so that it does not become the
 * default.
 */
async function initialize(name: BackendName): Promise<void> {
  const factory = tf.findBackendFactory(name);
  if (factory === null) throw new Error(`no backend named "${name}"`);
  const backend = await factory();
  if (tf.engine().registry[name] !== undefined) return;
  tf.removeBackend(name);
  tf.registerBackend(name, () => backend, 0);
}

async function loadWebgpu(): Promise<void> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) {
    throw new UnsupportedByEngineError(
      "run",
      "tfjs:webgpu",
      `a WebGPU adapter must be there; use .engine("tfjs", { backend: "wasm" })`,
    );
  }
  if (tf.findBackendFactory("webgpu") === null) {
    await import("@tensorflow/tfjs-backend-webgpu");
  }
}

type DataId = tf.Tensor["dataId"];
type Values = Float32Array | Int32Array | Uint8Array;

/** The internals of the backend that are used. */
interface Webgpu {
  readonly tensorMap: {
    has(id: DataId): boolean;
    /** Moves the tensor to this backend if it is elsewhere, so check first. */
    get(id: DataId): { values: Values | null | undefined };
  };
}

/**
 * Runs work on `webgpu`, and keeps host values on the host.
 *
 * @param tensors The caller's tensors.
 * @param work Synchronous work, with `webgpu` current.
 * @returns The result.
 */
export function keepingHostValues<R>(
  tensors: readonly tf.Tensor[],
  work: () => R,
): R {
  const { tensorMap } = tf.engine().registry.webgpu as unknown as Webgpu;
  const held = tensors.flatMap((tensor) => {
    const { dataId } = tensor;
    const values = tensorMap.has(dataId)
      ? tensorMap.get(dataId).values
      : tensor.dataSync<NumericDataType>();
    return values ? [{ dataId, values }] : [];
  });
  try {
    return work();
  } finally {
    for (const { dataId, values } of held) {
      if (tensorMap.has(dataId)) tensorMap.get(dataId).values ??= values;
    }
  }
}

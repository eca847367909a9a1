/**
 * TF.js' backend is global, so a run must share it: with other runs, which
 * queue up, and with the caller's code, which must find the backend that it
 * had whenever it gets control back.
 *
 * Therefore a backend is current only inside {@linkcode Turn.sync}, which is
 * synchronous from end to end. To switch takes TF.js up to a millisecond, so a
 * batch is done in as few of these as its length allows.
 *
 * @module
 */
import { tf } from "../../tf.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { Pacer } from "../../formats/pacer.ts";
import { keepingHostValues } from "./host_values.ts";

/** Backends of TF.js that we run on. */
export type BackendName = "wasm" | "cpu" | "webgpu";

/** One run's hold on TF.js. */
export class Turn {
  readonly #backend: BackendName;
  readonly #tensors: () => readonly tf.Tensor[];

  /** Takes the name of a backend that is ready, and the caller's tensors that it may move. */
  constructor(
    backend: BackendName,
    tensors: () => readonly tf.Tensor[] = () => [],
  ) {
    this.#backend = backend;
    this.#tensors = tensors;
  }

  /**
   * Runs something with the backend current.
   *
   * @param work Something synchronous.
   * @returns The result.
   */
  sync<R>(work: () => R): R {
    const before = tf.getBackend();
    const done = this.#backend === "webgpu"
      ? () => keepingHostValues(this.#tensors(), work)
      : work;
    if (before === this.#backend) return done();
    switchTo(this.#backend);
    try {
      return done();
    } finally {
      switchTo(before);
    }
  }
}

/** A backend that is ready is current as soon as the call is made. */
function switchTo(name: string): void {
  const switched = tf.setBackend(name);
  if (tf.getBackend() !== name) {
    switched.catch(() => {}); // the error below says it
    throw new UnsupportedByEngineError(
      "run",
      `tfjs:${name}`,
      "its backend must be ready",
    );
  }
}

let last: Promise<void> = Promise.resolve();

/**
 * Waits for the runs before, then does one's own.
 *
 * @param backend The backend, which is made ready.
 * @param work What to do with the turn.
 * @param pacer Ends the waiting when the run is stopped.
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
    turn.sync(() => {}); // its device is there from the first use on
    return await faultless(() => work(turn));
  } finally {
    // Whoever gave up waiting still holds the place of those behind.
    before.then(resolve);
  }
}

/**
 * Does work on the graphics card, and says what TF.js does not: where a shader
 * does not compile, it goes on with whatever the memory held before.
 *
 * @param work What to do.
 * @returns The result.
 * @throws {UnsupportedByEngineError} If the card refused some of it.
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
 * Loads a backend, if need be, and leaves the caller's current one in place.
 *
 * @param name The backend.
 * @throws {UnsupportedByEngineError} If it is not available here.
 */
export async function makeReady(name: BackendName): Promise<void> {
  const { registry } = tf.engine();
  // First the one that the caller has, or would have: one that is added later
  // would otherwise be taken for it, and is not ready when it is first used.
  if (!tf.getBackend() || registry[name] === undefined) await tf.ready();
  if (registry[name] !== undefined) return;
  if (name === "wasm" && tf.findBackendFactory(name) === null) {
    await import("@tensorflow/tfjs-backend-wasm");
  }
  if (name === "webgpu") await loadWebgpu();
  try {
    await initialize(name);
  } catch (cause) {
    // TF.js rejects with an object that is no Error where it cannot read a file.
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
 * TF.js can compute nothing while it initialises a backend itself, so it gets
 * one that is ready, and last in line for those who never choose one.
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

import type { Worker } from "node:worker_threads";
import { deviceAdvice, type DeviceName } from "./device.ts";
import { keepWorker, takeWorker } from "./idle_workers.ts";
import {
  type Envelope,
  enveloped,
  messageIn,
  type ModelBytes,
  type OnnxFeed,
  type OnnxOutput,
  type OnnxResult,
  type WorkerReply,
  type WorkerRequest,
} from "./messages.ts";
import type { RunSettings, StageOptions } from "./pipeline.ts";
import { messageOf, refusedByRuntime } from "./runtime.ts";
import { trimMemory } from "./trim_memory.ts";

/** A pending request. */
interface Pending {
  readonly what: string;
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
}

/** Settings of {@linkcode openInWorker}. */
export interface WorkerOptions {
  /** Number of threads. */
  readonly threads: number;
  /** Whether products of 8-bit integers must be exact. @default {false} */
  readonly exactProducts?: boolean;
  /** Whether threads spin while they wait for work. @default {true} */
  readonly spins?: boolean;
  /** The device. @default {"cpu"} */
  readonly device?: DeviceName | undefined;
  /** Arrays of weights that may be transferred; they are empty afterwards. */
  readonly transferable?: Iterable<ArrayBufferView>;
  /** A worker that was acquired before. @default {a newly acquired one} */
  readonly worker?: Worker;
}

/** A pipeline of models in a separate worker. */
export interface WorkerPipeline {
  /** The outputs of the first stage. */
  readonly outputs: readonly OnnxOutput[];
  /**
   * Adds a stage that runs after the existing ones. If it is refused, all are
   * closed.
   *
   * @param model The model.
   * @param from The outputs of earlier stages that are its inputs.
   * @param transferable Arrays of its weights that may be transferred.
   */
  add(
    model: ModelBytes,
    from: Readonly<Record<string, string>>,
    transferable?: Iterable<ArrayBufferView>,
  ): Promise<void>;
  /**
   * Runs the pipeline. Concurrent runs are queued.
   *
   * @param feeds Values of all inputs, by name; only read, and only before this
   * returns its promise.
   * @param what Their name in messages.
   * @param settings Requested outputs, and size of micro-batches.
   * @returns Values of the outputs, by name, owned by the caller; booleans as
   * bytes.
   */
  run(
    feeds: Feeds,
    what?: string,
    settings?: RunSettings & { readonly ifNaN?: IfNaN | undefined },
  ): Promise<Results>;
  /**
   * Frees the models, and returns the worker to the pool. A run in flight is
   * not awaited and its result is ignored; its worker is returned when it has
   * ended.
   */
  close(): Promise<void>;
}

type Feeds = Readonly<Record<string, OnnxFeed>>;
type Results = Readonly<Record<string, OnnxResult>>;

/** The fallback if results may be wrong because a value is NaN. */
export interface IfNaN {
  /** An output that is NaN in this case; it is not returned. */
  readonly output: string;
  /** Computes the results in another way; the inputs may be transferred. */
  readonly run: (feeds: Feeds) => Promise<Results>;
}

/**
 * Opens a model in ONNX Runtime in a separate worker, so that the calling
 * thread is not blocked while it runs.
 *
 * A request in flight keeps the process alive.
 *
 * @param model The model.
 * @param options Threads, device, and arrays to transfer.
 * @returns The pipeline, to which other stages can be added.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not available, or
 * refuses the model.
 */
export async function openInWorker(
  model: ModelBytes,
  { transferable = [], worker = takeWorker(), ...options }: WorkerOptions,
): Promise<WorkerPipeline> {
  const link = new WorkerLink(worker, options.device);
  const outputs = await openOn(link, model, options, transferable);
  let isTrimmed = false;
  const spare: ArrayBuffer[] = [];
  return {
    outputs,
    async add(model, from, transferable = []) {
      await openOn(link, model, { ...options, from }, transferable);
    },
    async run(feeds, what = "the batch", { ifNaN, ...settings } = {}) {
      const copies = Object.entries(feeds).map(([name, feed]) =>
        [name, copied(feed, spare)] as const
      );
      const running = link.ask(
        `run ${what}`,
        {
          kind: "run",
          feeds: Object.fromEntries(copies),
          nanOutput: ifNaN?.output,
          ...settings,
        },
        buffersOf(copies.map(([, { array }]) => array)),
      );
      // Free the memory of the opening while the first batch computes.
      if (!isTrimmed) trimMemory();
      isTrimmed = true;
      const reply = await running;
      if (reply.kind === "nan") return await ifNaN!.run(reply.feeds);
      if (reply.kind !== "results") return {};
      spare.splice(0, Infinity, ...reply.spare);
      return reply.results;
    },
    async close() {
      const { isBusy } = link;
      const closed = link.close().finally(trimMemory);
      if (isBusy) closed.catch(() => {}); // no caller is waiting for it
      else await closed;
    },
  };
}

/** Opens a model on a worker, which ends if this fails. */
async function openOn(
  link: WorkerLink,
  model: ModelBytes,
  options: StageOptions,
  transferable: Iterable<ArrayBufferView>,
): Promise<readonly OnnxOutput[]> {
  try {
    const { request, transfer } = opening(model, options, transferable);
    const reply = await link.ask("open the model", request, transfer);
    return reply.kind === "opened" ? reply.outputs : [];
  } catch (error) {
    await link.close().catch(() => {}); // the first error is the one to report
    throw error;
  }
}

/**
 * Loads ONNX Runtime in a worker, which the next session takes.
 *
 * @throws {Error} If it cannot be loaded.
 */
export async function loadInWorker(): Promise<void> {
  const obstacle = await new WorkerLink(takeWorker()).close();
  if (obstacle !== undefined) throw new Error(obstacle);
}

/** The request to open a model, and the buffers to transfer. */
function opening(
  model: ModelBytes,
  options: StageOptions,
  transferable: Iterable<ArrayBufferView>,
): { request: WorkerRequest; transfer: ArrayBuffer[] } {
  const owned = new Set([...transferable].map(({ buffer }) => buffer));
  const weights = model.externalData.map(({ path, data }) => {
    // Transferring a view would detach its whole buffer.
    const isWhole = data.byteLength === data.buffer.byteLength;
    return {
      path,
      data: isWhole && owned.has(data.buffer) ? data : data.slice(),
    };
  });
  return {
    request: {
      kind: "open",
      model: { ...model, externalData: weights },
      ...options,
    },
    transfer: buffersOf(weights),
  };
}

/**
 * The calling thread's side of one session: answers come in the order of the
 * requests. Its worker is referenced while a request is pending.
 */
class WorkerLink {
  readonly #worker: Worker;
  readonly #device: DeviceName;
  readonly #pending: Pending[] = [];
  #end: string | undefined;
  #isGone = false;
  #closed: Promise<string | undefined> | undefined;

  constructor(worker: Worker, device: DeviceName = "cpu") {
    this.#worker = worker;
    this.#device = device;
    worker.on("message", this.#hear);
    worker.on("messageerror", this.#lose);
    worker.on("error", this.#fail);
    worker.on("exit", this.#leave);
  }

  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  /** Sends a request; throws if the message cannot be sent. */
  async ask(
    what: string,
    request: WorkerRequest,
    transfer: ArrayBuffer[],
  ): Promise<WorkerReply> {
    if (this.#end !== undefined) throw refusedByRuntime(what, this.#end);
    this.#worker.postMessage(enveloped(request), transfer);
    if (!this.isBusy) this.#worker.ref();
    return await new Promise((resolve, reject) =>
      this.#pending.push({ what, resolve, reject })
    );
  }

  /**
   * Closes the session and returns the worker to the pool; a second call does
   * nothing.
   *
   * @returns Why the worker could not load the runtime; undefined if it did.
   */
  close(): Promise<string | undefined> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<string | undefined> {
    if (this.#isGone) return this.#end;
    const closing = this.ask("close the model", { kind: "close" }, []);
    this.#end = "it is closed";
    let isLoaded = false;
    try {
      const reply = await closing;
      const obstacle = reply.kind === "closed" ? reply.obstacle : "no answer";
      isLoaded = obstacle === undefined;
      return obstacle;
    } finally {
      this.#worker.off("message", this.#hear);
      this.#worker.off("messageerror", this.#lose);
      this.#worker.off("error", this.#fail);
      this.#worker.off("exit", this.#leave);
      if (isLoaded) keepWorker(this.#worker);
      else this.#worker.terminate();
    }
  }

  readonly #hear = (envelope: Envelope<WorkerReply>): void => {
    const reply = messageIn(envelope);
    const { what, resolve, reject } = this.#pending.shift()!;
    if (!this.isBusy) this.#worker.unref();
    if (reply.kind !== "failed") return resolve(reply);
    const { samples, message } = reply;
    const action = samples === undefined ? what : `run ${samples}`;
    const advice = deviceAdvice(this.#device, message);
    reject(refusedByRuntime(action, message, undefined, advice));
  };

  readonly #lose = (): void => this.#finish("an answer was lost");

  readonly #fail = (error: unknown): void => this.#finish(messageOf(error));

  readonly #leave = (): void => this.#finish("it exited");

  /** Rejects all pending requests, because the worker has ended. */
  #finish(message: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#end = `its thread ended: ${message}`;
    this.#worker.terminate();
    for (const { what, reject } of this.#pending.splice(0)) {
      reject(refusedByRuntime(what, this.#end));
    }
  }
}

/**
 * Copies values to a separate buffer, to transfer. Allocation costs as much as
 * the copy, so the buffer of an earlier batch is reused.
 */
function copied({ type, array }: OnnxFeed, spare: ArrayBuffer[]): OnnxFeed {
  const { shape, dtype } = array;
  const data = array.data as Float32Array;
  const index = spare.findIndex(({ byteLength }) =>
    byteLength === data.byteLength
  );
  const [buffer] = index < 0 ? [] : spare.splice(index, 1);
  const Kind = data.constructor as Float32ArrayConstructor;
  const copy = buffer === undefined ? data.slice() : new Kind(buffer);
  if (buffer !== undefined) copy.set(data);
  return { type, array: { data: copy, shape: [...shape], dtype } };
}

function buffersOf(
  arrays: readonly { readonly data: ArrayBufferView<ArrayBufferLike> }[],
): ArrayBuffer[] {
  const buffers = arrays.map(({ data }) => data.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}

import type { Worker } from "node:worker_threads";
import type { DeviceName } from "./device.ts";
import { keepWorker, takeWorker } from "./idle_workers.ts";
import { inFlight } from "./in_flight.ts";
import {
  closed,
  consumable,
  failure,
  type RuntimeLink,
  type SuccessfulReply,
} from "./link.ts";
import {
  type Envelope,
  enveloped,
  messageIn,
  type WorkerReply,
  type WorkerRequest,
} from "./messages.ts";
import { messageOf, refusedByRuntime } from "./runtime.ts";

/** A pending request. */
interface Pending {
  readonly what: string;
  readonly resolve: (reply: SuccessfulReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Models in a worker, which answers in the order of the requests. It is
 * referenced while a request is pending.
 */
export class WorkerLink implements RuntimeLink {
  readonly #worker: Worker;
  readonly #device: DeviceName;
  readonly #pending: Pending[] = [];
  #end: string | undefined;
  #isGone = false;
  #closed: Promise<string | undefined> | undefined;

  /**
   * Connects to a worker.
   *
   * @param device The device, for advice in errors.
   * @param worker The worker.
   */
  constructor(device: DeviceName = "cpu", worker: Worker = takeWorker()) {
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

  async ask(
    what: string,
    request: WorkerRequest,
    owned: Iterable<ArrayBufferView> = [],
  ): Promise<SuccessfulReply> {
    if (this.#end !== undefined) throw refusedByRuntime(what, this.#end);
    if (this.#closed !== undefined) throw closed(what);
    const { sent, buffers } = transferred(request, owned);
    this.#worker.postMessage(enveloped(sent), buffers);
    if (!this.isBusy) this.#worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<
      SuccessfulReply
    >();
    this.#pending.push({ what, resolve, reject });
    return await inFlight(promise);
  }

  /** Closes the session and returns the worker to the pool. */
  close(): Promise<string | undefined> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<string | undefined> {
    if (this.#isGone) return this.#end;
    // Those in flight cannot be stopped; nobody has to wait for them.
    for (const { what, reject } of this.#pending) reject(closed(what));
    const closing = this.ask("close the model", { kind: "close" });
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
    reject(failure(what, reply, this.#device));
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

/** A request as it is sent, and the buffers that are transferred with it. */
function transferred(
  request: WorkerRequest,
  owned: Iterable<ArrayBufferView>,
): { readonly sent: WorkerRequest; readonly buffers: ArrayBuffer[] } {
  if (request.kind === "close") return { sent: request, buffers: [] };
  if (request.kind === "run") {
    const arrays = Object.values(request.feeds).map(({ array }) => array.data);
    return { sent: request, buffers: buffersOf(arrays) };
  }
  const free = consumable(request, owned);
  const { model } = request;
  const externalData = model.externalData.map(({ path, data }) => ({
    path,
    data: free.has(data.buffer as ArrayBuffer) ? data : data.slice(),
  }));
  const sent = { ...request, model: { ...model, externalData } };
  return { sent, buffers: buffersOf(externalData.map(({ data }) => data)) };
}

function buffersOf(
  arrays: readonly ArrayBufferView<ArrayBufferLike>[],
): ArrayBuffer[] {
  return [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))];
}

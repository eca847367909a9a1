import type { Worker } from "node:worker_threads";
import { type EncodedModel, encodeModel } from "../graph/encode_model.ts";
import { keepWorker, takeWorker } from "./idle_workers.ts";
import type {
  OnnxFeed,
  OnnxOutput,
  OnnxResult,
  WorkerReply,
  WorkerRequest,
} from "./messages.ts";
import type { OnnxGraph } from "../graph/onnx_graph.ts";
import { messageOf, type OpenGraph, refusedByRuntime } from "./runtime.ts";
import type { RunSettings } from "./stages.ts";
import { trimMemory } from "./trim_memory.ts";

/** A request that is on its way. */
interface Pending {
  readonly what: string;
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
}

/** Settings of {@linkcode openInWorker}. */
export interface WorkerOptions {
  /** How many threads compute. */
  readonly threads: number;
  /** Arrays of constants that may be given away: they are empty afterwards. */
  readonly given?: Iterable<ArrayBufferView>;
  /** A worker that was taken before. @default {one that is taken now} */
  readonly worker?: Worker;
}

/**
 * Hands a graph to ONNX Runtime in a worker of its own, so that the calling
 * thread stays free while it runs.
 *
 * The process stays alive while a request is in flight, and only then.
 *
 * @param graph The outermost graph.
 * @param options Threads, and what may be given away.
 * @returns It, ready to run. Runs queue up. Closing it frees the graph, and
 * keeps the worker for the next session. A run that is in flight is not waited
 * for, and ends unseen; its worker is kept once it has ended.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the graph.
 */
export async function openInWorker(
  graph: OnnxGraph,
  options: WorkerOptions,
): Promise<OpenStages> {
  let model: EncodedModel;
  try {
    model = encodeModel(graph);
  } catch (error) {
    if (options.worker !== undefined) keepWorker(options.worker);
    throw error;
  }
  return await openModelInWorker(model, options);
}

/** A graph in a worker of its own, to which others may be added. */
export interface OpenStages extends OpenGraph {
  /** What the first graph gives. */
  readonly outputs: readonly OnnxOutput[];
  /**
   * Adds a graph that runs after those before. If it is refused, all are closed.
   *
   * @param model The graph.
   * @param from Which outputs of those before go into its inputs.
   * @param given Arrays of constants that may be given away.
   */
  add(
    model: EncodedModel,
    from: Readonly<Record<string, string>>,
    given?: Iterable<ArrayBufferView>,
  ): Promise<void>;
  run(
    feeds: Feeds,
    what?: string,
    settings?: RunSettings & { readonly doubt?: Doubt | undefined },
  ): Promise<Results>;
}

type Feeds = Readonly<Record<string, OnnxFeed>>;
type Results = Readonly<Record<string, OnnxResult>>;

/** What to do where results cannot be trusted. */
export interface Doubt {
  /** An output that says so, by being NaN; it is not given. */
  readonly output: string;
  /** Computes the same in another way; what is fed may be given away. */
  readonly again: (feeds: Feeds) => Promise<Results>;
}

/**
 * The same for a model that is written already.
 *
 * @param model The model.
 * @param options Threads, and what may be given away.
 * @returns It, ready to run, and to be gone on from.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the model.
 */
export async function openModelInWorker(
  model: EncodedModel,
  { threads, given = [], worker = takeWorker() }: WorkerOptions,
): Promise<OpenStages> {
  const link = new WorkerLink(worker);
  const add = async (
    model: EncodedModel,
    from: Readonly<Record<string, string>> | undefined,
    given: Iterable<ArrayBufferView>,
  ) => {
    try {
      const { request, transfer } = opening(model, threads, from, given);
      const reply = await link.ask("open the model", request, transfer);
      return reply.kind === "opened" ? reply.outputs : [];
    } catch (error) {
      await link.close().catch(() => {}); // the first error is the one to report
      throw error;
    }
  };
  const outputs = await add(model, undefined, given);
  let isTrimmed = false;
  const spare: ArrayBuffer[] = [];
  return {
    outputs,
    async add(model, from, given = []) {
      await add(model, from, given);
    },
    async run(feeds, what = "the batch", { doubt, ...settings } = {}) {
      const copies = Object.entries(feeds).map(([name, feed]) =>
        [name, copied(feed, spare)] as const
      );
      const running = link.ask(
        `run ${what}`,
        {
          kind: "run",
          feeds: Object.fromEntries(copies),
          doubt: doubt?.output,
          ...settings,
        },
        buffersOf(copies.map(([, { array }]) => array)),
      );
      // What opening left behind goes while the first batch computes.
      if (!isTrimmed) trimMemory();
      isTrimmed = true;
      const reply = await running;
      if (reply.kind === "doubtful") return await doubt!.again(reply.feeds);
      if (reply.kind !== "results") return {};
      spare.splice(0, Infinity, ...reply.spare);
      return reply.results;
    },
    async close() {
      const { isBusy } = link;
      const closed = link.close().finally(trimMemory);
      if (isBusy) closed.catch(() => {}); // nobody is there to hear of it
      else await closed;
    },
  };
}

/** The request to open a model, and what goes over with it. */
function opening(
  model: EncodedModel,
  threads: number,
  from: Readonly<Record<string, string>> | undefined,
  given: Iterable<ArrayBufferView>,
): { request: WorkerRequest; transfer: ArrayBuffer[] } {
  const ours = new Set([...given].map(({ buffer }) => buffer));
  const weights = model.externalData.map(({ path, data }) => {
    // Transferring a view takes all of its buffer away.
    const isWhole = data.byteLength === data.buffer.byteLength;
    return {
      path,
      data: isWhole && ours.has(data.buffer) ? data : data.slice(),
    };
  });
  return {
    request: {
      kind: "open",
      model: { bytes: model.bytes, externalData: weights },
      threads,
      from,
    },
    transfer: buffersOf(weights),
  };
}

/**
 * The calling thread's side of one session: answers come in the order of the
 * requests. Its worker is referenced while it owes an answer.
 */
class WorkerLink {
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];
  #end: string | undefined;
  #isGone = false;
  #closed: Promise<void> | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", this.#hear);
    worker.on("messageerror", this.#lose);
    worker.on("error", this.#fail);
    worker.on("exit", this.#leave);
  }

  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  /** Sends a request; what is wrong with the message itself is thrown. */
  async ask(
    what: string,
    request: WorkerRequest,
    transfer: ArrayBuffer[],
  ): Promise<WorkerReply> {
    if (this.#end !== undefined) throw refusedByRuntime(what, this.#end);
    this.#worker.postMessage(request, transfer);
    if (!this.isBusy) this.#worker.ref();
    return await new Promise((resolve, reject) =>
      this.#pending.push({ what, resolve, reject })
    );
  }

  /** Frees what the worker holds, and gives it back; a second time does nothing. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#isGone) return;
    const closing = this.ask("close the model", { kind: "close" }, []);
    this.#end = "it is closed";
    let isLoaded = false;
    try {
      const reply = await closing;
      isLoaded = reply.kind === "closed" && reply.isLoaded;
    } finally {
      this.#worker.off("message", this.#hear);
      this.#worker.off("messageerror", this.#lose);
      this.#worker.off("error", this.#fail);
      this.#worker.off("exit", this.#leave);
      if (isLoaded) keepWorker(this.#worker);
      else this.#worker.terminate();
    }
  }

  readonly #hear = (reply: WorkerReply): void => {
    const { what, resolve, reject } = this.#pending.shift()!;
    if (!this.isBusy) this.#worker.unref();
    if (reply.kind !== "failed") return resolve(reply);
    const { samples, said } = reply;
    const part = samples === undefined ? what : `run ${samples}`;
    reject(refusedByRuntime(part, said));
  };

  readonly #lose = (): void => this.#finish("an answer was lost");

  readonly #fail = (error: unknown): void => this.#finish(messageOf(error));

  readonly #leave = (): void => this.#finish("it exited");

  /** The worker is gone: nothing that was asked will be answered. */
  #finish(said: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#end = `its thread ended: ${said}`;
    this.#worker.terminate();
    for (const { what, reject } of this.#pending.splice(0)) {
      reject(refusedByRuntime(what, this.#end));
    }
  }
}

/**
 * The same values in a buffer of their own; what is the caller's stays there.
 * New memory costs as much as the copying, so that of an earlier batch is taken.
 */
function copied({ type, array }: OnnxFeed, spare: ArrayBuffer[]): OnnxFeed {
  const { shape, dtype } = array;
  const data = array.data as Float32Array;
  const place = spare.findIndex(({ byteLength }) =>
    byteLength === data.byteLength
  );
  const [buffer] = place < 0 ? [] : spare.splice(place, 1);
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

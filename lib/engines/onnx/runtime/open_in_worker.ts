import { type EncodedModel, encodeModel } from "../graph/encode_model.ts";
import type {
  OnnxFeed,
  OnnxOutput,
  OnnxResult,
  WorkerReply,
  WorkerRequest,
} from "./messages.ts";
import type { OnnxGraph } from "../graph/onnx_graph.ts";
import { type OpenGraph, refusedByRuntime } from "./runtime.ts";
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
  /** A worker that was started before; it is ended if the model is refused. */
  readonly worker?: Worker;
}

/**
 * Starts a worker, which loads ONNX Runtime while the caller gets ready.
 *
 * @returns The worker, for {@linkcode openInWorker}.
 */
export function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "onnx",
  });
}

/**
 * Hands a graph to ONNX Runtime in a worker of its own, so that the calling
 * thread stays free while it runs.
 *
 * @param graph The outermost graph.
 * @param options Threads, and what may be given away.
 * @returns It, ready to run. Runs queue up. Closing it ends the worker; a run
 * that is under way is not waited for, and ends unseen.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the graph.
 */
export async function openInWorker(
  graph: OnnxGraph,
  options: WorkerOptions,
): Promise<OpenStages> {
  return await openModelInWorker(encodeModel(graph), options);
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
  { threads, given = [], worker = startWorker() }: WorkerOptions,
): Promise<OpenStages> {
  const link = new WorkerLink(worker);
  const add = async (
    model: EncodedModel,
    from: Readonly<Record<string, string>> | undefined,
    given: Iterable<ArrayBufferView>,
  ) => {
    const { request, transfer } = opening(model, threads, from, given);
    try {
      const reply = await link.ask("open the model", request, transfer);
      return reply.kind === "opened" ? reply.outputs : [];
    } catch (error) {
      worker.terminate();
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
      if (link.isOver) return worker.terminate();
      const isBusy = link.isBusy;
      const closed = link.close().finally(() => {
        worker.terminate();
        trimMemory();
      });
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
): { request: WorkerRequest; transfer: Transferable[] } {
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

/** The calling thread's side: answers come in the order of the questions. */
class WorkerLink {
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];
  #end: string | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) =>
      this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault(); // or it would end the caller's process too
      this.#finish(event.message);
    };
    worker.onmessageerror = () => this.#finish("an answer was lost");
  }

  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  /** Whether there is nobody left to be asked. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  ask(
    what: string,
    request: WorkerRequest,
    transfer: Transferable[],
  ): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        return reject(refusedByRuntime(what, this.#end));
      }
      this.#pending.push({ what, resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /** Asks for the end; nothing can be asked after it. */
  close(): Promise<WorkerReply> {
    const closed = this.ask("close the model", { kind: "close" }, []);
    this.#end ??= "it is closed";
    return closed;
  }

  #hear(reply: WorkerReply): void {
    const { what, resolve, reject } = this.#pending.shift()!;
    if (reply.kind !== "failed") return resolve(reply);
    const { samples, said } = reply;
    const part = samples === undefined ? what : `run ${samples}`;
    reject(refusedByRuntime(part, said));
  }

  /** The worker is gone: nothing that was asked will be answered. */
  #finish(said: string): void {
    this.#end = `its thread ended: ${said}`;
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

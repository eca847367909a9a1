import type { SessionSettings } from "./binding.ts";
import { cBinding } from "./c_library.ts";
import type { DeviceName } from "./device.ts";
import { DirectLink } from "./direct_link.ts";
import type { RuntimeLink } from "./link.ts";
import { missingPermission } from "./missing_runtime.ts";
import type {
  ModelBytes,
  OnnxFeed,
  OnnxOutput,
  OnnxResult,
} from "./messages.ts";
import type { RunSettings, StageOptions } from "./pipeline.ts";
import { trimMemory } from "./trim_memory.ts";

/** Settings of {@linkcode openPipeline}. */
export interface PipelineOptions extends SessionSettings {
  /** Arrays of weights that may be transferred; they are empty afterwards. */
  readonly transferable?: Iterable<ArrayBufferView>;
  /** A link that was opened before. @default {a newly opened one} */
  readonly link?: RuntimeLink | undefined;
}

/** A pipeline of models in another thread. */
export interface RuntimePipeline {
  /** The outputs of the first stage. */
  readonly outputs: readonly OnnxOutput[];
  /** Whether it is in this process, not in a worker. */
  readonly isDirect: boolean;
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
   * Frees the models. A run in flight is stopped if the runtime can; it is not
   * awaited, and its result is ignored.
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
 * Opens the link that is ready first: in this process for the processor if the
 * permission `--allow-ffi` is not limited to paths, otherwise in a worker.
 *
 * @param device The device.
 * @returns The link.
 */
export async function openLink(
  device: DeviceName = "cpu",
): Promise<RuntimeLink> {
  const binding = device === "cpu" ? await cBinding() : undefined;
  return binding === undefined
    ? await startWorker(device)
    : new DirectLink(binding);
}

/**
 * Opens the link that is faster for many runs: in a worker, which
 * starts a run when the one before it ends, without waiting for this thread.
 *
 * @returns The link; undefined if a permission for the worker is missing.
 */
export async function openWorkerLink(): Promise<RuntimeLink | undefined> {
  return await missingPermission() === undefined
    ? await startWorker("cpu")
    : undefined;
}

async function startWorker(device: DeviceName): Promise<RuntimeLink> {
  const { WorkerLink } = await import("./worker_link.ts");
  return new WorkerLink(device);
}

/**
 * Opens a model in ONNX Runtime in another thread, so that the calling thread is
 * not blocked while it runs.
 *
 * A request in flight keeps the process alive.
 *
 * @param model The model.
 * @param options Threads, device, and arrays to transfer.
 * @returns The pipeline, to which other stages can be added.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not available, or
 * refuses the model.
 */
export async function openPipeline(
  model: ModelBytes,
  { transferable = [], link: opened, ...options }: PipelineOptions,
): Promise<RuntimePipeline> {
  const link = opened ?? await openLink(options.device);
  let numBytes = sizeOf(model);
  const outputs = await openOn(link, model, options, transferable);
  let isTrimmed = false;
  const trim = () => {
    if (numBytes >= LEAST_TRIMMED) trimMemory();
  };
  const spare: ArrayBuffer[] = [];
  return {
    outputs,
    isDirect: link instanceof DirectLink,
    async add(model, from, transferable = []) {
      numBytes += sizeOf(model);
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
      );
      // Free the memory of the opening while the first batch computes.
      if (!isTrimmed) trim();
      isTrimmed = true;
      const sizes = Object.values(feeds).map(({ array }) =>
        array.data.byteLength
      );
      numBytes = Math.max(numBytes, ...sizes);
      const reply = await running;
      if (reply.kind === "nan") return await ifNaN!.run(reply.feeds);
      if (reply.kind !== "results") return {};
      spare.splice(0, Infinity, ...reply.spare);
      return reply.results;
    },
    async close() {
      const { isBusy } = link;
      const closed = link.close().finally(trim);
      if (isBusy) closed.catch(() => {}); // no caller is waiting for it
      else await closed;
    },
  };
}

/**
 * Bytes of models or of a batch from which on freed memory is returned: this traverses
 * over the whole heap, which takes milliseconds, also where little was freed.
 */
const LEAST_TRIMMED = 2 ** 18;

/** Bytes of a model, with its weights. */
function sizeOf({ bytes, externalData }: ModelBytes): number {
  return externalData.reduce(
    (sum, { data }) => sum + data.byteLength,
    bytes.byteLength,
  );
}

/** Opens a model; if this fails, the link is closed. */
async function openOn(
  link: RuntimeLink,
  model: ModelBytes,
  options: StageOptions,
  transferable: Iterable<ArrayBufferView>,
): Promise<readonly OnnxOutput[]> {
  try {
    const request = { kind: "open", model, ...options } as const;
    const reply = await link.ask("open the model", request, transferable);
    return reply.kind === "opened" ? reply.outputs : [];
  } catch (error) {
    await link.close().catch(() => {}); // the first error is the one to report
    throw error;
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

import type { RuntimeBinding } from "./binding.ts";
import type { OnnxResult, WorkerReply, WorkerRequest } from "./messages.ts";
import { SamplesError } from "./micro_batches.ts";
import { Pipeline } from "./pipeline.ts";
import { messageOf } from "./runtime.ts";

/** Answers requests, in their order: in a worker, or in this thread. */
export class RequestHandler {
  readonly #pipeline: Pipeline;
  readonly #binding: Promise<RuntimeBinding>;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Creates a handler without models.
   *
   * @param binding ONNX Runtime.
   */
  constructor(binding: Promise<RuntimeBinding>) {
    this.#binding = binding;
    this.#pipeline = new Pipeline(binding);
  }

  /**
   * Answers a request when the earlier ones are answered.
   *
   * @param request The request.
   * @param consumed Buffers of weights that may be freed early.
   * @returns The answer; an error is one too.
   */
  answer(
    request: WorkerRequest,
    consumed?: ReadonlySet<ArrayBufferLike>,
  ): Promise<WorkerReply> {
    const answered = this.#last.then(() => this.#tryAnswer(request, consumed));
    this.#last = answered;
    return answered;
  }

  /** Stops the run in flight, if the runtime can. */
  stop(): void {
    this.#pipeline.stop();
  }

  async #tryAnswer(
    request: WorkerRequest,
    consumed: ReadonlySet<ArrayBufferLike> | undefined,
  ): Promise<WorkerReply> {
    try {
      return await this.#answer(request, consumed);
    } catch (cause) {
      const samples = cause instanceof SamplesError ? cause.samples : undefined;
      return { kind: "failed", message: messageOf(cause), samples };
    }
  }

  async #answer(
    request: WorkerRequest,
    consumed: ReadonlySet<ArrayBufferLike> | undefined,
  ): Promise<WorkerReply> {
    if (request.kind === "open") {
      const outputs = await this.#pipeline.add(
        ...[request.model, request, consumed] as const,
      );
      return { kind: "opened", outputs };
    }
    if (request.kind === "run") {
      const { feeds, nanOutput = "" } = request;
      const { [nanOutput]: indicator, ...results } = await this.#pipeline.run(
        feeds,
        request,
      );
      if (indicator !== undefined && hasNaN(indicator)) {
        return { kind: "nan", feeds };
      }
      const spare = Object.values(feeds).map(({ array }) =>
        array.data.buffer as ArrayBuffer
      );
      return { kind: "results", results, spare };
    }
    await this.#pipeline.close();
    const obstacle = await this.#binding.then(() => undefined, messageOf);
    return { kind: "closed", obstacle };
  }
}

function hasNaN({ data }: OnnxResult): boolean {
  return (data as Float32Array).some(Number.isNaN);
}

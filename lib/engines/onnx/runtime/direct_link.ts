import type { RuntimeBinding } from "./binding.ts";
import {
  closed,
  consumable,
  failure,
  type RuntimeLink,
  type SuccessfulReply,
} from "./link.ts";
import type { WorkerRequest } from "./messages.ts";
import { RequestHandler } from "./request_handler.ts";

/** Models in this process, whose calls run in other threads. */
export class DirectLink implements RuntimeLink {
  readonly #handler: RequestHandler;
  #numPending = 0;
  #closed: Promise<string | undefined> | undefined;

  /**
   * Creates a link without models.
   *
   * @param binding ONNX Runtime.
   */
  constructor(binding: RuntimeBinding) {
    this.#handler = new RequestHandler(Promise.resolve(binding));
  }

  get isBusy(): boolean {
    return this.#numPending > 0;
  }

  async ask(
    what: string,
    request: WorkerRequest,
    owned: Iterable<ArrayBufferView> = [],
  ): Promise<SuccessfulReply> {
    if (this.#closed !== undefined) throw closed(what);
    this.#numPending++;
    const consumed = consumable(request, owned);
    const reply = await this.#handler.answer(request, consumed);
    this.#numPending--;
    if (reply.kind !== "failed") return reply;
    if (this.#closed !== undefined) throw closed(what);
    throw failure(what, reply, "cpu");
  }

  /** Stops a run in flight, so that its thread is free. */
  close(): Promise<string | undefined> {
    if (this.isBusy) this.#handler.stop();
    return this.#closed ??= this.#handler.answer({ kind: "close" }).then(
      () => undefined,
    );
  }
}

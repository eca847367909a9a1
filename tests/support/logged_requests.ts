/**
 * Requests to ONNX Runtime in this process, and its replies, in order.
 *
 * @module
 */
import { RequestHandler } from "../../lib/engines/onnx/runtime/request_handler.ts";

/** What was heard. */
export interface RequestLog extends Disposable {
  /**
   * "open", "run" and "close" for requests; "opened", "results", "closed" and
   * "failed" for replies.
   */
  readonly events: string[];
  /** The sessions. */
  readonly handlers: ReadonlySet<RequestHandler>;
  /** Resolves when every request has its reply. */
  readonly settled: () => Promise<void>;
}

/**
 * Listens to all sessions until it is disposed of.
 *
 * @param onEvent Called with each event, after it is recorded.
 */
export function logRequests(
  onEvent: (event: string) => void = () => {},
): RequestLog {
  const events: string[] = [];
  const handlers = new Set<RequestHandler>();
  const pending = new Set<Promise<unknown>>();
  const { answer } = RequestHandler.prototype;
  const note = (event: string) => {
    events.push(event);
    onEvent(event);
  };
  RequestHandler.prototype.answer = function (request) {
    handlers.add(this);
    note(request.kind);
    const answered = answer.call(this, request);
    const noted = answered.then(({ kind }) => {
      pending.delete(noted);
      note(kind);
    });
    pending.add(noted);
    return answered;
  };
  return {
    events,
    handlers,
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
    [Symbol.dispose]() {
      RequestHandler.prototype.answer = answer;
    },
  };
}

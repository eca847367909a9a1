import { cannot } from "../../../check.ts";
import type { UnsupportedByEngineError } from "../../../errors.ts";
import { deviceAdvice, type DeviceName } from "./device.ts";
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import { refusedByRuntime } from "./runtime.ts";

/** Sends requests to ONNX Runtime: to a worker, or to other threads. */
export interface RuntimeLink {
  /** Whether a request is pending. */
  readonly isBusy: boolean;
  /**
   * Sends a request.
   *
   * @param what The action, for messages.
   * @param request The request.
   * @param owned Weights in it that are not used afterwards; they are empty
   * then. The values of feeds are owned always.
   * @returns The reply, in the order of the requests.
   * @throws {UnsupportedByEngineError} If the runtime fails.
   * @throws {TypeError} If the link is closed, also meanwhile.
   */
  ask(
    what: string,
    request: WorkerRequest,
    owned?: Iterable<ArrayBufferView>,
  ): Promise<SuccessfulReply>;
  /**
   * Closes the models; a second call does nothing.
   *
   * @returns Why the runtime could not be loaded; undefined if it was.
   */
  close(): Promise<string | undefined>;
}

/** A reply that is no error. */
export type SuccessfulReply = Exclude<WorkerReply, { kind: "failed" }>;

/**
 * The error for a request to a closed link, and for those that it does not wait
 * for.
 *
 * @param what The action.
 * @returns The error to throw.
 */
export function closed(what: string): TypeError {
  const rule = "the session must be open";
  return new TypeError(cannot(what, rule, "closed", "open it again"));
}

/**
 * The error for a failure.
 *
 * @param what The action.
 * @param reply The failure.
 * @param device The device, for advice.
 * @returns The error to throw.
 */
export function failure(
  what: string,
  { samples, message }: Extract<WorkerReply, { kind: "failed" }>,
  device: DeviceName,
): UnsupportedByEngineError {
  const action = samples === undefined ? what : `run ${samples}`;
  const advice = deviceAdvice(device, message);
  return refusedByRuntime(action, message, undefined, advice);
}

/**
 * The weights of a request that may be freed or transferred.
 *
 * @param request The request.
 * @param owned Arrays that are not used afterwards.
 * @returns Those of its weights that are whole buffers among them: freeing a
 * view would free its whole buffer.
 */
export function consumable(
  request: WorkerRequest,
  owned: Iterable<ArrayBufferView>,
): ReadonlySet<ArrayBuffer> {
  if (request.kind !== "open") return new Set();
  const buffers = new Set([...owned].map(({ buffer }) => buffer));
  const whole = request.model.externalData.filter(({ data }) =>
    data.byteLength === data.buffer.byteLength && buffers.has(data.buffer)
  );
  return new Set(whole.map(({ data }) => data.buffer as ArrayBuffer));
}

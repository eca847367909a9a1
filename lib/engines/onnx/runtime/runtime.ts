/**
 * Settings of ONNX Runtime, and reporting of its errors.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../../errors.ts";
import { reasonOf } from "./reason.ts";

/**
 * The default number of threads.
 *
 * @returns The number of processors that this process may use. The runtime's
 * default is the number of cores of the machine, which is more in most
 * containers.
 */
export function defaultThreads(): number {
  return navigator.hardwareConcurrency;
}

/**
 * Creates the error for a message of the runtime.
 *
 * @param what The action that failed.
 * @param message The message of the runtime.
 * @param cause The error, if thrown in this thread.
 * @param advice The advice, after a semicolon.
 * @returns The error to throw.
 */
export function refusedByRuntime(
  what: string,
  message: string,
  cause?: unknown,
  advice = "",
): UnsupportedByEngineError {
  const rule = `${reasonOf(message)}${advice}`;
  const error = new UnsupportedByEngineError(what, "onnx", rule);
  error.cause = cause ?? new Error(message);
  return error;
}

/**
 * Shortens the message of an error.
 *
 * @param cause The thrown value.
 * @returns Its first line, without the failed source condition.
 */
export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/^\/.* was false\. /, "");
}

/**
 * The name of some samples of a dataset in messages.
 *
 * @param first Index of the first sample.
 * @param count Number of samples.
 * @returns A string such as "samples 0 to 63".
 */
export function samplesText(first: number, count: number): string {
  return count === 1
    ? `sample ${first}`
    : `samples ${first} to ${first + count - 1}`;
}

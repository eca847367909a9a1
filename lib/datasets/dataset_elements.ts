/**
 * Reads the elements of a user's iterable one by one.
 *
 * The iterator belongs to the user: the next element is requested only on
 * demand, `return` is called at the end, and its errors are passed on
 * unchanged.
 *
 * @module
 */
import { checkAwaited } from "../check.ts";

/** The used methods of an iterator; `return` is optional. */
export interface AnyIterator {
  /** Returns the next result or a promise of it. */
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  /** Called when no more elements are needed. */
  return?(): unknown;
}

/** Options for reading elements. */
export interface ReadElements {
  /** Opens the iterator; called for the first element. */
  readonly open: () => AnyIterator | Promise<AnyIterator>;
  /** Aborts the reading, also while waiting for an element. */
  readonly signal: AbortSignal | undefined;
  /** The error of an abort. */
  readonly aborted: () => Error;
  /** Called with an element that arrives after an abort. */
  readonly late?: (element: unknown) => void;
}

/**
 * Reads elements in order, on demand.
 *
 * @param how Iterator and signal.
 * @returns The elements, none of them a promise.
 * @throws {TypeError} If an element is a promise.
 * @throws {Error} Errors of the user's iterator, or of an abort.
 */
export async function* datasetElements(
  how: ReadElements,
): AsyncGenerator<unknown> {
  const { open, signal, aborted, late = () => {} } = how;
  if (signal?.aborted) throw aborted();
  const iterator = await open();
  let isOver = false;
  try {
    for (let index = 0;; index++) {
      if (signal?.aborted) throw aborted();
      let result: IteratorResult<unknown>;
      try {
        const step = iterator.next();
        result = signal !== undefined && step instanceof Promise
          ? await untilAborted(step, signal, aborted, late)
          : await step;
      } catch (error) {
        // An iterator that threw is finished; one with a pending element is
        // closed below, without awaiting it.
        isOver = !signal?.aborted;
        throw error;
      }
      isOver = result.done === true;
      if (isOver) return;
      checkAwaited(result.value, `read batch ${index}`, "an element");
      yield result.value;
    }
  } finally {
    if (!isOver) await close(iterator, signal?.aborted === true);
  }
}

async function close(iterator: AnyIterator, isAborted: boolean): Promise<void> {
  const closed = iterator.return?.();
  // A generator with a pending element does not answer, and the run already has
  // an error: that of the abort.
  if (isAborted) Promise.resolve(closed).catch(() => {});
  else await closed;
}

function untilAborted(
  step: Promise<IteratorResult<unknown>>,
  signal: AbortSignal,
  aborted: () => Error,
  late: (element: unknown) => void,
): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const onAbort = () => {
      isLate = true;
      reject(aborted());
    };
    signal.addEventListener("abort", onAbort, { once: true });
    step.then((result) => {
      signal.removeEventListener("abort", onAbort);
      if (isLate && result.done !== true) late(result.value);
      resolve(result);
    }, (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
  });
}

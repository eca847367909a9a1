/**
 * Elements of what a user's code yields, one at a time.
 *
 * The user's iterator is theirs: the next element is requested only when
 * that is wanted, told when no more is wanted, and its errors are passed on as
 * they are.
 *
 * @module
 */
import { checkAwaited } from "../check.ts";

/** What is called of an iterator; `return` where it has one. */
export interface AnyIterator {
  /** Gives the next result, at once or later. */
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  /** Told that no more is wanted. */
  return?(): unknown;
}

/** How elements are read. */
export interface ReadElements {
  /** Opens the iterator; called when the first element is wanted. */
  readonly open: () => AnyIterator | Promise<AnyIterator>;
  /** Stops the reading, also while an element is waited for. */
  readonly signal: AbortSignal | undefined;
  /** The error of an abort. */
  readonly aborted: () => Error;
  /** What is done with an element that comes after an abort. */
  readonly late?: (element: unknown) => void;
}

/**
 * Reads elements, in order, each when it is requested.
 *
 * @param how What is read, and what stops it.
 * @returns The elements, none of them a promise.
 * @throws {TypeError} If an element is a promise.
 * @throws {Error} What the user's iterator throws, or the error of an abort.
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
        // An iterator that threw is over; one that is waited for is told to
        // stop below, without waiting for that as well.
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
  // A generator that waits for something never answers while it waits, and
  // the run has its error already: that of the abort.
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

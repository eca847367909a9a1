/**
 * Reads batches ahead, while earlier ones are in use.
 *
 * @module
 */

/**
 * Number of batches that are read beyond the one in use. So at most
 * `BATCHES_AHEAD + 1` batches of a source are in memory, in addition to those of
 * the engine. One is enough to overlap; the second helps with files of unequal size.
 */
const BATCHES_AHEAD = 2;

/**
 * Number of samples that are read at once: with 4 to 8 images in flight, sharp
 * decodes 700 to 750 per second on two cores, and one by one 360 to 400.
 */
export const SAMPLES_AT_ONCE = 8;

/** A batch that is being read. */
export interface OpenBatch<T> {
  /** Each reads one sample; they are called in order, several at once. */
  readonly samples: readonly (() => Promise<void>)[];
  /** Returns the batch, after all samples were read. */
  finish(): T;
}

/**
 * Reads batches in order, ahead of their use. An error is thrown when its batch
 * is due; reads that were not started are then dropped.
 *
 * @param source The contents of each batch.
 * @param open Starts a batch; called in order.
 * @returns The batches.
 */
export async function* readAhead<S, T>(
  source: Iterable<S> | AsyncIterable<S>,
  open: (from: S) => OpenBatch<T>,
): AsyncGenerator<T> {
  const queue: (() => Promise<void>)[] = [];
  const inFlight = new Set<Promise<void>>();
  const window: Promise<T>[] = [];
  const iterator = Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
  let isOver = false;
  const readMore = () => {
    while (inFlight.size < SAMPLES_AT_ONCE && queue.length > 0) {
      const reading = queue.shift()!().then(() => {
        inFlight.delete(reading);
        readMore();
      });
      inFlight.add(reading);
    }
  };
  const openNext = async () => {
    const { done, value } = await iterator.next();
    isOver = done === true;
    if (isOver) return;
    const batch = open(value);
    const samples = batch.samples.map((read) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      queue.push(() => read().then(resolve, reject));
      return promise;
    });
    // Of several errors, that of the first sample in order.
    const whole = Promise.allSettled(samples).then((results) => {
      const failure = results.find(({ status }) => status === "rejected");
      if (failure?.status === "rejected") throw failure.reason;
      return batch.finish();
    });
    whole.catch(() => {}); // thrown when it is due
    window.push(whole);
    readMore();
  };
  try {
    for (;;) {
      while (!isOver && window.length <= BATCHES_AHEAD) await openNext();
      const due = window.shift();
      if (due === undefined) return;
      yield await due;
    }
  } finally {
    queue.length = 0;
    await Promise.all(inFlight);
    if (!isOver) await iterator.return?.();
  }
}

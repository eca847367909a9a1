/**
 * Batches whose samples are read while those before are still in use.
 *
 * @module
 */

/**
 * How many batches are read beyond the one that is in use. With it, at most
 * `BATCHES_AHEAD + 1` batches of a source are in memory, beside what the engine
 * holds. One is enough to overlap; the second evens out files of unequal size.
 */
const BATCHES_AHEAD = 2;

/**
 * How many samples are read at once: with 4 to 8 of sharp's decodings in flight
 * two cores are busy (700 to 750 images a second against 360 to 400 one by one).
 */
export const SAMPLES_AT_ONCE = 8;

/** A batch that is being read. */
export interface OpenBatch<T> {
  /** Reads one sample each; called in order, several at once. */
  readonly samples: readonly (() => Promise<void>)[];
  /** Gives the batch, once all samples were read. */
  finish(): T;
}

/**
 * Reads batches in order, ahead of their use. A failure is thrown where its
 * batch is due; what was not started is then not started any more.
 *
 * @param source What each batch is made of.
 * @param open Begins a batch; called in order.
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
    // Of several failures the first sample's, whichever came first.
    const whole = Promise.allSettled(samples).then((results) => {
      const failure = results.find(({ status }) => status === "rejected");
      if (failure?.status === "rejected") throw failure.reason;
      return batch.finish();
    });
    whole.catch(() => {}); // thrown where it is due
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

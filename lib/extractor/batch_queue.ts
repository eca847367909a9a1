/** A batch and its result. */
export interface Finished<B, R> {
  readonly batch: B;
  readonly result: R;
}

interface InFlight<B, R> {
  readonly batch: B;
  readonly result: Promise<R>;
}

/**
 * A queue that reads and computes batches concurrently: while an engine in
 * another thread computes one batch, the next is read and queued.
 *
 * Results come in the order of the batches, each as soon as it is ready: no
 * result waits for the reading of a later batch. A read error is thrown after
 * the results of the batches read before it.
 */
export class BatchQueue<B, R> {
  readonly #readNext: () => Promise<IteratorResult<B>>;
  readonly #start: (batch: B) => Promise<R>;
  readonly #most: number;
  readonly #inFlight: InFlight<B, R>[] = [];
  #reading: Promise<void> | undefined;
  #readError: { readonly error: unknown } | undefined;
  #isRead = false;

  /**
   * Creates the queue; reads nothing yet.
   *
   * @param readNext Reads one batch, or rejects if the run is aborted.
   * @param start Starts the computation of a batch; when it returns its
   * promise, it must no longer need the batch.
   * @param most Maximum number of batches in flight.
   */
  constructor(
    readNext: () => Promise<IteratorResult<B>>,
    start: (batch: B) => Promise<R>,
    most: number,
  ) {
    this.#readNext = readNext;
    this.#start = start;
    this.#most = most;
  }

  /** Whether the reading of a batch is pending. */
  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /**
   * The next result.
   *
   * @returns The result with its batch; undefined at the end.
   */
  async next(): Promise<Finished<B, R> | undefined> {
    while (true) {
      const hasFree = this.#inFlight.length < this.#most;
      if (hasFree && !this.#isRead && !this.#reading) this.#read();
      const [first] = this.#inFlight;
      if (first === undefined) {
        if (this.#reading === undefined) return this.#end();
        await this.#reading;
        continue;
      }
      const isDone = await Promise.race([
        first.result.then(() => true),
        this.#reading?.then(() => false) ?? first.result.then(() => true),
      ]);
      if (!isDone) continue; // more to compute: fill the queue first
      this.#inFlight.shift();
      return { batch: first.batch, result: await first.result };
    }
  }

  #read(): void {
    this.#reading = this.#readNext().then(
      (next) => {
        if (next.done) this.#isRead = true;
        else this.#begin(next.value);
      },
      (error) => {
        this.#isRead = true;
        this.#readError = { error };
      },
    ).finally(() => this.#reading = undefined);
  }

  #begin(batch: B): void {
    // Also a synchronous error belongs to this batch.
    const result = (async () => await this.#start(batch))();
    result.catch(() => {}); // thrown in the order of the batches
    this.#inFlight.push({ batch, result });
  }

  #end(): undefined {
    if (this.#readError !== undefined) throw this.#readError.error;
  }
}

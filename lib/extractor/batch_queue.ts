/** A batch, and what came of it. */
export interface Finished<B, R> {
  readonly batch: B;
  readonly result: R;
}

interface UnderWay<B, R> {
  readonly batch: B;
  readonly result: Promise<R>;
}

/**
 * Batches that are read and computed at the same time: while an engine of
 * another thread computes one, the next is read and put in its queue.
 *
 * Results come in the order of the batches, each as soon as it is there: none
 * waits for a batch that is still to be read. An error of the reading comes
 * after the results of what was read before it.
 */
export class BatchQueue<B, R> {
  readonly #readNext: () => Promise<IteratorResult<B>>;
  readonly #start: (batch: B) => Promise<R>;
  readonly #most: number;
  readonly #inFlight: UnderWay<B, R>[] = [];
  #reading: Promise<void> | undefined;
  #readError: { readonly error: unknown } | undefined;
  #isRead = false;

  /**
   * Takes what is to be read; reads nothing yet.
   *
   * @param readNext Reads one batch, or rejects when the run is stopped.
   * @param start Begins the computing of one; it must have taken what it needs
   * of the batch when it returns its promise.
   * @param most How many may be under way at once.
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

  /** Whether a batch was asked for that has not come yet. */
  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /**
   * The next result.
   *
   * @returns It, with its batch; undefined when there are no more.
   */
  async next(): Promise<Finished<B, R> | undefined> {
    while (true) {
      const hasRoom = this.#inFlight.length < this.#most;
      if (hasRoom && !this.#isRead && !this.#reading) this.#read();
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
    const result = this.#start(batch);
    result.catch(() => {}); // it is thrown when its turn comes
    this.#inFlight.push({ batch, result });
  }

  #end(): undefined {
    if (this.#readError !== undefined) throw this.#readError.error;
  }
}

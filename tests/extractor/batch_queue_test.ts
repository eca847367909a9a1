import { assertEquals, assertRejects } from "@std/assert";
import { BatchQueue } from "../../lib/extractor/batch_queue.ts";

/** An engine whose computations are finished by the test. */
function engine() {
  const started: number[] = [];
  const results = new Map<number, PromiseWithResolvers<string>>();
  return {
    started,
    start(batch: number): Promise<string> {
      started.push(batch);
      results.set(batch, Promise.withResolvers<string>());
      return results.get(batch)!.promise;
    },
    finish: (batch: number) => results.get(batch)!.resolve(`of ${batch}`),
    fail: (batch: number, error: Error) => results.get(batch)!.reject(error),
  };
}

/** Numbers from 0, and how many were requested. */
function numbers(count: number) {
  const batches = {
    requested: 0,
    next(): Promise<IteratorResult<number>> {
      const value = batches.requested++;
      return Promise.resolve(
        value < count
          ? { done: false, value }
          : { done: true, value: undefined },
      );
    },
  };
  return batches;
}

/** Lets all that can go on go on. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("BatchQueue.next() begins the next batch while one is computed, and no more", async () => {
  const { started, start, finish } = engine();
  const batches = numbers(4);
  const queue = new BatchQueue(batches.next, start, 2);
  const first = queue.next();
  await settled();
  assertEquals([started, batches.requested], [[0, 1], 2]);
  finish(1); // it waits for its turn
  finish(0);
  assertEquals(await first, { batch: 0, result: "of 0" });
  assertEquals(await queue.next(), { batch: 1, result: "of 1" });
  const third = queue.next();
  await settled();
  [2, 3].forEach(finish);
  assertEquals((await third)!.batch, 2);
  assertEquals((await queue.next())!.batch, 3);
  assertEquals(await queue.next(), undefined);
  assertEquals(await queue.next(), undefined);
});

Deno.test("BatchQueue.next() throws what the start of a batch throws, in the order of the batches", async () => {
  const { start, finish } = engine();
  const begin = (batch: number) => {
    if (batch === 1) throw new RangeError("no such token");
    return start(batch);
  };
  const queue = new BatchQueue(numbers(3).next, begin, 2);
  const first = queue.next();
  await settled();
  finish(0);
  assertEquals((await first)!.batch, 0);
  await settled(); // while nothing waits for the second batch
  await assertRejects(() => queue.next(), RangeError, "no such token");
});

Deno.test("BatchQueue.next() reads nothing ahead where one at a time is computed", async () => {
  const { started, start, finish } = engine();
  const batches = numbers(2);
  const queue = new BatchQueue(batches.next, start, 1);
  const first = queue.next();
  await settled();
  assertEquals([started, batches.requested], [[0], 1]);
  finish(0);
  await first;
  await settled();
  assertEquals(batches.requested, 1);
});

Deno.test("BatchQueue.next() returns a result that is there while the next batch is waited for", async () => {
  const { start, finish } = engine();
  const late = Promise.withResolvers<IteratorResult<number>>();
  const reads = [Promise.resolve({ done: false, value: 0 }), late.promise];
  const queue = new BatchQueue(() => reads.shift()!, start, 2);
  const first = queue.next();
  await settled();
  finish(0);
  assertEquals(await first, { batch: 0, result: "of 0" });
  assertEquals(queue.isReading, true);
  const last = queue.next();
  late.resolve({ done: true, value: undefined });
  assertEquals(await last, undefined);
  assertEquals(queue.isReading, false);
});

Deno.test("BatchQueue.next() returns what was read before an error of the reading", async () => {
  const { start, finish } = engine();
  let requested = 0;
  const queue = new BatchQueue(
    () =>
      requested++ === 0
        ? Promise.resolve({ done: false, value: 0 })
        : Promise.reject(new RangeError("torn")),
    start,
    2,
  );
  const first = queue.next();
  await settled();
  finish(0);
  assertEquals((await first)!.batch, 0);
  await assertRejects(() => queue.next(), RangeError, "torn");
});

Deno.test("BatchQueue.next() throws the error of a batch in the order of the batches", async () => {
  const { start, finish, fail } = engine();
  const queue = new BatchQueue(numbers(2).next, start, 2);
  const first = queue.next();
  await settled();
  fail(1, new TypeError("broken"));
  await settled();
  finish(0);
  assertEquals((await first)!.result, "of 0");
  await assertRejects(() => queue.next(), TypeError, "broken");
});

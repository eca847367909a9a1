import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type AnyIterator,
  datasetElements,
} from "../../lib/datasets/dataset_elements.ts";

function read(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
  signal?: AbortSignal,
  late?: (element: unknown) => void,
) {
  const open = (): AnyIterator =>
    Symbol.asyncIterator in iterable
      ? iterable[Symbol.asyncIterator]()
      : iterable[Symbol.iterator]();
  const aborted = () => new Error("stopped");
  return datasetElements({ open, signal, aborted, ...(late ? { late } : {}) });
}

Deno.test("datasetElements() asks for each element only when it is wanted", async () => {
  const log: string[] = [];
  function* source() {
    for (let i = 0; i < 3; i++) {
      log.push(`make ${i}`);
      yield i;
    }
    log.push("end");
  }
  for await (const element of read(source())) log.push(`use ${element}`);
  assertEquals(log, [
    ...["make 0", "use 0", "make 1", "use 1", "make 2", "use 2"],
    "end",
  ]);
});

Deno.test("datasetElements() tells the iterator when no more is wanted", async () => {
  let closed = 0;
  function* sync() {
    try {
      yield* [1, 2];
    } finally {
      closed++;
    }
  }
  async function* later() {
    yield* sync();
  }
  for (const source of [sync, later]) {
    closed = 0;
    for await (const _ of read(source())) break;
    assertEquals(closed, 1);
    for await (const _ of read(source()));
    assertEquals(closed, 2);
    const broken = async () => {
      for await (const _ of read(source())) throw new Error("mine");
    };
    await assertRejects(broken, Error, "mine");
    assertEquals(closed, 3);
  }
});

Deno.test("datasetElements() passes on the error of the iterator as it is", async () => {
  const error = new Error("disk gone");
  let returned = 0;
  const iterator = {
    next: () => {
      throw error;
    },
    return: () => returned++,
  };
  const elements = datasetElements({
    open: () => iterator,
    signal: undefined,
    aborted: () => new Error("stopped"),
  });
  const caught = await elements.next().catch((reason) => reason);
  assertStrictEquals(caught, error);
  assertEquals(returned, 0); // an iterator that threw is over
});

Deno.test("datasetElements() refuses an element that is a promise, and closes the iterator", async () => {
  let closed = 0;
  function* source() {
    try {
      yield 1;
      yield Promise.resolve(2);
    } finally {
      closed++;
    }
  }
  const elements = read(source());
  await elements.next();
  const text = "Cannot read batch 1 as an element must be a value";
  await assertRejects(() => elements.next(), TypeError, text);
  assertEquals(closed, 1);
});

Deno.test("datasetElements() does not open the iterator when it is aborted before", async () => {
  let opened = 0;
  const source = {
    *[Symbol.iterator]() {
      opened++;
      yield 1;
    },
  };
  const elements = read(source, AbortSignal.abort());
  await assertRejects(() => elements.next(), Error, "stopped");
  assertEquals(opened, 0);
});

Deno.test("datasetElements() stops between elements when it is aborted", async () => {
  const controller = new AbortController();
  let closed = 0;
  function* source() {
    try {
      yield* [1, 2, 3];
    } finally {
      closed++;
    }
  }
  const elements = read(source(), controller.signal);
  assertEquals((await elements.next()).value, 1);
  controller.abort();
  await assertRejects(() => elements.next(), Error, "stopped");
  assertEquals(closed, 1);
});

Deno.test("datasetElements() stops while it waits, and hands over what comes late", async () => {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  let closed = 0;
  async function* source() {
    try {
      yield await promise;
    } finally {
      closed++;
    }
  }
  const late: unknown[] = [];
  const elements = read(source(), controller.signal, (one) => late.push(one));
  const next = elements.next();
  await Promise.resolve();
  controller.abort();
  await assertRejects(() => next, Error, "stopped");
  assertEquals(closed, 0); // it still waits
  resolve("late");
  await new Promise((done) => setTimeout(done));
  assertEquals(late, ["late"]);
  assertEquals(closed, 1);
});

Deno.test("datasetElements() takes no notice of a late failure after an abort", async () => {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<void>();
  async function* source() {
    await promise;
    yield 1;
  }
  const elements = read(source(), controller.signal);
  const next = elements.next();
  await Promise.resolve();
  controller.abort();
  await assertRejects(() => next, Error, "stopped");
  reject(new Error("late failure")); // unhandled, it would fail the test
  await new Promise((done) => setTimeout(done));
  assertEquals(await elements.next(), { value: undefined, done: true });
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readAhead, SAMPLES_AT_ONCE } from "../../lib/datasets/read_ahead.ts";

/** Lets what is queued happen. */
async function settle() {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Batches of which every sample waits until it is let through. */
function gated(size: number) {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const begun: string[] = [];
  const open = (batch: number) => ({
    samples: Array.from({ length: size }, (_, i) => () => {
      const gate = Promise.withResolvers<void>();
      gates.set(`${batch}/${i}`, gate);
      begun.push(`${batch}/${i}`);
      return gate.promise;
    }),
    finish: () => batch,
  });
  const pass = async (...names: string[]) => {
    for (const name of names) {
      gates.get(name)!.resolve();
      await settle();
    }
  };
  return { open, begun, gates, pass };
}

Deno.test("readAhead() reads the next batches while one is in use, and no more", async () => {
  const { open, begun, pass } = gated(2);
  const batches = readAhead(upTo(9), open);
  const first = batches.next();
  await settle();
  const window = ["0/0", "0/1", "1/0", "1/1", "2/0", "2/1"];
  assertEquals(begun, window);
  await pass("0/1", "0/0");
  assertEquals(await first, { done: false, value: 0 });
  // The reader has batch 0 and asks for nothing: 1 and 2 are read meanwhile.
  await pass("2/0", "2/1", "1/1", "1/0");
  assertEquals(begun, window);
  assertEquals(await batches.next(), { done: false, value: 1 });
  await settle();
  assertEquals(begun.slice(6), ["3/0", "3/1"]);
  await pass("3/0", "3/1");
  await batches.return(undefined);
});

Deno.test("readAhead() reads a few samples at once, in order", async () => {
  const { open, begun, pass } = gated(20);
  const batches = readAhead(upTo(2), open);
  const first = batches.next();
  await settle();
  assertEquals(begun.length, SAMPLES_AT_ONCE);
  await pass("0/3");
  assertEquals(begun.at(-1), "0/8");
  assertEquals(begun.length, SAMPLES_AT_ONCE + 1);
  for (let i = 0; i < 20; i++) if (i !== 3) await pass(`0/${i}`);
  assertEquals((await first).value, 0);
  assertEquals(begun.at(-1), "1/7");
  const left = batches.return(undefined);
  for (let i = 0; i < 8; i++) await pass(`1/${i}`);
  await left;
  assertEquals(begun.at(-1), "1/7"); // nothing is begun any more
});

Deno.test("readAhead() throws a failure where its batch is due", async () => {
  const batches = readAhead(upTo(4), (batch) => ({
    samples: [
      () => batch === 1 ? Promise.reject(new Error("bad")) : Promise.resolve(),
    ],
    finish: () => batch,
  }));
  assertEquals((await batches.next()).value, 0);
  await assertRejects(() => batches.next(), Error, "bad");
  assert((await batches.next()).done);
});

Deno.test("readAhead() closes what it reads from when it is left", async () => {
  let isClosed = false;
  async function* source() {
    try {
      for (let i = 0;; i++) yield await Promise.resolve(i);
    } finally {
      isClosed = true;
    }
  }
  const open = (batch: number) => ({ samples: [], finish: () => batch });
  for await (const batch of readAhead(source(), open)) {
    if (batch === 3) break;
  }
  assert(isClosed);
});

Deno.test("readAhead() gives nothing where there is nothing", async () => {
  const { open } = gated(1);
  assert((await readAhead([], open).next()).done);
});

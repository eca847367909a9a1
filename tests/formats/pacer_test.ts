import { setImmediate } from "node:timers";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Pacer, type Steps } from "../../lib/formats/pacer.ts";
import { eachMacrotask, manualClock } from "../support/manual_clock.ts";

Deno.test("isDue() is true once a slice has passed, and false after a pause", async () => {
  using clock = manualClock();
  const pacer = new Pacer();
  assert(!pacer.isDue());
  clock.advance(49);
  assert(!pacer.isDue());
  clock.advance(2);
  assert(pacer.isDue());
  await pacer.pause();
  assert(!pacer.isDue());
});

Deno.test("pause() lets timers run", async () => {
  const pacer = new Pacer();
  let hasRun = false;
  setImmediate(() => hasRun = true);
  await pacer.pause();
  assert(hasRun);
});

Deno.test("check() and pause() throw once the run is stopped, and say how far it was", async () => {
  const controller = new AbortController();
  const pacer = new Pacer(controller.signal, () => "after 3 samples");
  pacer.check();
  controller.abort();
  assertThrows(
    () => pacer.check(),
    DOMException,
    "Run was stopped after 3 samples",
  );
  await assertRejects(() => pacer.pause(), DOMException, "after 3 samples");
});

Deno.test("race() gives what the work gives", async () => {
  const { signal } = new AbortController();
  assertEquals(await new Pacer().race(Promise.resolve(7)), 7);
  assertEquals(await new Pacer(signal).race(Promise.resolve(7)), 7);
  await assertRejects(
    () => new Pacer(signal).race(Promise.reject(new RangeError("own"))),
    RangeError,
    "own",
  );
});

Deno.test("race() leaves work that does not end, and is told of no error of it", async () => {
  const controller = new AbortController();
  const pacer = new Pacer(controller.signal);
  const reason = new Error("enough");
  const { promise, reject } = Promise.withResolvers<never>();
  const race = pacer.race(promise);
  controller.abort(reason);
  const error = await assertRejects(() => race);
  assertStrictEquals(error, reason);
  reject(new Error("too late")); // nobody listens, and nothing is unhandled
  const again = await assertRejects(() =>
    pacer.race(Promise.reject(new Error("too late")))
  );
  assertStrictEquals(again, reason);
  await new Promise((resolve) => setTimeout(resolve));
});

/** Steps that are noted, and whether they were left before their end. */
function noted(count: number) {
  const seen: (number | string)[] = [];
  function* steps(): Steps<string> {
    try {
      for (let i = 0; i < count; i++) {
        seen.push(i);
        yield;
      }
    } finally {
      seen.push("tidied");
    }
    return "done";
  }
  return { seen, steps: steps() };
}

Deno.test("drive() does all steps, and pauses between them", async () => {
  const { seen, steps } = noted(3);
  assertEquals(await new Pacer().drive(steps), "done");
  assertEquals(seen, [0, 1, 2, "tidied"]);
  using clock = manualClock();
  let ticks = 0;
  using _timer = eachMacrotask(() => ticks++);
  function* slow(): Steps<number> {
    for (let i = 0; i < 3; i++) {
      clock.advance(51); // each is longer than a slice
      yield;
    }
    return ticks;
  }
  assertEquals(await new Pacer().drive(slow()), 3);
});

Deno.test("drive() and rest() end where they are stopped, and steps tidy up", async () => {
  const controller = new AbortController();
  const pacer = new Pacer(controller.signal, () => "here");
  await pacer.rest();
  const { seen, steps } = noted(9);
  steps.next();
  controller.abort();
  const text = "Run was stopped here";
  await assertRejects(() => pacer.drive(steps), DOMException, text);
  assertEquals(seen, [0, 1, "tidied"]);
  await assertRejects(() => pacer.rest(), DOMException, text);
  function* fails(): Steps<void> {
    yield;
    throw new RangeError("own");
  }
  await assertRejects(() => new Pacer().drive(fails()), RangeError, "own");
});

Deno.test("race() releases what comes after the stop, once", async () => {
  const released: number[] = [];
  const release = (late: number) => released.push(late);
  const controller = new AbortController();
  const pacer = new Pacer(controller.signal);
  assertEquals(await pacer.race(Promise.resolve(1), release), 1);
  const { promise, resolve } = Promise.withResolvers<number>();
  const race = pacer.race(promise, release);
  controller.abort();
  await assertRejects(() => race, DOMException);
  assertEquals(released, []);
  resolve(2);
  await promise;
  assertEquals(released, [2]);
  await assertRejects(() => pacer.race(Promise.resolve(3), release));
  assertEquals(released, [2, 3]);
});

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Pacer } from "../../lib/engines/pacer.ts";

/** Keeps the thread for some time. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

Deno.test("isDue() is true once a slice has passed, and false after a pause", async () => {
  const pacer = new Pacer();
  assert(!pacer.isDue());
  work(51);
  assert(pacer.isDue());
  await pacer.pause();
  assert(!pacer.isDue());
});

Deno.test("pause() lets timers run", async () => {
  const pacer = new Pacer();
  let hasRun = false;
  const timer = setTimeout(() => hasRun = true);
  work(5);
  for (let i = 0; i < 10 && !hasRun; i++) await pacer.pause();
  assert(hasRun);
  clearTimeout(timer);
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
